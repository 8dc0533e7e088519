//! A record that was published for an operation that then did not happen goes away again.

use gix::bstr::BString;

use super::{
    Store,
    records::{FILES, RECORDS},
};
use crate::{
    error::{Error, Result},
    git::refs::{self, RefEdit, Transaction},
    model::Record,
};

impl Store<'_> {
    /// Removes the refs of a record and its backup branch. The state it holds must still be the one on disk: nothing
    /// else keeps it.
    pub fn withdraw(&self, record: &Record) -> Result<()> {
        let mut names: Vec<BString> = Vec::new();
        names.extend(record.backup().map(|name| [b"refs/heads/".as_slice(), name].concat().into()));
        names.push(format!("{RECORDS}{}", record.id).into());
        names.push(format!("{FILES}{}", record.id).into());
        let mut edits = Vec::new();
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
