//! The captured worktree as an index file.
//!
//! It is made of the index that was read and of what differs from it, when somebody wants it.

use std::{
    fs::File,
    io::Write,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use gix::{
    bstr::{BStr, ByteSlice},
    index::{
        State,
        entry::{Flags, Stage},
        extension, write,
    },
};

use super::edit::{Edit, Leaf};
use crate::error::{Context, Result};

/// An index that has exactly the captured worktree.
pub struct WorktreeIndex {
    pub(super) index: Arc<State>,
    pub(super) edits: Vec<Edit>,
    /// What is known about its folders; what the index itself knows where no edit counts.
    pub(super) cache: Option<extension::Tree>,
}

impl WorktreeIndex {
    /// What was captured at `path`, and whether its size and time alone can prove that it is still the same. A file
    /// that was read may have been changed within the resolution of the clock.
    pub(super) fn leaf(&self, path: &BStr) -> Option<(Leaf, bool)> {
        if let Ok(at) = self.edits.binary_search_by(|edit| edit.path.as_bstr().cmp(path)) {
            return self.edits[at].to.map(|leaf| (leaf, false));
        }
        let entry = self.index.entry_by_path_and_stage(path, Stage::Unconflicted)?;
        let left_out = entry.flags.contains(Flags::SKIP_WORKTREE);
        let leaf = Leaf { mode: entry.mode, id: entry.id, stat: entry.stat, left_out };
        (!entry.flags.contains(Flags::INTENT_TO_ADD)).then_some((leaf, true))
    }

    /// The files that were read: what an index says of them proves nothing, see [`WorktreeIndex::time`].
    pub(crate) fn read_files(&self) -> impl Iterator<Item = &BStr> {
        self.edits.iter().filter(|edit| edit.to.is_some()).map(|edit| edit.path.as_bstr())
    }

    /// Writes it as an index file that git reads, with the time of [`WorktreeIndex::time`].
    pub fn write_to(&self, path: &Path) -> Result<()> {
        write(path, &self.to_state(), Some(self.time()))
    }

    /// As an index to be changed further, with nothing but the captured files in it.
    pub(in crate::git) fn to_state(&self) -> State {
        let mut state = State::clone(&self.index);
        let mut new = Vec::new();
        for Edit { path, to, .. } in &self.edits {
            match (state.entry_mut_by_path_and_stage(path.as_bstr(), Stage::Unconflicted), to) {
                (Some(entry), Some(leaf)) => {
                    (entry.id, entry.mode, entry.stat) = (leaf.id, leaf.mode, leaf.stat);
                    entry.flags = flags(leaf.left_out);
                }
                (Some(entry), None) => entry.flags |= Flags::REMOVE,
                (None, Some(leaf)) => new.push((path, leaf)),
                (None, None) => {}
            }
        }
        let no_file = Flags::STAGE_MASK | Flags::INTENT_TO_ADD | Flags::REMOVE;
        state.remove_entries(|_, _, entry| {
            let is_no_file = entry.flags.intersects(no_file);
            let is_left_out = entry.flags.contains(Flags::SKIP_WORKTREE);
            entry.flags = flags(is_left_out);
            is_no_file
        });
        for (path, leaf) in &new {
            state.dangerously_push_entry(leaf.stat, leaf.id, flags(leaf.left_out), leaf.mode, path.as_bstr());
        }
        if !new.is_empty() {
            state.sort_entries();
        }
        match (state.tree_mut(), &self.cache) {
            (Some(known), Some(tree)) => known.clone_from(tree),
            _ if self.edits.iter().any(|edit| edit.in_tree) => drop(state.remove_tree()),
            _ => {}
        }
        state
    }

    /// The time that its file has: no later than that of the index or of any file that was read. So git compares the
    /// content of those files (they are "racily clean") and no change after the capture can hide in the resolution of
    /// the file system's clock.
    pub(in crate::git) fn time(&self) -> SystemTime {
        let of_index = self.index.timestamp();
        let of_index = (of_index.unix_seconds(), of_index.nanoseconds());
        let of_edit = |edit: &Edit| edit.to.map(|leaf| (i64::from(leaf.stat.mtime.secs), leaf.stat.mtime.nsecs));
        let (seconds, nanoseconds) = self.edits.iter().filter_map(of_edit).fold(of_index, std::cmp::min);
        // For git, zero means that there is no time to compare with.
        let seconds = u64::try_from(seconds).unwrap_or(0).max(1);
        SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds)
    }
}

/// Those of an entry that a sparse checkout leaves out, or has on disk.
fn flags(is_left_out: bool) -> Flags {
    if is_left_out { Flags::EXTENDED | Flags::SKIP_WORKTREE } else { Flags::empty() }
}

/// Writes `index` as a file that git reads; it has the time `modified`, or that of this moment.
pub(in crate::git) fn write(path: &Path, index: &State, modified: Option<SystemTime>) -> Result<()> {
    let failed = || format!("cannot write the index file `{}`", path.display());
    let bytes = encoded(index).with_context(failed)?;
    let mut file = File::create(path).with_context(failed)?;
    file.write_all(&bytes).with_context(failed)?;
    modified.map_or(Ok(()), |time| file.set_modified(time)).with_context(failed)
}

/// What its file holds. gix would feed the checksum field by field, which takes longer than all else.
fn encoded(index: &State) -> Result<Vec<u8>> {
    let what = "cannot encode the index";
    let extensions = write::Extensions::Given { tree_cache: true, end_of_index_entry: true };
    let mut bytes = Vec::with_capacity(index.entries().len() * 128);
    index.write_to(&mut bytes, write::Options { extensions, skip_hash: true }).context(what)?;
    let mut hasher = gix::hash::hasher(index.object_hash());
    hasher.update(&bytes);
    bytes.extend_from_slice(hasher.try_finalize().context(what)?.as_slice());
    Ok(bytes)
}
