//! Worktrees of our own: a commit's files in a folder that no user works in.
//!
//! They are linked worktrees with a detached HEAD, so that filters, line ends, promised objects and `git describe` work in
//! them as they do for the user. A *kept* one lies in `<common-dir>/checkpoint/worktrees/<n>/` and stays there with all that
//! git ignores in it, which makes the next build quick; a *pristine* one is made in a temporary folder and removed. Each has a
//! file beside it that is locked for as long as its owner lives.
//!
//! What runs in them may do anything there. So git is told where it works and never looks for it, for beside a `.git` that
//! was deleted it would find the user's; and what it compares with is an index that lies outside.

mod admin;
mod files;
mod left_overs;
mod slots;

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use self::{files::Files, slots::Slot};
use super::{Repo, durable};
use crate::{
    error::{Context, Result},
    model::Oid,
};

pub use admin::remove_any;
pub use left_overs::{count_left_overs, remove_left_overs};

/// What the names of pristine ones begin with, on disk and in git's list of worktrees.
const PRISTINE: &str = "git-checkpoint-private";

/// What the names of kept ones begin with.
const KEPT: &str = "git-checkpoint-kept";

/// The folder for what is known of one.
const NOTES: &str = "notes";

/// The files of a commit, ours alone until it is dropped.
#[must_use]
pub struct PrivateWorktree<'r> {
    files: Files<'r>,
    is_new: bool,
    commit: Oid,
    home: Home,
}

/// What goes, or becomes free for others, with the worktree.
enum Home {
    Kept { _slot: Slot },
    // The folder is the last to go: it has the lock in it.
    Temporary { _lock: File, folder: tempfile::TempDir },
}

impl<'r> PrivateWorktree<'r> {
    /// Takes one that is free, or makes one. Its tracked files are those of `commit`, nothing else is in it but what git
    /// ignores, from the runs before.
    pub fn kept(repo: &'r Repo, commit: Oid) -> Result<Self> {
        let what = "cannot prepare a private worktree";
        let slot = Slot::take(repo).context(what)?;
        let (files, is_new) = slot.prepare(repo, commit).context(what)?;
        // One too many is no reason to stop.
        let _removed = slots::remove_superfluous(repo, &slot);
        Ok(PrivateWorktree { files, is_new, commit, home: Home::Kept { _slot: slot } })
    }

    /// Makes one with the files of `commit` and nothing else, which is gone when it is dropped.
    pub fn pristine(repo: &'r Repo, commit: Oid) -> Result<Self> {
        let what = "cannot make a private worktree";
        let folder = new_folder(repo).context(what)?;
        let lock = File::create_new(folder.path().join("lock")).context(what)?;
        lock.lock().context(what)?;
        let real = folder.path().canonicalize().context(what)?;
        // From here on `drop` removes what is there of it.
        let home = Home::Temporary { _lock: lock, folder };
        let files = Files::at(repo, &real, PRISTINE);
        let mut worktree = PrivateWorktree { files, is_new: true, commit, home };
        worktree.files.make(commit).context(what)?;
        worktree.files.restore(commit)?;
        Ok(worktree)
    }

    /// Where it is, without symbolic links.
    pub fn path(&self) -> &Path {
        self.files.path()
    }

    /// A folder outside of it for what is known of it, which is gone when the worktree is made anew.
    pub fn notes(&self) -> PathBuf {
        self.files.beside().join(NOTES)
    }

    /// The tracked files that match any of these pathspecs, as `git --glob-pathspecs ls-files --stage -z` prints them.
    pub fn tracked(&self, pathspecs: &[String]) -> Result<Vec<u8>> {
        let list = self.files.git(["--glob-pathspecs", "ls-files", "--stage", "-z", "--"])?;
        pathspecs.iter().fold(list, super::Git::arg).run()
    }

    /// Whether nothing has run in it before.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// The commit whose files it has.
    pub fn commit(&self) -> Oid {
        self.commit
    }

    /// Makes tracked files those of `commit` again. Files that git does not track stay.
    pub fn reset(&mut self, commit: Oid) -> Result<()> {
        self.commit = commit;
        self.files.restore(commit)
    }

    /// Removes all that is neither tracked nor ignored.
    pub fn clean(&self) -> Result<()> {
        self.files.clean()
    }

    /// The tracked files that are not as in its commit, by name. Git's own files, where a command has damaged them, are
    /// mended on the way.
    pub fn changed(&self) -> Result<Vec<String>> {
        self.files.mend(self.commit)?;
        self.files.changed(self.commit)
    }

    /// What a command that runs in it needs beside its own variables: git finds no repository around it, should its own
    /// `.git` be gone.
    pub fn vars(&self) -> Vec<(&'static str, std::ffi::OsString)> {
        vec![("GIT_CEILING_DIRECTORIES", self.files.beside().into())]
    }
}

impl Drop for PrivateWorktree<'_> {
    fn drop(&mut self) {
        match &self.home {
            // A branch that a command has left checked out could not be deleted.
            Home::Kept { .. } => drop(self.files.mend(self.commit)),
            Home::Temporary { folder, .. } => {
                // What cannot be removed now is removed by the next.
                let _removed = self.files.remove();
                files::make_writable(folder.path());
            }
        }
    }
}

/// Whether a worktree of this path is one of ours.
pub(super) fn is_private(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == PRISTINE || name == KEPT)
}

/// A temporary folder that is not in the user's worktree, wherever TMPDIR leads to.
fn new_folder(repo: &Repo) -> io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    let folder = builder.prefix(PRISTINE).tempdir()?;
    if !folder.path().canonicalize()?.starts_with(repo.workdir()) {
        return Ok(folder);
    }
    durable::create_dirs(&repo.state_dir(), durable::shared_policy(repo))?;
    builder.tempdir_in(repo.state_dir())
}
