//! A worker: takes a slot, runs what is due, oldest first, and ends.

use std::{collections::HashSet, time::Duration};

use chrono::{DateTime, Utc};

use super::{
    around::Clock,
    clean,
    enqueue::first_due,
    may_notify,
    run::{self, Ran, Validate},
    slots,
};
use crate::{
    config::Env,
    error::Result,
    git,
    model::{RecordId, until},
    ops::Session,
    store::jobs::{Found, Held, Job, Jobs},
    system::notice,
};

/// A worker waits so long for what is due next; for later ones another is started.
const PATIENCE: chrono::Duration = chrono::Duration::seconds(60);
const PAUSE: Duration = Duration::from_millis(100);

/// What a worker did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Worked {
    /// How many attempts it made.
    pub attempts: usize,
}

/// Runs due jobs until none is due within a minute; nothing where enough workers are at work.
pub fn work(env: &Env, with: &dyn Validate) -> Result<Worked> {
    let (session, _unusable) = Session::open_leniently(env)?;
    let jobs = Jobs::of(&session.repo);
    let slot = {
        let deciding = jobs.decide()?;
        jobs.slot(slots(&session), &deciding)?
    };
    let Some(slot) = slot else { return Ok(Worked::default()) };
    let mut worker = Worker { env, session: &session, jobs, clock: Clock::new(env), with, failed: HashSet::new() };
    clean::clean(&worker.jobs, worker.clock.now());
    worker.work(slot)
}

struct Worker<'a> {
    env: &'a Env,
    session: &'a Session,
    jobs: Jobs,
    clock: Clock<'a>,
    with: &'a dyn Validate,
    /// Those that could not even be written down: this worker does not try them again.
    failed: HashSet<RecordId>,
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
enum Pick {
    Run(RecordId),
    Wait,
    Nothing,
}

impl Worker<'_> {
    fn work(&mut self, slot: Held) -> Result<Worked> {
        let mut worked = Worked::default();
        loop {
            let found = self.jobs.all();
            match pick(&found, &self.failed, self.clock.now()) {
                _ if git::is_asked_to_stop() => return self.leave(slot).map(|()| worked),
                Pick::Wait => std::thread::sleep(PAUSE),
                Pick::Run(id) => {
                    worked.attempts += 1;
                    self.run(&id);
                }
                Pick::Nothing => {
                    // Whoever makes a job from now on finds the slot free; what was made before is seen here.
                    let deciding = self.jobs.decide()?;
                    if pick(&self.jobs.all(), &self.failed, self.clock.now()) == Pick::Nothing {
                        return self.leave_deciding(slot, &deciding).map(|()| worked);
                    }
                }
            }
        }
    }

    fn run(&mut self, id: &RecordId) {
        match run::run(self.session, self.clock, id, self.with) {
            Ok(Ran::Ended(job, _)) if job.state.is_trouble() => self.tell(&job),
            Ok(Ran::Ended(..) | Ran::Again(_)) => {}
            Ok(Ran::Busy) => std::thread::sleep(PAUSE),
            Err(_cannot_be_kept) => {
                self.failed.insert(id.clone());
            }
        }
    }

    fn tell(&self, job: &Job) {
        // There is nowhere left to tell of a failure to tell.
        let _untold = self.jobs.note_unheard(&job.id);
        if may_notify(self.session) {
            let name = job.tag.as_deref().unwrap_or(job.id.as_str());
            let top = self.session.repo.workdir().file_name().unwrap_or_default().to_string_lossy().into_owned();
            let what = format!("{top}: {name} is {}", job.state.as_str());
            notice::show(self.env, &what, job.reason.as_deref().unwrap_or_default());
        }
    }

    fn leave(&self, slot: Held) -> Result<()> {
        let deciding = self.jobs.decide()?;
        self.leave_deciding(slot, &deciding)
    }

    fn leave_deciding(&self, slot: Held, deciding: &Held) -> Result<()> {
        let noted = self.jobs.note_due(first_due(&self.jobs, self.clock.now()), deciding);
        drop(slot);
        noted
    }
}

/// The oldest job that is due and that nobody works on.
fn pick(found: &[Found], failed: &HashSet<RecordId>, now: DateTime<Utc>) -> Pick {
    let mut soon = false;
    for found in found.iter().filter(|found| !found.is_held && !failed.contains(&found.id)) {
        match &found.job {
            Ok(job) if !job.state.is_open() => {}
            Ok(Job { next, .. }) => match until(*next, now) {
                None => return Pick::Run(found.id.clone()),
                Some(wait) => soon |= wait <= PATIENCE,
            },
            // Its record says what is to be done.
            Err(_) => return Pick::Run(found.id.clone()),
        }
    }
    if soon { Pick::Wait } else { Pick::Nothing }
}
