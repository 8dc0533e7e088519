//! Moves of HEAD.

use gix::refs::Target;

use super::{Along, RefEdit, Transaction, files, find, full_name, must_use_git, program};
use crate::{
    error::Result,
    git::{Repo, durable::Durable},
    model::Head,
};

/// Moves HEAD from `old` to `new`: the branch it is on, or HEAD itself when detached or when the branch differs.
///
/// HEAD must be exactly `old`, its branch included. Where `new` is on another branch, that branch is moved to
/// `new`'s commit from whatever it is at this moment, and must not change meanwhile; a caller that expects a
/// certain value there, or has to keep it, moves the branch by a [`super::transaction`] first. A `new` without a
/// commit deletes its branch, which leaves HEAD unborn. What comes `along` is put in place with it, or at all, if
/// it is done.
pub fn move_head(
    repo: &Repo,
    (old, new): (&Head, &Head),
    reflog: &str,
    along: Option<&mut dyn Along>,
) -> Result<Transaction> {
    let mut edits = Vec::new();
    if let Head::Branch { name, commit } = new {
        let present = if old.branch() == Some(name) { old.commit() } else { find(repo, name.as_ref())? };
        if present != *commit || old.branch() == Some(name) {
            edits.push(RefEdit { name: name.clone(), old: present, new: *commit });
        }
    }
    if !same_branch(old, new) {
        edits.extend(unchanged(old));
    }
    if must_use_git(repo, &edits)? {
        return program::with(along, || by_program(repo, old, new, (&edits, reflog)));
    }
    let log = new.commit().filter(|_| old != new).map(|commit| (old.commit(), commit));
    let head = files::HeadEdit { old: target(old)?, new: target(new)?, log };
    files::apply(repo, &files::Change { edits: &edits, head: Some(head), durable: Durable::Names }, reflog, along)
}

/// The branch that is left must still be where it was expected, so that nothing on it goes unnoticed.
fn unchanged(old: &Head) -> Option<RefEdit> {
    let name = old.branch()?;
    Some(RefEdit { name: name.clone(), old: old.commit(), new: old.commit() })
}

fn same_branch(old: &Head, new: &Head) -> bool {
    old.branch().is_some() && old.branch() == new.branch()
}

fn target(head: &Head) -> Result<Target> {
    Ok(match head {
        Head::Branch { name, .. } => Target::Symbolic(full_name(name.as_ref())?),
        Head::Detached { commit } => Target::Object(*commit),
    })
}

/// In two steps, for git has no command for both: the branch, then HEAD. In between, HEAD is what it was.
fn by_program(repo: &Repo, old: &Head, new: &Head, change: (&[RefEdit], &str)) -> Result<Transaction> {
    let (edits, reflog) = change;
    let head = files::HeadEdit { old: target(old)?, new: target(new)?, log: None };
    if let Some(name) = files::moved(repo, &files::Change { edits: &[], head: Some(head), durable: Durable::Names })? {
        return Ok(Transaction::Moved(name));
    }
    if !edits.is_empty() {
        let done = program::apply(repo, edits, reflog)?;
        if done != Transaction::Done {
            return Ok(done);
        }
    }
    if same_branch(old, new) || old == new {
        return Ok(Transaction::Done);
    }
    match new {
        Head::Branch { name, .. } => program::switch_head(repo, name.as_ref(), reflog)?,
        Head::Detached { commit } => program::detach_head(repo, old.commit(), *commit, reflog)?,
    }
    Ok(Transaction::Done)
}
