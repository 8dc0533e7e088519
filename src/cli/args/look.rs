//! The options of the commands that only look.

use clap::Args;

#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// Show at most so many
    #[arg(short = 'n', long, value_name = "NUMBER")]
    pub(in crate::cli) limit: Option<usize>,

    /// Show also those that were undone, and those whose checks did not pass, with the reason
    #[arg(long)]
    pub(in crate::cli) all: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    /// The state: a tag, the beginning of a record's id, `latest`, `latest~2`, `good`, `T+4h`, `@{2 hours ago}`,
    /// `before:<regex>`, or any git revision
    #[arg(default_value = "latest")]
    pub(in crate::cli) selector: String,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Diff {
    /// The first state, as in `show`
    #[arg(default_value = "latest")]
    pub(in crate::cli) from: String,

    /// The second state; the working state now if left out
    pub(in crate::cli) to: Option<String>,

    /// Show how much changed in each file instead of the changes
    #[arg(long)]
    pub(in crate::cli) stat: bool,

    /// Show only letters and paths
    #[arg(long, conflicts_with = "stat")]
    pub(in crate::cli) name_status: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Log {
    /// Show at most so many
    #[arg(short = 'n', long, value_name = "NUMBER")]
    pub(in crate::cli) limit: Option<usize>,
}
