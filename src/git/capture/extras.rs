//! What trees cannot say about a working state, as a tree of its own.
//!
//! | path in the tree | content |
//! | --- | --- |
//! | `index/unmerged` | the conflict stages, as `git update-index -z --index-info` reads them |
//! | `index/blobs/<oid>` | the blobs of those stages, so that they stay alive |
//! | `index/intent-to-add` | the paths of `git add -N`, each ended by a NUL |
//! | `index/intent-to-add-modes` | the mode of those that have another on disk, or are not there and no plain file |
//! | `index/assume-unchanged`, `index/skip-worktree` | paths with that flag, each ended by a NUL |
//! | `index/absent` | those with the flag `skip-worktree` that are not on disk; there, if empty, wherever that list is |
//! | `git-dir/<path>` | files of a merge, cherry-pick or revert in progress: `MERGE_HEAD`, `MERGE_MSG`, `sequencer/todo` … |
//! | `git-dir-trees/AUTO_MERGE` | the tree that `git-dir/AUTO_MERGE` names, so that it stays alive |
//! | `raw/<path>` | the bytes on disk of a file that git would not give back: a filter, line ends, `ident` (see `raw`) |

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::Path,
};

use gix::{
    bstr::{BString, ByteSlice},
    index::{
        State,
        entry::{Flags, Mode},
    },
    objs::tree::EntryKind,
};

use super::{
    disk::{OnDisk, Rules, os_path},
    left_out::{self, LeftOut},
};
use crate::{
    error::{Context, Error, Result},
    git::Repo,
    model::Oid,
};

/// The files that git keeps while a merge, cherry-pick or revert is going on.
pub(crate) const FILES: [&str; 8] = [
    "AUTO_MERGE",
    "CHERRY_PICK_HEAD",
    "MERGE_HEAD",
    "MERGE_MODE",
    "MERGE_MSG",
    "MERGE_RR",
    "REVERT_HEAD",
    "SQUASH_MSG",
];

/// Files that name commits, one at the start of a line; `sequencer/todo` has them as the second word.
const COMMITS: [&str; 5] =
    ["CHERRY_PICK_HEAD", "MERGE_HEAD", "REVERT_HEAD", "sequencer/abort-safety", "sequencer/head"];

/// The extras of a state.
#[derive(Debug, Default)]
pub(super) struct Extras {
    /// The tree; `None` where there is nothing to say.
    pub(super) tree: Option<Oid>,
    /// Commits that it names.
    pub(super) kept: Vec<Oid>,
}

/// Collects and writes what `index` and the files beside it have.
pub(super) fn write(repo: &Repo, index: &State) -> Result<Extras> {
    let files = read_files(repo.git_dir())?;
    let mut lists = lists(index);
    let intended = intended_modes(repo, index);
    if !intended.is_empty() {
        lists.insert("intent-to-add-modes", intended);
    }
    if let Some(LeftOut { flagged, absent }) = left_out::lists(index, repo.workdir()) {
        lists.extend([("skip-worktree", flagged), ("absent", absent)]);
    }
    if files.is_empty() && lists.is_empty() {
        return Ok(Extras::default());
    }
    let gix = repo.gix();
    let mut tree = gix.empty_tree().edit().context("cannot edit a tree")?;
    let mut put =
        |path: &str, kind: EntryKind, id: Oid| tree.upsert(path, kind, id).map(drop).context("cannot edit a tree");
    for (name, content) in &lists {
        let id = gix.write_blob(content).context("cannot keep what the index says")?.detach();
        put(&format!("index/{name}"), EntryKind::Blob, id)?;
    }
    for entry in index.entries().iter().filter(|entry| entry.flags.stage_raw() != 0 && entry.mode != Mode::COMMIT) {
        // In a partial clone it may not be here, and git could fetch it again.
        if gix.has_object(entry.id) {
            put(&format!("index/blobs/{}", entry.id), EntryKind::Blob, entry.id)?;
        }
    }
    for (name, content) in &files {
        let id = gix.write_blob(content).with_context(|| format!("cannot keep `{name}`"))?.detach();
        put(&format!("git-dir/{name}"), EntryKind::Blob, id)?;
    }
    let merged = files.get("AUTO_MERGE").and_then(|content| Oid::from_hex(content.trim_end()).ok());
    if let Some(id) = merged.filter(|id| gix.find_tree(*id).is_ok()) {
        put("git-dir-trees/AUTO_MERGE", EntryKind::Tree, id)?;
    }
    let tree = tree.write().context("cannot write a tree")?.detach();
    Ok(Extras { tree: Some(tree), kept: commits(repo, &files) })
}

