//! Arguments of `undo` and `redo`, and how an operation is ended that was interrupted.

use clap::Args;

#[derive(Debug, Clone, Default, Args)]
#[group(multiple = false)]
pub(in crate::cli) struct Ending {
    /// Finish what was interrupted or stopped
    #[arg(long = "continue")]
    pub(in crate::cli) go_on: bool,

    /// Go back to the state before what was interrupted or stopped
    #[arg(long)]
    pub(in crate::cli) abort: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Undo {
    /// The operation, by the beginning of its id; the last one if left out, which at a terminal is chosen from a list
    pub(in crate::cli) id: Option<String>,

    /// Run none of the commands that the rollback had around it
    #[arg(long)]
    pub(in crate::cli) no_steps: bool,

    /// Leave the artifacts as they are
    #[arg(long)]
    pub(in crate::cli) code_only: bool,

    /// Do not ask
    #[arg(short, long)]
    pub(in crate::cli) yes: bool,

    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,

    #[command(flatten)]
    pub(in crate::cli) ending: Ending,
}
