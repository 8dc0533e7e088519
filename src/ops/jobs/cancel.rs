//! A job that is not wanted any more. The record stays as it is, pending: nothing was found out about the checkpoint.

use std::time::Duration;

use crate::{
    error::Result,
    model::{JobState, RecordId},
    ops::Session,
    store::jobs::Jobs,
};

/// How long a worker may take to end the commands that it runs.
const PATIENCE: Duration = Duration::from_secs(15);

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Cancelled {
    /// It was cancelled, and nothing of it runs.
    Done,
    /// It had ended in this state before.
    Ended(JobState),
    /// Its worker was asked and has not answered yet.
    Asked,
}

/// Cancels a job; the commands of a running one are ended by its worker, which is waited for.
pub fn cancel(session: &Session, id: &RecordId, why: &str) -> Result<Cancelled> {
    cancel_within(session, id, why, PATIENCE)
}

/// The checkpoint was taken back: its job goes too. Nobody waits for it.
pub fn withdrawn(session: &Session, id: &RecordId) {
    let jobs = Jobs::of(&session.repo);
    if jobs.has(id) {
        // The worker asks the records before it publishes anything.
        let _as_it_is = cancel_within(session, id, "the checkpoint was taken back", Duration::ZERO);
    }
}

fn cancel_within(session: &Session, id: &RecordId, why: &str, patience: Duration) -> Result<Cancelled> {
    let jobs = Jobs::of(&session.repo);
    if let Ok(job) = jobs.read(id)
        && !job.state.is_open()
    {
        return Ok(Cancelled::Ended(job.state));
    }
    jobs.ask_to_cancel(id, why)?;
    let Some(lock) = jobs.lock_within(id, patience)? else { return Ok(Cancelled::Asked) };
    let mut job = match jobs.read(id) {
        Ok(job) => job,
        Err(unreadable) => match super::around::rebuilt(session, id, &unreadable, session.now) {
            Some(job) => job,
            None => return jobs.remove(id, &lock).map(|()| Cancelled::Done),
        },
    };
    let before = job.state;
    if before.is_open() {
        (job.state, job.reason, job.next, job.on_hold) = (JobState::Cancelled, Some(why.to_owned()), None, false);
        jobs.write(&job, &lock)?;
    }
    jobs.forget_cancel(id)?;
    Ok(match before {
        JobState::Cancelled => Cancelled::Done,
        state if state.is_open() => Cancelled::Done,
        state => Cancelled::Ended(state),
    })
}
