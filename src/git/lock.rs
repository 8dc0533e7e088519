//! One operation at a time in a repository, all its worktrees included.
//!
//! The lock is the kernel's (`flock`), on a file that stays: it ends with the last process that holds it, however
//! that ends, so a file left behind is no lock. Children inherit it: a `git read-tree` that goes on after this
//! process was killed still keeps others out.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    path::Path,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};

use super::{durable, refs};
use crate::{
    error::{Error, Result},
    git::Repo,
};

/// How long to wait for the process that holds the lock.
const TIMEOUT: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);
/// How long somebody who only looks whether a lock is held may be in the way.
const GLANCE: Duration = Duration::from_millis(300);

/// The lock of a repository's operations, held until it is dropped.
#[derive(Debug)]
#[must_use]
pub struct OperationLock {
    file: File,
}

/// Who takes a lock, as others will see it.
#[derive(Debug, Clone, Copy)]
pub struct Holder<'a> {
    /// What it is for, as people would type it: `git checkpoint rollback`.
    pub command: &'a str,
    /// Since when.
    pub since: DateTime<Utc>,
}

impl OperationLock {
    /// Takes the lock, after waiting for the one that holds it for up to ten seconds.
    pub fn acquire(repo: &Repo, holder: Holder<'_>) -> Result<Self> {
        Self::acquire_within(repo, holder, TIMEOUT)
    }

    /// As [`OperationLock::acquire`], waiting only so long.
    pub fn acquire_within(repo: &Repo, holder: Holder<'_>, timeout: Duration) -> Result<Self> {
        let path = repo.state_dir().join("lock");
        let failed = |error: io::Error| durable::storage_error(&path, error);
        let mut file = open(repo, &path).map_err(failed)?;
        if !wait(&file, timeout).map_err(failed)? {
            return Err(held(&mut file, &path, timeout));
        }
        inherit(&file).map_err(failed)?;
        let text = format!("{}\n{}\n{}\n", std::process::id(), holder.command, holder.since.to_rfc3339());
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.write_all(text.as_bytes())
        };
        write(&mut file).map_err(failed)?;
        sweep(repo).map_err(failed)?;
        Ok(OperationLock { file })
    }
}

/// Who is said to hold the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The process.
    pub pid: String,
    /// What it does, as people would type it.
    pub command: String,
    /// Since when.
    pub since: String,
    /// Whether that process is gone.
    pub has_ended: bool,
}

/// Who holds the lock, or held it when they were killed. Does not wait and changes nothing.
pub fn holder(repo: &Repo) -> Option<Held> {
    let text = std::fs::read_to_string(repo.state_dir().join("lock")).ok()?;
    let mut lines = text.lines().map(str::to_owned);
    let (pid, command, since) = (lines.next()?, lines.next()?, lines.next()?);
    Some(Held { has_ended: has_ended(&pid), pid, command, since })
}

impl Drop for OperationLock {
    fn drop(&mut self) {
        // Closing it would leave the lock to a service that one of our commands has started; unlocking takes it from
        // everybody. Only a process that is killed leaves it to what it started.
        let _emptied = self.file.set_len(0);
        let _unlocked = self.file.unlock();
    }
}

/// A lock on a file of its own, for what takes long and must not be done twice. It is the kernel's as well, and children
/// inherit it: where its owner was killed, it is held until what that has started is gone.
#[derive(Debug)]
#[must_use]
pub struct LongLock {
    file: File,
}

impl LongLock {
    /// Takes it, unless somebody else holds it. Whoever only looks is waited for.
    pub fn take(repo: &Repo, path: &Path) -> Result<Option<Self>> {
        let failed = |error: io::Error| durable::storage_error(path, error);
        let file = open(repo, path).map_err(failed)?;
        if !wait(&file, GLANCE).map_err(failed)? {
            return Ok(None);
        }
        inherit(&file).map_err(failed)?;
        Ok(Some(LongLock { file }))
    }

