//! Whether there is room, before anything is written.

use std::{os::fd::OwnedFd, path::Path};

use crate::{
    error::{Context, Error, Result},
    model::ByteSize,
};

/// Room on a file system, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub(super) free: u64,
    pub(super) all: u64,
}

impl Room {
    /// Of the file system that `place`, which is there, is on.
    pub(super) fn at(place: &Path) -> Result<Self> {
        let found = rustix::fs::statvfs(place).with_context(|| format!("cannot look at `{}`", place.display()))?;
        Ok(Self::read(&found))
    }

    /// Of the file system that this folder is on.
    pub(super) fn in_folder(folder: &OwnedFd) -> Result<Self> {
        rustix::fs::fstatvfs(folder).map(|found| Self::read(&found)).context("cannot look at the file system")
    }

    fn read(found: &rustix::fs::StatVfs) -> Self {
        let of = |blocks: u64| blocks.saturating_mul(found.f_frsize);
        Room { free: of(found.f_bavail), all: of(found.f_blocks) }
    }
}

/// The error for `what`, which needs so many bytes and has not got them.
pub(super) fn lacking(what: &str, (needed, room): (u64, Room), place: &Path) -> Error {
    Error::environment(format!("there is no room for {what}"))
        .because(format!("it needs {}, and {} are free", ByteSize(needed), ByteSize(room.free)))
        .hint(format!("free some space for `{}` and try again; nothing was changed", place.display()))
}
