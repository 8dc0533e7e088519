//! New files whose bytes are those of their blobs, written without git.
//!
//! To start git, and have it read as many objects as there are files, takes longer than all else that a restore does.
//! Wherever a filter, an encoding, a line end or a link has a say, git writes.

use std::{fs::File, io, io::Write as _, path::Path, thread};

use gix::{bstr::ByteSlice, index::State, objs::tree::EntryKind};
use rustix::fs::{Mode, OFlags};

use super::{Step, place::Folders};
use crate::{
    error::{Context, Result},
    git::{
        Repo, cache_packs,
        capture::as_is::{AsIs, LARGE},
        durable,
        objects::Sizes,
        threads,
    },
};

/// From so many files on, more than one thread is worth its start.
const WORTH_A_THREAD: usize = 32;

/// Writes those of `steps` that it can to the folder `area`, each under its own path; the others, which are for git.
pub(super) fn write<'s>(repo: &Repo, area: &Path, steps: &[&'s Step]) -> Result<Vec<&'s Step>> {
    // What attributes files say is not in force before they are in place.
    if steps.iter().any(|step| step.is_rule()) {
        return Ok(steps.to_vec());
    }
    let threads = threads::up_to(steps.len().div_ceil(WORTH_A_THREAD));
    if threads <= 1 {
        return write_some(repo.gix(), area, steps);
    }
    let shared = repo.gix().clone().into_sync();
    thread::scope(|scope| {
        let parts = steps.chunks(steps.len().div_ceil(threads));
        let running: Vec<_> = parts.map(|part| scope.spawn(|| write_on_thread(&shared, area, part))).collect();
        let mut left = Vec::new();
        for thread in running {
            left.extend(thread.join().expect("a thread that only writes files does not panic")?);
        }
        Ok(left)
    })
}

fn write_on_thread<'s>(shared: &gix::ThreadSafeRepository, area: &Path, steps: &[&'s Step]) -> Result<Vec<&'s Step>> {
    let mut repo = shared.to_thread_local();
    cache_packs(&mut repo);
    write_some(&repo, area, steps)
}

fn write_some<'s>(repo: &gix::Repository, area: &Path, steps: &[&'s Step]) -> Result<Vec<&'s Step>> {
    let failed = |error| durable::storage_error(area, error);
    let no_index = State::new(repo.object_hash());
    let mut as_is = AsIs::new(repo, &no_index)?;
    let mut folders = Folders::open(area).map_err(failed)?;
    let mut sizes = Sizes::new(repo, LARGE);
    let mut left = Vec::new();
    for step in steps {
        let (mode, id) = match step.new.map(|new| (new.mode.kind(), new.id)) {
            Some((EntryKind::Blob, id)) => (0o666, id),
            Some((EntryKind::BlobExecutable, id)) => (0o777, id),
            _ => {
                left.push(*step);
                continue;
            }
        };
        // One that is missing git may fetch, or say so.
        if sizes.is_small(id)? != Some(true) || !as_is.is_at(step.path.as_bstr())? {
            left.push(*step);
            continue;
        }
        let blob = repo.find_blob(id).with_context(|| format!("cannot read blob {id}"))?;
        put(&mut folders, step, mode, &blob.data).map_err(failed)?;
    }
    Ok(left)
}

fn put(folders: &mut Folders, step: &Step, mode: u32, bytes: &[u8]) -> io::Result<()> {
    let (folder, name) = folders.at(step.path.as_bstr(), true)?;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::openat(folder, &name, flags, Mode::from_raw_mode(mode))?;
    File::from(file).write_all(bytes)
}
