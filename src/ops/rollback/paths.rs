//! Some files back, and nothing else moved.

use gix::bstr::{BString, ByteSlice};

use crate::{
    error::{Error, Result},
    git::{
        capture::{beside, raw},
        restore,
        tree::{self, TreeChange},
    },
    model::{Oid, State, quote_path},
    ops::Session,
};

/// The state now, with what is under `paths` as `to` has it. HEAD stays.
pub(super) fn only(session: &Session, now: &State, to: &State, paths: &[BString]) -> Result<State> {
    let under = |change: &TreeChange| paths.iter().any(|path| is_under(&change.path, path));
    let mut matched = vec![false; paths.len()];
    let mut pick = |from: Oid, into: Oid| -> Result<Oid> {
        let changes = tree::diff(&session.repo, from, into)?;
        let wanted: Vec<TreeChange> = changes.into_iter().filter(under).collect();
        for (path, matched) in paths.iter().zip(&mut matched) {
            *matched |= wanted.iter().any(|change| is_under(&change.path, path));
        }
        tree::apply(&session.repo, from, &wanted)
    };
    let (index, worktree) = (pick(now.index, to.index)?, pick(now.worktree, to.worktree)?);
    for (path, _) in paths.iter().zip(matched).filter(|(_, matched)| !matched) {
        let known = [now.worktree, to.worktree].into_iter().any(|tree| has_path(session, tree, path));
        if !known {
            return Err(Error::usage(format!("`{}` is in neither state", quote_path(path.as_ref())))
                .hint("paths are relative to the current folder; `git checkpoint diff` lists what differs"));
        }
    }
    let mut exact = raw::read(&session.repo, now.extras)?;
    let is_wanted = |path: &BString| paths.iter().any(|prefix| is_under(path, prefix));
    exact.retain(|path, _| !is_wanted(path));
    exact.extend(raw::read(&session.repo, to.extras)?.into_iter().filter(|(path, _)| is_wanted(path)));
    let present = restore::brought_back(&session.repo, (now, to), index, &is_wanted)?;
    let said = beside::with_paths(&session.repo, (present, to.extras), &is_wanted)?;
    let extras = raw::put(&session.repo, said, &exact)?;
    Ok(State { index, worktree, head: now.head.clone(), tip: to.tip, extras })
}

fn has_path(session: &Session, tree: Oid, path: &BString) -> bool {
    path.is_empty()
        || session
            .repo
            .gix()
            .find_tree(tree)
            .ok()
            .and_then(|tree| tree.lookup_entry(path.split(|b| *b == b'/')).ok())
            .flatten()
            .is_some()
}

pub(super) fn is_under(path: &BString, prefix: &BString) -> bool {
    prefix.is_empty() || path.strip_prefix(prefix.as_bytes()).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_covers_itself_and_what_is_below() {
        let under = |path: &str, prefix: &str| is_under(&path.into(), &prefix.into());
        assert!(under("src/a.rs", "src") && under("src", "src") && under("anything", ""));
        assert!(!under("srcs/a.rs", "src") && !under("src", "src/a.rs"));
    }
}
