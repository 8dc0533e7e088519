//! A record that was published for an operation that then did not happen goes away again.

use gix::bstr::BString;

use super::{
    Store, phases,
    records::{FILES, RECORDS},
};
use crate::{
    error::{Error, Result},
    git::refs::{self, RefEdit, Transaction},
    model::Record,
};

impl Store<'_> {
    /// Removes the refs of a record, its public tag and its backup branch, and puts its phase back to the record
    /// before, as far as they are its own: tag and branch are made with the record or after it, and so where it is not there, one
    /// of their name is somebody else's. The state it holds must still be the one on disk: nothing else keeps it.
    pub fn withdraw(&self, record: &Record) -> Result<()> {
        let mut names: Vec<BString> = Vec::new();
        let object = self.object(&record.id)?;
        let backup = record.backup().map(|name| BString::from([b"refs/heads/".as_slice(), name].concat()));
        if let Some(name) = backup.filter(|_| object.is_some())
            && refs::find(self.repo, name.as_ref())? == Some(record.state.tip)
        {
            names.push(name);
        }
        names.push(format!("{RECORDS}{}", record.id).into());
        names.push(format!("{FILES}{}", record.id).into());
        let mut edits = Vec::new();
        if let Some(name) = phases::ref_of(record)
            && object.is_some()
            && refs::find(self.repo, name.as_ref())? == object
        {
            edits.push(RefEdit { name, old: object, new: self.before_in_phase(record)? });
        }
        if let Some(name) = record.tag().map(|name| BString::from([b"refs/tags/".as_slice(), name].concat())) {
            let now = refs::find(self.repo, name.as_ref())?;
            if object.is_some() && now.is_some_and(|now| object == Some(now) || now == record.state.tip) {
                edits.push(RefEdit { name, old: now, new: None });
            }
        }
        for name in names {
            if let Some(old) = refs::find(self.repo, name.as_ref())? {
                edits.push(RefEdit { name, old: Some(old), new: None });
            }
        }
        match refs::transaction(self.repo, &edits, "checkpoint: withdrawn")? {
            Transaction::Done => Ok(()),
            Transaction::Moved(name) => Err(Error::environment(format!("`{name}` was changed by another process"))),
        }
    }
}
