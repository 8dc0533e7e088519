//! A job is made, and a worker is started where none is at work.

use chrono::{DateTime, Utc};

use super::{around::definition, is_allowed, slots};
use crate::{
    check::{Checked, excerpt},
    config::Env,
    error::{Error, Result},
    git::{Repo, glance::Glance},
    model::{JobState, Record, RecordId, until},
    ops::Session,
    store::jobs::{self, Job, Jobs},
    system::background,
};

/// The hidden command that a worker is.
const WORKER: &str = "job-worker";

/// When is looked again whether somebody still runs checks in the foreground.
const LATER: chrono::Duration = chrono::Duration::minutes(1);

/// Who sees to a job.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Enqueued {
    /// A worker that was started for it.
    Started,
    /// The workers that are at work already.
    RunsAlready,
    /// Nobody, for this reason: the caller has to run the checks.
    NoProcess(String),
}

/// Makes the job of a pending checkpoint whose record is published. `record` names the tag that it is to get, and
/// `foreground` is what the checks said that were waited for. Where nobody sees to it, there is no job either.
pub fn enqueue(session: &Session, env: &Env, record: &Record, foreground: &[Checked]) -> Enqueued {
    let mut job = Job::of_record(record, Some(session.repo.workdir()), session.now);
    job.state = JobState::Queued;
    job.foreground = foreground.iter().map(|one| one.result.clone()).collect();
    job.definition = definition(session, env);
    let jobs = Jobs::of(&session.repo);
    let lock = jobs.lock(&record.id).and_then(|lock| lock.ok_or_else(|| Error::environment("its lock is taken")));
    let kept = lock.and_then(|lock| jobs.write(&job, &lock));
    for one in foreground {
        // A log that is lost is no reason not to go on.
        let _lost = keep_log(&jobs, &record.id, one);
    }
    let enqueued = match kept {
        Ok(()) => see_to(session, env),
        Err(error) => Enqueued::NoProcess(error.chain().join(": ")),
    };
    // The caller runs the checks now, and nobody is to run them beside it.
    if let (Enqueued::NoProcess(_), Ok(Some(lock))) = (&enqueued, jobs.lock(&record.id)) {
        let _stays = jobs.remove(&record.id, &lock);
    }
    enqueued
}

/// Keeps what a check printed until the record has it: the logs of all calls are kept for a few runs only.
fn keep_log(jobs: &Jobs, id: &RecordId, one: &Checked) -> Option<()> {
    let (from, to) = (one.log.as_ref()?, jobs.log_before(id, &one.result.name)?);
    std::fs::create_dir_all(to.parent()?).ok()?;
    std::fs::write(to, excerpt(from)).ok()
}

/// Sees to it that a worker is at work on what is due now.
pub(super) fn see_to(session: &Session, env: &Env) -> Enqueued {
    if !is_allowed(session) {
        return Enqueued::NoProcess("git's configuration says `checkpoint.background = false`".into());
    }
    let jobs = Jobs::of(&session.repo);
    let start = || -> Result<Enqueued> {
        let deciding = jobs.decide()?;
        jobs.note_due(Some(session.now), &deciding)?;
        if !jobs.has_free_slot(slots(session), &deciding) {
            return Ok(Enqueued::RunsAlready);
        }
        Ok(match background::start(env, &[WORKER]) {
            Ok(()) => Enqueued::Started,
            Err(error) => Enqueued::NoProcess(format!("no process can be started: {error}")),
        })
    };
    start().unwrap_or_else(|error| Enqueued::NoProcess(error.chain().join(": ")))
}

/// Starts a worker where a job is due and nobody is at work, as after a reboot. Costs one look at one file where there is
/// no job. What fails is left to the next call.
pub fn wake(env: &Env, glance: &Glance) {
    if env.is_off() || !jobs::is_worker_missing(&glance.state_dir(), env.now()) {
        return;
    }
    let Ok(repo) = Repo::open(env) else { return };
    if repo.gix().config_snapshot().boolean("checkpoint.background").unwrap_or(true) {
        let _next_time = background::start(env, &[WORKER]);
    }
}

/// The configuration is trusted now: what waited for that is due. The number of jobs, and who sees to them.
pub fn trusted_again(session: &Session, env: &Env) -> Result<Option<(usize, Enqueued)>> {
    let jobs = Jobs::of(&session.repo);
    let mut number = 0;
    for found in jobs.all() {
        if !found.job.as_ref().is_ok_and(|job| job.on_hold && job.state.is_open()) {
            continue;
        }
        let Some(lock) = jobs.lock(&found.id)? else { continue };
        if let Ok(mut job) = jobs.read(&found.id) {
            (job.next, job.on_hold) = (None, false);
            jobs.write(&job, &lock)?;
            number += 1;
        }
    }
    Ok((number > 0).then(|| (number, see_to(session, env))))
}

/// When the first of the open jobs is due that nobody works on; the present moment where that is now.
pub(super) fn first_due(jobs: &Jobs, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let due = |found: jobs::Found| match (&found.job, found.is_held) {
        // Somebody waits for its checks. If they die, a worker takes it up.
        (Err(_), true) => Some(now + LATER),
        (Ok(_), true) => None,
        // What cannot be read is looked up in the records.
        (Err(_), false) => Some(now),
        (Ok(job), false) if job.state.is_open() => {
            Some(job.next.filter(|next| until(Some(*next), now).is_some()).unwrap_or(now))
        }
        (Ok(_), false) => None,
    };
    jobs.all().into_iter().filter_map(due).min()
}
