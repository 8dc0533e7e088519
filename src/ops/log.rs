//! Every operation, newest first, and whether it was taken back.

use super::{Session, undo};
use crate::{error::Result, model::Record};

/// One operation of the log.
#[derive(Debug)]
pub struct Entry {
    /// The operation.
    pub record: Record,
    /// Whether it was undone (an undo: whether it was redone).
    pub undone: bool,
}

/// Up to `limit` operations, newest first, and messages on records that could not be read.
pub fn log(session: &Session, limit: Option<usize>) -> Result<(Vec<Entry>, Vec<String>)> {
    let store = session.store();
    let mut ids = store.ids()?;
    let undone = undo::undone(session, &ids)?;
    ids.reverse();
    ids.truncate(limit.unwrap_or(usize::MAX));
    let (mut entries, mut unreadable) = (Vec::with_capacity(ids.len()), Vec::new());
    for record in store.read_all(&ids)? {
        match record {
            Ok(record) => entries.push(Entry { undone: undone.contains(&record.id), record }),
            Err(error) => unreadable.push(error.chain().join(": ")),
        }
    }
    Ok((entries, unreadable))
}
