//! A full picture of a worktree, to compare byte for byte: what git says of it and what is on disk.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    io::Read,
    path::{Path, PathBuf},
};

use crate::{
    error::{Context, Result},
    git::Repo,
    model::quote_path,
};

/// What is on disk at one path.
#[derive(Debug, PartialEq, Eq)]
enum Entry {
    File { content: u64, length: u64, executable: bool },
    Link(PathBuf),
    Folder,
    Other,
}

/// HEAD, index, status and every file.
#[derive(Debug)]
pub(super) struct Picture {
    head: String,
    index: Vec<u8>,
    status: Vec<u8>,
    entries: BTreeMap<PathBuf, Entry>,
}

impl Picture {
    /// Takes the picture of `repo`'s worktree.
    pub(super) fn take(repo: &Repo) -> Result<Self> {
        let mut entries = BTreeMap::new();
        walk(repo.workdir(), Path::new(""), &mut entries)?;
        let status = ["status", "--porcelain=v2", "-z", "--untracked-files=all", "--no-renames"];
        Ok(Picture {
            head: format!("{:?}", repo.head()?),
            index: repo.git(["ls-files", "-z", "--stage", "-v"]).run()?,
            status: repo.git(status).run()?,
            entries,
        })
    }

    /// How many files there are.
    pub(super) fn files(&self) -> usize {
        self.entries.values().filter(|entry| **entry != Entry::Folder).count()
    }

    /// What of `now` is not as it is here, in words.
    pub(super) fn differences(&self, now: &Picture) -> Vec<String> {
        let mut differences = Vec::new();
        if self.head != now.head {
            differences.push("HEAD differs".to_owned());
        }
        if self.index != now.index {
            differences.push("the index differs".to_owned());
        }
        if self.status != now.status {
            differences.push("git status differs".to_owned());
        }
        let paths = self.entries.keys().chain(now.entries.keys().filter(|path| !self.entries.contains_key(*path)));
        for path in paths {
            let (then, now) = (self.entries.get(path), now.entries.get(path));
            // git keeps no folders, so one that is empty may come and go.
            let folder = |entry: Option<&Entry>| entry.is_none_or(|entry| *entry == Entry::Folder);
            if then != now && !(folder(then) && folder(now)) {
                let name = gix::path::into_bstr(path.as_path())
                    .map_or_else(|_| path.display().to_string(), |p| quote_path(&p));
                differences.push(format!("`{name}` differs"));
            }
        }
        differences
    }
}

fn walk(root: &Path, below: &Path, entries: &mut BTreeMap<PathBuf, Entry>) -> Result<()> {
    let what = || format!("cannot read the folder `{}`", root.join(below).display());
    for entry in std::fs::read_dir(root.join(below)).with_context(what)? {
        let entry = entry.with_context(what)?;
        let path = below.join(entry.file_name());
        if path == Path::new(".git") {
            continue;
        }
        let metadata = entry.metadata().with_context(what)?;
        let full = root.join(&path);
        let seen = if metadata.is_symlink() {
            Entry::Link(std::fs::read_link(&full).with_context(what)?)
        } else if metadata.is_dir() {
            walk(root, &path, entries)?;
            Entry::Folder
        } else if metadata.is_file() {
            let content = hash(&full).with_context(|| format!("cannot read `{}`", full.display()))?;
            Entry::File { content, length: metadata.len(), executable: is_executable(&metadata) }
        } else {
            Entry::Other
        };
        entries.insert(path, seen);
    }
    Ok(())
}

fn hash(path: &Path) -> std::io::Result<u64> {
    let mut file = std::fs::File::open(path)?;
    let mut hasher = DefaultHasher::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finish()),
            // Where reads are cut must not matter.
            read => buffer[..read].iter().for_each(|byte| byte.hash(&mut hasher)),
        }
    }
}

#[cfg(unix)]
fn is_executable(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_metadata: &std::fs::Metadata) -> bool {
    false
}
