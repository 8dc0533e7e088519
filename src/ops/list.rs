//! The checkpoints, newest first.

use std::collections::HashSet;

use super::{Session, undo};
use crate::{
    error::Result,
    model::{Kind, Record, RecordId},
};

/// The checkpoints that were found, as they are shown.
#[derive(Debug)]
#[must_use]
pub struct Listed<T> {
    /// Newest first.
    pub shown: Vec<T>,
    /// What is known of them beside their records.
    pub marks: Marks,
    /// Records that could not be read, as messages that name them.
    pub unreadable: Vec<String>,
}

/// What records do not say themselves.
#[derive(Debug)]
pub struct Marks {
    /// Records that were made in another clone and fetched.
    pub elsewhere: HashSet<RecordId>,
    /// Records that were undone.
    pub undone: HashSet<RecordId>,
}

/// How many records are looked at at once for those that stand.
const STEP: usize = 64;

/// What `show` makes of up to `limit` checkpoints, newest first. Those that were undone, or whose checks did not pass, only
/// where `all` is set.
pub fn list<T: Send>(
    session: &Session,
    (limit, all): (Option<usize>, bool),
    show: impl Fn(Record, &Marks) -> T + Sync,
) -> Result<Listed<T>> {
    let store = session.store();
    let (mut named, messages) = store.named_to_show(limit)?;
    let undone = undo::undone(session, named.iter().map(|one| &one.id))?;
    named.retain(|one| one.id.kind() == Some(Kind::Create) && (all || !undone.contains(&one.id)));
    named.reverse();
    let limit = limit.unwrap_or(usize::MAX);
    let marks = Marks { elsewhere: store.foreign()?, undone };
    let one = |record: Result<Record>| match record {
        Ok(record) if all || record.stands() => Some(Ok(show(record, &marks))),
        Ok(_did_not_pass) => None,
        Err(error) => Some(Err(error.chain().join(": "))),
    };
    let (mut shown, mut unreadable) = (Vec::new(), Vec::new());
    let step = if limit == usize::MAX { named.len().max(1) } else { limit.max(STEP) };
    'all: for part in named.chunks(step) {
        for one in store.read_to_show(part, &messages, one)?.into_iter().flatten() {
            if shown.len() + unreadable.len() >= limit {
                break 'all;
            }
            match one {
                Ok(one) => shown.push(one),
                Err(why) => unreadable.push(why),
            }
        }
    }
    Ok(Listed { shown, marks, unreadable })
}
