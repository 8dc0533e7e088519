//! The tag and the branch of a fetched record: made where nothing is in the way, and never moved.

use gix::bstr::{BStr, BString};

use super::{Left, Why};
use crate::{
    error::Result,
    git::{
        refs::{self, RefEdit},
        remote,
    },
    model::{Oid, Record, quote_path},
    ops::{Session, push::Theirs},
    store::names,
};

/// Adds the tag or branch, if the remote has it as the record says.
pub(super) fn shown(
    session: &Session,
    (record, object, replaces): (&Record, Oid, Option<Oid>),
    theirs: &Theirs,
    (edits, left): (&mut Vec<RefEdit>, &mut Vec<Left>),
) -> Result<()> {
    let (short, name): (&BString, BString) = match (record.tag(), record.backup()) {
        (Some(tag), _) => (tag, names::tag(tag.as_ref())),
        (None, Some(backup)) => (backup, names::branch(backup.as_ref())),
        (None, None) => return Ok(()),
    };
    let fitting = |id: &&Oid| **id == record.state.tip || (**id == object && record.tag().is_some());
    let Some(there) = theirs.get(&name).filter(fitting).copied() else { return Ok(()) };
    let mut leave = |why| left.push(Left { name: quote_path(name.as_ref()), why });
    if gix::validate::reference::name(name.as_ref()).is_err() {
        leave(Why::OddName);
        return Ok(());
    }
    match refs::find(&session.repo, name.as_ref())? {
        Some(here) if here == there => {}
        Some(here) if replaces == Some(here) => {
            edits.push(RefEdit { name, old: Some(here), new: Some(there) });
        }
        Some(_) => leave(Why::NameTaken),
        None if !remote::is_harmless_name(&session.repo, BStr::new(short))? => leave(Why::OddName),
        None if refs::collision(&session.repo, name.as_ref())?.is_some() => leave(Why::NameTaken),
        None if edits.iter().any(|edit| edit.name == name) => leave(Why::NameTaken),
        None => edits.push(RefEdit { name, old: None, new: Some(there) }),
    }
    Ok(())
}
