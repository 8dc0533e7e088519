//! The captured worktree as an index file.
//!
//! gix writes only the index it read; this one has other entries, without copying them all before it is known whether
//! anyone wants the file.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use gix::{
    bstr::{BStr, ByteSlice},
    index::{
        State,
        entry::{Flags, Mode, Stage},
        extension,
    },
};

use super::edit::{Edit, Leaf, merged};
use crate::error::{Context, Result};

const LEFT_OUT: u16 = 1 << 14;
const EXTENDED: u16 = 1 << 14;
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

    /// The files that were read: what an index says of them proves nothing, see [`WorktreeIndex::write_to`].
    pub(crate) fn read_files(&self) -> impl Iterator<Item = &BStr> {
        self.edits.iter().filter(|edit| edit.to.is_some()).map(|edit| edit.path.as_bstr())
    }

    /// Writes it as an index file that git reads.
    ///
    /// The file's own time is no later than that of the index or of any file that was read. So git compares the
    /// content of those files (they are "racily clean") and no change after the capture can hide in the resolution of
    /// the file system's clock.
    pub fn write_to(&self, path: &Path) -> Result<()> {
        let failed = || format!("cannot write the index file `{}`", path.display());
        let file = File::create(path).with_context(failed)?;
        let mut out = gix::hash::io::Write::new(BufWriter::new(&file), self.index.object_hash());
        self.write_entries(&mut out).and_then(|()| self.write_extensions(&mut out)).with_context(failed)?;
        let checksum = out.hash.try_finalize().with_context(failed)?;
        let mut inner = out.inner;
        inner.write_all(checksum.as_slice()).and_then(|()| inner.flush()).with_context(failed)?;
        drop(inner);
        file.set_modified(self.time()).with_context(failed)
    }

    fn time(&self) -> SystemTime {
        let of_index = self.index.timestamp();
        let of_index = (of_index.unix_seconds(), of_index.nanoseconds());
        let of_edit = |edit: &Edit| edit.to.map(|leaf| (i64::from(leaf.stat.mtime.secs), leaf.stat.mtime.nsecs));
        let (seconds, nanoseconds) = self.edits.iter().filter_map(of_edit).fold(of_index, std::cmp::min);
        // For git, zero means that there is no time to compare with.
        let seconds = u64::try_from(seconds).unwrap_or(0).max(1);
        SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds)
    }

    fn write_entries(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let (mut count, mut version) = (0_u32, 2_u32);
        for (_, leaf) in merged(&self.index, &self.edits) {
            count += 1;
            if leaf.left_out {
                version = 3;
            }
        }
        out.write_all(b"DIRC")?;
        out.write_all(&version.to_be_bytes())?;
        out.write_all(&count.to_be_bytes())?;
        let mut record = Vec::with_capacity(256);
        for (path, leaf) in merged(&self.index, &self.edits) {
            record.clear();
            encode(&mut record, path, &leaf);
            out.write_all(&record)?;
        }
        Ok(())
    }

    fn write_extensions(&self, out: &mut dyn Write) -> std::io::Result<()> {
        if self.index.is_sparse() {
            return extension::sparse::write_to(out);
        }
        let is_as_read = !self.edits.iter().any(|edit| edit.in_tree);
        match &self.cache {
            Some(tree) => tree.write_to(out),
            None if is_as_read => self.index.tree().map_or(Ok(()), |tree| tree.write_to(out)),
            None => Ok(()),
        }
    }
}

/// One entry, as `Documentation/gitformat-index.txt` has it.
fn encode(record: &mut Vec<u8>, path: &BStr, leaf: &Leaf) {
    let stat = &leaf.stat;
    let mode = if leaf.mode == Mode::DIR { 0o040_000 } else { leaf.mode.bits() };
    for field in [
        stat.ctime.secs,
        stat.ctime.nsecs,
        stat.mtime.secs,
        stat.mtime.nsecs,
        stat.dev,
        stat.ino,
        mode,
        stat.uid,
        stat.gid,
        stat.size,
    ] {
        record.extend_from_slice(&field.to_be_bytes());
    }
    record.extend_from_slice(leaf.id.as_slice());
    let length = u16::try_from(path.len().min(LONGEST)).expect("it is at most 0xfff");
    record.extend_from_slice(&(length | if leaf.left_out { EXTENDED } else { 0 }).to_be_bytes());
    if leaf.left_out {
        record.extend_from_slice(&LEFT_OUT.to_be_bytes());
    }
    record.extend_from_slice(path);
    // At least one NUL, up to a multiple of eight.
    record.resize((record.len() / 8 + 1) * 8, 0);
}
