//! git's own folder of a linked worktree, `<common-dir>/worktrees/<id>`.
//!
//! Which one belongs to a worktree is found here and never through the worktree's `.git`, which whatever ran there could
//! have written.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use gix::bstr::ByteSlice;

use super::super::{Repo, durable};

/// What stays when such a folder is tidied; the rest belongs to operations that a command has left unfinished, or was
/// copied from the user's worktree.
const STAYS: [&str; 5] = ["HEAD", "commondir", "gitdir", "index", "modules"];

/// The folders of worktrees whose ids begin with `name`.
pub(super) fn all(repo: &Repo, name: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(worktrees(repo)).into_iter().flatten().flatten();
    let named = entries.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(name.as_bytes()));
    named.map(|entry| entry.path()).collect()
}

/// Those that say that they belong to the worktree at `path`.
pub(super) fn of(repo: &Repo, name: &str, path: &Path) -> Vec<PathBuf> {
    let dot_git = path.join(".git");
    let mut found = all(repo, name);
    found.retain(|admin| dot_git_of(admin).is_some_and(|target| target == dot_git));
    found
}

/// The `.git` file that a worktree's folder names.
pub(super) fn dot_git_of(admin: &Path) -> Option<PathBuf> {
    let text = fs::read(admin.join("gitdir")).ok()?;
    let path = admin.join(gix::path::from_byte_slice(text.trim_end()).ok()?);
    // Written relative by newer versions of git; its last part may be gone.
    let parent = path.parent()?;
    Some(parent.canonicalize().unwrap_or_else(|_| parent.to_owned()).join(path.file_name()?))
}

/// Removes it, as `git worktree prune` does.
pub(super) fn remove(repo: &Repo, admin: &Path) -> io::Result<()> {
    fs::remove_dir_all(admin)?;
    let _has_others = fs::remove_dir(worktrees(repo));
    Ok(())
}

/// Removes all that a command may have left there, locks and half-done merges, and what was copied from the user's.
pub(super) fn tidy(admin: &Path) -> io::Result<()> {
    for entry in fs::read_dir(admin)? {
        let entry = entry?;
        let name = entry.file_name();
        if STAYS.iter().any(|stays| name == *stays) {
            continue;
        }
        remove_any(&entry.path())?;
    }
    Ok(())
}

/// Removes a file, a link or a folder, also one that was closed to its owner; it being gone already is fine. No link is
/// followed.
pub fn remove_any(path: &Path) -> io::Result<()> {
    let removed = match path.symlink_metadata() {
        Ok(data) if data.is_dir() => fs::remove_dir_all(path).or_else(|_| {
            super::files::make_writable(path);
            fs::remove_dir_all(path)
        }),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

/// Puts `bytes` at `path`, whole or not at all, unless they are there already.
pub(super) fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let is_file = path.symlink_metadata().is_ok_and(|data| data.is_file());
    if is_file && fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    if !is_file {
        remove_any(path)?;
    }
    durable::replace(path, bytes, 0)
}

fn worktrees(repo: &Repo) -> PathBuf {
    repo.common_dir().join("worktrees")
}
