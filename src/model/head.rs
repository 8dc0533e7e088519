//! Where a worktree stands, and what it holds.

use gix::bstr::{BString, ByteSlice};

use super::Oid;

/// What HEAD is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// On a branch, given by its full name (`refs/heads/main`); `None` while the branch has no commit yet.
    Branch {
        /// The full name, `refs/heads/…`.
        name: BString,
        /// The commit the branch points to.
        commit: Option<Oid>,
    },
    /// Directly at a commit.
    Detached {
        /// The commit.
        commit: Oid,
    },
}

impl Head {
    /// The commit, if there is one already.
    pub fn commit(&self) -> Option<Oid> {
        match self {
            Head::Branch { commit, .. } => *commit,
            Head::Detached { commit } => Some(*commit),
        }
    }

    /// The full name of the branch, unless HEAD is detached.
    pub fn branch(&self) -> Option<&BString> {
        match self {
            Head::Branch { name, .. } => Some(name),
            Head::Detached { .. } => None,
        }
    }

    /// The branch as people name it (`main`), or `HEAD` when detached.
    pub fn short_name(&self) -> String {
        self.branch().map_or_else(
            || "HEAD".into(),
            |name| name.strip_prefix(b"refs/heads/").unwrap_or(name).to_str_lossy().into_owned(),
        )
    }

    /// The branch in backticks, or what it is instead, for the middle of a sentence.
    pub fn in_words(&self) -> String {
        if self.branch().is_some() { format!("`{}`", self.short_name()) } else { "a detached HEAD".into() }
    }

    /// The same place with another commit.
    #[must_use]
    pub fn at(&self, commit: Option<Oid>) -> Head {
        match (self, commit) {
            (Head::Branch { name, .. }, commit) => Head::Branch { name: name.clone(), commit },
            (Head::Detached { .. }, Some(commit)) => Head::Detached { commit },
            (Head::Detached { commit }, None) => Head::Detached { commit: *commit },
        }
    }
}

/// A complete working state, held by objects: what HEAD is, what is staged and what is on disk.
///
/// The files that differ between HEAD's tree and `index` are staged; those that differ between `index` and
/// `worktree` are unstaged; those that only `worktree` has were untracked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Where HEAD was.
    pub head: Head,
    /// The tree of the index. Where the index had conflicts, their paths stand in it as they are in HEAD, or not
    /// at all, and `extras` has the stages.
    pub index: Oid,
    /// The tree of everything on disk that was captured: tracked and untracked, never ignored files.
    pub worktree: Oid,
    /// The last commit of the snapshot `HEAD ← "staged changes" ← "unstaged and untracked changes"`; HEAD itself
    /// where nothing was changed.
    pub tip: Oid,
    /// What trees cannot say, as a tree of its own: conflict stages, index flags, a merge in progress, bytes that
    /// git would not give back. `None` where there is nothing of the kind. Its layout is documented at `git::capture::extras`.
    pub extras: Option<Oid>,
}

impl State {
    /// Whether both stand at the same place and hold the same content, however they were recorded.
    pub fn same_content(&self, other: &State) -> bool {
        self.head == other.head
            && self.index == other.index
            && self.worktree == other.worktree
            && self.extras == other.extras
    }
}
