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
    /// Whether it was done in another clone and fetched.
    pub elsewhere: bool,
}

/// Up to `limit` operations, newest first, and messages on records that could not be read.
pub fn log(session: &Session, limit: Option<usize>) -> Result<(Vec<Entry>, Vec<String>)> {
    let store = session.store();
    let (mut named, messages) = store.named_to_show(limit)?;
    let (undone, foreign) = (undo::undone(session, named.iter().map(|one| &one.id))?, store.foreign()?);
    named.reverse();
    named.truncate(limit.unwrap_or(usize::MAX));
    let (mut entries, mut unreadable) = (Vec::with_capacity(named.len()), Vec::new());
    for record in store.read_to_show(&named, &messages, |record| record)? {
        match record {
            Ok(record) => {
                let (undone, elsewhere) = (undone.contains(&record.id), foreign.contains(&record.id));
                entries.push(Entry { record, undone, elsewhere });
            }
            Err(error) => unreadable.push(error.chain().join(": ")),
        }
    }
    Ok((entries, unreadable))
}
