//! The complete working state as objects, without touching HEAD, the index or a file.
//!
//! `walk` finds what may have changed, `content` reads it, `edit` lays it over the index and `tree` writes what git's
//! `write-tree` would. Where gix fails, `fallback` lets the `git` program find and read; all else stays the same. An
//! attempt during which HEAD or the index moved is made again.

pub(in crate::git) mod as_is;
pub mod beside;
mod content;
mod disk;
mod edit;
pub mod extras;
mod fallback;
mod filter;
mod folder;
mod identity;
pub(in crate::git) mod index_file;
mod large;
pub mod left_out;
mod queue;
pub mod raw;
mod snapshot;
mod sparse;
mod staged;
mod submodule;
mod take;
mod tree;
mod trouble;
mod untracked;
mod walk;
pub mod witness;

use crate::{
    config,
    error::{Error, Result},
    git::Repo,
    model::{Head, Oid, Skipped, State},
};

pub use self::{identity::Identity, index_file::WorktreeIndex};
use self::{
    take::{How, Take},
    trouble::{Attempt, Trouble},
};

/// An attempt is made again so often when something moved under it.
const ATTEMPTS: usize = 3;

/// How many paths differ, each counted once for every place it differs in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changes {
    /// Between HEAD and the index.
    pub staged: usize,
    /// Between the index and the files.
    pub unstaged: usize,
    /// Files that git does not track and does not ignore, whether they are taken or skipped.
    pub untracked: usize,
    /// Paths with conflict stages.
    pub conflicted: usize,
}

impl Changes {
    /// Whether nothing differs.
    pub fn is_clean(&self) -> bool {
        *self == Changes::default()
    }
}

/// A working state, captured.
#[must_use]
pub struct Captured {
    /// The state; its objects are in the repository's object memory until `objects::flush`.
    pub state: State,
    /// What is not part of it.
    pub skipped: Vec<Skipped>,
    /// What was changed.
    pub changes: Changes,
    /// Commits that the state's extras name (a merge's other side) and that must be kept alive with it.
    pub kept: Vec<Oid>,
    /// An index that has exactly `state.worktree`, with the stat data of the files as they were captured, so that
    /// git sees what changed after the capture.
    pub worktree_index: WorktreeIndex,
}

/// Captures the working state of `repo`.
pub fn capture(repo: &Repo, options: &config::Capture, identity: &Identity) -> Result<Captured> {
    capture_while(repo, options, identity, &|_| ())
}

/// As [`capture`], with something else done while other threads look at the files. It is told where HEAD is; where an
/// attempt does not hold, the next one does it again, and what the last one did is true of what was captured.
pub fn capture_while(
    repo: &Repo,
    options: &config::Capture,
    identity: &Identity,
    meanwhile: &dyn Fn(&Head),
) -> Result<Captured> {
    repeat(repo, |how, head| Take { repo, options, how, head, keep: content::Keep::Blobs, meanwhile }.capture(identity))
}

/// What is changed, without writing any object: as `git status` tells it.
pub fn changes(repo: &Repo, options: &config::Capture) -> Result<(Changes, Vec<Skipped>)> {
    let keep = content::Keep::Names;
    repeat(repo, |how, head| Take { repo, options, how, head, keep, meanwhile: &|_| () }.changes())
}

/// Makes attempts until one holds: HEAD and the index were the same before and after it.
fn repeat<T>(repo: &Repo, mut attempt: impl FnMut(How, &Head) -> Attempt<T>) -> Result<T> {
    let (mut how, mut given_up) = (How::Gix, None);
    let mut left = ATTEMPTS;
    while left > 0 {
        let before = take::moment(repo)?;
        match attempt(how, &before.0) {
            Ok(taken) if take::moment(repo)? == before => return Ok(taken),
            Ok(_) | Err(Trouble::Raced) => left -= 1,
            Err(Trouble::Unsupported(error)) if how == How::Gix => (how, given_up) = (How::Git, Some(error)),
            Err(Trouble::Unsupported(error) | Trouble::Stop(error)) => {
                return Err(match given_up {
                    Some(first) => fallback::both_failed(&first, error),
                    None => error,
                });
            }
        }
    }
    Err(Error::environment("the repository keeps changing while it is captured")
        .hint("try again when no other git command is running"))
}
