//! Background checks: a pending checkpoint has a job, a worker runs its checks, and then the tag is there.
//!
//! The record says which checkpoint is pending; a job says who sees to it. A worker is this program, started again in the
//! background; it ends when nothing is due, and the next call of any hook, the timer or a command starts another.

mod around;
mod cancel;
mod clean;
mod enqueue;
mod foreground;
mod heavy;
mod list;
mod plan;
mod retry;
mod run;
mod settle;
mod stats;
mod worker;

pub use cancel::{Cancelled, cancel, withdrawn};
pub use enqueue::{Enqueued, enqueue, trusted_again, wake};
pub use foreground::{Foreground, foreground};
pub use heavy::Heavy;
pub use list::{Listed, abandoned, find, list, logs, of_interest, unheard, without_job};
pub use retry::{Retried, retry};
pub use run::{Asked, Ran, Validate, run_here};
pub use stats::{Stats, stats};
pub use worker::{Worked, work};

use super::Session;

/// How many jobs run at once; `checkpoint.backgroundJobs` of git's configuration, as it depends on the machine and not on
/// the repository.
fn slots(session: &Session) -> usize {
    number(session, "checkpoint.backgroundJobs").unwrap_or(1).clamp(1, 64)
}

/// How often a job is tried; `checkpoint.jobRetries`.
fn most_attempts(session: &Session) -> usize {
    number(session, "checkpoint.jobRetries").unwrap_or(3).clamp(1, 100)
}

/// Whether checks may run in the background; `checkpoint.background`.
fn is_allowed(session: &Session) -> bool {
    session.repo.gix().config_snapshot().boolean("checkpoint.background").unwrap_or(true)
}

/// Whether a notice may be shown on the desktop; `checkpoint.notify`.
fn may_notify(session: &Session) -> bool {
    session.repo.gix().config_snapshot().boolean("checkpoint.notify").unwrap_or(true)
}

fn number(session: &Session, key: &str) -> Option<usize> {
    session.repo.gix().config_snapshot().integer(key).and_then(|number| usize::try_from(number).ok())
}
