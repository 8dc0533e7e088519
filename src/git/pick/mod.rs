//! Commits onto another base, in memory, with the result that `git cherry-pick` would have.
//!
//! Most picks need no rename detection: `easy` decides them from the few folders that the commit changes, with
//! the same result and a hundredth of the cost. It gives up at the first thing that could depend on renames or
//! could be a conflict, and then `git merge-tree` decides: only git's own merge is like git's own merge.

mod applied;
mod commit;
mod content;
mod easy;
mod full;
mod manner;
mod part;
mod trailers;

use gix::bstr::BString;

pub use self::{applied::applied_by, manner::Manner, part::Paths};
use self::{commit::Source, easy::Easy, full::GitMerge};
use crate::{
    error::{Error, Result},
    git::{Repo, capture::Identity, tree::TreeChange},
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
    /// Whether git could decide everything by itself.
    pub clean: bool,
    /// The paths in conflict, by name. It may be empty although the merge is not clean, where git cannot decide
    /// which way a folder was renamed.
    pub conflicts: Vec<BString>,
}

/// Picks commits; keeps caches between picks.
pub struct Picker<'r> {
    repo: &'r Repo,
    easy: Easy<'r>,
    full: GitMerge<'r>,
    commits: commit::Maker<'r>,
    manner: Manner,
    paths: Paths,
}

impl<'r> Picker<'r> {
    /// A picker whose commits are by `committer`.
    pub fn new(repo: &'r Repo, committer: &Identity) -> Result<Self> {
        Ok(Picker {
            repo,
            easy: Easy::new(repo),
            full: GitMerge::new(repo),
            commits: commit::Maker::new(repo, committer)?,
            manner: Manner::default(),
            paths: Paths::default(),
        })
    }

    /// The same with options. A merge is an error where only `git cherry-pick` could make it: see [`Picker::can_merge`].
    pub fn in_manner(mut self, manner: Manner) -> Self {
        self.full.with_options(manner.strategy());
        self.manner = manner;
        self
    }

    /// The same for what the commits change in these paths only.
    pub fn only(self, paths: Paths) -> Self {
        Picker { paths, ..self }
    }

    /// Whether git can merge in memory with these options of its merge; else only `git cherry-pick` can.
    pub fn can_merge(&mut self, manner: &Manner) -> Result<bool> {
        Ok(manner.strategy().is_empty() || self.full.takes_options()?)
    }

    /// Picks `commit` onto the commit `onto`. `mainline` is the parent, from 1, that a merge is seen from; a merge
    /// without it is a usage error, as in git.
    pub fn pick(&mut self, commit: Oid, onto: Oid, mainline: Option<usize>) -> Result<Pick> {
        let source = Source::read(self.repo, commit)?;
        parent(&source, mainline)?;
        let (base, theirs) = self.sides(&source, mainline)?;
        let ours = self.repo.tree_of(onto)?;
        let merged = self.merge(base, ours, theirs)?;
        if !merged.clean {
            return Ok(Pick::Conflict(merged.conflicts));
        }
        let new = self.commits.commit(&source, &self.manner, (merged.tree, onto))?;
        Ok(if merged.tree == ours {
            Pick::Redundant { commit: new, was_empty: base == theirs }
        } else {
            Pick::Clean(new)
        })
    }

    /// The change of `commit` in the tree `onto`; no commit is made.
    pub fn apply(&mut self, commit: Oid, onto: Oid, mainline: Option<usize>) -> Result<Merged> {
        let (base, theirs) = self.sides(&Source::read(self.repo, commit)?, mainline)?;
        self.merge(base, onto, theirs)
    }

    /// A commit that has no more of `commit` than is picked of it, for `git cherry-pick`; what options add to the message
    /// is there already.
    pub fn stand_in(&self, commit: Oid, mainline: Option<usize>) -> Result<Oid> {
        let source = Source::read(self.repo, commit)?;
        let (_, theirs) = self.sides(&source, mainline)?;
        let parent = parent(&source, mainline.filter(|_| source.parents.len() > 1))?;
        self.commits.draft(&source, &self.manner, (theirs, parent))
    }

    /// What `commit` changes, seen from its parent.
    pub fn changes(&self, commit: Oid, mainline: Option<usize>) -> Result<Vec<TreeChange>> {
        let source = Source::read(self.repo, commit)?;
        let base = self.base(&source, mainline)?;
        self.paths.changes(self.repo, base, source.tree)
    }

    /// Whether `commit` has more than one parent.
    pub fn is_merge(&self, commit: Oid) -> Result<bool> {
        Ok(Source::read(self.repo, commit)?.parents.len() > 1)
    }

    /// The trees between which the commit's change is.
    fn sides(&self, source: &Source, mainline: Option<usize>) -> Result<(Oid, Oid)> {
        let base = self.base(source, mainline)?;
        Ok((base, self.paths.part(self.repo, base, source.tree)?))
    }

    fn base(&self, source: &Source, mainline: Option<usize>) -> Result<Oid> {
        // A range may have both; only a merge has a side to choose.
        match parent(source, mainline.filter(|_| source.parents.len() > 1))? {
            Some(parent) => self.repo.tree_of(parent),
            None => Ok(Oid::empty_tree(self.repo.gix().object_hash())),
        }
    }

    /// Merges the change from `base` to `theirs` into `ours`, all trees.
    pub fn merge(&mut self, base: Oid, ours: Oid, theirs: Oid) -> Result<Merged> {
        let easy = if self.manner.only_settles() { self.easy.merge(base, ours, theirs)? } else { None };
        match easy {
            Some(tree) => Ok(Merged { tree, clean: true, conflicts: Vec::new() }),
            None => self.full.merge(base, ours, theirs),
        }
    }
}

/// The parent that the commit's change is seen from, by the rules and in the words of `git cherry-pick`.
fn parent(source: &Source, mainline: Option<usize>) -> Result<Option<Oid>> {
    let id = source.id;
    let nth = match (source.parents.len(), mainline) {
        (0, _) => return Ok(None),
        (1, _) => mainline.unwrap_or(1),
        (_, Some(nth)) => nth,
        (_, None) => {
            return Err(Error::usage(format!("commit {id} is a merge but no -m option was given"))
                .hint("name the parent that it is to be seen from, `-m 1` for the branch that was merged into"));
        }
    };
    let parent = nth.checked_sub(1).and_then(|index| source.parents.get(index)).copied();
    let none = || {
        Error::usage(format!("commit {id} does not have parent {nth}"))
            .hint(format!("`git show --no-patch {id}` shows its parents; they are counted from 1"))
    };
    parent.ok_or_else(none).map(Some)
}