    /// Whether somebody holds it. Makes no file.
    pub fn is_held(path: &Path) -> bool {
        let Ok(file) = OpenOptions::new().read(true).open(path) else { return false };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }
}

impl Drop for LongLock {
    fn drop(&mut self) {
        // As with the other one: what this process has started, and what goes on, is not to keep it.
        let _unlocked = self.file.unlock();
    }
}

/// A turn to add to a ref that many add to, so that nobody is overtaken again and again; given up by dropping it.
///
/// It saves work and decides nothing: who waits too long, or cannot have one, goes on without it.
#[derive(Debug)]
#[must_use]
pub struct Turn {
    _file: Option<File>,
}

impl Turn {
    /// Waits for it.
    pub fn take(repo: &Repo) -> Self {
        let file = open(repo, &repo.state_dir().join("turn")).ok();
        Turn { _file: file.filter(|file| wait(file, TIMEOUT).unwrap_or(false)) }
    }
}

/// The file of a lock, which stays.
fn open(repo: &Repo, path: &Path) -> io::Result<File> {
    let shared = durable::shared_policy(repo);
    durable::create_dirs(path.parent().unwrap_or(path), shared)?;
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).open(path)?;
    gix::fs::set_shared_repository_permissions(path, shared).or_else(only_ours)?;
    Ok(file)
}

/// Whether the lock was had within this time.
fn wait(file: &File, timeout: Duration) -> io::Result<bool> {
    let deadline = Instant::now() + timeout;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => std::thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// Removes what operations that were killed left behind, beside the journal: nothing else is going on now.
fn sweep(repo: &Repo) -> io::Result<()> {
    refs::remove_dead_locks(repo)?;
    for dir in [repo.state_dir(), repo.state_dir().join("journal")] {
        let entries = match std::fs::read_dir(&dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            if entry.file_name().as_encoded_bytes().starts_with(durable::TEMPORARY.as_bytes()) {
                durable::remove(&entry.path())?;
            }
        }
    }
    Ok(())
}

/// A file of another user may have the wrong mode, which is not ours to change.
fn only_ours(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::PermissionDenied { Ok(()) } else { Err(error) }
}

/// What this process starts has it too.
pub(super) fn inherit(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    rustix::io::fcntl_setfd(file, rustix::io::FdFlags::empty())?;
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

fn held(file: &mut File, path: &Path, timeout: Duration) -> Error {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.read_to_string(&mut text));
    let mut lines = text.lines();
    let who = match (read.is_ok(), lines.next(), lines.next(), lines.next()) {
        (true, Some(pid), Some(command), Some(since)) => Some((pid, command, since)),
        _ => None,
    };
    let seconds = timeout.as_secs();
    match who {
        Some((pid, command, since)) if has_ended(pid) => Error::environment(format!(
            "`{command}` of {since} was killed, but a process that it started is still running"
        ))
        .because(format!("waited {seconds} s for it to end"))
        .hint(format!("wait until it has ended, or find it with `fuser {}`; then try again", path.display())),
        Some((pid, command, since)) => {
            Error::environment(format!("another operation is in progress: `{command}`, process {pid}, since {since}"))
                .because(format!("waited {seconds} s for it to end"))
                .hint(format!("wait until it has ended, or end process {pid} if it hangs; then try again"))
        }
        None => Error::environment("another operation is in progress")
            .because(format!("waited {seconds} s for it to end"))
            .hint("wait until every `git checkpoint` in this repository, and what it started, has ended"),
    }
}

/// Whether there is no process of this number any more; false where that cannot be told.
#[cfg(unix)]
pub fn has_ended(pid: &str) -> bool {
    let pid = pid.parse().ok().and_then(rustix::process::Pid::from_raw);
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH))
}

/// Whether there is no process of this number any more; false where that cannot be told.
#[cfg(not(unix))]
pub fn has_ended(_pid: &str) -> bool {
    false
}
