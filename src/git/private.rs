//! A worktree of our own: a commit's files in a temporary folder, far from the user's.
//!
//! It is a linked worktree with a detached HEAD, so that filters, line ends, promised objects and `git describe` work in
//! it as they do for the user. It is made by `git worktree add --no-checkout` and `git reset --hard`, which run no hook. A
//! file beside it is locked for as long as its owner lives; what others left behind is removed by the next.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use gix::bstr::ByteSlice;

use super::{Git, Repo, durable};
use crate::{
    error::{Context, Result},
    model::Oid,
};

/// What the folders' names begin with, here and in git's list of worktrees.
const NAME: &str = "git-checkpoint-private";

/// Neither hooks nor messages.
const QUIET: [&str; 4] = ["-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false"];

/// The files of a commit, until it is dropped.
pub struct PrivateWorktree<'r> {
    repo: &'r Repo,
    path: PathBuf,
    _lock: File,
    // The last to go: it has the others in it.
    folder: tempfile::TempDir,
}

impl<'r> PrivateWorktree<'r> {
    /// Makes one with the files of `commit`.
    pub fn of(repo: &'r Repo, commit: Oid) -> Result<Self> {
        let what = "cannot make a private worktree";
        let folder = new_folder(repo).context(what)?;
        let lock = File::create_new(folder.path().join("lock")).context(what)?;
        lock.lock().context(what)?;
        let real = folder.path().canonicalize().context(what)?;
        let path = real.join(NAME);
        let worktree = PrivateWorktree { repo, path, _lock: lock, folder };
        let add = repo.git(QUIET).arg("worktree").arg("add").arg("--no-checkout").arg("--detach").arg("--force");
        add.arg(&worktree.path).arg(commit.to_string()).run().context(what)?;
        worktree.reset(commit)?;
        Ok(worktree)
    }

    /// Where it is, without symbolic links.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes tracked files those of `commit` again. Files that git does not track stay.
    pub fn reset(&self, commit: Oid) -> Result<()> {
        let reset = Git::in_dir(&self.path, QUIET).arg("reset").arg("--hard").arg("--quiet");
        reset
            .arg(commit.to_string())
            .run()
            .context("cannot write the files of a commit to a private worktree")
            .map(drop)
    }

    /// The tracked files that are not as in `commit`.
    pub fn changed(&self, commit: Oid) -> Result<Vec<String>> {
        let diff = ["diff", "--name-only", "-z", "--no-ext-diff", "--no-textconv", "--ignore-submodules"];
        let names = Git::in_dir(&self.path, diff).arg(commit.to_string()).arg("--").run()?;
        let names = names.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        Ok(names.map(|name| crate::model::quote_path(name.as_bstr())).collect())
    }
}

impl Drop for PrivateWorktree<'_> {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next, or by `git worktree prune`.
        let remove = self.repo.git(["worktree", "remove", "--force", "--force"]).arg(&self.path);
        let _removed = remove.run();
        make_writable(self.folder.path());
    }
}

/// A temporary folder that is not in the user's worktree, wherever TMPDIR leads to.
fn new_folder(repo: &Repo) -> io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    let folder = builder.prefix(NAME).tempdir()?;
    if !folder.path().canonicalize()?.starts_with(repo.workdir()) {
        return Ok(folder);
    }
    durable::create_dirs(&repo.state_dir(), durable::shared_policy(repo))?;
    builder.tempdir_in(repo.state_dir())
}

/// Removes the private worktrees of this repository whose owners are gone.
pub fn remove_left_overs(repo: &Repo) -> Result<()> {
    for (worktree, folder, _lock) in left_overs(repo) {
        repo.git(["worktree", "remove", "--force", "--force"]).arg(worktree).output()?;
        make_writable(&folder);
        let _removed = fs::remove_dir_all(folder);
    }
    Ok(())
}

/// How many of them there are.
pub fn count_left_overs(repo: &Repo) -> usize {
    left_overs(repo).len()
}

/// Each with the folder it is in, and that folder's lock, taken.
fn left_overs(repo: &Repo) -> Vec<(PathBuf, PathBuf, File)> {
    let entries = fs::read_dir(repo.common_dir().join("worktrees")).into_iter().flatten().flatten();
    let find = |entry: fs::DirEntry| {
        if !entry.file_name().as_encoded_bytes().starts_with(NAME.as_bytes()) {
            return None;
        }
        let file = fs::read(entry.path().join("gitdir")).ok()?;
        let file = gix::path::from_byte_slice(file.trim_end()).ok()?;
        // `<folder>/<worktree>/.git`; the folder is ours alone, so its name and its lock say all.
        let (worktree, folder) = (file.parent()?, file.ancestors().nth(2)?);
        let is_ours = folder.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(NAME.as_bytes()));
        let lock = File::open(folder.join("lock")).ok()?;
        (is_ours && lock.try_lock().is_ok()).then(|| (worktree.to_owned(), folder.to_owned(), lock))
    };
    entries.filter_map(find).collect()
}

/// A command may leave folders that nothing can be removed from, as Go does with its modules.
fn make_writable(dir: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let is_dir = |path: &Path| path.symlink_metadata().is_ok_and(|data| data.is_dir());
        if !is_dir(dir) {
            return;
        }
        let _changed = fs::set_permissions(dir, fs::Permissions::from_mode(0o700));
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            if is_dir(&entry.path()) {
                make_writable(&entry.path());
            }
        }
    }
    #[cfg(not(unix))]
    let _ = dir;
}
