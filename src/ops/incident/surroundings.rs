//! The other operations, which say what became of one: read once, however many are told of.

use std::collections::HashSet;

use super::{facts::FollowUp, gather::time};
use crate::{
    error::Result,
    model::{Detail, Kind, Oid, Record, RecordId},
    ops::{Session, undo},
};

/// Every record that can be read, oldest first, and what is known of them together.
pub(in crate::ops) struct Surroundings {
    pub(in crate::ops) records: Vec<Record>,
    /// Records that cannot be read, as messages that name them.
    pub(in crate::ops) unreadable: Vec<String>,
    pub(in crate::ops) undone: HashSet<RecordId>,
    pub(in crate::ops) foreign: HashSet<RecordId>,
}

impl Surroundings {
    pub(in crate::ops) fn of(session: &Session) -> Result<Self> {
        let store = session.store();
        let (named, messages) = store.named_to_show(None)?;
        let undone = undo::undone(session, named.iter().map(|one| &one.id))?;
        let (mut records, mut unreadable) = (Vec::with_capacity(named.len()), Vec::new());
        for record in store.read_to_show(&named, &messages, |record| record)? {
            match record {
                Ok(record) => records.push(record),
                Err(error) => unreadable.push(error.chain().join(": ")),
            }
        }
        Ok(Surroundings { records, unreadable, undone, foreign: store.foreign()? })
    }

    /// The newest checkpoint from before `record` whose state is `commit`.
    pub(super) fn checkpoint_of(&self, commit: Oid, record: &Record) -> Option<&Record> {
        let is_it = |one: &&Record| one.kind() == Kind::Create && one.state.tip == commit && one.id < record.id;
        // Of several of one state, the one that was named.
        let named =
            |one: &&Record| is_it(one) && one.tag().is_some_and(|tag| record.subject == format!("rollback to {tag}"));
        let mut newest_first = self.records.iter().rev();
        newest_first.find(named).or_else(|| self.records.iter().rev().find(is_it))
    }

    pub(super) fn summary(&self, id: &RecordId) -> Option<String> {
        self.find(id).map(|record| record.subject.clone())
    }

    pub(in crate::ops) fn find(&self, id: &RecordId) -> Option<&Record> {
        self.records.iter().find(|record| record.id == *id)
    }

    /// What took `record` back, took that back, or brought back what it put away.
    pub(super) fn follow_ups(&self, record: &Record) -> Vec<FollowUp> {
        let (mut chain, mut found) = (HashSet::from([&record.id]), Vec::new());
        for later in self.records.iter().filter(|later| later.id > record.id) {
            let follows = match &later.detail {
                Detail::Undo { undoes } | Detail::Redo { undoes } => chain.contains(undoes),
                Detail::Resume { resumes } => *resumes == record.id,
                Detail::Recover { source, .. } => {
                    record.backup().is_some_and(|backup| *source == *backup) || *source == record.id.as_str()
                }
                _ => false,
            };
            if follows {
                chain.insert(&later.id);
                found.push(FollowUp {
                    id: later.id.to_string(),
                    kind: later.kind().as_str(),
                    at: time(later.at),
                    summary: later.subject.clone(),
                });
            }
        }
        found
    }
}
