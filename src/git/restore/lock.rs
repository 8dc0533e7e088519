//! The lock of the index, so that no git command changes the index while the files are changed under it.
//!
//! It is git's own lock, the file `index.lock`, so every git program respects it. Unlike git's it is also locked by
//! the operating system for as long as its owner lives, so a lock whose owner was killed can be told from any other
//! and removed without asking.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::{
    error::{Context, Error, Result},
    git::{Git, Repo, child::Output, durable},
};

/// How long a lock that is held is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often it is tried meanwhile.
const PAUSE: Duration = Duration::from_millis(20);

/// What the lock file begins with; the id of the process follows.
const MARK: &str = "git-checkpoint ";

/// What the names of locks begin with before they are complete.
const TEMPORARY: &str = "checkpoint-lock-";

/// The lock, held until it is dropped.
pub(super) struct IndexLock {
    path: PathBuf,
    file: File,
}

impl IndexLock {
    /// Takes the lock, waiting a little for it to become free.
    pub(super) fn take(repo: &Repo) -> Result<Self> {
        let path = repo.git_dir().join("index.lock");
        let started = Instant::now();
        loop {
            match create(&path) {
                Ok(file) => return Ok(IndexLock { path, file }),
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(durable::storage_error(&path, error));
                }
                Err(_) if started.elapsed() > PATIENCE => return Err(held(&path)),
                Err(_) => {}
            }
            if !remove_if_stale(&path).map_err(|error| durable::storage_error(&path, error))? {
                std::thread::sleep(PAUSE);
            }
        }
    }

    /// Runs `git` with the lock: should this process be killed, the lock is not free while git still writes files.
    pub(super) fn lent_to(&self, git: Git) -> Result<Output> {
        #[cfg(unix)]
        let lend = |flags| rustix::io::fcntl_setfd(&self.file, flags).context("cannot pass the index lock on to `git`");
        #[cfg(unix)]
        lend(rustix::io::FdFlags::empty())?;
        let output = git.output();
        #[cfg(unix)]
        lend(rustix::io::FdFlags::CLOEXEC)?;
        output
    }
}

impl Drop for IndexLock {
    fn drop(&mut self) {
        // Only this process may hold it; if it cannot be removed, the next git command says so.
        fs::remove_file(&self.path).ok();
    }
}

/// Removes the index lock, and locks on their way to become it, if a restore of this program left them behind when
/// it was killed.
pub(super) fn remove_stale(repo: &Repo) -> Result<()> {
    let dir = repo.git_dir();
    let remove = || {
        remove_if_stale(&dir.join("index.lock"))?;
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.as_encoded_bytes();
            let is_ours = name.starts_with(TEMPORARY.as_bytes()) || is_passing(name);
            // One that is not complete has no owner either: only the holder of the operation lock makes them.
            if is_ours && File::open(entry.path())?.try_lock().is_ok() {
                durable::remove(&entry.path())?;
            }
        }
        Ok(())
    };
    remove().map_err(|error: io::Error| durable::storage_error(dir, error))
}

/// Removes the index lock alone if its owner is gone, where nothing else is known to be half done. To be called under the
/// operation lock.
pub(super) fn remove_dead(repo: &Repo) -> Result<()> {
    let path = repo.git_dir().join("index.lock");
    remove_if_stale(&path).map(drop).map_err(|error| durable::storage_error(&path, error))
}

/// Whether it is the name of a file that was on its way to its own when its writer was killed: no program but this one has
/// such beside the index.
fn is_passing(name: &[u8]) -> bool {
    let random = name.strip_prefix(durable::TEMPORARY.as_bytes());
    random.is_some_and(|random| random.len() == 6 && random.iter().all(u8::is_ascii_alphanumeric))
}

/// Makes the lock file, complete from the first moment that it has its name.
fn create(path: &Path) -> io::Result<File> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let mut file = durable::temp_file(dir, TEMPORARY, 0o666)?;
    file.as_file().lock()?;
    file.write_all(format!("{MARK}{}\n", std::process::id()).as_bytes())?;
    match fs::hard_link(file.path(), path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
        // A file system without hard links: a kill between the next two steps leaves an empty lock for a person.
        Err(_) => {
            let mut own = OpenOptions::new().write(true).create_new(true).open(path)?;
            own.lock()?;
            own.write_all(format!("{MARK}{}\n", std::process::id()).as_bytes())?;
            return Ok(own);
        }
    }
    let (file, temporary) = file.into_parts();
    drop(temporary);
    Ok(file)
}

/// Removes the lock file at `path` if it is this program's and its owner is gone; whether it did.
fn remove_if_stale(path: &Path) -> io::Result<bool> {
    let missing = |error: io::Error| if error.kind() == io::ErrorKind::NotFound { Ok(false) } else { Err(error) };
    if !path.symlink_metadata().map_or_else(missing, |data| Ok(data.is_file()))? {
        return Ok(false);
    }
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) => return missing(error),
    };
    let mut start = [0; MARK.len()];
    if file.read_exact(&mut start).is_err() || start != MARK.as_bytes() {
        return Ok(false);
    }
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(false),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    // Another process may have removed it and taken a new one meanwhile: only what was looked at is removed.
    if is_same_file(&file, path)? {
        durable::remove(path)?;
    }
    Ok(true)
}

#[cfg(unix)]
fn is_same_file(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let open = file.metadata()?;
    match path.symlink_metadata() {
        Ok(named) => Ok((open.dev(), open.ino()) == (named.dev(), named.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(not(unix))]
fn is_same_file(_file: &File, path: &Path) -> io::Result<bool> {
    // There an open file keeps its name.
    path.try_exists()
}

fn held(path: &Path) -> Error {
    let age = path.metadata().and_then(|data| data.modified()).ok().and_then(|time| time.elapsed().ok());
    let age = age.map_or_else(String::new, |age| format!(", {} seconds old", age.as_secs()));
    Error::environment(format!("the index is locked by `{}`{age}", path.display()))
        .because("another git process seems to be running in this repository")
        .hint(format!("wait for it to end; if none is running, remove `{}`", path.display()))
}
