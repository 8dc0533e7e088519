//! What is around a job when it runs: the clock, the session, the checks as they are defined, the phase.

use std::time::Instant;

use chrono::{DateTime, Utc};

use crate::{
    config::{ContentHash, Env, Moment},
    error::Result,
    model::RecordId,
    ops::{Session, trust},
    store::jobs::{Job, Jobs},
};

/// The clock of a call. It goes on where that of the environment stands still or is set back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock<'e> {
    pub(super) env: &'e Env,
    start: DateTime<Utc>,
    began: Instant,
}

impl<'e> Clock<'e> {
    pub(super) fn new(env: &'e Env) -> Self {
        Clock { env, start: env.now(), began: Instant::now() }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        let passed = chrono::Duration::from_std(self.began.elapsed()).unwrap_or_default();
        self.env.now().max(self.start + passed)
    }
}

/// The job of a record, where its own file is of no use; `None` where there is no record.
pub(super) fn rebuilt(session: &Session, id: &RecordId, why: &str, now: DateTime<Utc>) -> Option<Job> {
    let record = session.store().read(id).ok()?;
    let mut job = Job::of_record(&record, None, now);
    job.notes.push(if Jobs::of(&session.repo).is_foreground(id) {
        "the process that ran its checks has died, so they are run in the background".into()
    } else {
        format!("its file could not be read and was made anew from the record: {why}")
    });
    Some(job)
}

/// The session in the worktree that the checkpoint was taken in, as it is configured now; in the present one where that
/// worktree is gone or is none of this repository.
pub(super) fn session_of(session: &Session, env: &Env, job: &Job) -> Result<Session> {
    let other = job.worktree().filter(|top| top != session.repo.workdir());
    if let Some(top) = other {
        let there = Session::open(&env.clone().in_dir(&top).without_repository());
        match there {
            Ok(there) if there.repo.common_dir() == session.repo.common_dir() => return Ok(there),
            Err(error) if top.join(".git").exists() => return Err(error),
            _ => {}
        }
    }
    Session::open(&env.clone().in_dir(session.repo.workdir()))
}

/// The hash of how the background checks are defined, for one who may read them.
pub(super) fn definition(session: &Session, env: &Env) -> Option<String> {
    let trust::Standing::Commands(trust) = trust::gather(session, env) else { return None };
    let checks = session.config.checks(trust.consent()?).ok()?;
    let heavy: Vec<_> =
        checks.iter().filter(|check| check.background && check.on.contains(&Moment::Checkpoint)).collect();
    Some(ContentHash::of(format!("{heavy:?}").as_bytes()).to_string())
}

/// Why no command may run.
pub(super) fn untrusted(standing: &trust::Standing) -> &'static str {
    match standing {
        trust::Standing::NoFile => "there is no .checkpoint.toml in its worktree now",
        trust::Standing::NoCommands => "its .checkpoint.toml names no command now",
        trust::Standing::Commands(trust) if trust.as_str() == "changed" => {
            ".checkpoint.toml has changed and is not trusted; `git checkpoint trust` shows what changed"
        }
        trust::Standing::Commands(_) => ".checkpoint.toml is not trusted; `git checkpoint trust` asks",
    }
}
