//! Arguments of `rollback`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Ending;
use crate::{
    config::PushMode,
    model::{Scope, Severity},
    ops::rollback::Pace,
};

pub(super) const ROLLBACK_EXAMPLES: &str = "\
Examples:
  git checkpoint rollback latest --dry-run
                                         say what would change
  git checkpoint rollback latest         go back to the newest checkpoint
  git checkpoint rollback \"@{2 hours ago}\"
  git checkpoint rollback \"before:e-mail\"
                                         before the newest commit that says so
  git checkpoint rollback latest --path src/mail
                                         only these files; the branch stays
  git checkpoint undo                    take it back";

#[derive(Debug, Args)]
pub(in crate::cli) struct Rollback {
    /// The state to go to: a tag, the beginning of a record's id, `latest`, `latest~2`, `good`, `T+4h`,
    /// `@{2 hours ago}`, `before:<regex>`, or any git revision. Without it, at a terminal, it is chosen from a list
    pub(in crate::cli) selector: Option<String>,

    /// Take only this file or folder back; branch and HEAD stay. May be given more than once
    #[arg(long, value_name = "PATH")]
    pub(in crate::cli) path: Vec<PathBuf>,

    /// Leave the artifacts as they are
    #[arg(long, conflicts_with = "artifacts_only")]
    code_only: bool,

    /// Leave branch, index and files as they are
    #[arg(long, conflicts_with = "path")]
    artifacts_only: bool,

    /// Why; kept in the record
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) reason: Option<String>,

    /// How bad it is; kept in the record
    #[arg(long, value_name = "LEVEL")]
    severity: Option<Level>,

    /// Ask nothing, pass over commands before it that fail or that nobody has agreed to, and do not wait for the state to settle
    #[arg(long, conflicts_with = "graceful")]
    pub(in crate::cli) emergency: bool,

    /// Ask the checks beforehand too, and compare
    #[arg(long)]
    graceful: bool,

    /// Move the branch at its remote along, the backup first, if nothing of others would be lost there
    #[arg(long, conflicts_with = "no_push")]
    pub(in crate::cli) push: bool,

    /// Leave the remote as it is, whatever `rollback.push` says
    #[arg(long)]
    no_push: bool,

    /// Run none of the commands of `[rollback]`
    #[arg(long)]
    pub(in crate::cli) no_steps: bool,

    /// Do not ask the checks whether the state gone back to works
    #[arg(long)]
    pub(in crate::cli) no_verify: bool,

    /// Do not ask
    #[arg(short, long)]
    pub(in crate::cli) yes: bool,

    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,

    #[command(flatten)]
    pub(in crate::cli) ending: Ending,
}

/// How much something matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Level {
    Low,
    Medium,
    High,
    Critical,
}

impl Rollback {
    pub(in crate::cli) fn severity(&self) -> Option<Severity> {
        self.severity.map(|level| match level {
            Level::Low => Severity::Low,
            Level::Medium => Severity::Medium,
            Level::High => Severity::High,
            Level::Critical => Severity::Critical,
        })
    }

    /// Whether the remote is moved along, as far as nobody has to be asked.
    pub(in crate::cli) fn push(&self, configured: PushMode) -> PushMode {
        match (self.push, self.no_push) {
            (true, _) => PushMode::WithLease,
            (_, true) => PushMode::Never,
            _ => configured,
        }
    }

    pub(in crate::cli) fn pace(&self) -> Pace {
        match (self.emergency, self.graceful) {
            (true, _) => Pace::Emergency,
            (false, true) => Pace::Graceful,
            (false, false) => Pace::Usual,
        }
    }

    pub(in crate::cli) fn scope(&self) -> Scope {
        match (self.code_only, self.artifacts_only) {
            (true, _) => Scope::Code,
            (false, true) => Scope::Artifacts,
            (false, false) => Scope::Everything,
        }
    }
}
