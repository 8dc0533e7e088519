//! Files too large to be in memory.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use gix::{
    bstr::{BStr, ByteSlice},
    index::{State, entry::Flags},
    objs::Kind,
};

use super::{
    content::{Content, Job, Keep},
    disk::{OnDisk, os_path},
    trouble::{Attempt, Trouble},
};
use crate::{
    error::{Context, Result},
    git::Repo,
    model::Oid,
};

/// The name that a large file's content would have, stored as it is.
pub(super) fn hash(kind: gix::hash::Kind, mut file: &File, size: u64) -> io::Result<Oid> {
    let mut hasher = gix::hash::hasher(kind);
    hasher.update(&gix::objs::encode::loose_header(Kind::Blob, size));
    let mut buffer = vec![0; usize::try_from(size).unwrap_or(usize::MAX).min(64 * 1024)];
    let mut left = size;
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        match file.read(&mut buffer[..most])? {
            0 => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it became shorter")),
            read => {
                hasher.update(&buffer[..read]);
                left -= read as u64;
            }
        }
    }
    hasher.try_finalize().map_err(io::Error::other)
}

/// The name of the blob that the `git` program would make of the file at `place`, were it at `path`.
pub(super) fn id(repo: &Repo, path: &BStr, place: &Path) -> Result<Oid> {
    let call = repo.git(["-c", "core.safecrlf=false", "hash-object", "--path"]).arg(os_path(path));
    let id = call.arg("--").arg(place).run()?;
    Oid::from_hex(id.trim_end()).context("cannot read what `git hash-object` printed")
}

/// Lets the `git` program convert the files of those `jobs` that `which` names.
pub(super) fn convert_with_git(
    repo: &Repo,
    index: &State,
    (jobs, keep): (&[Job], Keep),
    which: &[(usize, OnDisk)],
) -> Attempt<Vec<(usize, Content)>> {
    if which.is_empty() {
        return Ok(Vec::new());
    }
    if keep == Keep::Names {
        let name = |(at, disk): &(usize, OnDisk)| {
            let path = jobs[*at].path.as_bstr();
            Ok((*at, Content { id: id(repo, path, os_path(path))?, raw: None, disk: *disk }))
        };
        return which.iter().map(name).collect();
    }
    let copy = super::fallback::IndexCopy::of(repo)?;
    let paths = || which.iter().map(|(at, _)| jobs[*at].path.as_bstr());
    let has_flag = |path| {
        let entry = index.entry_by_path(path);
        entry.is_some_and(|entry| entry.flags.intersects(Flags::ASSUME_VALID | Flags::SKIP_WORKTREE))
    };
    copy.unflag(repo, paths().filter(|path| has_flag(path)))?;
    copy.update(repo, paths())?;
    let converted = copy.read(repo)?;
    which
        .iter()
        .map(|(at, disk)| {
            let entry = converted.entry_by_path(jobs[*at].path.as_bstr()).ok_or(Trouble::Raced)?;
            Ok((*at, Content { id: entry.id, raw: None, disk: *disk }))
        })
        .collect()
}
