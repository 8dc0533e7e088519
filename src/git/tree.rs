//! Trees, compared and combined path by path.
//!
//! A change of some paths only (`rollback --path`, picks under a dirty worktree) is a difference of two trees,
//! put onto a third.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashSet, VecDeque},
};

use gix::{
    bstr::{BStr, BString, ByteSlice},
    objs::tree::EntryMode,
};

use super::Repo;
use crate::{
    error::{Context, Error, Result},
    model::Oid,
};

/// What to do where an object is gone.
pub(crate) const LOST: &str =
    "the repository has lost objects: `git fsck` names them, and a clone of it may still have them";

/// A file, symlink or submodule in a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// What it is; never a folder.
    pub mode: EntryMode,
    /// Its content, or the commit of a submodule.
    pub id: Oid,
}

/// A path that differs between two trees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeChange {
    /// Relative to the top of the tree, with `/`.
    pub path: BString,
    /// What the first tree has there.
    pub old: Option<Entry>,
    /// What the second tree has there.
    pub new: Option<Entry>,
}

impl TreeChange {
    /// The letter that `git diff --name-status` shows: `A`, `D`, `M`, or `T` for a change of type.
    pub fn status(&self) -> char {
        match (&self.old, &self.new) {
            (None, _) => 'A',
            (_, None) => 'D',
            (Some(old), Some(new)) if is_type_change(old.mode, new.mode) => 'T',
            _ => 'M',
        }
    }
}

fn is_type_change(old: EntryMode, new: EntryMode) -> bool {
    old != new && !(old.is_blob() && new.is_blob())
}

/// The last comparisons of trees: the parts of an operation ask for the same ones, one after the other.
#[derive(Debug, Default)]
pub(super) struct Compared(RefCell<VecDeque<Comparison>>);

/// Two trees and what differs.
type Comparison = ((Oid, Oid), Vec<TreeChange>);

impl Compared {
    const MOST: usize = 6;
    /// A comparison of more changes is not kept.
    const MOST_CHANGES: usize = 10_000;

    fn find(&self, trees: (Oid, Oid)) -> Option<Vec<TreeChange>> {
        Some(self.0.borrow().iter().find(|(known, _)| *known == trees)?.1.clone())
    }

    fn keep(&self, trees: (Oid, Oid), changes: &[TreeChange]) {
        if changes.len() <= Self::MOST_CHANGES {
            let mut kept = self.0.borrow_mut();
            kept.truncate(Self::MOST - 1);
            kept.push_front((trees, changes.to_vec()));
        }
    }
}

/// The paths that differ, ordered by name. Renames are a deletion and an addition.
pub fn diff(repo: &Repo, from: Oid, to: Oid) -> Result<Vec<TreeChange>> {
    if from == to {
        return Ok(Vec::new());
    }
    if let Some(known) = repo.compared().find((from, to)) {
        return Ok(known);
    }
    let changes = compare(repo, from, to)?;
    repo.compared().keep((from, to), &changes);
    Ok(changes)
}

fn compare(repo: &Repo, from: Oid, to: Oid) -> Result<Vec<TreeChange>> {
    use gix::diff::tree::{Recorder, recorder::Change};

    let load = |id: Oid| {
        let tree = repo.gix().find_tree(id).with_context(|| format!("cannot read tree {id}"));
        tree.map_err(|error| error.hint(LOST))
    };
    let (from, to) = (load(from)?, load(to)?);
    let mut recorder = Recorder::default();
    let kind = repo.gix().object_hash();
    gix::diff::tree(
        gix::objs::TreeRefIter::from_bytes(&from.data, kind),
        gix::objs::TreeRefIter::from_bytes(&to.data, kind),
        gix::diff::tree::State::default(),
        &repo.gix().objects,
        &mut recorder,
    )
    .context("cannot compare two trees")
    .map_err(|error| error.hint(LOST))?;

    // A file that becomes a folder, or the reverse, comes as two records of one path.
    let mut changes: BTreeMap<BString, TreeChange> = BTreeMap::new();
    let mut note = |path: BString, old: Option<Entry>, new: Option<Entry>| {
        if old.is_none() && new.is_none() {
            return;
        }
        let change = changes.entry(path.clone()).or_insert(TreeChange { path, old: None, new: None });
        change.old = old.or(change.old);
        change.new = new.or(change.new);
    };
    let leaf = |mode: EntryMode, id: Oid| (!mode.is_tree()).then_some(Entry { mode, id });
    for record in recorder.records {
        let (Change::Addition { path, .. } | Change::Deletion { path, .. } | Change::Modification { path, .. }) =
            &record;
        // git refuses to read such a tree; here it would stand for the folder above it.
        if path.is_empty() || path.ends_with(b"/") {
            return Err(Error::refused("a tree has a name that is empty")
                .hint("it was not made by git: do not trust where it came from; nothing was changed"));
        }
        match record {
            Change::Addition { entry_mode, oid, path, .. } => note(path, None, leaf(entry_mode, oid)),
            Change::Deletion { entry_mode, oid, path, .. } => note(path, leaf(entry_mode, oid), None),
            Change::Modification { previous_entry_mode, previous_oid, entry_mode, oid, path } => {
                note(path, leaf(previous_entry_mode, previous_oid), leaf(entry_mode, oid));
            }
        }
    }
    Ok(changes.into_values().collect())
}

