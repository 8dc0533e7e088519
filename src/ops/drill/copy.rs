//! The throw-away copy: the repository's commits, index and files as they are now, or a small example.

use std::path::Path;

use gix::bstr::ByteSlice;

use super::write;
use crate::{
    error::{Context, Error, Result},
    git::{Git, Repo},
};

/// Settings that decide how files become objects and back; nothing else of the configuration is copied, least of
/// all `core.worktree` and `core.hooksPath`.
const SETTINGS: &str =
    r"^(core\.(autocrlf|eol|filemode|symlinks|ignorecase|safecrlf|precomposeunicode)|filter\..*|user\..*)$";

/// Copies `repo`'s HEAD, index and files (not the ignored ones) to the new folder `to`, which has no remote.
pub(super) fn of(repo: &Repo, to: &Path) -> Result<()> {
    if repo.common_dir().as_os_str().as_encoded_bytes().contains(&b'\n') {
        return Err(Error::refused("the drill cannot work where the path of the repository has a line break in it")
            .because("git's list of folders to borrow objects from has one path a line")
            .hint("move the repository, or run the drill outside of it: it makes an example of its own"));
    }
    Repo::scratch(Some(repo.workdir()), to)?;
    // What a command pushes there must not arrive in the repository.
    Git::in_dir(to, ["remote", "remove", "origin"]).run()?;
    let settings = repo.git(["config", "--local", "--null", "--get-regexp", SETTINGS]).output()?;
    for setting in settings.stdout.split(|b| *b == 0).filter(|setting| !setting.is_empty()) {
        let (key, value) = setting.split_once_str("\n").unwrap_or((setting, b"true"));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Git::in_dir(to, ["config", "--add"]).arg(text(key)).arg(text(value)).run()?;
    }
    for name in ["info/exclude", "info/attributes", "info/sparse-checkout"] {
        copy_if_there(&repo.common_dir().join(name), &to.join(".git").join(name))?;
    }
    copy_if_there(&repo.index_path(), &to.join(".git/index"))?;
    let listed = repo.git(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"]).run()?;
    for path in listed.split(|b| *b == 0).filter(|path| !path.is_empty()) {
        let relative = gix::path::from_byte_slice(path).context("cannot read a path that git printed")?;
        copy_entry(&repo.workdir().join(relative), &to.join(relative))?;
    }
    // The copies have other times and inodes; without this git would read every file at the first status.
    Git::in_dir(to, ["update-index", "-q", "--refresh"]).output().map(|_| ())
}

/// Copies files of `repo` that git may ignore, as far as they are there.
pub(super) fn files(repo: &Repo, files: &[String], to: &Path) -> Result<()> {
    // A folder is left out, as a stand-in leaves it out.
    let files = files.iter().filter(|file| !repo.workdir().join(file).is_dir());
    files.into_iter().try_for_each(|file| copy_entry(&repo.workdir().join(file), &to.join(file)))
}

/// Makes a small repository with a little of everything.
pub(super) fn example(to: &Path) -> Result<()> {
    std::fs::create_dir_all(to).context("cannot make a folder for the example")?;
    Repo::scratch(None, to)?;
    write(to, "README.md", b"# An example\n")?;
    write(to, "src/main.txt", b"one\ntwo\nthree\n")?;
    write(to, "src/data.bin", &[0, 159, 146, 150, 255])?;
    write(to, ".gitignore", b"*.log\n")?;
    Git::in_dir(to, ["add", "--all"]).run()?;
    super::mess::commit(to, "Begin the example")?;
    write(to, "src/main.txt", b"one\ntwo\nthree\nfour\n")?;
    super::mess::commit(to, "Add a line")?;
    write(to, "src/main.txt", b"one\n2\nthree\nfour\n")?;
    write(to, "notes/to do.txt", b"not tracked\n")?;
    write(to, "build.log", b"ignored\n")
}

fn copy_if_there(from: &Path, to: &Path) -> Result<()> {
    if !from.exists() {
        return Ok(());
    }
    let copied = to.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::copy(from, to));
    copied.map(|_| ()).with_context(|| format!("cannot copy `{}`", from.display()))
}

fn copy_entry(from: &Path, to: &Path) -> Result<()> {
    let Ok(metadata) = from.symlink_metadata() else { return Ok(()) };
    let copied = (|| {
        std::fs::create_dir_all(to.parent().unwrap_or(to))?;
        if metadata.is_symlink() {
            gix::fs::symlink::create(&std::fs::read_link(from)?, to)
        } else if metadata.is_dir() {
            // A submodule: its folder is all that belongs to this repository.
            std::fs::create_dir_all(to)
        } else if metadata.is_file() {
            std::fs::copy(from, to).map(|_| ())
        } else {
            Ok(())
        }
    })();
    copied.with_context(|| format!("cannot copy `{}`", from.display()))
}
