//! The temporary folder of a drill, which is gone when the drill has ended; where it was killed, the next one removes it.
//!
//! A folder is a drill's where its name and the locked file in it say so; its lock is held for as long as its process lives.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use crate::{
    error::{Context, Result},
    git::private,
};

const PREFIX: &str = "git-checkpoint-drill-";
const LOCK: &str = "lock";

/// The folder, with a place for the copy in it.
pub(super) struct Folder {
    // It goes last: the lock is in it.
    _lock: File,
    dir: tempfile::TempDir,
}

impl Folder {
    /// A new one. Those that drills left behind which were killed are removed first.
    pub(super) fn make() -> Result<Self> {
        remove_left_overs(&tempfile::env::temp_dir());
        let what = "cannot make a temporary folder";
        let dir = tempfile::Builder::new().prefix(PREFIX).tempdir().context(what)?;
        let lock = lock_in(dir.path()).context(what)?;
        Ok(Folder { _lock: lock, dir })
    }

    /// Where the copy is to be. A path of its own, so that nothing of a linked worktree or of GIT_DIR points elsewhere.
    pub(super) fn copy(&self) -> PathBuf {
        self.dir.path().join("copy")
    }

    /// Lets the copy stay, where it is.
    pub(super) fn keep(self) -> Result<PathBuf> {
        // Without a lock nobody takes it for a leftover.
        fs::remove_file(self.dir.path().join(LOCK)).context("cannot keep the copy")?;
        Ok(self.dir.keep().join("copy"))
    }
}

/// It gets its name once it is locked: nobody can find it free.
fn lock_in(dir: &Path) -> io::Result<File> {
    let new = dir.join("lock.new");
    let file = File::create_new(&new)?;
    file.lock()?;
    fs::rename(new, dir.join(LOCK))?;
    Ok(file)
}

/// What cannot be removed is somebody else's, or will be tried again.
fn remove_left_overs(place: &Path) {
    for entry in fs::read_dir(place).into_iter().flatten().flatten() {
        let is_named = entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes());
        let dir = entry.path();
        if !is_named || !is_own_folder(&dir) {
            continue;
        }
        let Ok(lock) = File::open(dir.join(LOCK)) else { continue };
        if lock.try_lock().is_ok() {
            let _left = private::remove_any(&dir);
        }
    }
}

/// A folder of this user, and no link to one.
fn is_own_folder(dir: &Path) -> bool {
    let Ok(data) = dir.symlink_metadata() else { return false };
    #[cfg(unix)]
    let is_own = std::os::unix::fs::MetadataExt::uid(&data) == rustix::process::geteuid().as_raw();
    #[cfg(not(unix))]
    let is_own = true;
    data.is_dir() && is_own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_holds_and_is_ours_is_removed() {
        let place = tempfile::tempdir().expect("a folder");
        let make = |name: &str| {
            let dir = place.path().join(name);
            fs::create_dir(&dir).expect("it is new");
            dir
        };
        let (dead, alive) = (make("git-checkpoint-drill-dead"), make("git-checkpoint-drill-alive"));
        let (kept, other) = (make("git-checkpoint-drill-kept"), make("other"));
        drop(lock_in(&dead).expect("a lock"));
        fs::write(dead.join("file"), "content").expect("it can be written");
        let _held = lock_in(&alive).expect("a lock");
        drop(lock_in(&other).expect("a lock"));
        let outside = tempfile::tempdir().expect("a folder");
        drop(lock_in(outside.path()).expect("a lock"));
        std::os::unix::fs::symlink(outside.path(), place.path().join("git-checkpoint-drill-link")).expect("a link");
        remove_left_overs(place.path());
        assert_eq!([dead.exists(), alive.exists(), kept.exists(), other.exists()], [false, true, true, true]);
        assert!(outside.path().join(LOCK).exists());
    }
}
