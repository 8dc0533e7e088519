//! Commit mode: everything that is captured, added and committed on the branch by git itself.
//!
//! git commits from an index of our own and with its own hooks, so that a hook that says no leaves the user's
//! index as it was.

use std::{io, path::Path, time::Duration};

use gix::lock::{File as LockFile, acquire::Fail};

use crate::{
    error::{Context, Error, Kind, Result},
    git::{capture::Captured, objects},
    model::{Detail, Record, RefChange, State},
    ops::Session,
};

/// How long another git may hold the index.
const PATIENCE: Duration = Duration::from_secs(5);

/// Commits the captured worktree on the branch and turns `record` into the record of that.
pub(super) fn record(session: &Session, captured: &Captured, record: &mut Record, no_verify: bool) -> Result<()> {
    let before = &captured.state;
    let message = record.message.clone().unwrap_or_else(|| record.subject.clone());
    record.state = commit(session, captured, message, no_verify)?;
    if let Some(name) = record.state.head.branch() {
        let new = record.state.head.commit();
        record.refs.push(RefChange { name: name.clone(), old: before.head.commit(), new });
    }
    if let Detail::Create { index_before, .. } = &mut record.detail {
        *index_before = Some(before.index);
    }
    Ok(())
}

/// Commits the captured worktree on the branch; the state after that.
pub(in crate::ops) fn commit(
    session: &Session,
    captured: &Captured,
    message: String,
    no_verify: bool,
) -> Result<State> {
    let repo = &session.repo;
    objects::flush(repo)?;
    let mut lock = lock_index(&repo.index_path())?;
    let index = repo.git_dir().join("checkpoint-commit-index");
    captured.worktree_index.write_to(&index)?;
    let mut call = repo.git(["commit", "--quiet", "--cleanup=strip", "--file=-"]).index_file(&index).stdin(message);
    if no_verify {
        call = call.arg("--no-verify");
    }
    if session.identity.is_fallback {
        call = call.fallback_identity(&session.identity);
    }
    let done = call.run();
    if let Err(why) = done {
        let _ = std::fs::remove_file(&index);
        return Err(Error::new(Kind::Refused, "git did not commit; HEAD, index and files are as they were")
            .because(why)
            .hint("mend what it names, or take a snapshot beside the branch with plain `git checkpoint`")
            .hint("`--no-verify` goes past commit hooks"));
    }
    replace_index(&mut lock, &index).context("the commit is made, but the index could not be updated")?;
    lock.commit().map_err(|error| Error::environment("cannot update the index").because(error.error))?;

    // A hook may have changed files as well as what is committed.
    Ok(session.capture()?.state)
}

fn lock_index(index: &Path) -> Result<LockFile> {
    LockFile::acquire_to_update_resource(index, Fail::AfterDurationWithBackoff(PATIENCE), None, 0)
        .map_err(|error| Error::environment("another git process holds the index").because(error))
}

fn replace_index(lock: &mut LockFile, with: &Path) -> io::Result<()> {
    io::copy(&mut std::fs::File::open(with)?, lock)?;
    std::fs::remove_file(with)
}
