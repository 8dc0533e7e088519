//! An index with changes laid over it, without changing the index: the form in which both trees are computed.

use std::{cmp::Ordering, iter::Peekable, slice};

use gix::{
    bstr::{BStr, BString, ByteSlice},
    index::{
        State,
        entry::{Flags, Mode, Stat},
    },
};

use crate::model::Oid;

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Leaf {
    pub(super) mode: Mode,
    pub(super) id: Oid,
    pub(super) stat: Stat,
    /// A sparse checkout leaves it out.
    pub(super) left_out: bool,
}

/// A path that differs from the index in what it is, or only in its stat data.
#[derive(Debug, Clone)]
pub(super) struct Edit {
    pub(super) path: BString,
    /// `None`: it is gone.
    pub(super) to: Option<Leaf>,
    /// Whether trees see it.
    pub(super) in_tree: bool,
}

impl Edit {
    pub(super) fn removal(path: &BStr) -> Self {
        Edit { path: path.to_owned(), to: None, in_tree: true }
    }
}

/// Brings edits into the order of paths, one a path: a removal gives way to anything else.
pub(super) fn sort(edits: &mut Vec<Edit>) {
    edits.sort_by(|a, b| a.path.cmp(&b.path).then(b.to.is_some().cmp(&a.to.is_some())));
    edits.dedup_by(|later, first| later.path == first.path);
}

/// A file that is there takes the place of entries that a sparse checkout left out: a file where a folder was, or a
/// folder where a file was. Adds their removals to `edits`, which are in order.
pub(super) fn clear_the_way(index: &State, edits: &mut Vec<Edit>) {
    let find = |edits: &[Edit], path: &BStr| edits.binary_search_by(|edit| edit.path.as_bstr().cmp(path)).is_ok();
    let mut removals = Vec::new();
    for edit in edits.iter().filter(|edit| edit.to.is_some()) {
        let path = edit.path.as_bstr();
        for slash in path.find_iter(b"/") {
            let above = path[..slash].as_bstr();
            if index.entry_by_path(above).is_some() && !find(edits, above) {
                removals.push(Edit::removal(above));
            }
        }
        let below: BString = [path.as_bytes(), b"/"].concat().into();
        for entry in index.prefixed_entries(below.as_bstr()).unwrap_or_default() {
            let path = entry.path(index);
            if !find(edits, path) {
                removals.push(Edit::removal(path));
            }
        }
    }
    if !removals.is_empty() {
        edits.append(&mut removals);
        sort(edits);
    }
}

/// The paths of `index` with `edits` (in order) laid over it, in order. Entries with conflict stages or an intent to
/// add count only where an edit says what they are.
pub(super) fn merged<'a>(index: &'a State, edits: &'a [Edit]) -> Merged<'a> {
    Merged { index, entries: index.entries().iter().peekable(), edits: edits.iter().peekable() }
}

/// See [`merged`].
pub(super) struct Merged<'a> {
    index: &'a State,
    entries: Peekable<slice::Iter<'a, gix::index::Entry>>,
    edits: Peekable<slice::Iter<'a, Edit>>,
}

impl<'a> Iterator for Merged<'a> {
    type Item = (&'a BStr, Leaf);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let order = match (self.entries.peek(), self.edits.peek()) {
                (None, None) => return None,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(entry), Some(edit)) => entry.path(self.index).cmp(edit.path.as_bstr()),
            };
            if order == Ordering::Equal {
                // All stages of the path; the edit comes in the next round.
                self.entries.next();
            } else if order == Ordering::Greater {
                let edit = self.edits.next().expect("it was peeked at");
                if let Some(leaf) = edit.to {
                    return Some((edit.path.as_bstr(), leaf));
                }
            } else {
                let entry = self.entries.next().expect("it was peeked at");
                if entry.flags.stage_raw() == 0 && !entry.flags.contains(Flags::INTENT_TO_ADD) {
                    let left_out = entry.flags.contains(Flags::SKIP_WORKTREE);
                    let leaf = Leaf { mode: entry.mode, id: entry.id, stat: entry.stat, left_out };
                    return Some((entry.path(self.index), leaf));
                }
            }
        }
    }
}
