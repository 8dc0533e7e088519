//! Arguments of `create`.

use clap::Args;

pub(super) const CREATE_EXAMPLES: &str = "\
Examples:
  git checkpoint                         save everything as it is now
  git checkpoint create -m \"before the e-mail system goes\"
  git checkpoint create --name before-migration
  git checkpoint create --commit -m \"stabilize: imports\"
                                         add and commit on the branch as well";

#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub(in crate::cli) struct Create {
    /// What to remember about it; the first line is shown in lists
    #[arg(short, long, value_name = "TEXT")]
    pub(in crate::cli) message: Option<String>,

    /// The tag's name; an error if it is taken
    #[arg(long, value_name = "TAG")]
    pub(in crate::cli) name: Option<String>,

    /// Add and commit everything on the branch, instead of saving beside it
    #[arg(long)]
    pub(in crate::cli) commit: bool,

    /// Run neither checks nor, with --commit, git's commit hooks
    #[arg(long)]
    pub(in crate::cli) no_verify: bool,

    /// Save no artifacts
    #[arg(long)]
    pub(in crate::cli) no_artifacts: bool,

    /// Say what would be saved, and save nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
}
