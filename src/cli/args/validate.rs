//! The commands that validate.

use std::{num::NonZero, path::PathBuf};

use clap::{Args, ValueEnum};

use crate::config::Moment;

pub(in crate::cli) const CHECK_EXAMPLES: &str = "\
Examples:
  git checkpoint check                   what the next checkpoint would be validated by
  git checkpoint check main --on push    a commit, as before a push
  git checkpoint check --only unit --no-cache
  git checkpoint check --junit report.xml --json";

#[derive(Debug, Args)]
pub(in crate::cli) struct Check {
    /// The state, as in `show`; the working state if left out
    #[arg(value_name = "STATE")]
    pub(in crate::cli) selector: Option<String>,

    /// Run the checks of this moment; `checkpoint` unless checks are named
    #[arg(long, value_enum, value_name = "MOMENT")]
    pub(in crate::cli) on: Option<Stage>,

    /// Run only the checks of this name, and those they need; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) only: Vec<String>,

    /// Run also what is known to pass on these very files
    #[arg(long)]
    pub(in crate::cli) no_cache: bool,

    /// So many at once; else git's configuration `checkpoint.jobs`, or one more than there are processors
    #[arg(long, value_name = "NUMBER")]
    pub(in crate::cli) jobs: Option<NonZero<usize>>,

    /// Write a report in the JUnit format, which build servers read
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) junit: Option<PathBuf>,
}

/// When in the life of a state checks run.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum Stage {
    /// A checkpoint is taken
    Checkpoint,
    /// Commits are about to be pushed
    Push,
    /// A rollback was made
    Rollback,
    /// Commits are brought back
    Recover,
    /// It is to be decided whether to roll back
    Assess,
    /// The state is watched
    Monitor,
}

impl From<Stage> for Moment {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Checkpoint => Moment::Checkpoint,
            Stage::Push => Moment::Push,
            Stage::Rollback => Moment::Rollback,
            Stage::Recover => Moment::Recover,
            Stage::Assess => Moment::Assess,
            Stage::Monitor => Moment::Monitor,
        }
    }
}
