//! The files, written by git.

use gix::bstr::{BString, ByteSlice};

use super::{git_on, lock::IndexLock, temporary::TemporaryIndex};
use crate::{
    error::{Error, Result},
    git::{Repo, child::Output, objects},
    model::{Oid, quote_path, unquote_path},
};

/// Puts paths that are on disk already as the target wants them into the index, so that git leaves them alone.
pub(super) fn accept(repo: &Repo, index: &mut TemporaryIndex, paths: &[BString]) -> Result<()> {
    update(repo, index, "--add", paths)
}

/// Takes paths out of the index that are to stay on disk, so that git leaves them alone.
pub(super) fn forget(repo: &Repo, index: &mut TemporaryIndex, paths: &[BString]) -> Result<()> {
    update(repo, index, "--force-remove", paths)
}

fn update(repo: &Repo, index: &mut TemporaryIndex, how: &str, paths: &[BString]) -> Result<()> {
    if paths.is_empty() {
        return Ok(());
    }
    // As it writes the index anew, git compares links that were made just now with their blobs, and takes one whose
    // blob is still in memory for changed.
    let _written = objects::flush(repo)?;
    let list: Vec<u8> = paths.iter().flat_map(|path| path.iter().copied().chain([0])).collect();
    git_on(repo, index.lend()?, &["update-index", how, "-z", "--stdin"]).stdin(list).run().map(drop)
}

/// Has git compare files with the index whose inodes have other times now; what differs it will refuse to overwrite.
pub(super) fn look_again(repo: &Repo, index: &mut TemporaryIndex) -> Result<()> {
    // The exit code only says that a file differs.
    git_on(repo, index.lend()?, &["update-index", "-q", "--refresh"]).output().map(drop)
}

/// Takes the worktree from the first tree to the second.
pub(super) fn write(repo: &Repo, index: &mut TemporaryIndex, lock: &IndexLock, [from, to]: [Oid; 2]) -> Result<()> {
    let (from, to) = (from.to_string(), to.to_string());
    let args = ["read-tree", "-m", "-u", "--no-recurse-submodules", &from, &to];
    let output = lock.lent_to(git_on(repo, index.lend()?, &args))?;
    if output.code == 0 { Ok(()) } else { Err(refusal(&output)) }
}

/// git names the file in the words of a merge; for a person it is one that changed.
fn refusal(output: &Output) -> Error {
    let Some(path) = output.stderr.lines().find_map(refused_path) else {
        return output.error("git read-tree -m -u");
    };
    let shown = quote_path(path.as_bstr());
    Error::refused(format!("`{shown}` changed after it was captured"))
        .because(output.stderr.clone())
        .hint("stop what is writing there, and try again; nothing was changed")
}

/// The path in one of the messages of `unpack-trees.c` with which git refuses before it writes anything.
fn refused_path(line: &str) -> Option<BString> {
    let line = line.strip_prefix("error: ")?;
    let shapes = [
        ("Entry '", "' not uptodate. Cannot merge."),
        ("Entry '", "' would be overwritten by merge. Cannot merge."),
        ("Updating '", "' would lose untracked files in it"),
        ("Untracked working tree file '", "' would be overwritten by merge."),
        ("Untracked working tree file '", "' would be removed by merge."),
        ("Entry '", "' overlaps with "),
    ];
    shapes.iter().find_map(|(before, after)| {
        let rest = line.strip_prefix(before)?;
        let end = rest.find(after)?;
        Some(unquote_path(&rest[..end]).unwrap_or_else(|| rest[..end].into()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_read_from_each_refusal() {
        for (line, path) in [
            ("error: Entry 'a b' not uptodate. Cannot merge.", Some("a b")),
            ("error: Entry 'it's' would be overwritten by merge. Cannot merge.", Some("it's")),
            ("error: Updating 'dir' would lose untracked files in it", Some("dir")),
            ("error: Untracked working tree file 'x' would be overwritten by merge.", Some("x")),
            ("error: unable to create file x: No space left on device", None),
            ("fatal: not a tree", None),
        ] {
            assert_eq!(refused_path(line), path.map(BString::from), "{line}");
        }
    }
}
