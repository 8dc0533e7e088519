//! Files outside of a sparse checkout that are on disk all the same.
//!
//! `git read-tree -u` takes such files off the disk as soon as it has anything to do, because the patterns do not
//! want them. The state that is restored had them, possibly with changes, so they are put back.

use std::collections::HashSet;

use gix::{
    bstr::{BString, ByteSlice},
    index::entry::{Flags, Stage},
};

use super::{git_on, index, temporary::TemporaryIndex};
use crate::{
    error::Result,
    git::{Repo, tree},
    model::State,
};

/// Whether the flag skip-worktree is git's own to set and clear.
pub(super) fn is_on(repo: &Repo) -> bool {
    repo.gix().config_snapshot().boolean("core.sparseCheckout").unwrap_or(false)
}

/// Writes the files that `target` had on disk and that git left out, and takes the flag off their entries.
pub(super) fn keep_on_disk(repo: &Repo, index: &mut TemporaryIndex, target: &State) -> Result<()> {
    if !is_on(repo) {
        return Ok(());
    }
    let listed = target.extras.map_or_else(
        || Ok(Vec::new()),
        |extras| match index::absent(repo, extras)? {
            Some(absent) => Ok(absent),
            None => index::skip_worktree(repo, extras),
        },
    )?;
    let listed: HashSet<BString> = listed.into_iter().collect();
    // Whole folders are listed with a slash at the end.
    let is_listed = |path: &BString| {
        listed.contains(path) || path.find_iter("/").any(|end| listed.contains(path[..=end].as_bstr()))
    };
    // A file that differs from the index was there, whatever its flag said.
    let changes = tree::diff(repo, target.index, target.worktree)?;
    let present: HashSet<&BString> = changes.iter().map(|change| &change.path).collect();
    let was_absent = |path: &BString| is_listed(path) && !present.contains(path);
    let mut wanted: Vec<BString> = Vec::new();
    index.edit(repo, |index| {
        let entries = index.entries().iter().filter(|entry| entry.flags.contains(Flags::SKIP_WORKTREE));
        wanted = entries.map(|entry| entry.path(index).to_owned()).filter(|path| !was_absent(path)).collect();
        for path in &wanted {
            if let Some(entry) = index.entry_mut_by_path_and_stage(path.as_ref(), Stage::Unconflicted) {
                entry.flags -= Flags::SKIP_WORKTREE;
            }
        }
        Ok(())
    })?;
    if wanted.is_empty() {
        return Ok(());
    }
    let list: Vec<u8> = wanted.iter().flat_map(|path| path.iter().copied().chain([0])).collect();
    let args = ["checkout-index", "--index", "-z", "--stdin"];
    let output = git_on(repo, index.lend()?, &args).stdin(list).output()?;
    // A file that is there already is not overwritten, which git reports as a failure.
    let is_there = |line: &str| line.ends_with("already exists, no checkout");
    if output.code == 0 || output.stderr.lines().all(is_there) {
        Ok(())
    } else {
        Err(output.error("git checkout-index"))
    }
}
