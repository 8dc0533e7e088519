//! From the state captured now to another: files, index and what git keeps beside them.

use gix::bstr::BString;

use crate::{
    error::Result,
    git::{Repo, capture::Captured},
    model::{Oid, State},
};

/// A path that the restore would have to overwrite or delete although no backup holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// Relative to the top of the worktree.
    pub path: BString,
    /// What is in the way, for people: `is ignored and not part of the backup`.
    pub why: String,
}

/// A path that differs between two trees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathChange {
    /// Relative to the top of the worktree.
    pub path: BString,
    /// `A` only the second tree has it, `D` only the first, `M` both, `T` both but of another type.
    pub status: char,
}

/// The paths that differ between two trees, by name.
pub fn changed_paths(_repo: &Repo, _from: Oid, _to: Oid) -> Result<Vec<PathChange>> {
    todo!()
}

/// What stands in the way of going from `from` to `target`; empty when the restore can be begun.
pub fn obstacles(_repo: &Repo, _from: &Captured, _target: &State) -> Result<Vec<Obstacle>> {
    todo!()
}

/// A restore that has begun: it holds the index lock until it is finished or dropped.
///
/// The order is: [`Restore::begin`], [`Restore::write_files`], then the caller moves HEAD, then
/// [`Restore::finish`]. After a crash in between, capture again and restore from there.
#[must_use]
pub struct Restore<'r> {
    _repo: &'r Repo,
}

impl<'r> Restore<'r> {
    /// Takes the lock of the index and prepares; changes nothing yet.
    pub fn begin(_repo: &'r Repo, _from: &Captured, _target: &State) -> Result<Self> {
        todo!()
    }

    /// Writes the files that differ; stops with its name at a file that changed after the capture.
    pub fn write_files(&mut self) -> Result<()> {
        todo!()
    }

    /// Puts the index in place, and the files of a merge in progress if the target had one.
    pub fn finish(self) -> Result<()> {
        todo!()
    }
}

/// Removes the index lock if a restore of this program left it behind when it was killed.
pub fn remove_stale_lock(_repo: &Repo) -> Result<()> {
    todo!()
}
