//! Which jobs there are, and how they are.

use std::{fs, path::PathBuf, time::Duration};

use chrono::{DateTime, Utc};

use super::around::rebuilt;
use crate::{
    error::{Error, Result},
    model::{AttemptEnd, JobState, RecordId, Validation},
    ops::{Session, select},
    store::jobs::{Found, Job, Jobs},
};

/// A job, with what is not in its file.
#[derive(Debug, Clone)]
pub struct Listed {
    /// What is known of it.
    pub job: Job,
    /// How far it is.
    pub state: JobState,
    /// How long its last attempt has been going on, or took.
    pub elapsed: Option<Duration>,
    /// How long it may take, by those that came to an end before.
    pub expected: Option<Duration>,
}

impl Listed {
    /// The tag that it gets, or got; its id where there is none.
    pub fn name(&self) -> &str {
        self.job.tag.as_deref().unwrap_or(self.job.id.as_str())
    }

    /// Whether a worker runs its checks.
    pub fn is_running(&self) -> bool {
        self.state == JobState::Running
    }
}

/// All jobs, newest first. Changes nothing.
pub fn list(session: &Session) -> Vec<Listed> {
    let mut found = Jobs::of(&session.repo).all();
    found.reverse();
    let expected = expected(&found);
    found.into_iter().filter_map(|found| listed(session, found, expected)).collect()
}

/// Those that have not ended, and those that ended badly within a day; newest first.
pub fn of_interest(session: &Session) -> Vec<Listed> {
    let is_recent = |listed: &Listed| session.now - listed.job.since() < chrono::Duration::days(1);
    let mut all = list(session);
    all.retain(|listed| listed.state.is_open() || listed.state.is_trouble() && is_recent(listed));
    all
}

/// The checkpoints whose checks somebody waited for and that died with it, newest first.
pub fn abandoned(session: &Session) -> Vec<Listed> {
    let jobs = Jobs::of(&session.repo);
    let ids = jobs.ids().into_iter().rev().filter(|id| jobs.is_foreground(id));
    let all = ids.filter_map(|id| listed(session, jobs.find(&id), None));
    all.filter(|listed| listed.state == JobState::Died).collect()
}

fn listed(session: &Session, found: Found, expected: Option<Duration>) -> Option<Listed> {
    let state = found.state();
    let mut job = match found.job {
        Ok(job) => job,
        Err(why) => rebuilt(session, &found.id, &why, session.now)?,
    };
    let is_foreground = state.is_none() && job.state.is_open() && Jobs::of(&session.repo).is_foreground(&found.id);
    let state = match (is_foreground, found.is_held) {
        (true, true) => JobState::Running,
        (true, false) => {
            job.reason = Some("the process that ran its checks has died".into());
            JobState::Died
        }
        (false, _) => state.unwrap_or(job.state),
    };
    Some(Listed { elapsed: elapsed(&job, state, session.now), state, job, expected })
}

fn elapsed(job: &Job, state: JobState, now: DateTime<Utc>) -> Option<Duration> {
    let last = job.last()?;
    let end = match (last.ended, state) {
        (Some(ended), _) => ended,
        (None, JobState::Running) => now,
        (None, _) => return None,
    };
    (end - last.started).to_std().ok()
}

/// The median of what the attempts took that came to an answer.
fn expected(found: &[Found]) -> Option<Duration> {
    let attempts = found.iter().filter_map(|found| found.job.as_ref().ok()).flat_map(|job| &job.attempts);
    let answered = attempts.filter(|attempt| matches!(attempt.end, Some(AttemptEnd::Passed | AttemptEnd::Failed)));
    let took = answered.filter_map(|attempt| (attempt.ended? - attempt.started).to_std().ok());
    median(took.collect())
}

pub(super) fn median(mut all: Vec<Duration>) -> Option<Duration> {
    all.sort_unstable();
    all.get(all.len() / 2).copied()
}