/// Whether git would ever write this path: no part of it leads out of the worktree or into `.git`. Trees that were made
/// to hurt have such.
pub fn is_safe_path(path: &BStr) -> bool {
    let rules =
        gix::validate::path::component::Options { protect_windows: false, protect_hfs: false, protect_ntfs: false };
    path.split(|byte| *byte == b'/').all(|part| gix::validate::path::component(part.into(), None, rules).is_ok())
}

/// Whether git would write `path` in this repository: names that stand for `.git` on some file systems it refuses on
/// all, unless `core.protectNTFS` or `core.protectHFS` says otherwise.
pub fn is_writable_path(repo: &Repo, path: &BStr) -> bool {
    let config = repo.gix().config_snapshot();
    let is_on = |key, default| config.boolean(key).unwrap_or(default);
    let rules = gix::validate::path::component::Options {
        protect_windows: false,
        protect_hfs: is_on("core.protectHFS", cfg!(target_os = "macos")),
        protect_ntfs: is_on("core.protectNTFS", true),
    };
    path.split(|byte| *byte == b'/').all(|part| gix::validate::path::component(part.into(), None, rules).is_ok())
}

/// The first of `changes` whose new side git would never write, or could not because another stands above it.
pub fn unsafe_path(changes: &[TreeChange]) -> Option<&BString> {
    let new = || changes.iter().filter(|change| change.new.is_some()).map(|change| &change.path);
    let files: HashSet<&[u8]> = new().map(|path| path.as_slice()).collect();
    let below_a_file = |path: &BString| path.find_iter("/").any(|end| files.contains(&path[..end]));
    new().find(|path| !is_safe_path(path.as_bstr()) || below_a_file(path))
}

/// `tree` with the second side of every change put in place.
pub fn apply<'c>(repo: &Repo, tree: Oid, changes: impl IntoIterator<Item = &'c TreeChange> + Clone) -> Result<Oid> {
    let mut editor = repo.gix().edit_tree(tree).context("cannot edit a tree")?;
    // Removals come first: what is removed may stand where a folder has to be, or the reverse.
    for change in changes.clone() {
        if change.new.is_none() {
            editor.remove(&change.path).context("cannot remove a path from a tree")?;
        }
    }
    for change in changes {
        if let Some(new) = change.new {
            editor.upsert(&change.path, new.mode.kind(), new.id).context("cannot add a path to a tree")?;
        }
    }
    Ok(editor.write().context("cannot write a tree")?.detach())
}

/// What `tree` has at `path`; `None` for nothing, and for a folder.
pub fn entry(repo: &Repo, tree: Oid, path: &BStr) -> Result<Option<Entry>> {
    let root = repo.gix().find_tree(tree).with_context(|| format!("cannot read tree {tree}"))?;
    let found = root.lookup_entry(path.split(|b| *b == b'/')).context("cannot look a path up")?;
    Ok(found.filter(|entry| !entry.mode().is_tree()).map(|entry| Entry { mode: entry.mode(), id: entry.object_id() }))
}

/// Whether two trees may differ at `path`; a no is certain. No more of them is read than the folders on the way that differ.
pub fn may_differ_at(repo: &Repo, (mut from, mut to): (Oid, Oid), path: &BStr) -> Result<bool> {
    let child = |tree: Oid, name: &[u8]| -> Result<Option<Entry>> {
        let tree = repo.gix().find_tree(tree).with_context(|| format!("cannot read tree {tree}"))?;
        let found = tree.lookup_entry([name]).context("cannot look a path up")?;
        Ok(found.map(|entry| Entry { mode: entry.mode(), id: entry.object_id() }))
    };
    for name in path.split(|byte| *byte == b'/') {
        let (old, new) = (child(from, name)?, child(to, name)?);
        match (old, new) {
            (old, new) if old == new => return Ok(false),
            (Some(old), Some(new)) if old.mode.is_tree() && new.mode.is_tree() => (from, to) = (old.id, new.id),
            _ => return Ok(true),
        }
    }
    Ok(true)
}

/// Whether what `tree` has at `path` is a folder; `None` for nothing.
pub fn is_tree(repo: &Repo, tree: Oid, path: &BStr) -> Result<Option<bool>> {
    let root = repo.gix().find_tree(tree).with_context(|| format!("cannot read tree {tree}"))?;
    let found = root.lookup_entry(path.split(|b| *b == b'/')).context("cannot look a path up")?;
    Ok(found.map(|entry| entry.mode().is_tree()))
}
