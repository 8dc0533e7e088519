//! Objects, from memory to disk: complete and fsynced before any ref shows them.
//!
//! A few objects become loose objects; more than `LOOSE_LIMIT` become one pack, because a thousand fsynced files
//! cost a thousand fsyncs and one pack costs three. Files that are on their way have names that `git prune` removes,
//! so not even a `kill -9` leaves rubbish for good.

mod loose;
mod pack;
mod present;
mod whole;

use std::{
    io,
    path::{Path, PathBuf},
};

use gix::{
    objs::{Kind, Write as _},
    odb::memory::Storage,
};

use super::durable::{self, Durable, Unsynced};
use crate::{
    error::{Context, Result},
    git::Repo,
    model::Oid,
};

pub use whole::missing;

/// Up to so many objects are written as loose ones.
const LOOSE_LIMIT: usize = 16;

/// From so many objects on, two threads look whether they are on disk.
const PARALLEL_LOOKS: usize = 128;

/// What a flush wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flushed {
    /// Nothing: every object was there already.
    Nothing,
    /// So many loose objects.
    Loose(usize),
    /// One pack of so many objects; time to look at [`maintain`].
    Pack(usize),
}

/// An object on its way to disk.
struct Object<'a> {
    id: Oid,
    kind: Kind,
    data: &'a [u8],
}

/// Puts an object into memory, even if the repository has it. gix's own `write_blob` and `write_object` leave out what
/// is there, so that [`flush`] can make neither durable what git did not fsync, nor keep what is about to be pruned.
pub fn write(repo: &Repo, object: &dyn gix::objs::WriteTo) -> Result<Oid> {
    repo.gix().objects.write(object).context("cannot keep an object in memory")
}

/// Writes every object that `repo` holds in memory to its object database and makes it durable.
///
/// On an error the objects are in memory as before and nothing of them is left on disk, or only complete objects.
pub fn flush(repo: &Repo) -> Result<Flushed> {
    flush_as(repo, (Durable::Names, None))
}

/// As [`flush`], and as durable as the caller needs it. `also` is made durable with them.
pub fn flush_as(repo: &Repo, (durable, also): (Durable, Option<&Unsynced>)) -> Result<Flushed> {
    let storage = repo.gix().objects.reset_object_memory().unwrap_or_default();
    let result = write_out(repo, &storage, (durable, also));
    if result.is_err() {
        for (id, (kind, data)) in storage.iter() {
            repo.gix().objects.write_buf_with_known_id(*kind, data, *id).context("cannot keep an object in memory")?;
        }
    }
    result
}

fn write_out(repo: &Repo, storage: &Storage, (wanted, also): (Durable, Option<&Unsynced>)) -> Result<Flushed> {
    let mut objects: Vec<_> =
        storage.iter().map(|(id, (kind, data))| Object { id: *id, kind: *kind, data: data.as_slice() }).collect();
    let dir = dir(repo);
    if !objects.is_empty() {
        leave_out_present(repo, &mut objects, (&dir, wanted));
    }
    let shared = durable::shared_policy(repo);
    let level = repo.gix().loose_compression();
    let written = objects.len();
    if written == 0 {
        also.map_or(Ok(()), Unsynced::sync).map_err(|error| durable::storage_error(&dir, error))?;
        return Ok(Flushed::Nothing);
    }
    if written <= LOOSE_LIMIT {
        let store = loose::Loose { dir, level, shared, durable: wanted };
        store.write_all(&objects, also)?;
        return Ok(Flushed::Loose(written));
    }
    // Git's own order: what a walk of the history reads first comes first.
    objects.sort_unstable_by_key(|object| (std::cmp::Reverse(object.kind), object.id));
    let store = pack::Pack { dir: dir.join("pack"), level, shared, durable: wanted };
    store.write(&objects, repo.gix().object_hash(), also)?;
    Ok(Flushed::Pack(written))
}