/// The files of `index/`, by name, but for those of [`left_out`].
fn lists(index: &State) -> BTreeMap<&'static str, Vec<u8>> {
    let mut lists: BTreeMap<&'static str, Vec<u8>> = BTreeMap::new();
    for entry in index.entries() {
        let path = entry.path(index);
        let flags = [("assume-unchanged", Flags::ASSUME_VALID), ("intent-to-add", Flags::INTENT_TO_ADD)];
        for (name, flag) in flags {
            if entry.flags.contains(flag) {
                let list = lists.entry(name).or_default();
                list.extend_from_slice(path);
                list.push(0);
            }
        }
        if entry.flags.stage_raw() != 0 {
            let list = lists.entry("unmerged").or_default();
            let about = format!("{:06o} {} {}\t", entry.mode.bits(), entry.id, entry.flags.stage_raw());
            list.extend_from_slice(about.as_bytes());
            list.extend_from_slice(path);
            list.push(0);
        }
    }
    lists
}

/// The modes of paths that are only intended to be added, where what is on disk does not tell them.
fn intended_modes(repo: &Repo, index: &State) -> Vec<u8> {
    let rules = Rules::of(repo.gix());
    let mut list = Vec::new();
    for entry in index.entries().iter().filter(|entry| entry.flags.contains(Flags::INTENT_TO_ADD)) {
        let path = entry.path(index);
        let disk = rustix::fs::lstat(repo.workdir().join(os_path(path))).ok().map(|data| OnDisk::new(&data));
        let disk = disk.filter(OnDisk::is_trackable);
        if disk.map_or(Mode::FILE, |disk| rules.mode(&disk, Some(entry.mode))) != entry.mode {
            list.extend_from_slice(format!("{:06o}\t", entry.mode.bits()).as_bytes());
            list.extend_from_slice(path);
            list.push(0);
        }
    }
    list
}

fn read_files(git_dir: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let failed = |name: &str, error: io::Error| {
        Error::environment(format!("cannot read `{}`", git_dir.join(name).display())).because(error)
    };
    let mut names: Vec<String> = FILES.iter().map(|&name| name.to_owned()).collect();
    match std::fs::read_dir(git_dir.join("sequencer")) {
        Ok(entries) => {
            for entry in entries {
                let entry = entry.map_err(|error| failed("sequencer", error))?;
                names.extend(entry.file_name().to_str().map(|name| format!("sequencer/{name}")));
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed("sequencer", error)),
    }
    let mut files = BTreeMap::new();
    for name in names {
        match std::fs::read(git_dir.join(&name)) {
            Ok(content) => drop(files.insert(name, content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(&name, error)),
        }
    }
    // Left behind by commands that have ended long ago, they say nothing about the state.
    if !["MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "SQUASH_MSG", "MERGE_MSG"]
        .iter()
        .any(|name| files.contains_key(*name))
    {
        files.retain(|name, _| name.starts_with("sequencer/"));
    }
    Ok(files)
}

/// The commits that `files` name and that exist, each once.
fn commits(repo: &Repo, files: &BTreeMap<String, Vec<u8>>) -> Vec<Oid> {
    let mut names: BTreeSet<BString> = BTreeSet::new();
    for (file, content) in files {
        let word = match file.as_str() {
            "sequencer/todo" => 1,
            name if COMMITS.contains(&name) => 0,
            _ => continue,
        };
        names.extend(content.lines().filter_map(|line| line.fields().nth(word)).map(BString::from));
    }
    let is_hex = |name: &BString| name.len() >= 4 && name.iter().all(u8::is_ascii_hexdigit);
    let resolve = |name: BString| {
        let id = repo.gix().rev_parse_single(name.as_bstr()).ok()?.detach();
        repo.gix().find_commit(id).is_ok().then_some(id)
    };
    let mut found: Vec<Oid> = names.into_iter().filter(is_hex).filter_map(resolve).collect();
    found.sort_unstable();
    found.dedup();
    found
}
