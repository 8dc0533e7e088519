//! The repositories that the timer visits: one file of this user, outside of all of them.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use gix::bstr::ByteSlice;

use crate::{
    config::Env,
    error::{Context, Error, Result},
    model::{quote_path, unquote_path},
};

/// The first line: the version of the file.
const FORMAT: &str = "# repositories that git checkpoint visits, format 1";

/// The list, by the file it is in.
#[derive(Debug, Clone)]
pub struct Repositories {
    file: PathBuf,
}

impl Repositories {
    /// The list of this user, `$XDG_STATE_HOME/git-checkpoint/repositories`.
    pub fn of_user(env: &Env) -> Result<Self> {
        let dir = env.user_dir("XDG_STATE_HOME", ".local/state");
        let dir = dir.ok_or_else(|| {
            Error::environment("neither XDG_STATE_HOME nor HOME says where the list of repositories is")
        });
        dir.map(|dir| Self::in_file(dir.join("git-checkpoint/repositories")))
    }

    /// The list in this file.
    pub fn in_file(file: PathBuf) -> Self {
        Repositories { file }
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The tops of the worktrees in it, in the order they came.
    pub fn list(&self) -> Result<Vec<PathBuf>> {
        let what = || format!("cannot read the list of repositories `{}`", self.file.display());
        let text = match fs::read_to_string(&self.file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error).with_context(what),
        };
        if text.lines().next().is_some_and(|first| first != FORMAT) {
            return Err(Error::environment(what()).because("it is not of format 1").hint("update git-checkpoint"));
        }
        let path = |line: &str| {
            let bytes =
                unquote_path(line).ok_or_else(|| Error::environment(what()).because(format!("`{line}` is no path")))?;
            gix::path::from_bstr(bytes.as_bstr()).map(std::borrow::Cow::into_owned).with_context(what)
        };
        text.lines().skip(1).filter(|line| !line.is_empty()).map(path).collect()
    }

    /// Adds one; `false` if it is there already.
    pub fn add(&self, path: &Path) -> Result<bool> {
        self.change(|list| {
            let is_new = !list.iter().any(|known| known == path);
            if is_new {
                list.push(path.to_owned());
            }
            is_new
        })
    }

    /// Removes some; `false` if none of them was there.
    pub fn remove(&self, paths: &[PathBuf]) -> Result<bool> {
        self.change(|list| {
            let before = list.len();
            list.retain(|known| !paths.contains(known));
            list.len() < before
        })
    }

    /// Reads, changes and writes under a lock, so that nobody's change is lost.
    fn change(&self, change: impl FnOnce(&mut Vec<PathBuf>) -> bool) -> Result<bool> {
        let what = || format!("cannot change the list of repositories `{}`", self.file.display());
        let dir = self.file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(dir).with_context(what)?;
        let lock = lock(&self.file.with_extension("lock")).with_context(what)?;
        let mut list = self.list()?;
        let changed = change(&mut list);
        if changed {
            write(&self.file, dir, &list).with_context(what)?;
        }
        drop(lock);
        Ok(changed)
    }
}

/// The kernel's lock on a file that stays, as the one for operations.
fn lock(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
    file.lock()?;
    Ok(file)
}

fn write(path: &Path, dir: &Path, list: &[PathBuf]) -> io::Result<()> {
    let mut file = tempfile::Builder::new().prefix("tmp_").tempfile_in(dir)?;
    writeln!(file, "{FORMAT}")?;
    for path in list {
        let bytes = gix::path::into_bstr(path.as_path()).map_err(io::Error::other)?;
        writeln!(file, "{}", quote_path(bytes.as_bstr()))?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_listed_once_until_it_is_removed() {
        let dir = tempfile::tempdir().expect("a folder");
        let list = Repositories::in_file(dir.path().join("deep/er/repositories"));
        assert!(list.list().expect("nothing is there").is_empty());
        let (plain, odd) = (PathBuf::from("/a b/c"), PathBuf::from("/new\nline \"quoted\""));
        assert!(list.add(&plain).expect("writable") && list.add(&odd).expect("writable"));
        assert!(!list.add(&plain).expect("writable"));
        assert_eq!(list.list().expect("readable"), [plain.clone(), odd.clone()]);
        assert!(
            list.remove(std::slice::from_ref(&plain)).expect("writable") && !list.remove(&[plain]).expect("writable")
        );
        assert_eq!(list.list().expect("readable"), [odd]);
        fs::write(list.file(), "something else\n").expect("writable");
        assert!(list.list().is_err());
    }

    #[test]
    fn many_at_once_lose_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        let list = Repositories::in_file(dir.path().join("repositories"));
        std::thread::scope(|scope| {
            for n in 0..20 {
                let list = &list;
                scope.spawn(move || list.add(&PathBuf::from(format!("/repo{n}"))).expect("writable"));
            }
        });
        assert_eq!(list.list().expect("readable").len(), 20);
    }
}
