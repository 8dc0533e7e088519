//! One private worktree on disk: making it, and making its files those of a commit.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use gix::bstr::ByteSlice;

use super::{
    super::{Git, Repo},
    admin,
};
use crate::{
    error::{Context, Error, Result},
    model::Oid,
};

/// Neither hooks nor messages, and nothing of the user's that lets git leave a file as it is: no sparse checkout, no monitor
/// and no shortcut by which a file that was changed looks unchanged.
const QUIET: [&str; 22] = [
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "advice.detachedHead=false",
    "-c",
    "core.sparseCheckout=false",
    "-c",
    "index.sparse=false",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.untrackedCache=false",
    "-c",
    "core.splitIndex=false",
    "-c",
    "core.ignoreStat=false",
    "-c",
    "core.trustctime=true",
    "-c",
    "core.checkStat=default",
    "-c",
    "submodule.recurse=false",
];

/// What of the configuration of the user's worktree is about its own files, and not for others.
const OF_ONE_WORKTREE: [&str; 5] =
    ["core.sparseCheckout", "core.sparseCheckoutCone", "index.sparse", "core.worktree", "core.bare"];

/// The files, and git's folder for them once that is known.
pub(super) struct Files<'r> {
    repo: &'r Repo,
    beside: PathBuf,
    path: PathBuf,
    name: &'static str,
    admin: Option<PathBuf>,
}

