//! Files that git was told not to look for, with the flag skip-worktree: by a sparse checkout, or by the user.
//!
//! A sparse index has one entry for a folder where a full one has every file in it, and git changes the one into the
//! other whenever it likes. So a folder that is left out as a whole is always listed as a folder, and the lists of
//! both are the same.

use std::{collections::BTreeSet, path::Path};

use gix::{
    bstr::{BStr, BString, ByteSlice},
    index::{
        Entry, State,
        entry::{Flags, Mode, Stat},
    },
    objs::tree::EntryKind,
};

use super::disk::os_path;
use crate::{
    error::{Context, Result},
    git::Repo,
    model::Oid,
};

/// Both lists of paths, each ended by a NUL; folders end with a slash.
pub(super) struct LeftOut {
    /// What has the flag.
    pub(super) flagged: Vec<u8>,
    /// What of it is not on disk.
    pub(super) absent: Vec<u8>,
}

/// `None` where no file has the flag.
pub(super) fn lists(index: &State, workdir: &Path) -> Option<LeftOut> {
    let is_flagged = |entry: &Entry| entry.flags.contains(Flags::SKIP_WORKTREE) && entry.flags.stage_raw() == 0;
    let mut flags: Vec<bool> = index.entries().iter().map(is_flagged).collect();
    if !flags.contains(&true) {
        return None;
    }
    let flagged = collapsed(index, &flags);
    let mut disk = Disk { workdir, present: BString::default(), absent: None };
    for (entry, flag) in index.entries().iter().zip(&mut flags).filter(|(_, flag)| **flag) {
        *flag = disk.lacks(entry.path(index));
    }
    Some(LeftOut { flagged, absent: collapsed(index, &flags) })
}

/// `extras` with these lists of files, as a capture of an index with the tree `index` and `others` makes them.
pub fn put(
    repo: &Repo,
    extras: Oid,
    (index, others): (Oid, &BTreeSet<BString>),
    (flagged, absent): (&BTreeSet<BString>, &BTreeSet<BString>),
) -> Result<Option<Oid>> {
    let failed = "cannot change what the index says";
    let mut index = repo.gix().index_from_tree(&index).context(failed)?;
    for path in others {
        if index.entry_by_path(path.as_bstr()).is_none() {
            let id = Oid::empty_blob(repo.gix().object_hash());
            index.dangerously_push_entry(Stat::default(), id, Flags::empty(), Mode::FILE, path.as_bstr());
        }
    }
    index.sort_entries();
    let mut tree = repo.gix().edit_tree(extras).context(failed)?;
    for (name, files) in [("index/skip-worktree", flagged), ("index/absent", absent)] {
        let is_in = |entry: &Entry| files.contains(entry.path(&index));
        let chosen: Vec<bool> = index.entries().iter().map(is_in).collect();
        if flagged.is_empty() {
            tree.remove(name).context(failed)?;
        } else {
            let list = repo.gix().write_blob(collapsed(&index, &chosen)).context(failed)?;
            tree.upsert(name, EntryKind::Blob, list).context(failed)?;
        }
    }
    let tree = tree.write().context(failed)?.detach();
    Ok((tree != Oid::empty_tree(repo.gix().object_hash())).then_some(tree))
}

/// The paths of the entries that `chosen` says, with one folder for all that is in it where all of it is chosen.
fn collapsed(index: &State, chosen: &[bool]) -> Vec<u8> {
    let mut list = Vec::new();
    collapse(index, chosen, (0, 0), &mut list);
    list
}

/// `at`: the first entry of the folder, and the length of the folder's name.
fn collapse(index: &State, chosen: &[bool], at: (usize, usize), list: &mut Vec<u8>) {
    let (mut first, length) = at;
    let path = |entry: usize| index.entry(entry).path(index);
    while first < chosen.len() {
        let Some(end) = path(first)[length..].find_byte(b'/').map(|slash| length + slash + 1) else {
            if chosen[first] {
                push(list, path(first));
            }
            first += 1;
            continue;
        };
        let folder = &path(first)[..end];
        let count = index.entries()[first..].partition_point(|entry| entry.path(index).starts_with(folder));
        let inside = &chosen[..first + count];
        if inside[first..].iter().all(|is_chosen| *is_chosen) {
            push(list, folder.as_bstr());
        } else {
            collapse(index, inside, (first, end), list);
        }
        first += count;
    }
}

fn push(list: &mut Vec<u8>, path: &BStr) {
    list.extend_from_slice(path);
    list.push(0);
}

/// The disk, asked for paths in order: what is known of the last folder need not be asked again.
struct Disk<'a> {
    workdir: &'a Path,
    present: BString,
    absent: Option<BString>,
}

impl Disk<'_> {
    /// Whether nothing is at `path`, or only through a link in place of a folder above it.
    fn lacks(&mut self, path: &BStr) -> bool {
        if self.absent.as_ref().is_some_and(|folder| path.starts_with(folder)) {
            return true;
        }
        let path = path.strip_suffix(b"/").unwrap_or(path).as_bstr();
        let look = |path: &[u8]| std::fs::symlink_metadata(self.workdir.join(os_path(path.as_bstr())));
        for slash in path.find_iter("/") {
            let folder = path[..=slash].as_bstr();
            if self.present.starts_with(folder) {
                continue;
            }
            if !look(&path[..slash]).is_ok_and(|data| data.is_dir()) {
                self.absent = Some(folder.to_owned());
                return true;
            }
            self.present = folder.to_owned();
        }
        look(path).is_err()
    }
}
