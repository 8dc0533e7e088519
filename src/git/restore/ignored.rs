//! Files that the wanted state ignores stay, although the state now does not ignore them.
//!
//! A `.gitignore` that was broken lets ignored files look like new ones. They are in the backup then, but going back
//! to a state that ignores them must not delete what it says nothing about: a database, a build folder, keys.

use std::collections::BTreeSet;

use gix::{
    bstr::{BStr, BString, ByteSlice},
    index::entry::{Flags, Mode, Stat},
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
    let rules = rules(repo, target.worktree, &untracked)?;
    let excludes = repo.gix().excludes(&rules, None, Source::IdMapping);
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

/// An index of those `.gitignore` files of `tree` that can say something about the paths of `changes`.
fn rules(repo: &Repo, tree: Oid, changes: &[TreeChange]) -> Result<gix::index::State> {
    let mut files: BTreeSet<BString> = BTreeSet::from([".gitignore".into()]);
    for TreeChange { path, .. } in changes {
        files.extend(path.find_iter("/").map(|end| BString::from([&path[..=end], b".gitignore"].concat())));
    }
    let mut index = gix::index::State::new(repo.gix().object_hash());
    for file in files {
        if let Some(entry) = tree::entry(repo, tree, file.as_bstr())?.filter(|entry| entry.mode.is_blob()) {
            index.dangerously_push_entry(Stat::default(), entry.id, Flags::empty(), Mode::FILE, file.as_bstr());
        }
    }
    index.sort_entries();
    Ok(index)
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
