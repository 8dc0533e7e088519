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
    /// Those of all records that were undone.
    pub undone: HashSet<RecordId>,
    /// Records that could not be read, as messages that name them.
    pub unreadable: Vec<String>,
}

/// How many records are looked at at once for those that stand.
const STEP: usize = 64;

/// Up to `limit` checkpoints, newest first. Those that were undone, or whose checks did not pass, only where `all` is set.
pub fn list(session: &Session, limit: Option<usize>, all: bool) -> Result<Listed> {
    let store = session.store();
    let (mut named, messages) = store.named_to_show(limit)?;
    let undone = undo::undone(session, named.iter().map(|one| &one.id))?;
    named.retain(|one| one.id.kind() == Some(Kind::Create) && (all || !undone.contains(&one.id)));
    named.reverse();
    let limit = limit.unwrap_or(usize::MAX);
    let mut listed = Listed { records: Vec::new(), elsewhere: store.foreign()?, undone, unreadable: Vec::new() };
    let step = if limit == usize::MAX { named.len().max(1) } else { limit.max(STEP) };
    for part in named.chunks(step) {
        for record in store.read_to_show(part, &messages)? {
            if listed.records.len() + listed.unreadable.len() >= limit {
                return Ok(listed);
            }
            match record {
                Ok(record) if all || record.stands() => listed.records.push(record),
                Ok(_did_not_pass) => {}
                Err(error) => listed.unreadable.push(error.chain().join(": ")),
            }
        }
    }
    Ok(listed)
}
