//! The places of kept worktrees, `<common-dir>/checkpoint/worktrees/<n>/`: who has which, and which are too many.
//!
//! A place has a `lock`, the worktree, and the index that git compares with. It may have been left at any moment, by a kill or
//! by a command that did what it liked there, so nothing in it is relied on: what cannot be mended is made anew.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use super::{KEPT, NOTES, admin, files::Files};
use crate::{
    error::{Context, Result},
    git::{Repo, durable, lock},
    model::Oid,
};

/// So many are kept; more are made while more are needed at once.
const MOST: u32 = 4;

/// One more than these is removed when nobody has used it for so long: who validates many states at once takes it again soon.
const SPARE: Duration = Duration::from_secs(60 * 60);

/// One that nobody has used for so long is removed.
const UNUSED: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// So many places are tried.
const TRIED: u32 = 1000;

/// A place that is ours until this is dropped.
pub(super) struct Slot {
    dir: PathBuf,
    lock: Lock,
}

impl Slot {
    /// The first that is free.
    pub(super) fn take(repo: &Repo) -> io::Result<Self> {
        let all = places(repo)?;
        let mut error = None;
        for number in 1..=TRIED {
            match Slot::try_take(&all.join(number.to_string())) {
                Ok(Some(slot)) => return Ok(slot),
                Ok(None) => {}
                // Something else is there, or it is another user's.
                Err(refused) => error = Some(refused),
            }
        }
        Err(error.unwrap_or_else(|| io::Error::other(format!("all {TRIED} places for one are in use"))))
    }

    /// This one, if nobody has it.
    fn try_take(dir: &Path) -> io::Result<Option<Self>> {
        loop {
            match fs::create_dir(dir) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
            if !dir.symlink_metadata()?.is_dir() {
                return Err(io::ErrorKind::NotADirectory.into());
            }
            match Lock::take(&dir.join("lock"), false) {
                Ok(Some(lock)) => return Ok(Some(Slot { dir: dir.to_owned(), lock })),
                Ok(None) => return Ok(None),
                // Somebody has just removed it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The files of `commit`, and whether there was nothing of use before.
    pub(super) fn prepare<'r>(&self, repo: &'r Repo, commit: Oid) -> Result<(Files<'r>, bool)> {
        let old = self.dir.join("old");
        admin::remove_any(&old).context("cannot remove an old one")?;
        let (mut files, is_new) = self.find(repo, commit)?;
        let Err(error) = refresh(&files, commit) else { return Ok((files, is_new)) };
        if is_new {
            return Err(error);
        }
        // A failure may be that of the commit's files, of a filter that has no network for instance: then the old one, with
        // all that was built in it, goes back.
        fs::rename(files.path(), &old).context("cannot put an old one aside")?;
        let replace = || {
            files.remove().context("cannot remove an old one")?;
            let (files, _) = self.find(repo, commit)?;
            refresh(&files, commit).map(|()| files)
        };
        match { replace }() {
            Ok(files) => {
                let _removed_by_the_next = admin::remove_any(&old);
                Ok((files, true))
            }
            Err(_same) => {
                let path = self.dir.join(KEPT);
                let _put_back = admin::remove_any(&path).and_then(|()| fs::rename(&old, &path));
                Err(error)
            }
        }
    }

    /// The worktree that is here, made one of this repository if it is none; whether nothing was here.
    fn find<'r>(&self, repo: &'r Repo, commit: Oid) -> Result<(Files<'r>, bool)> {
        let _making =
            Lock::take(&self.dir.with_file_name("lock"), true).context("cannot lock the private worktrees")?;
        remove_strangers(repo, &self.dir);
        let mut files = Files::at(repo, &self.dir, KEPT);
        let is_new = files.path().symlink_metadata().is_err();
        if is_new {
            admin::remove_any(&self.dir.join(NOTES)).context("cannot forget what was known of one that is gone")?;
        }
        if !files.is_known() {
            files.adopt(commit)?;
        }
        Ok((files, is_new))
    }

    /// Removes all that is here, and the place.
    fn discard(self, repo: &Repo) -> io::Result<()> {
        Files::at(repo, &self.dir, KEPT).remove()?;
        admin::remove_any(&self.dir)
    }
}

fn refresh(files: &Files<'_>, commit: Oid) -> Result<()> {
    files.restore(commit)?;
    files.clean()
}

/// Removes places that are more than are kept, or were not used for long, if they are free.
pub(super) fn remove_superfluous(repo: &Repo, own: &Slot) -> io::Result<()> {
    let now = own.lock.file.metadata()?.modified()?;
    for entry in fs::read_dir(places(repo)?)? {
        let dir = entry?.path();
        let number = dir.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
        let Some(number) = number.filter(|_| dir != own.dir) else { continue };
        let used = fs::metadata(dir.join("lock")).and_then(|data| data.modified());
        let limit = if number > MOST { SPARE } else { UNUSED };
        let is_old = used.is_ok_and(|used| now.duration_since(used).is_ok_and(|age| age > limit));
        if is_old && let Some(slot) = Slot::try_take(&dir)? {
            slot.discard(repo)?;
        }
    }
    Ok(())
}

/// Removes entries of git's list that name no place of this repository: of places that are gone, of calls that were killed,
/// and those that came along when the repository was copied or moved.
fn remove_strangers(repo: &Repo, dir: &Path) {
    let Some(all) = dir.parent() else { return };
    for admin in admin::all(repo, KEPT) {
        let is_known = admin::dot_git_of(&admin).is_some_and(|dot_git| match dot_git.strip_prefix(all) {
            Ok(inside) => inside.components().next().is_some_and(|number| all.join(number).is_dir()),
            Err(_outside) => Files::leads_to(&dot_git, &admin),
        });
        if !is_known {
            // git names it in its list, and prunes it one day.
            let _removed = admin::remove(repo, &admin);
        }
    }
}

fn places(repo: &Repo) -> io::Result<PathBuf> {
    let all = repo.state_dir().join("worktrees");
    durable::create_dirs(&all, durable::shared_policy(repo))?;
    all.canonicalize()
}

/// A lock of the kernel's, on a file that stays. What git this process starts inherits it, so that a place is not taken while
/// a git writes there whose caller was killed.
struct Lock {
    file: File,
}

impl Lock {
    /// Takes it; none if somebody has it and this is not to wait. "Not found" if its file was removed meanwhile.
    fn take(path: &Path, waits: bool) -> io::Result<Option<Self>> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        match if waits { file.lock().map_err(TryLockError::Error) } else { file.try_lock() } {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        if !is_at(&file, path)? {
            return Err(io::ErrorKind::NotFound.into());
        }
        lock::inherit(&file)?;
        // Its time says when it was used.
        file.set_len(0)?;
        writeln!(file, "{}", std::process::id())?;
        Ok(Some(Lock { file }))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // For those too who have inherited it.
        let _unlocked = self.file.unlock();
    }
}

fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (open, named) = (file.metadata()?, fs::symlink_metadata(path)?);
    Ok((open.dev(), open.ino()) == (named.dev(), named.ino()))
}
