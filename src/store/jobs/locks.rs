//! Who is at work: the kernel's locks, which end with their process, however that ends. So nobody has to guess by the
//! number of a process whether it is still there.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::Path,
    time::{Duration, Instant},
};

/// How long a lock that somebody only looks at may be in the way.
const GLANCE: Duration = Duration::from_millis(300);
const PAUSE: Duration = Duration::from_millis(10);

/// A lock that is held until it is dropped.
#[derive(Debug)]
#[must_use]
pub struct Held {
    // Closing it unlocks it; the commands that are started do not inherit it.
    _file: File,
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

/// Takes the lock, unless somebody else holds it.
pub(super) fn try_now(path: &Path) -> io::Result<Option<Held>> {
    let file = open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Held { _file: file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// As [`try_now`], where whoever only looks is waited for.
pub(super) fn try_soon(path: &Path) -> io::Result<Option<Held>> {
    try_within(path, GLANCE)
}

/// As [`try_now`], waiting so long.
pub(super) fn try_within(path: &Path, patience: Duration) -> io::Result<Option<Held>> {
    let deadline = Instant::now() + patience;
    loop {
        match try_now(path)? {
            None if Instant::now() < deadline => std::thread::sleep(PAUSE),
            held => return Ok(held),
        }
    }
}

/// Takes the lock, after everybody else.
pub(super) fn wait(path: &Path) -> io::Result<Held> {
    let file = open(path)?;
    file.lock()?;
    Ok(Held { _file: file })
}

/// Whether somebody holds it. Makes no file.
pub(super) fn is_held(path: &Path) -> bool {
    let Ok(file) = OpenOptions::new().read(true).write(true).open(path) else { return false };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}
