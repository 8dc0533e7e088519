//! One job, once.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use chrono::{DateTime, Utc};

use super::{
    around::{Clock, definition, rebuilt, session_of, untrusted},
    most_attempts,
    plan::{self, Decision},
    settle::{self, Settled},
};
use crate::{
    check::Checked,
    config::{Consent, Env},
    error::{Error, Result},
    git,
    model::{AttemptEnd, CheckResult, JobState, Next, Record, RecordId, Validation, after_attempt},
    ops::{Session, trust},
    store::jobs::{Attempt, Held, Job, Jobs},
};

/// How often is looked whether a job is still wanted.
const PAUSE: Duration = Duration::from_millis(50);
/// How long a job waits for trust before its worker looks again.
const HOLD: chrono::Duration = chrono::Duration::minutes(30);
/// How often it is tried to publish what the checks said.
const PUBLISH: usize = 3;

/// Runs the checks of a checkpoint that were not waited for, on its tree.
pub trait Validate {
    /// What all checks say, those given included. It ends soon after `git::is_asked_to_stop`, and what it then says
    /// does not count.
    fn validate(&self, asked: &Asked<'_>) -> Result<Vec<Checked>>;
}

/// What is to be validated.
pub struct Asked<'a> {
    /// The repository, with the configuration of the present moment.
    pub session: &'a Session,
    /// The consent to it.
    pub consent: &'a Consent,
    /// The pending checkpoint.
    pub record: &'a Record,
    /// What the checks said that were waited for.
    pub given: &'a [CheckResult],
    /// A new folder for what the checks print.
    pub logs: &'a Path,
}

/// What came of it.
#[derive(Debug)]
#[must_use]
pub enum Ran {
    /// Somebody else works on it.
    Busy,
    /// It has ended; the record, where the checks decided about it.
    Ended(Box<Job>, Option<Box<Record>>),
    /// It will be tried again.
    Again(Box<Job>),
}

/// Runs one job in the foreground, once, for a caller that could not have it done in the background. Needs no lock but
/// takes it where it can be had: a job that cannot be kept is run all the same.
pub fn run_here(session: &Session, env: &Env, job: Job, with: &dyn Validate) -> Result<Ran> {
    let jobs = Jobs::of(&session.repo);
    let lock = match jobs.lock(&job.id) {
        Ok(None) => return Ok(Ran::Busy),
        Ok(lock) => lock,
        Err(_cannot_be_kept) => None,
    };
    let job = lock.as_ref().and_then(|_| jobs.read(&job.id).ok()).unwrap_or(job);
    let run = Run { env, clock: Clock::new(env), keeper: Keeper { jobs, lock }, with, most: 1 };
    run.run(session, job)
}

/// Runs one job, for a worker.
pub(super) fn run(session: &Session, clock: Clock<'_>, id: &RecordId, with: &dyn Validate) -> Result<Ran> {
    let jobs = Jobs::of(&session.repo);
    let Some(lock) = jobs.lock(id)? else { return Ok(Ran::Busy) };
    let job = match jobs.read(id) {
        Ok(job) => job,
        Err(why) => match rebuilt(session, id, &why, clock.now()) {
            Some(job) => job,
            None => {
                jobs.remove(id, &lock)?;
                return Ok(Ran::Busy);
            }
        },
    };
    let own = session_of(session, clock.env, &job);
    let most = most_attempts(own.as_ref().unwrap_or(session));
    let run = Run { env: clock.env, clock, keeper: Keeper { jobs, lock: Some(lock) }, with, most };
    match own {
        Ok(own) => run.run(&own, job),
        Err(error) => run.hold(job, error.chain().join(": ")),
    }
}

/// Writes down how a job is, where that can be done.
struct Keeper {
    jobs: Jobs,
    lock: Option<Held>,
}

impl Keeper {
    fn write(&self, job: &Job) -> Result<()> {
        self.lock.as_ref().map_or(Ok(()), |lock| self.jobs.write(job, lock))
    }
}

struct Run<'a> {
    env: &'a Env,
    clock: Clock<'a>,
    keeper: Keeper,
    with: &'a dyn Validate,
    most: usize,
}

