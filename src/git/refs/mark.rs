//! Which refs a process is about to lock, so that the locks of one that was killed can be told from others.
//!
//! git takes a lock file of a ref for that of a living process for ever, and a branch that is locked takes no commit.
//! A mark is a file that lists the locks with what will be in them; the operating system locks it for as long as its
//! process lives. It is not fsynced: after a power cut it may be empty, and then an error names the lock that is left.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write},
    path::Path,
    time::{Duration, SystemTime},
};

use gix::{
    bstr::{BStr, ByteSlice},
    refs::Target,
};

use super::{
    files,
    files::{Change, lock_path},
    path_of,
};
use crate::{
    error::Result,
    git::{Repo, durable},
};

const PREFIX: &str = "refs-";

/// A lock that does not say what its owner wants must be so old: a living owner has written it, or is done, by then.
const SILENT: Duration = Duration::from_millis(500);

/// git says nothing in the lock of `packed-refs`, and its housekeeping may hold it for a while.
const SILENT_PACKED: Duration = Duration::from_secs(5);

/// The mark of a transaction, until it is dropped.
pub(super) struct Mark {
    _file: tempfile::NamedTempFile,
}

impl Mark {
    /// To be made before any of the locks for `change`.
    pub(super) fn new(repo: &Repo, change: &Change<'_>) -> Result<Self> {
        let mut lines = Vec::new();
        let mut add = |path: &Path, content: &[u8]| {
            // A ref outside of the common folder is none of git's.
            let relative = path.strip_prefix(repo.common_dir()).ok();
            if let Some(path) = relative.and_then(|path| gix::path::into_bstr(path).ok()) {
                lines.extend_from_slice(&[path.as_bytes(), b"\t", content, b"\n"].concat());
            }
        };
        for edit in change.edits {
            let content = edit.new.map(|id| id.to_string()).unwrap_or_default();
            add(&path_of(repo, edit.name.as_ref())?, content.as_bytes());
        }
        let head = change.head.as_ref().map(|head| match &head.new {
            Target::Object(id) => id.to_string().into_bytes(),
            Target::Symbolic(name) => [b"ref: ", name.as_bstr().as_bytes()].concat(),
        });
        // git locks HEAD as well to log a move of the branch that it is on.
        add(&path_of(repo, b"HEAD".as_bstr())?, &head.unwrap_or_default());
        if change.edits.iter().any(|edit| edit.new.is_none()) {
            add(&repo.common_dir().join("packed-refs"), b"");
        }
        let write = || {
            let dir = repo.state_dir();
            let shared = durable::shared_policy(repo);
            durable::create_dirs(&dir, shared)?;
            let mut file = durable::temp_file(&dir, PREFIX, 0o666)?;
            file.as_file().lock()?;
            file.write_all(&lines)?;
            Ok(Mark { _file: file })
        };
        write().map_err(|error: io::Error| durable::storage_error(&repo.state_dir(), error))
    }
}

/// Removes the locks of refs that processes left behind when they were killed.
pub(crate) fn remove_dead_locks(repo: &Repo) -> io::Result<()> {
    for entry in fs::read_dir(repo.state_dir())? {
        let entry = entry?;
        if !entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes()) {
            continue;
        }
        let mark = match File::open(entry.path()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            opened => opened?,
        };
        match mark.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => continue,
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let since = mark.metadata()?.modified()?;
        for line in fs::read(entry.path())?.lines() {
            if let Some((path, content)) = line.split_once_str("\t") {
                remove_dead_lock(repo, path.as_bstr(), content, since)?;
            }
        }
        durable::remove(&entry.path())?;
    }
    Ok(())
}

/// Removes the lock of the file at `path` if it was made after `since` and has what was to be in it.
fn remove_dead_lock(repo: &Repo, path: &BStr, content: &[u8], since: SystemTime) -> io::Result<()> {
    let Ok(relative) = gix::path::from_bstr(path) else { return Ok(()) };
    let lock = lock_path(&repo.common_dir().join(relative));
    let patience = if path == "packed-refs" { SILENT_PACKED } else { SILENT };
    loop {
        let read = lock.symlink_metadata().and_then(|data| Ok((data.modified()?, fs::read(&lock)?)));
        let (modified, now) = match read {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            read => read?,
        };
        let now = now.strip_suffix(b"\n").unwrap_or(&now);
        if modified < since || !content.starts_with(now) {
            return Ok(());
        }
        let speaks = !content.is_empty() && now == content;
        if speaks || modified.elapsed().is_ok_and(|age| age >= patience) {
            return durable::remove(&lock);
        }
        std::thread::sleep(files::LOCK_PAUSE);
    }
}
