//! Our shims in a worktree, kept out of `git status`: lines in `<common-dir>/info/exclude` between two marks.
//!
//! A shim names a file of this machine; where it were shown as new it would be committed sooner or later.

use std::{
    fs, io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use gix::bstr::ByteSlice;

use crate::{
    error::{Context, Result},
    git::{Repo, durable},
};

const BEGIN: &[u8] = b"# git-checkpoint hooks: begin";
const END: &[u8] = b"# git-checkpoint hooks: end";

/// The pattern for a path in the worktree.
pub(super) fn pattern(workdir: &Path, path: &Path) -> Vec<u8> {
    let relative = path.strip_prefix(workdir).unwrap_or(path).as_os_str().as_bytes();
    let mut out = vec![b'/'];
    for byte in relative {
        if b"*?[]\\ #!".contains(byte) {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out
}

/// Our lines.
pub(super) fn read(repo: &Repo) -> Result<Vec<Vec<u8>>> {
    let path = file(repo);
    match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        bytes => Ok(split(&bytes.with_context(|| format!("cannot read `{}`", path.display()))?).1),
    }
}

/// Puts `patterns` in the place of our lines; without any, the marks go as well.
pub(super) fn write(repo: &Repo, patterns: &[Vec<u8>]) -> io::Result<()> {
    let path = file(repo);
    let before = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        bytes => bytes?,
    };
    let after = join(&split(&before).0, patterns);
    if after.is_empty() {
        durable::remove(&path)?;
        // It was made for the file where git had made none.
        let _has_other_files = path.parent().map(fs::remove_dir);
        return Ok(());
    }
    durable::write_atomically(&path, &after, durable::shared_policy(repo))
}

fn file(repo: &Repo) -> PathBuf {
    repo.common_dir().join("info/exclude")
}

/// What is not ours, and our lines.
fn split(bytes: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>) {
    let (mut others, mut ours, mut inside) = (Vec::new(), Vec::new(), false);
    for line in bytes.lines_with_terminator() {
        let text = line.trim_end_with(|c| c == '\n');
        match (inside, text) {
            (false, BEGIN) => inside = true,
            (true, END) => inside = false,
            (true, line) => ours.push(line.to_vec()),
            (false, _) => others.extend_from_slice(line),
        }
    }
    (others, ours)
}

fn join(others: &[u8], patterns: &[Vec<u8>]) -> Vec<u8> {
    let mut out = others.to_vec();
    if patterns.is_empty() {
        return out;
    }
    if !out.is_empty() && !out.ends_with(b"\n") {
        out.push(b'\n');
    }
    let lines = [BEGIN].into_iter().chain(patterns.iter().map(Vec::as_slice)).chain([END]);
    lines.for_each(|line| out.extend([line, b"\n"].concat()));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_and_go_without_a_trace() {
        let lines = vec![b"/.githooks/post-commit".to_vec(), b"/x".to_vec()];
        for before in [&b""[..], b"*.log\n", b"# nothing\n\n/a\n"] {
            let with = join(before, &lines);
            assert_eq!(split(&with), (before.to_vec(), lines.clone()));
            assert_eq!(join(&split(&with).0, &[]), before);
        }
        assert_eq!(
            join(b"no end", &lines[1..]),
            b"no end\n# git-checkpoint hooks: begin\n/x\n# git-checkpoint hooks: end\n"
        );
    }

    #[test]
    fn what_a_pattern_would_match_otherwise_is_escaped() {
        let pattern = pattern(Path::new("/w"), Path::new("/w/a [b]*/x y"));
        assert_eq!(pattern, br"/a\ \[b\]\*/x\ y");
    }
}
