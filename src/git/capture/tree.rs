//! `git write-tree` for an index with edits, which reuses what the index knows about its folders (its `TREE`
//! extension): folders without edits cost nothing.

use std::ops::Range;

use gix::{
    bstr::{BStr, BString, ByteSlice},
    index::{State, entry::Mode, extension},
    objs::{Kind, Write},
};

use super::edit::{Edit, Leaf, merged};
use crate::{
    error::{Context, Error, Result},
    model::Oid,
};

/// A tree, and the `TREE` extension of an index that has exactly its paths.
pub(super) struct Written {
    pub(super) id: Oid,
    pub(super) cache: extension::Tree,
}

/// The id of the tree of `index` itself, if the index knows it.
pub(super) fn known(index: &State) -> Option<Oid> {
    trusted(index).and_then(|tree| tree.num_entries.map(|_| tree.id))
}

/// Some programs write an index without invalidating its extension; then at least the number of entries is wrong.
fn trusted(index: &State) -> Option<&extension::Tree> {
    let tree = index.tree()?;
    let fits = tree.num_entries.is_none_or(|count| index.is_sparse() || count as usize == index.entries().len());
    fits.then_some(tree)
}

/// Writes the trees of `index` with `edits` laid over it through `repo`.
pub(super) fn write(repo: &gix::Repository, index: &State, edits: &[Edit]) -> Result<Written> {
    let leaves: Vec<(&BStr, Leaf)> = merged(index, edits).collect();
    let mut dirty: Vec<&BStr> = edits.iter().filter(|edit| edit.in_tree).map(|edit| edit.path.as_bstr()).collect();
    // An entry that counts for nothing without an edit is an edit itself.
    let pending = index
        .entries()
        .iter()
        .filter(|entry| entry.flags.stage_raw() != 0 || entry.flags.contains(gix::index::entry::Flags::INTENT_TO_ADD));
    dirty.extend(pending.map(|entry| entry.path(index)));
    dirty.sort_unstable();
    let writer = Writer { repo, leaves: &leaves, dirty: &dirty };
    let cache = writer.folder(0..leaves.len(), 0, trusted(index))?;
    Ok(Written { id: cache.id, cache })
}

struct Writer<'a> {
    repo: &'a gix::Repository,
    leaves: &'a [(&'a BStr, Leaf)],
    dirty: &'a [&'a BStr],
}

impl Writer<'_> {
    /// Writes the folder that has the leaves of `range`; its path, with the final `/`, has `depth` bytes.
    fn folder(&self, range: Range<usize>, depth: usize, old: Option<&extension::Tree>) -> Result<extension::Tree> {
        let count = u32::try_from(range.len()).ok();
        let mut known: Vec<&extension::Tree> = old.map_or(Vec::new(), |tree| tree.children.iter().collect());
        known.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        let mut children = Vec::new();
        let mut content = Vec::with_capacity(range.len().min(1000) * 48);
        let mut at = range.start;
        while at < range.end {
            let (path, leaf) = &self.leaves[at];
            let name = &path[depth..];
            let Some(slash) = name.find_byte(b'/') else {
                push(&mut content, leaf.mode, name, leaf.id)?;
                at += 1;
                continue;
            };
            let below = &path[..depth + slash + 1];
            let name = name[..slash].as_bstr();
            let size = self.leaves[at..range.end].partition_point(|(path, _)| path.starts_with(below));
            if leaf.mode == Mode::DIR && below.len() == path.len() {
                push(&mut content, Mode::DIR, name, leaf.id)?;
            } else {
                let old = known.binary_search_by(|tree| tree.name[..].cmp(name)).ok().map(|found| known[found]);
                let child = match old.filter(|old| self.is_reusable(old, below)) {
                    Some(old) => old.clone(),
                    None => extension::Tree {
                        name: name.as_bytes().into(),
                        ..self.folder(at..at + size, below.len(), old)?
                    },
                };
                push(&mut content, Mode::DIR, name, child.id)?;
                children.push(child);
            }
            at += size;
        }
        let id = self.store(&content)?;
        Ok(extension::Tree { name: Default::default(), id, num_entries: count, children })
    }

    fn is_reusable(&self, old: &extension::Tree, below: &[u8]) -> bool {
        let first = self.dirty.partition_point(|path| path.as_bytes() < below);
        let is_dirty = self.dirty.get(first).is_some_and(|path| path.starts_with(below));
        old.num_entries.is_some() && !is_dirty && self.repo.objects.exists_without_refresh(&old.id)
    }

    fn store(&self, content: &[u8]) -> Result<Oid> {
        let id = gix::objs::compute_hash(self.repo.object_hash(), Kind::Tree, content).context("cannot hash a tree")?;
        // Also what git has already: only `objects::flush` knows whether that survives a power cut.
        self.repo.objects.write_buf_with_known_id(Kind::Tree, content, id).context("cannot write a tree")?;
        Ok(id)
    }
}

fn push(content: &mut Vec<u8>, mode: Mode, name: &[u8], id: Oid) -> Result<()> {
    let mode = mode.to_tree_entry_mode().ok_or_else(|| {
        let name = BString::from(name);
        Error::environment(format!("the index has an unknown mode for `{}`", crate::model::quote_path(name.as_bstr())))
    })?;
    content.extend_from_slice(format!("{:o} ", mode.value()).as_bytes());
    content.extend_from_slice(name);
    content.push(0);
    content.extend_from_slice(id.as_slice());
    Ok(())
}
