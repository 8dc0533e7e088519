//! What every operation needs: the repository, its configuration, who acts, and when.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDateTime, Utc};
use gix::bstr::ByteSlice;

use super::{
    attempt,
    intent::Stage,
    resume::{self, Ending},
};
use crate::{
    config::{Config, Env},
    error::{Error, Result},
    git::{
        Repo,
        capture::{self, Captured, Identity},
        lock::{Holder, OperationLock},
        restore,
    },
    model::{Head, When},
    store::{Journal, Store},
};

/// An opened repository and the circumstances of one call.
pub struct Session {
    /// The repository.
    pub repo: Repo,
    /// Its configuration.
    pub config: Config,
    /// Who commits and tags are by.
    pub identity: Identity,
    /// The moment of the call.
    pub now: DateTime<Utc>,
    /// The same in local time, for names.
    pub local: NaiveDateTime,
    env: Env,
}

/// A session for another thread: the same circumstances, the repository opened anew.
pub(super) struct Again {
    config: Config,
    identity: Identity,
    now: DateTime<Utc>,
    local: NaiveDateTime,
    env: Env,
}

impl Again {
    /// Opens it.
    pub(super) fn open(&self) -> Result<Session> {
        Ok(Session {
            repo: Repo::open(&self.env)?,
            config: self.config.clone(),
            identity: self.identity.clone(),
            now: self.now,
            local: self.local,
            env: self.env.clone(),
        })
    }
}

impl Session {
    /// Opens the repository that `env` is in, and reads its configuration.
    pub fn open(env: &Env) -> Result<Self> {
        let mut session = Self::open_with(env, Config::default())?;
        session.config = Config::load(session.repo.workdir())?;
        Ok(session)
    }

    /// As [`Session::open`], for hooks and for what has to work whatever the file looks like: a configuration that cannot be
    /// used must not stop anything before somebody has trusted it, so it counts as none. Why it cannot be used is the
    /// second value.
    pub fn open_leniently(env: &Env) -> Result<(Self, Option<Error>)> {
        let mut session = Self::open_with(env, Config::default())?;
        match Config::load(session.repo.workdir()) {
            Ok(config) => session.config = config,
            Err(error) => return Ok((session, Some(error))),
        }
        Ok((session, None))
    }

    fn open_with(env: &Env, config: Config) -> Result<Self> {
        let repo = Repo::open(env)?;
        let now = env.now();
        let identity = Identity::of(&repo, now)?;
        Ok(Session { identity, config, now, local: env.local(now), env: env.clone(), repo })
    }

    /// What another thread needs to open the same.
    pub(super) fn again(&self) -> Again {
        Again {
            config: self.config.clone(),
            identity: self.identity.clone(),
            now: self.now,
            local: self.local,
            env: self.env.clone(),
        }
    }

    /// A moment in local time.
    pub fn local_of(&self, time: DateTime<Utc>) -> NaiveDateTime {
        self.env.local(time)
    }

    /// The moment that was meant.
    pub fn moment(&self, when: When) -> Result<DateTime<Utc>> {
        self.env
            .moment(when)
            .map_err(|why| Error::usage(why).hint("write it with its distance from UTC: `2026-10-25T02:30:00+02:00`"))
    }

    /// The world of the call.
    pub(super) fn env(&self) -> &Env {
        &self.env
    }

    /// The repository's records.
    pub fn store(&self) -> Store<'_> {
        Store::new(&self.repo)
    }

    /// The folder the command was called in, where that is inside the worktree, else the top.
    pub fn here(&self) -> PathBuf {
        let prefix = gix::path::from_bstr(self.repo.prefix().as_bstr()).map(std::borrow::Cow::into_owned);
        self.repo.workdir().join(prefix.unwrap_or_default())
    }

    /// The working state as it is now.
    pub fn capture(&self) -> Result<Captured> {
        capture::capture(&self.repo, &self.config.capture, &self.identity)
    }

    /// As [`Session::capture`], with something else done meanwhile: see [`capture::capture_while`].
    pub fn capture_while(&self, meanwhile: &dyn Fn(&Head)) -> Result<Captured> {
        capture::capture_while(&self.repo, &self.config.capture, &self.identity, meanwhile)
    }

    /// Keeps every other operation of this program out until it is dropped.
    pub fn lock(&self, command: &str) -> Result<OperationLock> {
        let command = format!("git checkpoint {command}");
        let lock = OperationLock::acquire(&self.repo, Holder { command: &command, since: self.now })?;
        // What is half done goes on keeping git from the index; a lock of what had not begun keeps it out for nothing.
        if matches!(self.interrupted(), Ok(None)) {
            restore::remove_dead_lock(&self.repo)?;
        }
        Ok(lock)
    }

    /// As [`Session::lock`], unless nothing will be changed anyway.
    pub fn lock_unless(&self, dry_run: bool, command: &str) -> Result<Option<OperationLock>> {
        if dry_run {
            return Ok(None);
        }
        let lock = self.lock(command)?;
        self.close_settled()?;
        Ok(Some(lock))
    }

    /// The operation that was begun in this worktree and not ended.
    pub fn interrupted(&self) -> Result<Option<Journal>> {
        Journal::read(&self.repo)
    }

    /// Whether that operation stopped at a conflict that the user has settled with plain git since.
    fn was_settled(&self, journal: &Journal) -> Result<bool> {
        Ok(Stage::of(journal)? == Stage::Picking && self.repo.git_operation().is_none())
    }

    /// Closes the journal of an operation that the user has ended with plain git. Needs the lock.
    pub fn close_settled(&self) -> Result<()> {
        match self.interrupted()? {
            Some(journal) if self.was_settled(&journal)? => resume::end(self, Ending::Continue, &mut |_| {}).map(drop),
            _ => Ok(()),
        }
    }

    /// Refuses to begin anything that writes to the worktree while something else is half done in it.
    pub fn refuse_if_busy(&self) -> Result<()> {
        attempt::refuse_if_running(self)?;
        self.refuse_if_unfinished()
    }

    /// The same for who is at work here.
    pub(super) fn refuse_if_unfinished(&self) -> Result<()> {
        if let Some(journal) = self.interrupted()? {
            if self.was_settled(&journal)? {
                return Ok(());
            }
            return Err(Error::conflict(format!("a {} of this worktree was begun and has not ended", journal.kind))
                .hint(format!("`git checkpoint {} --continue` finishes it", journal.kind))
                .hint(format!("`git checkpoint {} --abort` goes back to the state before it", journal.kind)));
        }
        match self.repo.git_operation().filter(|operation| operation.blocks_restore()) {
            Some(operation) => {
                let command = operation.command();
                let end = if command == "bisect" { "reset" } else { "--abort" };
                Err(Error::conflict(format!("a `git {command}` is in progress")).hint(format!(
                    "end it first, with `git {command} {end}` for example; checkpoints can still be taken"
                )))
            }
            None => Ok(()),
        }
    }
}
