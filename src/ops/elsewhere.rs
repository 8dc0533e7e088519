//! Branches that an operation would need and that are not the one checked out here, or not only here.

use super::Session;
use crate::{
    error::{Error, Result},
    git::refs,
    model::{Head, quote_path},
};

/// Adds to `error`, which says that HEAD is not where `head` was, how to get there.
pub(super) fn hint_switch(session: &Session, head: &Head, error: Error) -> Result<Error> {
    let short = head.short_name();
    let Some(name) = head.branch() else {
        let commit = head.commit().map(|id| id.to_hex_with_len(10).to_string()).unwrap_or_default();
        return Ok(error.hint(format!("`git switch --detach {commit}` first")));
    };
    if refs::find(&session.repo, name.as_ref())?.is_some() {
        return Ok(error.hint(format!("`git switch {short}` first")));
    }
    let again = match head.commit() {
        Some(commit) => format!("`git switch -c {short} {}` makes it again", commit.to_hex_with_len(10)),
        None => format!("`git switch --orphan {short}` begins it again"),
    };
    Ok(error.because(format!("there is no branch `{short}` any more: it was renamed or deleted")).hint(again))
}

/// Refuses to move the branch from one commit to another where a second worktree has it checked out: there, all that
/// lies between would look like a change of the user's, and the next commit would take it back.
pub(super) fn refuse_shared(session: &Session, now: &Head, then: &Head) -> Result<()> {
    let Some(branch) = now.branch().filter(|branch| then.branch() == Some(branch) && now != then) else {
        return Ok(());
    };
    match session.repo.other_worktree_with(branch.as_ref())? {
        None => Ok(()),
        Some(other) => Err(Error::refused(format!(
            "`{}` is checked out in another worktree too, `{}`",
            now.short_name(),
            quote_path(other.as_ref())
        ))
        .hint("let that one go elsewhere first, with `git switch --detach` there; nothing was changed")),
    }
}
