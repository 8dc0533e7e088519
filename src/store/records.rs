//! Records, by name.

use crate::{
    config::TagKind,
    error::Result,
    git::{Repo, capture::Identity},
    model::{Oid, Record, RecordId},
};

/// The records of a repository.
#[derive(Clone, Copy)]
pub struct Store<'r> {
    _repo: &'r Repo,
}

/// How a publication ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Published {
    /// Record, public tag and backup branch are there; this is the record's tag object.
    Done(Oid),
    /// As `Done`, but the public tag could not be signed, for this reason, and was left out.
    Unsigned(Oid, String),
    /// The public tag's or the backup branch's name is taken; nothing was published.
    Taken(gix::bstr::BString),
}

impl<'r> Store<'r> {
    /// The records of `repo`.
    pub fn new(_repo: &'r Repo) -> Self {
        todo!()
    }

    /// The ids of all records, oldest first; reads names only.
    pub fn ids(&self) -> Result<Vec<RecordId>> {
        todo!()
    }

    /// Reads one record; an error that names it if it is missing, unreadable, or of a newer format.
    pub fn read(&self, _id: &RecordId) -> Result<Record> {
        todo!()
    }

    /// Reads many, in the given order; those that cannot be read come as errors.
    pub fn read_all(&self, _ids: &[RecordId]) -> Result<Vec<Result<Record>>> {
        todo!()
    }

    /// The record whose object this is, if it is one: an annotated tag that this program made.
    pub fn record_of_object(&self, _tag_object: Oid) -> Result<Option<Record>> {
        todo!()
    }

    /// Makes the objects durable and publishes the record in one transaction: `refs/checkpoint/files/<id>`,
    /// `refs/checkpoint/records/<id>`, then the public tag or the backup branch that its detail names.
    /// `kept` are commits to be kept alive with it.
    pub fn publish(&self, _record: &Record, _kept: &[Oid], _tag: TagKind, _by: &Identity) -> Result<Published> {
        todo!()
    }

    /// Replaces a record by its final form once, when the operation it tells of has ended.
    pub fn replace(&self, _record: &Record, _by: &Identity) -> Result<()> {
        todo!()
    }
}
