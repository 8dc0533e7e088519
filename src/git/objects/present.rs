//! Whether an object is on disk already, for good.
//!
//! "It is there" is not enough to leave it out: git does not fsync loose objects, and what nothing refers to may be
//! pruned before our ref does. So a loose object is made fresh and durable, as git itself freshens what it finds, and
//! an object that only a cruft pack holds is written again, also as git does.

use std::{
    fs,
    path::{Path, PathBuf},
};

use gix::objs::Exists as _;

use crate::{git::durable::Durable, model::Oid};

/// Looks objects up on disk.
pub(super) struct Present<'r> {
    repo: &'r gix::Repository,
    objects: PathBuf,
    durable: Durable,
    cruft: Option<Vec<gix_pack::index::File>>,
    looked: bool,
}

impl<'r> Present<'r> {
    pub(super) fn new(repo: &'r gix::Repository, objects: PathBuf, durable: Durable) -> Self {
        Present { repo, objects, durable, cruft: None, looked: false }
    }

    /// The kind of the repository's object names.
    pub(super) fn hash_kind(&self) -> gix::hash::Kind {
        self.repo.object_hash()
    }

    /// Whether the object need not be written. A wrong no costs a copy, a wrong yes could lose it.
    pub(super) fn is_durable(&mut self, id: Oid) -> bool {
        // One look that may read the list of packs again is enough; after it, nothing can have become older.
        let odb = &*self.repo.objects;
        let found = if self.looked { odb.exists_without_refresh(&id) } else { odb.exists(&id) };
        self.looked = true;
        if !found {
            return false;
        }
        if let Ok(file) = fs::File::open(loose_path(&self.objects, id)) {
            let is_fresh = freshen(&file).is_ok();
            // What git wrote is as durable as git leaves it, until something relies on it.
            return is_fresh && (self.durable == Durable::Content || file.sync_all().is_ok());
        }
        !self.only_in_cruft(id)
    }

    /// Whether a cruft pack has it; then it may not be anywhere else.
    fn only_in_cruft(&mut self, id: Oid) -> bool {
        let packs = self.objects.join("pack");
        let hash = self.hash_kind();
        let cruft = self.cruft.get_or_insert_with(|| cruft_indices(&packs, hash));
        cruft.iter().any(|index| index.lookup(id).is_some())
    }
}

fn cruft_indices(packs: &Path, hash: gix::hash::Kind) -> Vec<gix_pack::index::File> {
    let Ok(entries) = fs::read_dir(packs) else { return Vec::new() };
    entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "mtimes"))
        .filter_map(|path| gix_pack::index::File::at(path.with_extension("idx"), hash).ok())
        .collect()
}

/// Where a loose object is.
pub(super) fn loose_path(objects: &Path, id: Oid) -> PathBuf {
    let hex = id.to_hex().to_string();
    let (fan_out, rest) = hex.split_at(2);
    objects.join(fan_out).join(rest)
}

/// Makes an existing file as young as a new one, so that no pruning that is under way takes it.
fn freshen(file: &fs::File) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use rustix::fs::{Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, futimens};
        let at = |nanoseconds| Timespec { tv_sec: 0, tv_nsec: nanoseconds };
        futimens(file, &Timestamps { last_access: at(UTIME_OMIT), last_modification: at(UTIME_NOW) })?;
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}
