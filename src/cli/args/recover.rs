//! Arguments of `recover`.

use std::ffi::OsString;

use clap::Args;

use super::{Ending, Good};

pub(super) const RECOVER_EXAMPLES: &str = "\
Examples:
  git checkpoint recover                 list what the newest backup has
  git checkpoint recover -i              choose from it, on the whole screen
  git checkpoint recover --all           bring all its commits back
  git checkpoint recover 1a2b3c4 5d6e7f8 bring these commits back
  git checkpoint recover main..topic     or those of a range
  git checkpoint recover --good          find out which commits are good
  git checkpoint recover --uncommitted   and the work that was never committed
  git checkpoint recover --uncommitted --path src/mail
                                         only these files of it
  git checkpoint recover --all --dry-run say first what would conflict
  git checkpoint recover --continue      after a conflict was settled";

#[derive(Debug, Args)]
pub(in crate::cli) struct Recover {
    /// A backup branch, a rollback's id, commits, or ranges; the newest backup if left out. Without commits, --all or
    /// --uncommitted, what it has is listed
    pub(in crate::cli) what: Vec<String>,

    /// Bring back every commit of the backup that is not here
    #[arg(long)]
    pub(in crate::cli) all: bool,

    /// Choose from a list of the commits and of the files that were never committed, with what would become of each
    #[arg(short, long, conflicts_with_all = ["all", "uncommitted", "good"])]
    pub(in crate::cli) interactive: bool,

    /// Pick onto this local branch, which is not checked out, instead of HEAD
    #[arg(long, value_name = "BRANCH")]
    pub(in crate::cli) onto: Option<String>,

    /// Bring back the staged, unstaged and untracked work of the backup as well
    #[arg(long)]
    pub(in crate::cli) uncommitted: bool,

    /// Bring back these files only, of commits and of uncommitted work. May be given more than once
    #[arg(long, value_name = "PATHSPEC")]
    pub(in crate::cli) path: Vec<OsString>,

    /// Keep commits whose change is here already, as empty commits
    #[arg(long, hide_short_help = true)]
    pub(in crate::cli) keep_redundant: bool,

    /// The parent, from 1, that a merge commit is seen from
    #[arg(short, long, value_name = "PARENT", hide_short_help = true)]
    pub(in crate::cli) mainline: Option<usize>,

    #[command(flatten)]
    pub(in crate::cli) good: Good,

    /// Say in the message which commit was picked, as `git cherry-pick -x` does
    #[arg(short = 'x', hide_short_help = true)]
    pub(in crate::cli) record_origin: bool,

    /// Add a line to the message by which you sign it off
    #[arg(short, long, hide_short_help = true)]
    pub(in crate::cli) signoff: bool,

    /// Edit the message of each commit
    #[arg(short, long, hide_short_help = true)]
    pub(in crate::cli) edit: bool,

    /// Give git's merge an option: `ours`, `theirs`, `find-renames=<percent>`, and others. May be given more than once
    #[arg(short = 'X', long, value_name = "OPTION", hide_short_help = true)]
    pub(in crate::cli) strategy_option: Vec<String>,

    /// Say what would be done and what would conflict, and do nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,

    #[command(flatten)]
    pub(in crate::cli) ending: Ending,

    /// Leave out the commit that conflicts and go on
    #[arg(long, conflicts_with_all = ["go_on", "abort"])]
    pub(in crate::cli) skip: bool,
}
