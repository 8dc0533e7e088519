//! `try`.

use std::ffi::OsString;

use clap::Args;

use super::Ending;
use crate::model::TimeLimit;

pub(in crate::cli) const TRY_EXAMPLES: &str = "\
Examples:
  git checkpoint try -- npm run codemod  keep what it does if the checks pass
  git checkpoint try --commit -m \"Update dependencies\" -- npm update
  git checkpoint try --only unit --timeout 5m -- sh -c 'make clean && make'
  git checkpoint try --each 'src/mail/*' -- git rm -q {}
                                         remove one file after the other, up to the first that breaks
  git checkpoint try --each '*.js' --keep-going --commit -m \"Modernize\" -- npx codemod {}
                                         leave out the files that break
  git checkpoint undo                    take it back, or bring back what was put back";

#[derive(Debug, Args)]
pub(in crate::cli) struct Try {
    /// The program and its arguments. No shell reads them: for pipes and the like write `-- sh -c '<commands>'`
    #[arg(last = true, value_name = "COMMAND", required_unless_present_any = ["go_on", "abort"])]
    pub(in crate::cli) words: Vec<OsString>,

    /// Run it for each tracked file that matches this pathspec, one after the other; `{}` in an argument stands for the
    /// path
    #[arg(long, value_name = "PATHSPEC")]
    pub(in crate::cli) each: Option<OsString>,

    /// With --each: leave out a file that breaks, and go on with the next
    #[arg(long, requires = "each")]
    pub(in crate::cli) keep_going: bool,

    /// What to remember about it; with --commit the message of the commit. With --each the path follows it, or takes the
    /// place of `{}` in it
    #[arg(short, long, value_name = "TEXT")]
    pub(in crate::cli) message: Option<String>,

    /// Commit what is kept on the branch; with --each one commit for each file. Nothing may be uncommitted before
    #[arg(long)]
    pub(in crate::cli) commit: bool,

    /// Only the check of this name decides, and those it needs; may be given several times
    #[arg(long, value_name = "NAME", conflicts_with = "no_verify")]
    pub(in crate::cli) only: Vec<String>,

    /// Wait for background checks as well, and let them decide
    #[arg(long, conflicts_with = "no_verify")]
    pub(in crate::cli) wait: bool,

    /// Run neither checks nor git's commit hooks: the command's exit code alone decides
    #[arg(long)]
    pub(in crate::cli) no_verify: bool,

    /// How long one run of the command may take (`90s`, `10m`, `1h30m`)
    #[arg(long, value_name = "LIMIT")]
    pub(in crate::cli) timeout: Option<TimeLimit>,

    /// Say what would be run, and run nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,

    #[command(flatten)]
    pub(in crate::cli) ending: Ending,
}
