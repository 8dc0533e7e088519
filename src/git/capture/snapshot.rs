//! The commits of a snapshot: `HEAD ← "staged changes" ← "unstaged and untracked changes"`, without empty links.

use super::Identity;
use crate::{
    error::{Context, Result},
    git::Repo,
    model::{Head, Oid},
};

/// Writes the links that are not empty; the last one, or HEAD's own commit where nothing changed.
pub(super) fn link(repo: &Repo, head: &Head, (index, worktree): (Oid, Oid), identity: &Identity) -> Result<Oid> {
    let head_tree = repo.head_tree(head)?;
    let mut tip = head.commit();
    let mut tree = head_tree;
    let links = [("staged changes", index), ("unstaged and untracked changes", worktree)];
    for (subject, next) in links {
        if next != tree {
            tip = Some(commit(repo, (subject, head), (next, tip), identity)?);
            tree = next;
        }
    }
    match tip {
        Some(tip) => Ok(tip),
        None => commit(repo, ("empty worktree", head), (worktree, None), identity),
    }
}

fn commit(
    repo: &Repo,
    (subject, head): (&str, &Head),
    (tree, parent): (Oid, Option<Oid>),
    identity: &Identity,
) -> Result<Oid> {
    let place = match head {
        Head::Branch { commit: Some(commit), .. } => format!("On branch {} at {commit}.", head.short_name()),
        Head::Branch { commit: None, .. } => format!("On branch {}, which has no commit yet.", head.short_name()),
        Head::Detached { commit } => format!("On no branch, at {commit}."),
    };
    if parent.is_none() && tree.is_empty_tree() {
        repo.gix().write_object(gix::objs::Tree::empty()).context("cannot write a tree")?;
    }
    let commit = gix::objs::Commit {
        tree,
        parents: parent.into_iter().collect(),
        author: identity.signature.clone(),
        committer: identity.signature.clone(),
        encoding: None,
        message: format!("{subject}\n\n{place}\n").into(),
        extra_headers: Vec::new(),
    };
    Ok(repo.gix().write_object(&commit).context("cannot write a commit")?.detach())
}
