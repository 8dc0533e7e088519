//! Files that were not on disk, with the flag skip-worktree, although no sparse checkout leaves them out.
//!
//! The captured worktree has them, because their content is part of the state. git would write them, or take them
//! for written, so the files are taken from what one state had on disk to what the other had.

use std::collections::BTreeSet;

use gix::bstr::{BString, ByteSlice};

use super::{index, sparse};
use crate::{
    error::{Context, Result},
    git::{
        Repo,
        capture::left_out,
        tree::{self, TreeChange},
    },
    model::{Oid, State},
};

/// The tree of the files that `state` had on disk. In a sparse checkout that is for git to know, and all are in it.
pub(super) fn on_disk(repo: &Repo, state: &State) -> Result<Oid> {
    let Some(extras) = state.extras.filter(|_| !sparse::is_on(repo)) else {
        return Ok(state.worktree);
    };
    let mut removals = Vec::new();
    for listed in index::absent(repo, extras)?.unwrap_or_default() {
        for path in files(repo, state.index, listed)? {
            // Something else may have stood in its place.
            let staged = tree::entry(repo, state.index, path.as_bstr())?;
            if staged.is_some() && staged == tree::entry(repo, state.worktree, path.as_bstr())? {
                removals.push(TreeChange { path, old: None, new: None });
            }
        }
    }
    if removals.is_empty() { Ok(state.worktree) } else { tree::apply(repo, state.worktree, &removals) }
}

/// The extras of `now` without the flag skip-worktree on those of the `wanted` files that are not on disk, so that they
/// are written, but for those that `to` does not have on disk either; and on those that are no more in `index`, the tree of
/// the index that is to be.
pub fn brought_back(
    repo: &Repo,
    (now, to): (&State, &State),
    index: Oid,
    wanted: &dyn Fn(&BString) -> bool,
) -> Result<Option<Oid>> {
    let Some(extras) = now.extras.filter(|_| !sparse::is_on(repo)) else { return Ok(now.extras) };
    let all = |listed: Vec<BString>, tree: Oid| -> Result<BTreeSet<BString>> {
        let files: Vec<_> = listed.into_iter().map(|listed| files(repo, tree, listed)).collect::<Result<_>>()?;
        Ok(files.into_iter().flatten().collect())
    };
    let mut absent = all(index::absent(repo, extras)?.unwrap_or_default(), now.index)?;
    let theirs = to.extras.map_or_else(|| Ok(None), |extras| index::absent(repo, extras))?.unwrap_or_default();
    let theirs = all(theirs, to.index)?;
    let mut flagged = all(index::skip_worktree(repo, extras)?, now.index)?;
    let mut bare = BTreeSet::new();
    for path in flagged.iter().filter(|path| wanted(path)) {
        let comes_back = absent.contains(path) && !theirs.contains(path);
        if comes_back || tree::entry(repo, index, path.as_bstr())?.is_none() {
            bare.insert(path.clone());
        }
    }
    if bare.is_empty() {
        return Ok(now.extras);
    }
    flagged.retain(|path| !bare.contains(path));
    absent.retain(|path| !bare.contains(path));
    let others = index::not_in_its_tree(repo, extras)?;
    left_out::put(repo, extras, (index, &others), (&flagged, &absent))
}

/// What a line of the list stands for: a file, or all that `tree` has in a folder.
fn files(repo: &Repo, tree: Oid, listed: BString) -> Result<Vec<BString>> {
    let Some(folder) = listed.strip_suffix(b"/") else {
        return Ok(vec![listed]);
    };
    let root = repo.gix().find_tree(tree).context("cannot read a tree")?;
    let found = root.lookup_entry(folder.split(|byte| *byte == b'/')).context("cannot look a path up")?;
    let Some(inside) = found.filter(|entry| entry.mode().is_tree()) else {
        return Ok(Vec::new());
    };
    let all = tree::diff(repo, Oid::empty_tree(repo.gix().object_hash()), inside.object_id())?;
    Ok(all.into_iter().map(|change| BString::from([listed.as_slice(), &change.path].concat())).collect())
}
