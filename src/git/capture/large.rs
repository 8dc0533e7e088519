//! Files too large to be in memory.

use std::{
    fs::File,
    io::{self, Read, Seek},
    path::Path,
};

use gix::{
    bstr::ByteSlice,
    index::{State, entry::Flags},
    objs::{Kind, Write},
};

use super::{
    content::{Content, Job, Keep, cut_short},
    disk::{OnDisk, os_path},
    trouble::{Attempt, Trouble},
};
use crate::{
    error::{Context, Result},
    git::Repo,
    model::Oid,
};

/// Gives exactly as many bytes as the object's header promises, or fails.
struct Exactly<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Exactly<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.inner.read(&mut buffer[..most])?;
        if read == 0 && most > 0 {
            return Err(cut_short());
        }
        self.left -= read as u64;
        Ok(read)
    }
}

/// Streams `file` to the object database as it is, and waits until it is on disk.
pub(super) fn store(
    repo: &gix::Repository,
    mut file: File,
    disk: &OnDisk,
    (job, keep): (&Job, Keep),
) -> Attempt<Oid> {
    let unreadable = |error: io::Error| Trouble::unreadable(job.path.as_bstr(), error);
    // Most large files that have to be read were only touched.
    if keep == Keep::Names || job.known.is_some() {
        let mut content = Exactly { inner: &mut file, left: disk.size };
        let id = hash(&mut content, disk.size, repo.object_hash()).map_err(unreadable)?;
        if keep == Keep::Names || repo.objects.exists_without_refresh(&id) {
            return Ok(id);
        }
        file.rewind().map_err(unreadable)?;
    }
    let mut content = Exactly { inner: file, left: disk.size };
    let id = repo.objects.write_stream(Kind::Blob, disk.size, &mut content);
    let id = id.with_context(|| format!("cannot save the large file `{}`", crate::model::quote_path(job.path.as_bstr())))?;
    make_durable(repo, id)?;
    Ok(id)
}

fn hash(content: &mut dyn Read, size: u64, kind: gix::hash::Kind) -> io::Result<Oid> {
    let mut hasher = gix::hash::hasher(kind);
    hasher.update(&gix::objs::encode::loose_header(Kind::Blob, size));
    let mut buffer = vec![0; 64 * 1024];
    let mut left = size;
    while left > 0 {
        let read = content.read(&mut buffer)?;
        hasher.update(&buffer[..read]);
        left -= read as u64;
    }
    hasher.try_finalize().map_err(io::Error::other)
}

/// gix and git leave loose objects to the kernel's leisure; a ref must not show what a power cut can take.
fn make_durable(repo: &gix::Repository, id: Oid) -> Result<()> {
    let hex = id.to_hex().to_string();
    let folder = repo.objects.store_ref().path().join(&hex[..2]);
    let sync = |path: &Path| match File::open(path) {
        Ok(file) => file.sync_all(),
        // It was in a pack already.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    };
    sync(&folder.join(&hex[2..]))
        .and_then(|()| sync(&folder))
        .and_then(|()| sync(repo.objects.store_ref().path()))
        .context("cannot make a large file's content durable")
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
            let path = os_path(jobs[*at].path.as_bstr());
            let call = repo.git(["-c", "core.safecrlf=false", "hash-object", "--path"]).arg(path);
            let id = call.arg("--").arg(path).run()?;
            let id = Oid::from_hex(id.trim_end()).context("cannot read what `git hash-object` printed")?;
            Ok((*at, Content { id, disk: *disk }))
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
            Ok((*at, Content { id: entry.id, disk: *disk }))
        })
        .collect()
}