impl Run<'_> {
    fn run(&self, session: &Session, mut job: Job) -> Result<Ran> {
        if let Some(Next::End(state)) = self.bury(&mut job) {
            // The record has nothing to say but that it is pending.
            return self.end(job, state, Some("its process has died at every attempt".into()));
        }
        let (mut facts, record) = settle::look(session, &job.id, job.asked)?;
        facts.cancelled = self.keeper.jobs.cancelled(&job.id);
        let standing = trust::gather(session, self.env);
        let trusted = match &standing {
            trust::Standing::Commands(trust) => trust.consent(),
            _ => None,
        };
        facts.untrusted = trusted.is_none().then(|| untrusted(&standing).to_owned());
        match (plan::decide(&facts), trusted, record) {
            (Decision::End(state, why), ..) => self.end(job, state, Some(why)),
            (Decision::Hold(why), ..) => self.hold(job, why),
            (Decision::Run, Some(consent), Some(record)) => self.attempt(session, job, &record, consent),
            (Decision::Run, ..) => Err(Error::bug("a job is to run without a record or without consent")),
        }
    }

    /// Notes the death of the process that worked on it before; what follows from it.
    fn bury(&self, job: &mut Job) -> Option<Next> {
        if job.state != JobState::Running {
            return None;
        }
        if let Some(attempt) = job.attempts.last_mut().filter(|attempt| attempt.end.is_none()) {
            attempt.end = Some(AttemptEnd::Died);
            attempt.why = Some("its process has died".into());
        }
        Some(after_attempt(AttemptEnd::Died, job.counted(), self.most, self.clock.now(), 0.0))
    }

    fn attempt(&self, session: &Session, mut job: Job, record: &Record, consent: &Consent) -> Result<Ran> {
        let now_defined = definition(session, self.env);
        if job.definition.is_some() && job.definition != now_defined {
            job.notes.push("the background checks have changed since the checkpoint; the present ones are run".into());
            job.notes.dedup();
        }
        job.definition = now_defined;
        (job.state, job.reason, job.next, job.on_hold) = (JobState::Running, None, None, false);
        job.attempts.push(Attempt { started: self.clock.now(), ended: None, end: None, why: None });
        self.keeper.write(&job)?;
        let logs = self.logs(&job)?;
        let asked = Asked { session, consent, record, given: &job.foreground, logs: logs.path() };
        let (said, cancelled) = self.watched(&job.id, || self.with.validate(&asked));
        if cancelled {
            self.close(&mut job, AttemptEnd::Stopped, None);
            let why = self.keeper.jobs.cancelled(&job.id).filter(|why| !why.is_empty());
            return self.end(job, JobState::Cancelled, Some(why.unwrap_or_else(|| "it was cancelled".into())));
        }
        if git::is_asked_to_stop() {
            self.close(&mut job, AttemptEnd::Stopped, Some("the worker was asked to stop".into()));
            return self.again(job, JobState::Queued, self.clock.now());
        }
        match said {
            Err(error) => self.inconclusive(session, job, (error.chain().join(": "), &[])),
            Ok(checks) if checks.is_empty() => {
                self.close(&mut job, AttemptEnd::Stopped, None);
                self.end(job, JobState::Cancelled, Some("no check is for a checkpoint now".into()))
            }
            Ok(checks) => {
                job.checks = results(&checks);
                match Validation::of(&job.checks) {
                    Validation::Inconclusive | Validation::Pending => {
                        let why = trouble(&job.checks);
                        self.inconclusive(session, job, (why, &checks))
                    }
                    _ => self.conclude(session, job, &checks),
                }
            }
        }
    }

    /// Does the work while looking whether it is still wanted; whether it was cancelled is the second value.
    fn watched<T>(&self, id: &RecordId, work: impl FnOnce() -> T) -> (T, bool) {
        let (done, cancelled) = (AtomicBool::new(false), AtomicBool::new(false));
        let (jobs, is_kept) = (&self.keeper.jobs, self.keeper.lock.is_some());
        let watch = || {
            while is_kept && !done.load(Ordering::Relaxed) {
                if jobs.cancelled(id).is_some() {
                    cancelled.store(true, Ordering::Relaxed);
                    return git::ask_to_stop();
                }
                std::thread::sleep(PAUSE);
            }
        };
        let said = std::thread::scope(|scope| {
            scope.spawn(watch);
            // However the work ends, nobody waits for the one that watches.
            let _over = Over(&done);
            work()
        });
        let cancelled = cancelled.into_inner();
        if cancelled {
            git::ask_no_more();
        }
        (said, cancelled)
    }

    fn logs(&self, job: &Job) -> Result<Logs> {
        if self.keeper.lock.is_some() {
            let dir = self.keeper.jobs.logs(&job.id).join(job.attempts.len().to_string());
            if git::durable::create_dirs(&dir, 0).is_ok() {
                return Ok(Logs::Kept(dir));
            }
        }
        let folder = tempfile::Builder::new().prefix("git-checkpoint-logs-").tempdir();
        folder.map(Logs::Lost).map_err(|error| Error::environment("there is no place for the logs").because(error))
    }

    /// There is no answer: another attempt, or none any more.
    fn inconclusive(&self, session: &Session, mut job: Job, (why, checks): (String, &[Checked])) -> Result<Ran> {
        self.close(&mut job, AttemptEnd::Inconclusive, Some(why.clone()));
        let (number, now) = (job.counted(), self.clock.now());
        match after_attempt(AttemptEnd::Inconclusive, number, self.most, now, Jobs::jitter()) {
            Next::Again(next) => {
                job.reason = Some(why);
                self.again(job, JobState::Waiting, next)
            }
            Next::End(JobState::Inconclusive) if !checks.is_empty() => self.conclude(session, job, checks),
            Next::End(state) => self.end(job, state, Some(why)),
        }
    }

    /// The checks have decided: the record says so, and the tag appears where they have passed.
    fn conclude(&self, session: &Session, mut job: Job, checks: &[Checked]) -> Result<Ran> {
        let state = match Validation::of(&job.checks) {
            Validation::Failed => JobState::Failed,
            Validation::Inconclusive => JobState::Inconclusive,
            _ => JobState::Passed,
        };
        let why = (state != JobState::Passed).then(|| trouble(&job.checks));
        let end = match state {
            JobState::Passed => AttemptEnd::Passed,
            JobState::Failed => AttemptEnd::Failed,
            _ => AttemptEnd::Inconclusive,
        };
        let mut settled = settle::settle(session, &job, checks);
        for _ in 1..PUBLISH {
            if settled.is_ok() || git::is_asked_to_stop() {
                break;
            }
            settled = settle::settle(session, &job, checks);
        }
        match settled {
            Ok(Settled::Done { record, unsigned }) => {
                self.close(&mut job, end, why.clone());
                job.tag = record.tag().map_or(job.tag, |tag| Some(tag.to_string()));
                let unsigned = unsigned.map(|why| format!("the tag could not be signed and was left out: {why}"));
                let ended = self.end(job, state, why.or(unsigned))?;
                Ok(match ended {
                    Ran::Ended(job, _) => Ran::Ended(job, Some(record)),
                    other => other,
                })
            }
            Ok(Settled::NotWanted(decision)) => {
                self.close(&mut job, AttemptEnd::Stopped, None);
                match decision {
                    Decision::End(state, why) => self.end(job, state, Some(why)),
                    Decision::Hold(why) => self.hold(job, why),
                    Decision::Run => Err(Error::bug("what is wanted was not published")),
                }
            }
            Err(error) => {
                let why = format!("what the checks said could not be published: {}", error.chain().join(": "));
                self.close(&mut job, AttemptEnd::Inconclusive, Some(why.clone()));
                let number = job.counted();
                match after_attempt(AttemptEnd::Inconclusive, number, self.most, self.clock.now(), Jobs::jitter()) {
                    Next::Again(next) => {
                        job.reason = Some(why);
                        self.again(job, JobState::Waiting, next)
                    }
                    Next::End(state) => self.end(job, state, Some(why)),
                }
            }
        }
    }

    fn close(&self, job: &mut Job, end: AttemptEnd, why: Option<String>) {
        let now = self.clock.now();
        if let Some(attempt) = job.attempts.last_mut().filter(|attempt| attempt.end.is_none()) {
            (attempt.ended, attempt.end, attempt.why) = (Some(now), Some(end), why);
        }
    }

    fn hold(&self, mut job: Job, why: String) -> Result<Ran> {
        job.reason = Some(why);
        job.on_hold = true;
        self.again(job, JobState::Waiting, self.clock.now() + HOLD)
    }

    fn again(&self, mut job: Job, state: JobState, next: DateTime<Utc>) -> Result<Ran> {
        (job.state, job.next) = (state, Some(next));
        self.keeper.write(&job)?;
        Ok(Ran::Again(Box::new(job)))
    }

    fn end(&self, mut job: Job, state: JobState, why: Option<String>) -> Result<Ran> {
        (job.state, job.reason, job.next, job.on_hold) = (state, why, None, false);
        self.keeper.write(&job)?;
        if self.keeper.lock.is_some() {
            self.keeper.jobs.forget_cancel(&job.id)?;
        }
        Ok(Ran::Ended(Box::new(job), None))
    }
}

struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Where the checks' output goes.
enum Logs {
    Kept(PathBuf),
    Lost(tempfile::TempDir),
}

impl Logs {
    fn path(&self) -> &Path {
        match self {
            Logs::Kept(dir) => dir,
            Logs::Lost(folder) => folder.path(),
        }
    }
}

fn results(checks: &[Checked]) -> Vec<CheckResult> {
    checks.iter().map(|checked| checked.result.clone()).collect()
}

/// The checks that stand in the way, in one line.
fn trouble(checks: &[CheckResult]) -> String {
    let word = |check: &&CheckResult| {
        let why = check.why.as_deref().map_or_else(|| check.verdict.as_str().to_owned(), str::to_owned);
        format!("{}: {why}", check.name)
    };
    let lines: Vec<String> = checks.iter().filter(|check| check.is_trouble()).map(|check| word(&check)).collect();
    if lines.is_empty() { "no check gave an answer".into() } else { lines.join("; ") }
}
