//! The options of `git checkpoint drill`.

use clap::Args;

pub(super) const DRILL_EXAMPLES: &str = "\
Examples:
  git checkpoint drill                   rehearse all that can be done
  git checkpoint drill --scenario bad-commit
                                         rehearse the rollback as configured
  git checkpoint drill --scenario all    with each break that applies
  git checkpoint drill --list            what is proven, and since when";

#[derive(Debug, Args)]
pub(in crate::cli) struct Drill {
    /// Rehearse the configured rollback with this break
    #[arg(long, value_name = "NAME", conflicts_with = "list",
        value_parser = ["bad-commit", "deleted-files", "corrupt-artifact", "failing-check", "failing-step", "all"])]
    pub(in crate::cli) scenario: Option<String>,

    /// Show which scenarios are proven, since when, and how long they took
    #[arg(long, conflicts_with = "keep")]
    pub(in crate::cli) list: bool,

    /// Keep the throw-away copy and say where it is
    #[arg(long)]
    pub(in crate::cli) keep: bool,
}
