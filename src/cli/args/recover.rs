//! Arguments of `recover`.

use clap::Args;

use super::Ending;

pub(super) const RECOVER_EXAMPLES: &str = "\
Examples:
  git checkpoint recover                 list what the newest backup has
  git checkpoint recover -i              choose from it, on the whole screen
  git checkpoint recover --all           bring all its commits back
  git checkpoint recover 1a2b3c4 5d6e7f8 bring these commits back
  git checkpoint recover main..topic     or those of a range
  git checkpoint recover --uncommitted   and the work that was never committed
  git checkpoint recover --continue      after a conflict was settled";

#[derive(Debug, Args)]
pub(in crate::cli) struct Recover {
    /// A backup branch, a rollback's id, commits, or ranges; the newest backup if left out. Without commits, --all or
    /// --uncommitted, what it has is listed
    pub(in crate::cli) what: Vec<String>,

    /// Bring back every commit of the backup that is not here
    #[arg(long)]
    pub(in crate::cli) all: bool,

    /// Choose from a list of the commits and of the uncommitted work, with what would become of each
    #[arg(short, long, conflicts_with_all = ["all", "uncommitted"])]
    pub(in crate::cli) interactive: bool,

    /// Pick onto this local branch, which is not checked out, instead of HEAD
    #[arg(long, value_name = "BRANCH")]
    pub(in crate::cli) onto: Option<String>,

    /// Bring back the staged, unstaged and untracked work of the backup as well
    #[arg(long)]
    pub(in crate::cli) uncommitted: bool,

    /// Keep commits whose change is here already, as empty commits
    #[arg(long)]
    pub(in crate::cli) keep_redundant: bool,

    /// The parent, from 1, that a merge commit is seen from
    #[arg(short, long, value_name = "PARENT")]
    pub(in crate::cli) mainline: Option<usize>,

    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,

    #[command(flatten)]
    pub(in crate::cli) ending: Ending,

    /// Leave out the commit that conflicts and go on
    #[arg(long, conflicts_with_all = ["go_on", "abort"])]
    pub(in crate::cli) skip: bool,
}
