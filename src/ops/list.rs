//! The checkpoints, newest first.

use std::collections::HashSet;

use super::{Session, undo};
use crate::{
    error::Result,
    model::{Kind, Record, RecordId},
};

/// The checkpoints that were found.
#[derive(Debug)]
#[must_use]
pub struct Listed {
    /// Newest first.
    pub records: Vec<Record>,
    /// Those of them that were taken in another clone and fetched.
    pub elsewhere: HashSet<RecordId>,
    /// Records that could not be read, as messages that name them.
    pub unreadable: Vec<String>,
}

/// Up to `limit` checkpoints, newest first; those that were undone only where `all` is set.
pub fn list(session: &Session, limit: Option<usize>, all: bool) -> Result<Listed> {
    let store = session.store();
    let mut ids = store.ids()?;
    let undone = if all { Default::default() } else { undo::undone(session, &ids)? };
    ids.retain(|id| id.kind() == Some(Kind::Create) && !undone.contains(id));
    ids.reverse();
    ids.truncate(limit.unwrap_or(usize::MAX));
    let mut listed =
        Listed { records: Vec::with_capacity(ids.len()), elsewhere: store.foreign()?, unreadable: Vec::new() };
    for record in store.read_all(&ids)? {
        match record {
            Ok(record) => listed.records.push(record),
            Err(error) => listed.unreadable.push(error.chain().join(": ")),
        }
    }
    Ok(listed)
}
