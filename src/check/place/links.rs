//! Folders of the user's worktree that a private one shows by a symbolic link.
//!
//! Only such links are made and removed here, never what they lead to. The list of them is written before they are made, so
//! that one which is not wanted any more is removed whatever happened in between.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use gix::bstr::ByteSlice;

use crate::{
    error::{Context, Error, Result},
    git::{
        Repo, durable,
        private::{self, PrivateWorktree},
        tree,
    },
    model::Oid,
};

/// The key of the configuration, for messages.
const KEY: &str = "link";

/// Refuses what cannot be a link in a worktree with the files of `commit`, or leads out of the user's.
pub(super) fn refuse_unsafe(repo: &Repo, commit: Oid, paths: &[String]) -> Result<()> {
    let refused = |path: &str, why: &str| {
        Err(Error::usage(format!("`{path}` cannot be a `{KEY}`"))
            .because(why.to_owned())
            .hint(format!("name files or folders in `{KEY}` that git ignores, such as `node_modules`")))
    };
    let files = repo.tree_of(commit)?;
    for path in paths {
        if !tree::is_safe_path(path.as_bytes().as_bstr()) || !tree::is_writable_path(repo, path.as_bytes().as_bstr()) {
            return refused(path, "it is not a relative path that stays in the worktree and out of `.git`");
        }
        let parts: Vec<&str> = path.split('/').collect();
        for depth in 1..=parts.len() {
            let part = parts[..depth].join("/");
            match tree::is_tree(repo, files, part.as_bytes().as_bstr())? {
                Some(_) if depth == parts.len() => {
                    return refused(path, "git tracks it, so it is part of what is validated");
                }
                Some(false) => return refused(path, &format!("git tracks `{part}`, which is no folder")),
                _ => {}
            }
        }
        let above = repo.workdir().join(path);
        let above = above.parent().unwrap_or(repo.workdir());
        match above.canonicalize() {
            Ok(real) if !real.starts_with(repo.workdir()) || real.starts_with(repo.git_dir()) => {
                return refused(path, "a symbolic link above it leads out of the worktree");
            }
            _ => {}
        }
    }
    let is_within = |path: &String| {
        paths.iter().find(|other| path.strip_prefix(other.as_str()).is_some_and(|rest| rest.starts_with('/')))
    };
    match paths.iter().find_map(|path| Some((path, is_within(path)?))) {
        Some((path, other)) => refused(path, &format!("`{other}` is one as well, and it is in there")),
        None => Ok(()),
    }
}

/// Makes the links of these paths and removes those of other calls. They must have passed [`refuse_unsafe`].
pub(super) fn make(repo: &Repo, worktree: &PrivateWorktree<'_>, paths: &[String]) -> Result<()> {
    let what = "cannot make the links of a private worktree";
    let list = worktree.notes().join("links");
    let known: BTreeSet<String> = read(&list).context(what)?;
    let wanted: BTreeSet<String> = paths.iter().cloned().collect();
    if known.is_empty() && wanted.is_empty() {
        return Ok(());
    }
    if !known.is_superset(&wanted) {
        write(&list, known.union(&wanted)).context(what)?;
    }
    for path in known.difference(&wanted) {
        remove(worktree.path(), path).with_context(|| format!("cannot remove the link `{path}`"))?;
    }
    for path in &wanted {
        let target = repo.workdir().join(path);
        let made = if target.exists() { link(worktree.path(), path, &target) } else { remove(worktree.path(), path) };
        made.with_context(|| format!("cannot make the link `{path}`"))?;
    }
    if known != wanted { write(&list, wanted.iter()).context(what) } else { Ok(()) }
}

fn read(list: &Path) -> io::Result<BTreeSet<String>> {
    match fs::read_to_string(list) {
        // A name may have a line end in it.
        Ok(text) => Ok(text.split_terminator('\0').map(str::to_owned).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeSet::new()),
        Err(error) => Err(error),
    }
}

fn write<'p>(list: &Path, paths: impl Iterator<Item = &'p String>) -> io::Result<()> {
    let text: String = paths.map(|path| format!("{path}\0")).collect();
    durable::replace(list, text.as_bytes(), 0)
}

fn link(top: &Path, path: &str, target: &Path) -> io::Result<()> {
    let place = top.join(path);
    if fs::read_link(&place).is_ok_and(|present| present == target) && real_parent(top, path).is_some() {
        return Ok(());
    }
    // What is in the way above it is no folder of the commit: a command has left it there.
    let mut above = top.to_owned();
    for part in Path::new(path).parent().into_iter().flat_map(Path::components) {
        above.push(part);
        if !above.symlink_metadata().is_ok_and(|data| data.is_dir()) {
            private::remove_any(&above)?;
            fs::create_dir(&above)?;
        }
    }
    private::remove_any(&place)?;
    std::os::unix::fs::symlink(target, place)
}

/// Removes the link at `path`, if there is one.
fn remove(top: &Path, path: &str) -> io::Result<()> {
    let place = top.join(path);
    let is_link = place.symlink_metadata().is_ok_and(|data| data.is_symlink());
    if is_link && real_parent(top, path).is_some() { fs::remove_file(place) } else { Ok(()) }
}

/// The folder that holds `path`, if no symbolic link leads there.
fn real_parent(top: &Path, path: &str) -> Option<PathBuf> {
    let parent = top.join(path).parent()?.to_owned();
    (parent.canonicalize().ok()? == parent).then_some(parent)
}
