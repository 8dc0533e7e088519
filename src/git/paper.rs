//! Files in the worktree that this program writes for people to read: a log that gets longer, documents that are new.
//!
//! What is there belongs to somebody. A log is exchanged for its longer version in one step, and what came out is compared
//! with what was read: if somebody saved it in that moment, all is put back and tried again. A new file never takes the
//! place of another. No link is followed out of the worktree.

use std::{
    fs,
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use rustix::fs::{CWD, RenameFlags};

use super::{
    Repo,
    durable::{self, TEMPORARY},
};
use crate::error::{Context, Error, Result};

/// A log that is longer is none that this program can go on with.
const MAX_LENGTH: u64 = 64 << 20;

/// So often it is tried again while others write.
const ATTEMPTS: usize = 50;

/// From what a file has to what it is to have.
pub type Compose<'c> = dyn Fn(Option<&[u8]>) -> Result<Option<Vec<u8>>> + 'c;

/// Rewrites the file at `path` (relative to the top of the worktree) to what `compose` makes of its bytes, `None` where
/// there is no file. Whether it had to be written: nothing is done where `compose` gives `None`.
pub fn rewrite(repo: &Repo, path: &str, compose: &Compose<'_>) -> Result<bool> {
    let what = || format!("cannot write `{path}`");
    // Others of this program wait for each other; editors are noticed.
    let _lock = lock(repo).with_context(what)?;
    for _ in 0..ATTEMPTS {
        let file = place(repo, path)?;
        let old = read(&file).map_err(|error| refused(path, error))?;
        let Some(new) = compose(old.as_deref())? else { return Ok(false) };
        let dir = file.parent().unwrap_or(repo.workdir());
        let mut temp =
            durable::temp_file(dir, TEMPORARY, 0o666).map_err(|error| durable::storage_error(&file, error))?;
        let written = temp.write_all(&new).and_then(|()| {
            if let Ok(data) = file.metadata() {
                temp.as_file().set_permissions(data.permissions())?;
            }
            temp.as_file().sync_all()
        });
        written.map_err(|error| durable::storage_error(&file, error))?;
        if put(temp, &file, old.as_deref(), &new).with_context(what)? {
            durable::sync_dir(dir).with_context(what)?;
            return Ok(true);
        }
    }
    Err(Error::environment(what()).because("somebody else writes to it all the time").hint("try again"))
}

/// Writes a new file in `folder` (relative to the top of the worktree), by the first of `names` that is free; its path.
pub fn create(repo: &Repo, folder: &str, names: impl Iterator<Item = String>, bytes: &[u8]) -> Result<String> {
    let what = || format!("cannot write into `{folder}`");
    for name in names {
        let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
        let file = place(repo, &path)?;
        if file.symlink_metadata().is_ok() {
            continue;
        }
        let dir = file.parent().unwrap_or(repo.workdir());
        let mut temp =
            durable::temp_file(dir, TEMPORARY, 0o666).map_err(|error| durable::storage_error(&file, error))?;
        let written = temp.write_all(bytes).and_then(|()| temp.as_file().sync_all());
        written.map_err(|error| durable::storage_error(&file, error))?;
        match temp.persist_noclobber(&file) {
            Ok(_) => {
                durable::sync_dir(dir).with_context(what)?;
                return Ok(path);
            }
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.error).with_context(what),
        }
    }
    Err(Error::environment(what()).because("every name is taken"))
}

fn lock(repo: &Repo) -> io::Result<fs::File> {
    let dir = repo.state_dir();
    durable::create_passing_dirs(&dir, durable::shared_policy(repo))?;
    let file = fs::OpenOptions::new().write(true).create(true).truncate(false).open(dir.join("paper-lock"))?;
    file.lock()?;
    Ok(file)
}

/// Where `path` is in the end. Folders that are missing are made; whatever leads out of the worktree, or into git's own
/// folder, is refused.
fn place(repo: &Repo, path: &str) -> Result<PathBuf> {
    let what = || format!("cannot write `{path}`");
    let out = |why: &str| {
        Error::refused(what())
            .because(why.to_owned())
            .hint("set `log` and `documents` of `[rollback]` to a place within the worktree")
    };
    let top = repo.workdir().canonicalize().with_context(what)?;
    let is_inside = |real: &Path| {
        real.starts_with(&top) && ![repo.git_dir(), repo.common_dir()].iter().any(|dir| real.starts_with(dir))
    };
    let (mut at, mut parts) = (top.clone(), Path::new(path).components().peekable());
    while let Some(part) = parts.next() {
        let std::path::Component::Normal(name) = part else { return Err(out("it is no path within the worktree")) };
        let next = at.join(name);
        match next.symlink_metadata() {
            Ok(data) if data.is_symlink() => {
                at = next.canonicalize().map_err(|_| out("it is, or is below, a link to nothing"))?;
                if !is_inside(&at) {
                    return Err(out("a link on the way leads out of the worktree"));
                }
            }
            Ok(_) => at = next,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if parts.peek().is_some() {
                    match fs::create_dir(&next) {
                        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                            return Err(durable::storage_error(&next, error));
                        }
                        _ => {}
                    }
                }
                at = next;
            }
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                return Err(out("a file is where a folder is to be"));
            }
            Err(error) => return Err(error).with_context(what),
        }
    }
    if is_inside(&at) { Ok(at) } else { Err(out("it is in git's own folder")) }
}

fn read(file: &Path) -> io::Result<Option<Vec<u8>>> {
    match file.metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
        Ok(data) if !data.is_file() => return Err(io::Error::other("it is not a file")),
        Ok(data) if data.len() > MAX_LENGTH => return Err(io::Error::other("it is larger than 64 MiB")),
        Ok(_) => {}
    }
    fs::read(file).map(Some)
}

fn refused(path: &str, why: io::Error) -> Error {
    Error::refused(format!("cannot write `{path}`"))
        .because(why)
        .hint("it stays as it is; move it away, or set `log` of `[rollback]` to another file")
}

/// Puts `temp` at `file` in place of `old`; `false` where something else is there by now, which stays.
fn put(temp: tempfile::NamedTempFile, file: &Path, old: Option<&[u8]>, new: &[u8]) -> io::Result<bool> {
    let Some(old) = old else {
        return match temp.persist_noclobber(file) {
            Ok(_) => Ok(true),
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error.error),
        };
    };
    let exchange = || rustix::fs::renameat_with(CWD, temp.path(), CWD, file, RenameFlags::EXCHANGE);
    match exchange() {
        Ok(()) => {}
        Err(rustix::io::Errno::NOENT) => return Ok(false),
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP) => {
            // This file system cannot exchange: what is saved between these two lines is lost.
            if fs::read(file)? != old {
                return Ok(false);
            }
            return temp.persist(file).map(|_| true).map_err(|error| error.error);
        }
        Err(error) => return Err(error.into()),
    }
    // What came out has the temporary name now.
    if fs::read(temp.path())? == old {
        return Ok(true);
    }
    exchange()?;
    if fs::read(temp.path())? != new {
        // Saved by somebody while ours was there.
        let (_, kept) = temp.keep().map_err(|error| error.error)?;
        return Err(io::Error::other(format!(
            "it was saved by others meanwhile; one version is in `{}`",
            kept.display()
        )));
    }
    Ok(false)
}
