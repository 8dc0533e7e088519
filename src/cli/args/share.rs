//! The options of what shares and what tidies up.

use clap::Args;

use crate::model::Elapsed;

pub(super) const PUSH_EXAMPLES: &str = "\
Examples:
  git checkpoint push --dry-run          say what would go, and what would stay
  git checkpoint push                    to where git pushes the branch to
  git checkpoint push backup --with-untracked
                                         files that git did not track as well";

pub(super) const PRUNE_EXAMPLES: &str = "\
Examples:
  git checkpoint prune --dry-run         what would stay and go, with reasons
  git checkpoint prune                   by the policy in .checkpoint.toml
  git checkpoint prune --last 5 --within 3d
  git checkpoint prune --remote origin   at a remote
  git checkpoint undo                    bring back what the last one removed";

#[derive(Debug, Args)]
pub(in crate::cli) struct Push {
    /// The remote: a name, a URL or a path; where git pushes the branch to if left out
    pub(in crate::cli) remote: Option<String>,

    /// Send also what has files that git did not track
    #[arg(long)]
    pub(in crate::cli) with_untracked: bool,

    /// Send also what has files whose names look like those of secrets; they are listed first
    #[arg(long)]
    pub(in crate::cli) with_secrets: bool,

    /// Do not run a pre-push hook of yours
    #[arg(long)]
    pub(in crate::cli) no_verify: bool,

    /// Do not ask
    #[arg(short, long)]
    pub(in crate::cli) yes: bool,

    /// Say what would be sent, and send nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Fetch {
    /// The remote: a name, a URL or a path; where git pushes the branch to if left out
    pub(in crate::cli) remote: Option<String>,

    /// Get also what was pruned here
    #[arg(long)]
    pub(in crate::cli) pruned: bool,

    /// Say what is there to get, and get nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Prune {
    /// Keep the newest so many
    #[arg(long, value_name = "NUMBER")]
    pub(in crate::cli) last: Option<usize>,

    /// Keep the newest of each hour, for so many hours that have any
    #[arg(long, value_name = "NUMBER")]
    pub(in crate::cli) hourly: Option<usize>,

    /// Keep the newest of each day, for so many days that have any
    #[arg(long, value_name = "NUMBER")]
    pub(in crate::cli) daily: Option<usize>,

    /// Keep the newest of each week, for so many weeks that have any
    #[arg(long, value_name = "NUMBER")]
    pub(in crate::cli) weekly: Option<usize>,

    /// Keep all that are no older than this before the newest, as in `3d` or `12h`
    #[arg(long, value_name = "SPAN")]
    pub(in crate::cli) within: Option<Elapsed>,

    /// Keep those whose tag matches, beside the patterns in the configuration. May be given more than once
    #[arg(long, value_name = "PATTERN")]
    pub(in crate::cli) pinned: Vec<String>,

    /// How long what earlier prunes removed is kept for `undo`; 7d if neither this nor the configuration says
    #[arg(long, value_name = "SPAN")]
    pub(in crate::cli) grace: Option<Elapsed>,

    /// Prune this remote instead of this repository
    #[arg(long, value_name = "REMOTE")]
    pub(in crate::cli) remote: Option<String>,

    /// Do not ask
    #[arg(short, long)]
    pub(in crate::cli) yes: bool,

    /// Say what would be removed and what would stay, each with its reason, and remove nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Pin {
    /// The checkpoint, as in `show`
    #[arg(default_value = "latest")]
    pub(in crate::cli) selector: String,

    /// Say what would be pinned, and pin nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
}
