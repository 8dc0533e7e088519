//! A full picture of a worktree, to compare byte for byte: what git says of it and what is on disk.

use std::{
    collections::{BTreeMap, BTreeSet},
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

/// What may be otherwise than it should be.
#[derive(Debug, Default)]
pub(super) struct Excused {
    /// Files that commands have made: these may be there although they were not.
    pub(super) extra: BTreeSet<PathBuf>,
    /// What the rollback itself writes, as the configuration wants it, with all below.
    pub(super) written: Vec<PathBuf>,
}

impl Excused {
    fn covers(&self, path: &Path, is_expected: bool) -> bool {
        self.written.iter().any(|written| path.starts_with(written)) || (!is_expected && self.extra.contains(path))
    }
}

/// HEAD, index, status and every file.
#[derive(Debug)]
pub(super) struct Picture {
    head: String,
    index: Vec<u8>,
    /// What `git status` says, by path.
    status: BTreeMap<PathBuf, Vec<u8>>,
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
            status: by_path(&repo.git(status).run()?),
            entries,
        })
    }

    /// How many files there are.
    pub(super) fn files(&self) -> usize {
        self.entries.values().filter(|entry| **entry != Entry::Folder).count()
    }

    /// What of `now` is not as it is here, in words.
    pub(super) fn differences(&self, now: &Picture) -> Vec<String> {
        self.differences_but(now, &Excused::default())
    }

    /// The files of `now` that are not here.
    pub(super) fn extra<'n>(&self, now: &'n Picture) -> Vec<&'n Path> {
        let is_extra =
            |(path, entry): &(&PathBuf, &Entry)| **entry != Entry::Folder && !self.entries.contains_key(*path);
        now.entries.iter().filter(is_extra).map(|(path, _)| path.as_path()).collect()
    }

    /// As [`Picture::differences`], but for what is excused.
    pub(super) fn differences_but(&self, now: &Picture, excused: &Excused) -> Vec<String> {
        let is_excused = |path: &Path| excused.covers(path, self.entries.contains_key(path));
        let mut differences = Vec::new();
        if self.head != now.head {
            differences.push("HEAD differs".to_owned());
        }
        if self.index != now.index {
            differences.push("the index differs".to_owned());
        }
        let is_same = |path: &PathBuf| self.status.get(path) == now.status.get(path) || is_excused(path);
        if !self.status.keys().chain(now.status.keys()).all(is_same) {
            differences.push("git status differs".to_owned());
        }
        let paths = self.entries.keys().chain(now.entries.keys().filter(|path| !self.entries.contains_key(*path)));
        for path in paths {
            let (then, now) = (self.entries.get(path), now.entries.get(path));
            // git keeps no folders, so one that is empty may come and go.
            let folder = |entry: Option<&Entry>| entry.is_none_or(|entry| *entry == Entry::Folder);
            if then != now && !(folder(then) && folder(now)) && !is_excused(path) {
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

/// The names of all files below `root` but those of git.
pub(super) fn names(root: &Path) -> BTreeSet<PathBuf> {
    let mut names = BTreeSet::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root.join(&folder)).into_iter().flatten().flatten() {
            let path = folder.join(entry.file_name());
            match entry.file_type() {
                _ if path == Path::new(".git") => {}
                Ok(kind) if kind.is_dir() => folders.push(path),
                _ => drop(names.insert(path)),
            }
        }
    }
    names
}

/// The entries of `git status --porcelain=v2 -z`, by the path that each ends with.
fn by_path(status: &[u8]) -> BTreeMap<PathBuf, Vec<u8>> {
    let entry = |entry: &[u8]| {
        // So many fields stand before the path.
        let fields = match entry.first()? {
            b'1' => 8,
            b'u' => 10,
            _ => 1,
        };
        let path = entry.splitn(fields + 1, |byte| *byte == b' ').nth(fields)?;
        Some((gix::path::from_byte_slice(path).ok()?.to_owned(), entry.to_owned()))
    };
    status.split(|byte| *byte == 0).filter_map(entry).collect()
}

#[cfg(unix)]
fn is_executable(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_metadata: &std::fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_an_entry_may_have_anything_in_it() {
        let status =
            b"1 .M N... 100644 100644 100644 aaaa aaaa a  b c\0u UU N... 1 1 1 1 a b c in conflict\0? new file\0";
        let paths: Vec<PathBuf> = by_path(status).into_keys().collect();
        assert_eq!(paths, ["a  b c", "in conflict", "new file"].map(PathBuf::from));
        assert!(by_path(b"").is_empty());
    }

    fn picture(files: &[(&str, u64)]) -> Picture {
        let entry = |(name, content): &(&str, u64)| {
            (PathBuf::from(name), Entry::File { content: *content, length: 1, executable: false })
        };
        let status = files.iter().map(|(name, _)| (PathBuf::from(name), b"?".to_vec())).collect();
        Picture { head: String::new(), index: Vec::new(), status, entries: files.iter().map(entry).collect() }
    }

    #[test]
    fn a_new_file_of_a_command_is_excused_and_a_changed_one_is_not() {
        let then = picture(&[("kept", 1), ("ROLLBACK_LOG.md", 1)]);
        let excused = Excused {
            extra: ["flag", "kept"].map(PathBuf::from).into(),
            written: vec![PathBuf::from("ROLLBACK_LOG.md")],
        };
        let differs = |files: &[(&str, u64)]| then.differences_but(&picture(files), &excused);
        assert!(differs(&[("kept", 1), ("ROLLBACK_LOG.md", 2), ("flag", 1)]).is_empty());
        assert_eq!(differs(&[("kept", 2), ("ROLLBACK_LOG.md", 1)]), ["`kept` differs"]);
        assert_eq!(differs(&[("ROLLBACK_LOG.md", 1)]), ["git status differs", "`kept` differs"]);
        assert_eq!(differs(&[("kept", 1), ("ROLLBACK_LOG.md", 1), ("left", 1)]).len(), 2);
    }
}
