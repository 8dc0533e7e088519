//! The options of what works without being asked: phases, hooks, the timer, trust.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

pub(super) const START_EXAMPLES: &str = "\
Examples:
  git checkpoint start phase2 --every 4h
  git checkpoint start phase2 --at 09:00  T0 is this morning
  git checkpoint status                   how far it is, and what is due
  git checkpoint rollback T+4h            back to the checkpoint of that slot
  git checkpoint finish";

pub(super) const HOOKS_EXAMPLES: &str = "\
Examples:
  git checkpoint hooks                   say how they stand
  git checkpoint hooks install --dry-run
                                         say what would be changed
  git checkpoint hooks install
  git checkpoint hooks uninstall         put everything back as it was";

#[derive(Debug, Args)]
pub(in crate::cli) struct Start {
    /// The phase's name, such as `phase2`
    pub(in crate::cli) phase: String,

    /// A checkpoint is due every so often, as `4h` or `90m`; `phase.every` or `phase.at` in .checkpoint.toml if left
    /// out, and four hours without them
    #[arg(long, value_name = "SPAN")]
    pub(in crate::cli) every: Option<String>,

    /// When it begins: a local time such as `09:00` or `2026-11-21 09:00`, or `2 hours ago`; now if left out
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) at: Option<String>,

    /// What to remember about it
    #[arg(short, long, value_name = "TEXT")]
    pub(in crate::cli) message: Option<String>,

    /// Do not run checks on the state that it begins in
    #[arg(long)]
    pub(in crate::cli) no_verify: bool,

    /// Save no artifacts
    #[arg(long)]
    pub(in crate::cli) no_artifacts: bool,

    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Finish {
    /// What to remember about it
    #[arg(short, long, value_name = "TEXT")]
    pub(in crate::cli) message: Option<String>,

    /// End it whatever the checks would say, without running them
    #[arg(long)]
    pub(in crate::cli) no_verify: bool,

    /// Save no artifacts
    #[arg(long)]
    pub(in crate::cli) no_artifacts: bool,

    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Schedule {
    /// Start the timer, and put this repository on its list
    Start {
        /// The timer; auto: the one that this system has. Entries of the others are removed
        #[arg(long, value_enum, value_name = "TIMER", default_value_t = Scheduler::Auto)]
        scheduler: Scheduler,

        /// Say what would be done, and do nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Take this repository off the list; with the last one the timer goes too
    Stop {
        /// Take all repositories off the list
        #[arg(long)]
        all: bool,

        /// Say what would be done, and do nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Show the timer and its list
    Status,
    /// Visit every repository on a list
    #[command(hide = true)]
    Run {
        /// The list
        #[arg(long, value_name = "FILE")]
        list: PathBuf,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Scheduler {
    Auto,
    Systemd,
    Cron,
    Launchd,
    Schtasks,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Watch {
    /// Watch every repository on the list of `schedule` instead of this one
    #[arg(long)]
    pub(in crate::cli) all: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Hook {
    /// The hook, such as `post-commit`
    pub(in crate::cli) event: String,

    /// What git gave the hook
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(in crate::cli) args: Vec<std::ffi::OsString>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Init {
    /// Say what would be written, and write nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Trust {
    /// Print the state of trust, the commands, and the hash; ask nothing
    #[arg(long, conflicts_with_all = ["revoke", "dry_run"])]
    pub(in crate::cli) show: bool,

    /// Take every agreement for this repository back
    #[arg(long)]
    pub(in crate::cli) revoke: bool,

    /// Say what would be trusted or revoked, and change nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Hooks {
    /// What to do with the hooks
    #[arg(value_enum, default_value_t = HooksAction::Status)]
    pub(in crate::cli) action: HooksAction,

    /// Say what would be changed, and change nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum HooksAction {
    /// Put them in place, or bring them up to date
    Install,
    /// Take them away and put back what was there
    Uninstall,
    /// Say how they stand
    Status,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct HookProbe {
    /// The event
    pub(in crate::cli) event: String,

    /// git's own arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(in crate::cli) args: Vec<std::ffi::OsString>,
}
