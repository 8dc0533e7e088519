//! Untracked files that the wanted state ignores: they stay.
//!
//! A state has no ignored files, so a file that is untracked now and ignored there looks like one that the wanted
//! state did not have. Most often it did: what a later `.gitignore` ignores was on disk then as well. It stays, and
//! as it is ignored, the restored state shows no trace of it.

use std::collections::{BTreeSet, HashSet};

use gix::{
    bstr::{BStr, BString, ByteSlice},
    index::entry::{Flags, Mode, Stat},
};

use crate::{
    error::{Context, Result},
    git::{
        Repo, objects,
        tree::{self, TreeChange},
    },
    model::{Oid, State},
};

/// The paths of `changes`, from `from` to `target`, that would be removed although `target` ignores them.
pub(super) fn spared(repo: &Repo, from: &State, target: &State, changes: &[TreeChange]) -> Result<Vec<BString>> {
    let mut gone = changes.iter().filter(|change| change.new.is_none()).map(|change| &change.path).peekable();
    if gone.peek().is_none() {
        return Ok(Vec::new());
    }
    let local = tree::diff(repo, from.index, from.worktree)?;
    let untracked: HashSet<&BString> =
        local.iter().filter(|change| change.old.is_none()).map(|change| &change.path).collect();
    let gone: Vec<&BString> = gone.filter(|path| untracked.contains(path)).collect();
    if gone.is_empty() {
        return Ok(Vec::new());
    }
    let rules = rules(repo, target.worktree, &gone)?;
    let source = gix::worktree::stack::state::ignore::Source::IdMapping;
    let failed = "cannot read what is ignored";
    let mut stack = repo.gix().excludes(&rules, None, source).context(failed)?;
    let mut spared = Vec::new();
    for path in gone {
        // What is staged there is tracked, and no rule applies to it: the target had it deleted on disk.
        if tree::entry(repo, target.index, path.as_bstr())?.is_some() {
            continue;
        }
        let is_ignored = stack.at_entry(path.as_bstr(), Some(Mode::FILE)).context(failed)?.is_excluded();
        if is_ignored && has_room(repo, target.worktree, path.as_bstr())? {
            spared.push(path.clone());
        }
    }
    Ok(spared)
}

/// An index of the `.gitignore` files of `tree` that can say something about `paths`.
fn rules(repo: &Repo, tree: Oid, paths: &[&BString]) -> Result<gix::index::State> {
    let mut files: BTreeSet<BString> = BTreeSet::from([".gitignore".into()]);
    for path in paths {
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

/// Whether `path` can stand beside what `tree` has: neither is a folder there, nor a file in place of a folder above.
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

/// `tree` without `paths`, on disk.
pub(super) fn without(repo: &Repo, tree: Oid, paths: &[BString]) -> Result<Oid> {
    if paths.is_empty() {
        return Ok(tree);
    }
    let removals: Vec<TreeChange> =
        paths.iter().map(|path| TreeChange { path: path.clone(), old: None, new: None }).collect();
    let tree = tree::apply(repo, tree, &removals)?;
    let _written = objects::flush(repo)?;
    Ok(tree)
}
