//! Files that the wanted state ignores stay, although the state now does not ignore them.
//!
//! A `.gitignore` that was broken lets ignored files look like new ones. They are in the backup then, but going back
//! to a state that ignores them must not delete what it says nothing about: a database, a build folder, keys.

use gix::{
    bstr::{BStr, ByteSlice},
    index::entry::Mode,
    worktree::stack::state::ignore::Source,
};

use crate::{
    error::{Context, Result},
    git::{
        Repo,
        tree::{self, TreeChange},
    },
    model::{Oid, State},
};

/// The tree that the files have to become: the target's, and what was not tracked in `from` and is ignored by the
/// target's own rules.
pub fn worktree_to_write(repo: &Repo, from: &State, target: &State) -> Result<Oid> {
    let changes = tree::diff(repo, from.worktree, target.worktree)?;
    let differs = |change: &TreeChange| change.path == ".gitignore" || change.path.ends_with(b"/.gitignore");
    if !changes.iter().any(differs) {
        return Ok(target.worktree);
    }
    let mut untracked = Vec::new();
    for change in changes.into_iter().filter(|change| change.new.is_none()) {
        if tree::entry(repo, from.index, change.path.as_bstr())?.is_none() {
            untracked.push(change);
        }
    }
    if untracked.is_empty() {
        return Ok(target.worktree);
    }
    let index = repo.gix().index_from_tree(&target.worktree).context("cannot read the rules of the wanted state")?;
    let excludes = repo.gix().excludes(&index, None, Source::IdMapping);
    let mut excludes = excludes.context("cannot read the rules of the wanted state")?;
    let mut kept = Vec::new();
    for change in untracked {
        let platform = excludes.at_entry(change.path.as_bstr(), Some(Mode::FILE));
        let is_ignored = platform.context("cannot apply the rules of the wanted state")?.is_excluded();
        if is_ignored && has_room(repo, target.worktree, change.path.as_bstr())? {
            kept.push(TreeChange { path: change.path, new: change.old, old: None });
        }
    }
    tree::apply(repo, target.worktree, &kept)
}

/// Whether `path` can stand beside what `tree` has: neither is a folder of it below, nor a file above.
fn has_room(repo: &Repo, tree: Oid, path: &BStr) -> Result<bool> {
    let root = repo.gix().find_tree(tree).context("cannot read a tree")?;
    let at = |path: &BStr| root.lookup_entry(path.split(|byte| *byte == b'/')).context("cannot look a path up");
    for end in path.find_iter("/") {
        match at(path[..end].as_bstr())? {
            None => return Ok(true),
            Some(entry) if !entry.mode().is_tree() => return Ok(false),
            Some(_) => {}
        }
    }
    Ok(at(path)?.is_none())
}
