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
        Entry, State,
        entry::{Flags, Stage},
        extension,
    },
};

use super::edit::{Edit, Leaf};
use crate::error::{Context, Result};

/// A path that is longer has this as its length.
const LONGEST: usize = 0xfff;

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

    /// Writes it as an index file that git reads; the file is no younger than what was captured.
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
        let is_sparse = state.is_sparse();
        match (state.tree_mut(), &self.cache) {
            // They count a folder that stands as one entry as one file, which holds only as long as it does.
            _ if is_sparse => drop(state.remove_tree()),
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

/// What its file holds, as `Documentation/gitformat-index.txt` has it. gix writes it field by field, and feeds the checksum
/// so, which takes longer than all else.
fn encoded(index: &State) -> Result<Vec<u8>> {
    let what = "cannot encode the index";
    let entries = index.entries();
    let is_extended = entries.iter().any(|entry| entry.flags.contains(Flags::EXTENDED));
    let mut bytes = Vec::with_capacity(entries.len() * 112 + 64);
    bytes.extend_from_slice(b"DIRC");
    bytes.extend_from_slice(&if is_extended { 3_u32 } else { 2 }.to_be_bytes());
    bytes.extend_from_slice(&u32::try_from(entries.len()).context(what)?.to_be_bytes());
    entries.iter().for_each(|entry| encode(&mut bytes, entry, entry.path(index)));
    let (offset, mut extensions) = (bytes.len(), Vec::new());
    let size = |bytes: &[u8], start: usize| u32::try_from(bytes.len() - start - extension::MIN_SIZE).context(what);
    if let Some(tree) = index.tree() {
        tree.write_to(&mut bytes).context(what)?;
        extensions.push((extension::tree::SIGNATURE, size(&bytes, offset)?));
    }
    if index.is_sparse() {
        let start = bytes.len();
        extension::sparse::write_to(&mut bytes).context(what)?;
        extensions.push((extension::sparse::SIGNATURE, size(&bytes, start)?));
    }
    if !extensions.is_empty() {
        let offset = u32::try_from(offset).context(what)?;
        extension::end_of_index_entry::write_to(&mut bytes, index.object_hash(), offset, extensions).context(what)?;
    }
    let mut hasher = gix::hash::hasher(index.object_hash());
    hasher.update(&bytes);
    bytes.extend_from_slice(hasher.try_finalize().context(what)?.as_slice());
    Ok(bytes)
}

fn encode(bytes: &mut Vec<u8>, entry: &Entry, path: &BStr) {
    let (start, stat) = (bytes.len(), &entry.stat);
    for field in [
        stat.ctime.secs,
        stat.ctime.nsecs,
        stat.mtime.secs,
        stat.mtime.nsecs,
        stat.dev,
        stat.ino,
        entry.mode.bits(),
        stat.uid,
        stat.gid,
        stat.size,
    ] {
        bytes.extend_from_slice(&field.to_be_bytes());
    }
    bytes.extend_from_slice(entry.id.as_slice());
    let length = u16::try_from(path.len().min(LONGEST)).expect("it is at most 0xfff");
    bytes.extend_from_slice(&(entry.flags.to_storage().bits() | length).to_be_bytes());
    if entry.flags.contains(Flags::EXTENDED) {
        let extended = (entry.flags & (Flags::INTENT_TO_ADD | Flags::SKIP_WORKTREE)).bits() >> 16;
        bytes.extend_from_slice(&u16::try_from(extended).expect("it is the upper half").to_be_bytes());
    }
    bytes.extend_from_slice(path);
    // At least one NUL, up to a multiple of eight.
    let length = bytes.len() - start;
    bytes.resize(start + (length / 8 + 1) * 8, 0);
}

#[cfg(test)]
mod tests {
    use gix::{
        hash::Kind,
        index::{
            File,
            entry::{Mode, Stat},
            write,
        },
    };

    use super::*;
    use crate::model::Oid;

    #[test]
    fn what_is_written_is_what_gix_writes() {
        let plain = Flags::empty();
        let left_out = flags(true);
        let intended = Flags::EXTENDED | Flags::INTENT_TO_ADD;
        let conflict = Flags::from_stage(Stage::Theirs);
        let assumed = left_out | Flags::ASSUME_VALID;
        for kind in [Kind::Sha1, Kind::Sha256] {
            for all in [vec![], vec![plain], vec![plain, conflict], vec![plain, left_out, intended, conflict, assumed]]
            {
                let mut index = State::new(kind);
                for (length, flags) in (1..20).chain(4085..4100).flat_map(|n| all.iter().map(move |flags| (n, *flags)))
                {
                    let path = format!("{}{}", flags.bits(), "x".repeat(length));
                    let stat = Stat { size: u32::try_from(length).expect("it is small"), ino: 7, ..Stat::default() };
                    index.dangerously_push_entry(
                        stat,
                        Oid::empty_blob(kind),
                        flags,
                        Mode::SYMLINK,
                        path.as_str().into(),
                    );
                }
                index.sort_entries();
                let mut expected = Vec::new();
                let options = write::Options::default();
                File::from_state(index.clone(), "index").write_to(&mut expected, options).expect("gix writes it");
                assert!(encoded(&index).expect("it can be written") == expected, "{kind} {all:?}");
            }
        }
    }
}
