//! Refs, read and changed: one transaction for all that belongs together, each with its expected old value.

use gix::bstr::{BStr, BString};

use crate::{
    error::Result,
    git::Repo,
    model::{Head, Oid},
};

/// One change of a ref that is not a symbolic one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefEdit {
    /// The full name.
    pub name: BString,
    /// What it must be before; `None`: it must not exist.
    pub old: Option<Oid>,
    /// What it becomes; `None`: it is deleted.
    pub new: Option<Oid>,
}

/// How a transaction ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Transaction {
    /// Everything was changed and is durable.
    Done,
    /// This ref is not what was expected, or its name collides with another's; nothing was changed.
    Moved(BString),
}

/// Changes all of `edits`, in order, or none. `reflog` is the message of the reflog entries.
pub fn transaction(_repo: &Repo, _edits: &[RefEdit], _reflog: &str) -> Result<Transaction> {
    todo!()
}

/// Moves HEAD from `old` to `new`: the branch it is on, or HEAD itself when detached or when the branch differs.
pub fn move_head(_repo: &Repo, _old: &Head, _new: &Head, _reflog: &str) -> Result<Transaction> {
    todo!()
}

/// What a ref points to directly (an annotated tag's object, not its commit); `None` if it does not exist.
pub fn find(_repo: &Repo, _name: &BStr) -> Result<Option<Oid>> {
    todo!()
}

/// The refs below `prefix` (which ends with `/`) in order of their names, with what they point to directly.
pub fn list(_repo: &Repo, _prefix: &str) -> Result<Vec<(BString, Oid)>> {
    todo!()
}
