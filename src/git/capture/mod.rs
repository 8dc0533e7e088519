//! The complete working state as objects, without touching HEAD, the index or a file.

pub mod extras;

use crate::{
    config,
    error::Result,
    git::Repo,
    model::{Oid, Skipped, State},
};

/// Who the commits and tags that this program makes are by, and when.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The committer as git would name it, or the stated fallback.
    pub signature: gix::actor::Signature,
    /// Whether git has no identity configured and the fallback was used.
    pub is_fallback: bool,
}

/// How many paths differ, each counted once for every place it differs in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changes {
    /// Between HEAD and the index.
    pub staged: usize,
    /// Between the index and the files.
    pub unstaged: usize,
    /// Files that git does not track and does not ignore.
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

/// An index that has exactly the captured worktree.
pub struct WorktreeIndex {}

impl WorktreeIndex {
    /// Writes it as an index file that git reads.
    pub fn write_to(&self, _path: &std::path::Path) -> Result<()> {
        todo!()
    }
}

/// Captures the working state of `repo`.
pub fn capture(_repo: &Repo, _options: &config::Capture, _identity: &Identity) -> Result<Captured> {
    todo!()
}

/// What is changed, without writing or keeping any object: as `git status` tells it.
pub fn changes(_repo: &Repo, _options: &config::Capture) -> Result<(Changes, Vec<Skipped>)> {
    todo!()
}
