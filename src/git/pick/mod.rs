//! Commits onto another base, in memory, with the result that `git cherry-pick` would have.

use std::collections::HashSet;

use gix::bstr::BString;

use crate::{
    error::Result,
    git::{Repo, capture::Identity},
    model::Oid,
};

/// What became of one pick.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Pick {
    /// It applies; this is the new commit.
    Clean(Oid),
    /// Everything it changes is in the target already; `commit` is what it would be as an empty commit.
    Redundant {
        /// The new, empty commit.
        commit: Oid,
        /// Whether the commit was empty where it came from.
        was_empty: bool,
    },
    /// It conflicts at these paths; nothing was made.
    Conflict(Vec<BString>),
}

/// Three trees, merged.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Merged {
    /// The merged tree; with conflict markers in it where there are conflicts.
    pub tree: Oid,
    /// The paths in conflict.
    pub conflicts: Vec<BString>,
}

/// Picks commits; keeps caches between picks.
pub struct Picker<'r> {
    _repo: &'r Repo,
}

impl<'r> Picker<'r> {
    /// A picker whose commits are by `committer`.
    pub fn new(_repo: &'r Repo, _committer: &Identity) -> Result<Self> {
        todo!()
    }

    /// Picks `commit` onto the commit `onto`. `mainline` is the parent, from 1, that a merge is seen from; a merge
    /// without it is a usage error, as in git.
    pub fn pick(&mut self, _commit: Oid, _onto: Oid, _mainline: Option<usize>) -> Result<Pick> {
        todo!()
    }

    /// Merges the change from `base` to `theirs` into `ours`, all trees.
    pub fn merge(&mut self, _base: Oid, _ours: Oid, _theirs: Oid) -> Result<Merged> {
        todo!()
    }
}

/// Those of `candidates` whose change a commit in `upstream` (and not in the candidates' history) has already,
/// by patch id as `git cherry` does.
pub fn applied(_repo: &Repo, _candidates: &[Oid], _upstream: Oid) -> Result<HashSet<Oid>> {
    todo!()
}
