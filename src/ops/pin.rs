//! Keep a record whatever the retention policy says.

use gix::bstr::BStr;

use super::{Session, select};
use crate::{
    error::{Error, Result},
    git::refs::{self, RefEdit, Transaction},
    model::{RecordId, Selector},
    store::names,
};

/// A pin that was set or taken away.
#[derive(Debug)]
#[must_use]
pub struct Pinned {
    /// The record.
    pub id: RecordId,
    /// What it is called.
    pub name: String,
    /// Whether it was so before.
    pub was_so: bool,
}

/// Sets the pin of the record that `selector` names, or takes it away.
pub fn set(session: &Session, selector: &Selector, wanted: bool, dry_run: bool) -> Result<Pinned> {
    let selected = select::select(session, selector, &session.repo.head()?)?;
    let Some(record) = selected.record else {
        return Err(Error::usage(format!("`{}` is no checkpoint and no record", selected.name))
            .hint("`git checkpoint list` shows what can be pinned"));
    };
    let (name, id) = (names::pin(&record.id), record.id);
    let old = refs::find(&session.repo, BStr::new(&name))?;
    let new = session.store().object(&id)?.filter(|_| wanted);
    let pinned = Pinned { id, name: selected.name, was_so: old.is_some() == wanted };
    if pinned.was_so || dry_run {
        return Ok(pinned);
    }
    match refs::transaction(&session.repo, &[RefEdit { name, old, new }], "checkpoint: pin")? {
        Transaction::Done => Ok(pinned),
        Transaction::Moved(name) => Err(Error::environment(format!("`{name}` was changed by another process"))),
    }
}
