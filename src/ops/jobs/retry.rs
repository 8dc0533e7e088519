//! A job that is to be tried again now, because a person says so.

use super::{
    Enqueued,
    around::{definition, rebuilt},
    enqueue::see_to,
};
use crate::{
    config::Env,
    error::{Error, Result},
    model::{JobState, RecordId, Validation},
    ops::Session,
    store::jobs::{Job, Jobs},
};

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub enum Retried {
    /// It is due now; who sees to it.
    Due(Box<Job>, Enqueued),
    /// Somebody works on it already.
    Runs,
}

/// Makes a job due, with all its attempts before it. A pending checkpoint that has no job gets one.
pub fn retry(session: &Session, env: &Env, id: &RecordId) -> Result<Retried> {
    let record = session.store().read(id)?;
    match record.validation() {
        Some(Validation::Pending | Validation::Inconclusive) => {}
        // What the checks have decided stays so: others may have the record by now.
        Some(said) => {
            return Err(Error::refused(format!("the checkpoint {id} is {}", said.as_str()))
                .hint("`git checkpoint` takes a new one, whose checks are run again"));
        }
        None => return Err(Error::usage(format!("{id} is no checkpoint"))),
    }
    let jobs = Jobs::of(&session.repo);
    let is_new = !jobs.has(id);
    let lock = match jobs.lock(id) {
        Ok(Some(lock)) => lock,
        Ok(None) => return Ok(Retried::Runs),
        Err(error) => {
            let mut job = Job::of_record(&record, Some(session.repo.workdir()), session.now);
            job.asked = true;
            let why = error.chain().join(": ");
            return Ok(Retried::Due(Box::new(job), Enqueued::NoProcess(why)));
        }
    };
    let mut job = match jobs.read(id) {
        Ok(job) => job,
        Err(_) if is_new => {
            let mut job = Job::of_record(&record, Some(session.repo.workdir()), session.now);
            job.definition = definition(session, env);
            job
        }
        Err(why) => rebuilt(session, id, &why, session.now).ok_or_else(|| Error::bug("the record has gone"))?,
    };
    jobs.forget_cancel(id)?;
    (job.state, job.reason, job.next, job.on_hold) = (JobState::Queued, None, None, false);
    (job.forgiven, job.asked) = (job.attempts.len(), true);
    jobs.write(&job, &lock)?;
    drop(lock);
    Ok(Retried::Due(Box::new(job), see_to(session, env)))
}
