//! The index that a restore works in, beside the real one.

use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

use gix::{
    bstr::{BString, ByteSlice},
    index::{
        File, State,
        entry::{Flags, Mode, Stat},
    },
};

use super::index::mode_of;
use crate::{
    error::{Context, Result},
    git::{
        Repo,
        capture::{WorktreeIndex, index_file},
        tree,
    },
    model::Oid,
};

/// In memory for as long as only this program changes it; a file where git reads or writes it, and at the end. Gone when
/// it is dropped.
///
/// The file keeps its time. By it git tells which files may have changed in the same moment in which they were entered,
/// and compares their content; a later time would hide such changes for ever.
pub(super) struct TemporaryIndex {
    path: PathBuf,
    /// What is in memory; else the file says it.
    held: Option<State>,
    /// The time that the file has, or gets: `None` for that in which it is written next.
    time: Option<SystemTime>,
    /// Whether the file is not as what is in memory.
    is_dirty: bool,
}

impl TemporaryIndex {
    /// Of what was captured. What an earlier restore that was killed left in its place is removed.
    pub(super) fn of(repo: &Repo, captured: &WorktreeIndex) -> Self {
        remove_left_over(repo);
        TemporaryIndex {
            path: place(repo),
            held: Some(captured.to_state()),
            time: Some(captured.time()),
            is_dirty: true,
        }
    }

    /// Changes it in memory.
    pub(super) fn edit(&mut self, repo: &Repo, change: impl FnOnce(&mut State) -> Result<()>) -> Result<()> {
        let index = match &mut self.held {
            Some(index) => index,
            none => {
                let (index, modified) = read(repo, &self.path)?;
                self.time = Some(modified);
                none.insert(index)
            }
        };
        self.is_dirty = true;
        expand(repo, index)?;
        change(index)
    }

    /// Lets the file have the time in which it is written next.
    pub(super) fn renew_time(&mut self) {
        self.time = None;
    }

    /// Brings the file up to date; its path.
    pub(super) fn save(&mut self) -> Result<&Path> {
        if let Some(index) = self.held.as_ref().filter(|_| self.is_dirty) {
            index_file::write(&self.path, index, self.time)?;
            if self.time.is_none() {
                self.time = self.path.metadata().and_then(|data| data.modified()).ok();
            }
            self.is_dirty = false;
        }
        Ok(&self.path)
    }

    /// As [`TemporaryIndex::save`], for git to change the file.
    pub(super) fn lend(&mut self) -> Result<&Path> {
        self.save()?;
        self.held = None;
        Ok(&self.path)
    }
}

impl Drop for TemporaryIndex {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

/// Removes what a restore left that was killed.
pub(super) fn remove_left_over(repo: &Repo) {
    remove(&place(repo));
}

fn place(repo: &Repo) -> PathBuf {
    repo.git_dir().join("checkpoint-index")
}

fn remove(path: &Path) {
    for path in [path, &path.with_extension("lock")] {
        // It may not be there; and a left-over is overwritten by the next restore.
        std::fs::remove_file(path).ok();
    }
}

fn read(repo: &Repo, path: &Path) -> Result<(State, SystemTime)> {
    let failed = || format!("cannot read the index file `{}`", path.display());
    let modified = path.metadata().and_then(|data| data.modified()).with_context(failed)?;
    // As where the index is captured: git does not verify the checksum either. This file was written a moment ago.
    let skip_hash = true;
    let options = gix::index::decode::Options { thread_limit: Some(1), ..Default::default() };
    let file = File::at(path, repo.gix().object_hash(), skip_hash, options).with_context(failed)?;
    Ok((file.into_parts().0, modified))
}

/// Replaces the folders of a sparse index by the files in them.
fn expand(repo: &Repo, index: &mut State) -> Result<()> {
    if !index.is_sparse() {
        return Ok(());
    }
    let is_folder = |entry: &gix::index::Entry| entry.mode == Mode::DIR;
    let folders: Vec<(BString, Oid)> = index
        .entries()
        .iter()
        .filter(|entry| is_folder(entry))
        .map(|entry| (entry.path(index).to_owned(), entry.id))
        .collect();
    if folders.is_empty() {
        return Ok(());
    }
    index.remove_entries(|_, _, entry| is_folder(entry));
    for (folder, id) in folders {
        let empty = Oid::empty_tree(repo.gix().object_hash());
        for change in tree::diff(repo, empty, id)? {
            let Some(new) = change.new else { continue };
            let path = [folder.as_slice(), &change.path].concat();
            let flags = Flags::EXTENDED | Flags::SKIP_WORKTREE;
            index.dangerously_push_entry(Stat::default(), new.id, flags, mode_of(new), path.as_bstr());
        }
    }
    index.sort_entries();
    // It was made for the entries as they were.
    index.remove_tree();
    Ok(())
}
