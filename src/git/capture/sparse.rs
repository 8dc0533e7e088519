//! Sparse indexes: folders that stand as one entry, although files of theirs may be on disk.

use gix::{
    bstr::{BString, ByteSlice},
    index::{
        State,
        entry::{Flags, Mode, Stat},
    },
};

use super::{
    disk::os_path,
    trouble::{Attempt, Trouble},
};
use crate::git::Repo;

/// Replaces every entry of `index` that is a folder, and is on disk, by the files in it, which are left out.
pub(super) fn expand(repo: &Repo, index: &mut State) -> Attempt<()> {
    if !index.is_sparse() {
        return Ok(());
    }
    let is_present = |path: &[u8]| {
        let path = path.strip_suffix(b"/").unwrap_or(path).as_bstr();
        std::fs::symlink_metadata(repo.workdir().join(os_path(path))).is_ok()
    };
    let folders: Vec<(BString, gix::ObjectId)> = index
        .entries()
        .iter()
        .filter(|entry| entry.mode == Mode::DIR && is_present(entry.path(index)))
        .map(|entry| (entry.path(index).to_owned(), entry.id))
        .collect();
    if folders.is_empty() {
        return Ok(());
    }
    for (folder, id) in &folders {
        let failed = |error: gix::Error| Trouble::unsupported("cannot read a folder of the sparse index", error);
        let tree = repo.gix().find_tree(*id).map_err(failed)?;
        for file in tree.traverse().breadthfirst.files().map_err(failed)? {
            let path: BString = [folder.as_slice(), file.filepath.as_slice()].concat().into();
            let mode = Mode::from(file.mode);
            index.dangerously_push_entry(Stat::default(), file.oid, Flags::SKIP_WORKTREE, mode, path.as_bstr());
        }
    }
    index.remove_entries(|_, path, entry| {
        entry.mode == Mode::DIR && folders.binary_search_by(|(folder, _)| folder.as_bstr().cmp(path)).is_ok()
    });
    index.sort_entries();
    // It was made for the entries as they were.
    index.remove_tree();
    Ok(())
}
