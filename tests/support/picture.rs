//! What a user has, as values that can be compared.

use std::{
    collections::BTreeMap,
    fmt, fs,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::Path,
};

/// Everything a user has in a worktree: HEAD, status, index, and every file on disk but the top `.git`.
///
/// A nested repository's `.git` is part of it. Files have git's modes; folders count only by what is in them.
/// Compare with [`Picture::assert_same`], which shows only what differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    /// The symbolic name (`refs/heads/main`, or `detached`) and the commit (or `unborn`).
    pub(crate) head: String,
    /// The entries of `git status --porcelain=v2 --untracked-files=all --ignored`.
    pub(crate) status: Vec<String>,
    /// The entries of `git ls-files -s -v`: flag, mode, object, stage, path.
    pub(crate) index: Vec<String>,
    /// Path → mode and content.
    pub(crate) files: BTreeMap<String, String>,
}

impl Picture {
    /// Takes it at `top` with `git`, which gives success, standard output and standard error.
    #[track_caller]
    pub(super) fn take(top: &Path, git: impl Fn(&[&str]) -> (bool, Vec<u8>, String)) -> Self {
        let ask = |args: &[&str]| {
            let (ok, stdout, _) = git(args);
            ok.then(|| String::from_utf8_lossy(&stdout).trim_end().to_owned())
        };
        let entries = |args: &[&str]| -> Vec<String> {
            let (ok, stdout, stderr) = git(args);
            assert!(ok, "`git {}` failed: {stderr}", args.join(" "));
            let entries = stdout.split(|byte| *byte == 0).filter(|entry| !entry.is_empty());
            entries.map(|entry| entry.escape_ascii().to_string()).collect()
        };
        let name = ask(&["symbolic-ref", "-q", "HEAD"]).unwrap_or_else(|| "detached".into());
        let commit = ask(&["rev-parse", "-q", "--verify", "HEAD"]).unwrap_or_else(|| "unborn".into());
        let status = ["--no-optional-locks", "status", "--porcelain=v2", "-z", "--no-renames", "--untracked-files=all"];
        let mut files = BTreeMap::new();
        collect_files(top, top, &mut files);
        Picture {
            head: format!("{name} {commit}"),
            status: entries(&[&status[..], &["--ignored"]].concat()),
            index: entries(&["ls-files", "-s", "-v", "-z"]),
            files,
        }
    }

    /// Panics with the lines that differ, if any.
    #[track_caller]
    pub(crate) fn assert_same(&self, other: &Picture) {
        let (mine, theirs) = (self.lines(), other.lines());
        let gone = mine.iter().filter(|line| !theirs.contains(line)).map(|line| format!("- {line}\n"));
        let new = theirs.iter().filter(|line| !mine.contains(line)).map(|line| format!("+ {line}\n"));
        assert!(self == other, "the state differs:\n{}", gone.chain(new).collect::<String>());
    }

    fn lines(&self) -> Vec<String> {
        let head = std::iter::once(format!("HEAD {}", self.head));
        let status = self.status.iter().map(|entry| format!("status {entry}"));
        let index = self.index.iter().map(|entry| format!("index {entry}"));
        let files = self.files.iter().map(|(path, content)| format!("file {path}: {content}"));
        head.chain(status).chain(index).chain(files).collect()
    }
}

impl fmt::Display for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines().iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

fn collect_files(top: &Path, dir: &Path, files: &mut BTreeMap<String, String>) {
    // A folder that nobody may read is as good as empty.
    for entry in fs::read_dir(dir).into_iter().flatten().map(|entry| entry.expect("the folder is not being removed")) {
        let path = entry.path();
        let data = path.symlink_metadata().expect("the file is not being removed");
        if data.is_dir() {
            if path != top.join(".git") {
                collect_files(top, &path, files);
            }
            continue;
        }
        let relative = path.strip_prefix(top).expect("it is below the top").as_os_str().as_bytes();
        if relative != b".git" {
            files.insert(relative.escape_ascii().to_string(), describe(&path, &data));
        }
    }
}

fn describe(path: &Path, data: &fs::Metadata) -> String {
    if data.is_symlink() {
        let target = fs::read_link(path).expect("it is a link");
        return format!("120000 -> {}", target.as_os_str().as_bytes().escape_ascii());
    }
    if !data.is_file() {
        return "not a file".into();
    }
    let mode = if data.mode() & 0o100 == 0 { "100644" } else { "100755" };
    match fs::read(path) {
        Ok(bytes) if bytes.len() <= 200 => format!("{mode} \"{}\"", bytes.escape_ascii()),
        Ok(bytes) => format!("{mode} {} bytes, {}", bytes.len(), digest(&bytes)),
        Err(error) => format!("{mode} unreadable: {}", error.kind()),
    }
}

fn digest(bytes: &[u8]) -> gix::ObjectId {
    gix::objs::compute_hash(gix::hash::Kind::Sha1, gix::objs::Kind::Blob, bytes).expect("no SHA-1 collision here")
}

/// What shows that a file was so much as written again: content where git owns it, else time, inode, mode and size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    entries: BTreeMap<String, String>,
}

impl Fingerprint {
    /// Of HEAD, the index and every file below `top`.
    pub(super) fn of_worktree(top: &Path, git_dir: &Path) -> Self {
        let mut entries = BTreeMap::new();
        for name in ["HEAD", "index"] {
            let content = fs::read(git_dir.join(name)).map_or("missing".into(), |bytes| digest(&bytes).to_string());
            entries.insert(format!(".git/{name}"), content);
        }
        collect_stats(top, top, &mut entries);
        Fingerprint { entries }
    }

    /// Of every file below `dir`.
    pub(crate) fn of_folder(dir: &Path) -> Self {
        let mut entries = BTreeMap::new();
        collect_stats(dir, dir, &mut entries);
        Fingerprint { entries }
    }

    /// Panics with the names of what was written, made or removed, if anything was.
    #[track_caller]
    pub(crate) fn assert_same(&self, other: &Fingerprint) {
        let differs = |name: &&String| self.entries.get(*name) != other.entries.get(*name);
        let mut names: Vec<&String> = self.entries.keys().chain(other.entries.keys()).filter(differs).collect();
        names.sort();
        names.dedup();
        assert!(names.is_empty(), "these were written: {names:#?}");
    }
}

fn collect_stats(top: &Path, dir: &Path, entries: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(dir).into_iter().flatten().map(|entry| entry.expect("the folder is not being removed")) {
        let path = entry.path();
        let data = path.symlink_metadata().expect("the file is not being removed");
        if data.is_dir() {
            if path != top.join(".git") {
                collect_stats(top, &path, entries);
            }
            continue;
        }
        let relative = path.strip_prefix(top).expect("it is below the top").as_os_str().as_bytes();
        let stats = (data.mode(), data.ino(), data.len(), data.mtime(), data.mtime_nsec());
        entries.insert(relative.escape_ascii().to_string(), format!("{stats:?}"));
    }
}