/// The job that is meant: by the beginning of its id, by its tag, or `latest`.
pub fn find(session: &Session, name: &str) -> Result<Listed> {
    let all = list(session);
    match meant(&all, name) {
        Ok(at) => Ok(all[at].clone()),
        Err(error) => Err(error),
    }
}

fn meant(all: &[Listed], name: &str) -> Result<usize> {
    if name == "latest" && !all.is_empty() {
        return Ok(0);
    }
    let places = |is_it: &dyn Fn(&Listed) -> bool| -> Vec<usize> {
        all.iter().enumerate().filter(|(_, listed)| is_it(listed)).map(|(at, _)| at).collect()
    };
    let exact = places(&|listed| listed.name() == name || listed.job.id.as_str() == name);
    let begin = places(&|listed| listed.job.id.as_str().starts_with(name) || listed.name().starts_with(name));
    match (exact.as_slice(), begin.as_slice()) {
        // Of several of one name the newest.
        ([at, ..], _) | ([], [at]) if !name.is_empty() => Ok(*at),
        (_, [_, _, ..]) => {
            let error = Error::usage(format!("`{name}` is the beginning of {} jobs", begin.len()));
            Err(begin.iter().take(5).fold(error, |error, at| error.hint(format!("it could be `{}`", all[*at].job.id))))
        }
        _ => Err(unknown(all, name)),
    }
}

/// The pending checkpoint of this name that has no job, as when a process died before it could make one.
pub fn without_job(session: &Session, name: &str) -> Option<Listed> {
    let selected = select::select(session, &name.parse().ok()?, &session.repo.head().ok()?).ok()?;
    let record = selected.record.filter(|record| {
        record.validation().is_some_and(|said| matches!(said, Validation::Pending | Validation::Inconclusive))
    })?;
    let job = Job::of_record(&record, Some(session.repo.workdir()), session.now);
    Some(Listed { state: job.state, job, elapsed: None, expected: None })
}

fn unknown(all: &[Listed], name: &str) -> Error {
    let error = Error::usage(format!("there is no job `{name}`"));
    let likeness = |listed: &&Listed| {
        let id = strsim::jaro_winkler(name, listed.job.id.as_str());
        id.max(strsim::jaro_winkler(name, listed.name()))
    };
    let near = all.iter().filter(|listed| likeness(listed) > 0.75);
    let error = match near.max_by(|a, b| likeness(a).total_cmp(&likeness(b))) {
        Some(near) => error.hint(format!("did you mean `{}`?", near.name())),
        None => error,
    };
    error.hint("`git checkpoint jobs` lists them")
}

/// What the checks of a job printed at its last attempt: the check's name and the file, by name. Only plain files in the
/// job's own folder.
pub fn logs(session: &Session, id: &RecordId) -> Vec<(String, PathBuf)> {
    let dir = Jobs::of(&session.repo).logs(id);
    let attempts = fs::read_dir(&dir).into_iter().flatten().flatten();
    let numbers = attempts.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let Some(last) = numbers.max() else { return Vec::new() };
    let files = fs::read_dir(dir.join(last.to_string())).into_iter().flatten().flatten();
    let plain = files.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let mut logs: Vec<_> =
        plain.filter_map(|entry| Some((check_of(entry.file_name().to_str()?)?.to_owned(), entry.path()))).collect();
    logs.sort();
    logs
}

/// The check that a log is of: `<commit>-<check>.log`.
fn check_of(file: &str) -> Option<&str> {
    let (_commit, check) = file.strip_suffix(".log")?.split_once('-')?;
    Some(check)
}

/// The jobs that ended badly since the last call; they count as told from now on.
pub fn unheard(session: &Session) -> Vec<Listed> {
    let jobs = Jobs::of(&session.repo);
    let ids = jobs.take_unheard();
    let all = ids.iter().filter(|id| jobs.has(id)).filter_map(|id| listed(session, jobs.find(id), None));
    all.filter(|listed| listed.state.is_trouble()).collect()
}