impl<'r> Files<'r> {
    /// Those in the folder `beside`, absolute and without symbolic links, if there are any; it must be ours alone.
    pub(super) fn at(repo: &'r Repo, beside: &Path, name: &'static str) -> Self {
        let path = beside.join(name);
        let mut found = admin::of(repo, name, &path);
        found.truncate(1);
        Files { repo, beside: beside.to_owned(), path, name, admin: found.pop() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn beside(&self) -> &Path {
        &self.beside
    }

    /// Whether git knows of the worktree.
    pub(super) fn is_known(&self) -> bool {
        self.admin.is_some()
    }

    /// Makes the worktree, without files; nothing may be at its place.
    pub(super) fn make(&mut self, commit: Oid) -> Result<()> {
        let add = self.repo.git(QUIET).arg("worktree").arg("add").arg("--no-checkout").arg("--detach").arg("--force");
        let made = add.arg(&self.path).arg(commit.to_string()).run();
        // A call that has failed may have begun.
        self.admin = admin::of(self.repo, self.name, &self.path).pop();
        made.map(drop)
    }

    /// Makes what is at its place, if anything, a worktree that git knows. git makes one in a new folder only, so it makes an
    /// empty one beside it, and that one's entry is given the place.
    pub(super) fn adopt(&mut self, commit: Oid) -> Result<()> {
        let what = || format!("cannot make `{}` a worktree", self.path.display());
        let staging = self.beside.join("new");
        let mut empty =
            Files { path: staging.join(self.name), admin: None, ..Files::at(self.repo, &self.beside, self.name) };
        empty.remove_entries().and_then(|()| admin::remove_any(&staging)).with_context(what)?;
        empty.make(commit)?;
        let admin = empty.admin.ok_or_else(|| Error::environment("git has made no worktree"))?;
        self.admin = Some(admin.clone());
        // First there, then named: what is named and not there can be pruned.
        self.mend(commit)?;
        let dot_git = line("", &self.path.join(".git"));
        let what = || format!("cannot make `{}` a worktree", self.path.display());
        admin::put(&admin.join("gitdir"), &dot_git).with_context(what)?;
        admin::remove_any(&staging).with_context(what)
    }

    /// Whether the `.git` file of a worktree names this folder of git's.
    pub(super) fn leads_to(dot_git: &Path, admin: &Path) -> bool {
        let text = fs::read(dot_git).unwrap_or_default();
        text.strip_prefix(b"gitdir: ")
            .and_then(|path| gix::path::from_byte_slice(path.trim_ascii_end()).ok())
            .and_then(|path| dot_git.parent()?.join(path).canonicalize().ok())
            .is_some_and(|path| path == admin)
    }

    /// Removes the worktree, as far as it is there.
    pub(super) fn remove(&mut self) -> io::Result<()> {
        admin::remove_any(&self.path)?;
        self.remove_entries()?;
        admin::remove_any(&self.index())
    }

    fn remove_entries(&mut self) -> io::Result<()> {
        for admin in admin::of(self.repo, self.name, &self.path) {
            admin::remove(self.repo, &admin)?;
        }
        self.admin = None;
        Ok(())
    }

    /// Makes tracked files those of `commit`; others stay. Whatever a command has done to git's own files is undone.
    pub(super) fn restore(&self, commit: Oid) -> Result<()> {
        let what = || format!("cannot write the files of {commit} to a private worktree");
        self.mend(commit).with_context(what)?;
        let admin = self.admin()?;
        admin::tidy(admin).with_context(what)?;
        self.take_over_config(admin).with_context(what)?;
        let mut result = self.reset(commit);
        if result.is_err() {
            make_writable(&self.path);
            result = self.reset(commit);
        }
        if result.is_err() {
            // It may be damaged. Without it, every file is written anew.
            admin::remove_any(&self.index()).with_context(what)?;
            result = self.reset(commit);
        }
        result.with_context(what)?;
        let index = fs::read(self.index()).with_context(what)?;
        admin::put(&admin.join("index"), &index).with_context(what)
    }

    fn reset(&self, commit: Oid) -> Result<()> {
        // Nobody else works with it, so who has left it is dead.
        admin::remove_any(&self.index().with_extension("lock")).context("cannot remove a lock that was left")?;
        self.git(["reset", "--hard", "--quiet"])?.arg(commit.to_string()).run().map(drop)
    }

    /// Removes what is neither tracked nor ignored. Only ever in a folder of our own: where git would work somewhere else,
    /// it is not called.
    pub(super) fn clean(&self) -> Result<()> {
        self.assert_ours()?;
        let clean = || self.git(["clean", "-ffdq"])?.run().map(drop);
        clean().or_else(|_| {
            make_writable(&self.path);
            clean()
        })
    }

    /// The tracked files that are not as in `commit`.
    pub(super) fn changed(&self, commit: Oid) -> Result<Vec<String>> {
        let diff = self.git(["diff", "--name-only", "-z", "--no-ext-diff", "--no-textconv", "--no-renames"])?;
        let names = diff.arg("--ignore-submodules").arg(commit.to_string()).arg("--").run()?;
        let names = names.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        Ok(names.map(|name| crate::model::quote_path(name.as_bstr())).collect())
    }

    /// Puts back what makes it a worktree with a detached HEAD at `commit`.
    pub(super) fn mend(&self, commit: Oid) -> Result<()> {
        let what = || format!("cannot mend the private worktree `{}`", self.path.display());
        if !self.path.symlink_metadata().is_ok_and(|data| data.is_dir()) {
            admin::remove_any(&self.path).with_context(what)?;
            fs::create_dir(&self.path).with_context(what)?;
        }
        self.assert_ours()?;
        let admin = self.admin()?;
        let dot_git = line("gitdir: ", admin);
        for (path, bytes) in [
            (self.path.join(".git"), dot_git.as_slice()),
            (admin.join("HEAD"), format!("{commit}\n").as_bytes()),
            (admin.join("commondir"), b"../..\n"),
        ] {
            admin::put(&path, bytes).with_context(what)?;
        }
        Ok(())
    }

    /// Whether it is a real folder in the folder that is ours.
    fn assert_ours(&self) -> Result<()> {
        if self.path.canonicalize().is_ok_and(|real| real == self.path) && self.path.starts_with(&self.beside) {
            return Ok(());
        }
        Err(Error::environment(format!("`{}` leads to another folder", self.path.display()))
            .because("something has put a symbolic link in the place of a private worktree"))
    }

    fn admin(&self) -> Result<&Path> {
        let gone = || {
            Error::environment(format!("`{}` is no worktree of this repository any more", self.path.display()))
                .because("its folder in `worktrees` of the repository is gone")
        };
        self.admin.as_deref().filter(|admin| admin.join("gitdir").is_file()).ok_or_else(gone)
    }

    /// The index that git compares with, out of the reach of what runs in the worktree.
    fn index(&self) -> PathBuf {
        self.beside.join("index")
    }

    /// A call that works in this worktree, wherever its `.git` may lead to.
    pub(super) fn git<const N: usize>(&self, args: [&str; N]) -> Result<Git> {
        let call = Git::new(self.admin()?, &self.path, QUIET).index_file(&self.index());
        Ok(args.into_iter().fold(call, Git::arg))
    }

    /// What is configured for the user's worktree alone holds here too, but for what is about its files.
    fn take_over_config(&self, admin: &Path) -> Result<()> {
        let text = match fs::read(self.repo.git_dir().join("config.worktree")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            text => text.context("cannot read config.worktree")?,
        };
        let file = admin.join("config.worktree");
        admin::put(&file, &text).context("cannot write config.worktree")?;
        for key in OF_ONE_WORKTREE {
            // 5 says that there is none.
            let unset = self.repo.git(["config", "--file"]).arg(&file).arg("--unset-all").arg(key).output()?;
            if ![0, 5].contains(&unset.code) {
                return Err(unset.error(&format!("git config --unset-all {key}")));
            }
        }
        Ok(())
    }
}

fn line(before: &str, path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    [before.as_bytes(), path.as_os_str().as_bytes(), b"\n"].concat()
}

/// A command may leave folders that nothing can be removed from, as Go does with its modules.
pub(super) fn make_writable(dir: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let is_dir = |path: &Path| path.symlink_metadata().is_ok_and(|data| data.is_dir());
    if !is_dir(dir) {
        return;
    }
    let closed = |mode: u32| mode & 0o700 != 0o700;
    if dir.metadata().is_ok_and(|data| closed(data.permissions().mode())) {
        let _changed = fs::set_permissions(dir, fs::Permissions::from_mode(0o700));
    }
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            make_writable(&entry.path());
        }
    }
}
