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
    let mut named = store.named()?;
    let undone = if all { Default::default() } else { undo::undone(session, named.iter().map(|one| &one.id))? };
    named.retain(|one| one.id.kind() == Some(Kind::Create) && !undone.contains(&one.id));
    named.reverse();
    named.truncate(limit.unwrap_or(usize::MAX));
    let mut unreadable = Vec::new();
    let readable = |record: Result<Record>| record.map_err(|error| unreadable.push(error.chain().join(": "))).ok();
    let records = store.read_to_show(&named)?.into_iter().filter_map(readable).collect();
    Ok(Listed { records, elsewhere: store.foreign()?, unreadable })
}
