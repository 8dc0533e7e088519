//! Where the picks go, and whether a conflict could be settled there.

use std::collections::BTreeSet;

use gix::bstr::BString;

use super::{Conflict, Request};
use crate::{
    error::{Error, Result},
    git::{
        capture::Captured,
        pick::Picker,
        refs, tracked,
        tree::{self, TreeChange},
    },
    model::{Head, Oid, quote_path},
    ops::Session,
};

/// Where the picks go.
pub(super) enum Onto {
    /// On HEAD, whose commit this is.
    Head(Oid),
    /// On a branch that is not checked out.
    Other { name: BString, commit: Oid },
}

impl Onto {
    pub(super) fn find(session: &Session, request: &Request, head: &Head) -> Result<Self> {
        let Some(name) = &request.onto else {
            let unborn = || {
                Error::refused(format!("`{}` has no commit to pick onto", head.short_name()))
                    .hint("make a first commit, or `git checkpoint rollback <checkpoint>`")
            };
            return head.commit().map(Onto::Head).ok_or_else(unborn);
        };
        let full = BString::from(format!("refs/heads/{name}"));
        let Some(commit) = refs::find(&session.repo, full.as_ref())? else {
            return Err(Error::usage(format!("`{name}` is not a local branch")).hint(
                "`--onto` takes a local branch; to begin at a checkpoint, `git checkpoint rollback` to it first",
            ));
        };
        if head.branch() == Some(&full) {
            return Ok(Onto::Head(commit));
        }
        if request.uncommitted {
            return Err(
                Error::usage("`--uncommitted` needs the branch checked out").hint(format!("`git switch {name}` first"))
            );
        }
        if session.repo.is_checked_out(full.as_ref())? {
            return Err(Error::refused(format!("`{name}` is checked out in another worktree")).hint("recover there"));
        }
        Ok(Onto::Other { name: full, commit })
    }

    pub(super) fn commit(&self) -> Oid {
        match self {
            Onto::Head(commit) | Onto::Other { commit, .. } => *commit,
        }
    }
}

/// A conflict is handed to `git cherry-pick`, which needs a branch that is checked out and an index that is clean.
pub(super) fn refuse_conflict(session: &Session, onto: &Onto, captured: &Captured, conflict: &Conflict) -> Result<()> {
    let commit = conflict.commits[0].to_hex_with_len(10);
    let named = |error: Error| {
        conflict
            .paths
            .iter()
            .take(5)
            .fold(error, |error, path| error.hint(format!("in `{}`", quote_path(path.as_ref()))))
    };
    if let Onto::Other { name, .. } = onto {
        let short = name.strip_prefix(b"refs/heads/").unwrap_or(name);
        return Err(named(Error::conflict(format!(
            "{commit} conflicts, and `{}` is not checked out",
            BString::from(short)
        )))
        .hint("switch to it and recover there, to settle the conflict in the files; nothing was changed"));
    }
    let head_tree = session.repo.head_tree(&captured.state.head)?;
    let in_conflict = |change: &TreeChange| conflict.paths.contains(&change.path);
    let dirty = tree::diff(&session.repo, captured.state.index, captured.state.worktree)?;
    if let Some(change) = dirty.iter().find(|change| in_conflict(change)) {
        let path = quote_path(change.path.as_ref());
        return Err(Error::refused(format!("`{path}` is changed here, and {commit} conflicts in it")).hint(
            "commit your changes, or put them away with `git stash -u`, and recover again; nothing was changed",
        ));
    }
    if captured.state.index != head_tree {
        return Err(named(Error::conflict(format!(
            "{commit} conflicts, and there are staged changes that git would mix with it"
        )))
        .hint(
            "commit them, or `git checkpoint` and `git restore --staged .`, then recover again; nothing was changed",
        ));
    }
    Ok(())
}

/// What git picks by itself needs an index that is clean as well.
pub(super) fn refuse_staged(session: &Session, captured: &Captured) -> Result<()> {
    if captured.state.index == session.repo.head_tree(&captured.state.head)? {
        return Ok(());
    }
    Err(Error::refused("there are staged changes that git would mix with what it picks here")
        .because("an editor, a hook or an option was asked for that only `git cherry-pick` knows")
        .hint("commit them, or `git checkpoint` and `git restore --staged .`, then recover again; nothing was changed"))
}

/// What is in the way of commits that git picks, and that no backup would hold.
pub(super) fn refuse_in_the_way(
    session: &Session,
    picker: &Picker<'_>,
    (commits, mainline): (&[Oid], Option<usize>),
) -> Result<()> {
    let mut written = BTreeSet::new();
    for commit in commits {
        let changes = picker.changes(*commit, mainline)?;
        written.extend(changes.into_iter().filter(|change| change.new.is_some()).map(|change| change.path));
    }
    match tracked::in_the_way(&session.repo, written.iter())? {
        None => Ok(()),
        Some(path) => Err(Error::refused(format!("`{}` is in the way", quote_path(path.as_ref())))
            .because("it is not tracked, and `git cherry-pick` would write a file there")
            .hint("move it away, and try again; nothing was changed")),
    }
}
