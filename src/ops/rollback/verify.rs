//! Whether HEAD, index and files are those of the state gone back to, captured anew.

use crate::{
    error::{Context, Result},
    git::{
        capture::{raw, witness},
        tree,
    },
    model::{State, quote_path},
    ops::Session,
};

/// Whether the state now is `target`, and the submodules that alone are not. Rules that went away or came back change what
/// of the untracked files is seen at all: one that the state `before` ignored, or that the rules now ignore, has stayed
/// where it was.
pub(super) fn verify(session: &Session, before: &State, target: &State) -> Result<(bool, Vec<String>)> {
    let mut now = session.capture()?.state;
    let mut submodules = Vec::new();
    for change in tree::diff(&session.repo, target.worktree, now.worktree)? {
        let path = change.path.as_ref();
        if [change.old, change.new].into_iter().flatten().any(|entry| entry.mode.is_commit()) {
            submodules.push(quote_path(path));
            continue;
        }
        let was = tree::entry(&session.repo, before.worktree, path)?;
        let has_stayed = match (change.old, change.new) {
            (None, _) => was.is_none(),
            (Some(_), None) if tree::entry(&session.repo, now.index, path)?.is_some() => false,
            (Some(old), None) if was == Some(old) => {
                let place = gix::path::from_bstr(path).context("cannot use a path on this system")?;
                session.repo.workdir().join(place).symlink_metadata().is_ok()
            }
            // Brought back by its path, and ignored by the rules that stay.
            (Some(old), None) => witness::is_on_disk(&session.repo, path, old.id)?,
            _ => false,
        };
        if !has_stayed {
            return Ok((false, submodules));
        }
    }
    now.worktree = target.worktree;
    Ok((raw::is_same(&session.repo, &now, target)?, submodules))
}
