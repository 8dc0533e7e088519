//! The working state after HEAD moved to another commit, with the user's own changes kept.

use std::collections::BTreeSet;

use gix::bstr::{BString, ByteSlice};

use crate::{
    error::{Error, Result},
    git::tree::{self, TreeChange},
    model::{Oid, State, quote_path},
    ops::Session,
};

/// `now` with HEAD at `commit`: what the commits between change is changed in index and worktree too. Refused
/// where the user has changes of their own in the same paths.
pub(super) fn at_commit(session: &Session, now: &State, commit: Oid) -> Result<State> {
    let repo = &session.repo;
    let base = repo.head_tree(&now.head)?;
    let changes = tree::diff(repo, base, repo.tree_of(commit)?)?;
    if now.index == base && now.worktree == base {
        let tree = repo.tree_of(commit)?;
        return Ok(State {
            head: now.head.at(Some(commit)),
            index: tree,
            worktree: tree,
            tip: commit,
            extras: now.extras,
        });
    }
    let overlapping = overlapping(session, now, &changes)?;
    if let Some(first) = overlapping.first() {
        let more = if overlapping.len() > 1 { format!(" and {} more", overlapping.len() - 1) } else { String::new() };
        return Err(Error::refused(format!("`{first}`{more} is changed here, and by the commits to be picked")).hint(
            "commit your changes, or put them away with `git stash -u`, and recover again; nothing was changed",
        ));
    }
    let (index, worktree) = (tree::apply(repo, now.index, &changes)?, tree::apply(repo, now.worktree, &changes)?);
    Ok(State { head: now.head.at(Some(commit)), index, worktree, tip: commit, extras: now.extras })
}

/// The paths, as people read them, for which [`at_commit`] would refuse.
pub(super) fn in_the_way(session: &Session, now: &State, commit: Oid) -> Result<Vec<String>> {
    let repo = &session.repo;
    overlapping(session, now, &tree::diff(repo, repo.head_tree(&now.head)?, repo.tree_of(commit)?)?)
}

fn overlapping(session: &Session, now: &State, changes: &[TreeChange]) -> Result<Vec<String>> {
    let repo = &session.repo;
    let own = Own::of(session, now)?;
    let mut paths = Vec::new();
    for change in changes {
        let differs = |tree: Oid| -> Result<bool> { Ok(tree::entry(repo, tree, change.path.as_ref())? != change.old) };
        if differs(now.index)? || differs(now.worktree)? {
            paths.push(quote_path(change.path.as_ref()));
        } else if let Some(other) = own.beside(change) {
            paths.push(quote_path(other.as_ref()));
        }
    }
    Ok(paths)
}

/// The files that the user has here and HEAD has not like that.
pub(super) struct Own(BTreeSet<BString>);

impl Own {
    pub(super) fn of(session: &Session, now: &State) -> Result<Self> {
        let head = session.repo.head_tree(&now.head)?;
        let mut files = BTreeSet::new();
        for tree in [now.index, now.worktree] {
            let changes = tree::diff(&session.repo, head, tree)?;
            files.extend(changes.into_iter().filter(|change| change.new.is_some()).map(|change| change.path));
        }
        Ok(Own(files))
    }

    /// One of them that stands where a change wants a folder to be, or in a folder where it wants a file.
    pub(super) fn beside(&self, change: &TreeChange) -> Option<&BString> {
        let path = change.new.map(|_| &change.path)?;
        let above = path.find_iter("/").find_map(|end| self.0.get(path[..end].as_bstr()));
        let folder: BString = [path.as_slice(), b"/"].concat().into();
        let below = || self.0.range(folder.clone()..).next().filter(|file| file.starts_with(&folder));
        above.or_else(below)
    }
}