/// Leaves out what is on disk for good.
fn leave_out_present(repo: &Repo, objects: &mut Vec<Object<'_>>, (dir, wanted): (&Path, Durable)) {
    let missing = |repo: &gix::Repository, objects: &[Object<'_>]| -> Vec<bool> {
        let mut present = present::Present::new(repo, dir.to_owned(), wanted);
        // What says when it was made is new; where it is not, it is there twice.
        let is_new = |object: &Object<'_>| matches!(object.kind, Kind::Commit | Kind::Tag);
        objects.iter().map(|object| is_new(object) || !present.is_durable(object.id)).collect()
    };
    let is_missing = if objects.len() < PARALLEL_LOOKS {
        missing(repo.gix(), objects)
    } else {
        let shared = repo.gix().clone().into_sync();
        std::thread::scope(|scope| {
            let parts = objects.chunks(objects.len().div_ceil(2));
            let parts: Vec<_> = parts.map(|part| scope.spawn(|| missing(&shared.to_thread_local(), part))).collect();
            let looked = parts.into_iter().map(|part| part.join().expect("a thread that only looks does not panic"));
            looked.flatten().collect()
        })
    };
    let mut is_missing = is_missing.into_iter();
    objects.retain(|_| is_missing.next().unwrap_or(true));
}

/// Tells which blobs may be read as a whole, being of `limit` bytes at most.
pub struct Sizes<'r> {
    repo: &'r gix::Repository,
    limit: u64,
    /// How many were no loose objects, the last time that was looked at.
    packed: usize,
}

impl<'r> Sizes<'r> {
    /// Of so many objects in packs only one is looked for among the loose ones.
    const FEW: usize = 8;

    /// Of the blobs of `repo`.
    pub fn new(repo: &'r gix::Repository, limit: u64) -> Self {
        Sizes { repo, limit, packed: 0 }
    }

    /// Whether the blob is small; `None` if it is not there.
    pub fn is_small(&mut self, id: Oid) -> Result<Option<bool>> {
        if self.packed.is_multiple_of(Self::FEW)
            && let Some(is_small) = self.of_loose(id)
        {
            self.packed = 0;
            return Ok(Some(is_small));
        }
        self.packed += 1;
        let header = self.repo.try_find_header(id).with_context(|| format!("cannot read blob {id}"))?;
        Ok(header.map(|header| header.size() <= self.limit))
    }

    /// The size of a loose one is in its compressed content: one that takes few bytes on disk is taken for small.
    fn of_loose(&self, id: Oid) -> Option<bool> {
        let loose = present::loose_path(self.repo.objects.store_ref().path(), id);
        Some(loose.metadata().ok()?.len() <= self.limit / 128)
    }
}

/// Does what writes objects and flushes them, with none of the others in memory that are not wanted on disk, or not yet.
pub fn apart<T>(repo: &Repo, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let aside = repo.gix().objects.reset_object_memory();
    let done = work();
    for (id, (kind, data)) in aside.iter().flat_map(|aside| aside.iter()) {
        repo.gix().objects.write_buf_with_known_id(*kind, data, *id).context("cannot keep an object in memory")?;
    }
    done
}

/// Writes a blob of `size` bytes from `reader` straight to disk and makes it durable: for files that are too large
/// to be held in memory. An error if the reader gives another number of bytes: the file changed meanwhile.
pub fn write_stream(repo: &Repo, size: u64, reader: &mut dyn io::Read) -> Result<Oid> {
    let dir = dir(repo);
    let store = loose::Loose {
        dir: dir.clone(),
        level: repo.gix().loose_compression(),
        shared: durable::shared_policy(repo),
        durable: Durable::Names,
    };
    store.write_stream(size, reader, present::Present::new(repo.gix(), dir, Durable::Names))
}

/// Starts git's own housekeeping, detached, if more packs have piled up than `gc.autoPackLimit` allows; to be called
/// after something was published that came as a pack. Housekeeping is a favour: no failure of it is an error.
pub fn maintain(repo: &Repo) {
    let config = repo.gix().config_snapshot();
    let limit = config.integer("gc.autoPackLimit").unwrap_or(50);
    let off = limit <= 0 || config.integer("gc.auto") == Some(0) || config.boolean("maintenance.auto") == Some(false);
    if off {
        return;
    }
    let packs = std::fs::read_dir(dir(repo).join("pack"))
        .map(|dir| dir.flatten().filter(|entry| entry.path().extension().is_some_and(|ext| ext == "pack")).count());
    if packs.is_ok_and(|packs| i64::try_from(packs).is_ok_and(|packs| packs > limit)) {
        let _started = repo.git(["maintenance", "run", "--auto", "--quiet"]).start_detached();
    }
}

/// The folder that objects are written to.
pub fn dir(repo: &Repo) -> PathBuf {
    repo.gix().objects.store_ref().path().to_owned()
}
