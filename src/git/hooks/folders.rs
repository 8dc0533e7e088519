//! The folders that shims were put into, so that they are found again when `core.hooksPath` names another one since.
//!
//! One file, `<common-dir>/checkpoint/hooks/folders`, a line for each: whether the folder itself was made for the shims,
//! and its path. It is written before the first shim is.

use std::{
    fs, io,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
};

use gix::bstr::ByteSlice;

use crate::{
    error::{Context, Error, Result},
    git::{Repo, durable},
    model::{quote_path, unquote_path},
};

const FIRST_LINE: &str = "git-checkpoint hooks 1";

/// A folder that has, or may have, shims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// Absolute, without symbolic links.
    pub path: PathBuf,
    /// Whether it was made for the shims, and goes with them.
    pub made: bool,
}

/// The folders that are remembered.
pub(super) fn read(repo: &Repo) -> Result<Vec<Remembered>> {
    let path = file(repo);
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        text => text.with_context(|| format!("cannot read `{}`", path.display()))?,
    };
    let unknown = || {
        Error::environment(format!("`{}` is not in a form that this version reads", path.display()))
            .hint("update git-checkpoint to the version that installed the hooks")
    };
    let mut lines = text.lines();
    if lines.next() != Some(FIRST_LINE) {
        return Err(unknown());
    }
    let parse = |line: &str| {
        let (how, path) = line.split_once(' ')?;
        let path = PathBuf::from(std::ffi::OsString::from_vec(unquote_path(path)?.into()));
        matches!(how, "made" | "found").then(|| Remembered { path, made: how == "made" })
    };
    let all: Vec<Remembered> = lines.map(|line| parse(line).ok_or_else(unknown)).collect::<Result<_>>()?;
    Ok(all.into_iter().filter(|folder| !is_of_another(repo, &folder.path)).collect())
}

/// Whether the folder belongs to another repository: where a repository was copied, so was its list, and its paths lead to
/// the first one.
fn is_of_another(repo: &Repo, path: &Path) -> bool {
    let Some(git_dir) = path.ancestors().find_map(git_dir_at) else { return false };
    let common = match fs::read(git_dir.join("commondir")) {
        Ok(text) => gix::path::from_byte_slice(text.trim_end()).map(|common| git_dir.join(common)).unwrap_or(git_dir),
        Err(_) => git_dir,
    };
    common.canonicalize().is_ok_and(|common| common != repo.common_dir())
}

/// The `.git` folder that is here, or belongs here.
fn git_dir_at(dir: &Path) -> Option<PathBuf> {
    let is_one =
        |dir: &Path| dir.join("HEAD").is_file() && (dir.join("objects").is_dir() || dir.join("commondir").is_file());
    let dot_git = dir.join(".git");
    if is_one(dir) {
        return Some(dir.to_owned());
    }
    if is_one(&dot_git) {
        return Some(dot_git);
    }
    let text = fs::read(dot_git).ok()?;
    let path = text.strip_prefix(b"gitdir: ")?;
    Some(dir.join(gix::path::from_byte_slice(path.trim_end()).ok()?))
}

/// Writes the folders; without any, the file is removed.
pub(super) fn write(repo: &Repo, folders: &[Remembered]) -> io::Result<()> {
    if folders.is_empty() {
        durable::remove(&file(repo))?;
        // It holds the shims of the configuration too, and goes with the last of both.
        let _may_be_in_use = fs::remove_dir(shims(repo));
        return Ok(());
    }
    let mut text = format!("{FIRST_LINE}\n");
    for folder in folders {
        let how = if folder.made { "made" } else { "found" };
        text.push_str(&format!("{how} {}\n", quote_path(folder.path.as_os_str().as_bytes().as_bstr())));
    }
    durable::write_atomically(&file(repo), text.as_bytes(), durable::shared_policy(repo))
}

/// The folder of what belongs to the hooks: this list, and the shims that git's configuration names.
pub(super) fn shims(repo: &Repo) -> PathBuf {
    repo.state_dir().join("hooks")
}

/// What a call that was killed left in it; itself, if it is empty.
pub(super) fn litter(repo: &Repo) -> Vec<PathBuf> {
    let dir = shims(repo);
    let Ok(entries) = fs::read_dir(&dir) else { return Vec::new() };
    let names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    if names.is_empty() {
        return vec![dir];
    }
    let is_temporary = |name: &&std::ffi::OsString| name.as_bytes().starts_with(durable::TEMPORARY.as_bytes());
    names.iter().filter(is_temporary).map(|name| dir.join(name)).collect()
}

fn file(repo: &Repo) -> PathBuf {
    shims(repo).join("folders")
}

/// Whether `path` is `dir` or below it.
pub(super) fn is_in(path: &Path, dir: &Path) -> bool {
    path.starts_with(dir)
}
