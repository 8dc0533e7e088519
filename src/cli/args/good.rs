//! Arguments of what finds good and bad commits by the checks.

use std::num::NonZero;

use clap::Args;

use crate::{model::TimeLimit, ops::trials::Budget};

pub(in crate::cli) const CULPRIT_EXAMPLES: &str = "\
Examples:
  git checkpoint culprit                 since the newest good checkpoint
  git checkpoint culprit v1.4 main       between two states
  git checkpoint culprit v1.4 --only unit --jobs 4";

// How much may be done. A doc comment would become the description of the command that takes it.
#[derive(Debug, Clone, Default, Args)]
pub(in crate::cli) struct Effort {
    /// So many validations at most; what was found out until then is the answer
    #[arg(long, value_name = "NUMBER", hide_short_help = true)]
    max_checks: Option<NonZero<usize>>,

    /// So long at most, such as `90s` or `10m`
    #[arg(long, value_name = "TIME", hide_short_help = true)]
    max_time: Option<TimeLimit>,

    /// So many validations at once, each in a worktree of its own
    #[arg(long, value_name = "NUMBER")]
    jobs: Option<NonZero<usize>>,
}

impl Effort {
    pub(in crate::cli) fn budget(&self) -> Budget {
        Budget { validations: self.max_checks, time: self.max_time, jobs: self.jobs }
    }

    /// Whether anything of it was said.
    fn is_said(&self) -> bool {
        self.max_checks.is_some() || self.max_time.is_some() || self.jobs.is_some()
    }
}

// What `recover` has of it.
#[derive(Debug, Clone, Default, Args)]
pub(in crate::cli) struct Good {
    /// Find out with the checks which commits are good, and bring these back
    ///
    /// Of all commits of the newest backup, or of what is named.
    #[arg(long, conflicts_with_all = ["uncommitted", "keep_redundant", "go_on", "abort", "skip"])]
    pub(in crate::cli) good: bool,

    #[command(flatten)]
    effort: Effort,

    /// Do not ask before they are brought back; without --good nothing is asked
    #[arg(short, long)]
    pub(in crate::cli) yes: bool,

    /// Do not ask the checks afterwards whether the result works
    #[arg(long, conflicts_with = "good", hide_short_help = true)]
    pub(in crate::cli) no_verify: bool,
}

impl Good {
    /// How much may be done; an error where nothing is to be found out.
    pub(in crate::cli) fn budget(&self) -> crate::error::Result<Budget> {
        if self.effort.is_said() && !self.good {
            return Err(crate::error::Error::usage("--max-checks, --max-time and --jobs are for `--good`")
                .hint("`git checkpoint recover --good` finds out which commits are good"));
        }
        Ok(self.effort.budget())
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Culprit {
    /// A state that is good, as in `show`; the newest checkpoint whose checks passed, if left out
    pub(in crate::cli) good: Option<String>,

    /// A state that is bad; HEAD if left out
    pub(in crate::cli) bad: Option<String>,

    /// Judge by the checks of this name, and those they need; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) only: Vec<String>,

    #[command(flatten)]
    pub(in crate::cli) effort: Effort,
}
