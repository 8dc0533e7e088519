//! The options of `jobs`.

use clap::{Args, Subcommand};

pub(super) const JOBS_EXAMPLES: &str = "\
Examples:
  git checkpoint jobs                    list them
  git checkpoint jobs logs latest --follow
                                         what its checks print, as they do
  git checkpoint jobs retry --all        try again what had no answer
  git checkpoint jobs cancel latest";

#[derive(Debug, Args)]
pub(in crate::cli) struct Jobs {
    #[command(subcommand)]
    pub(in crate::cli) command: Option<JobsCommand>,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum JobsCommand {
    /// List them, newest first (what `jobs` alone does)
    List,
    /// Show one: its checks, its attempts, and where their output is
    Show {
        /// The beginning of its id, the tag that it gets, or `latest`
        #[arg(default_value = "latest")]
        id: String,
    },
    /// Show what its checks printed at the last attempt
    Logs {
        /// The beginning of its id, the tag that it gets, or `latest`
        #[arg(default_value = "latest")]
        id: String,

        /// Only of this check
        #[arg(long, value_name = "NAME")]
        check: Option<String>,

        /// Go on until it has ended
        #[arg(short, long)]
        follow: bool,
    },
    /// Run its checks again now, with all attempts before it
    Retry(Chosen),
    /// Give it up; the checkpoint stays pending, without a tag
    ///
    /// The commands of a running one are ended. `jobs retry` takes it up again.
    Cancel(Chosen),
    /// Count them, and say how long they take
    Stats,
}

/// One, or all.
#[derive(Debug, Args)]
pub(in crate::cli) struct Chosen {
    /// The beginning of its id, the tag that it gets, or `latest`
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub(in crate::cli) id: Option<String>,

    /// All: for `retry` those that had no answer or were cancelled, for `cancel` those that have not ended
    #[arg(long)]
    pub(in crate::cli) all: bool,

    /// Say which, and do nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
}

impl Jobs {
    /// Whether it writes to a repository.
    pub(super) fn changes_something(&self) -> bool {
        matches!(self.command, Some(JobsCommand::Retry(_) | JobsCommand::Cancel(_)))
    }
}
