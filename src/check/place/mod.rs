//! Where commands run that validate a commit, when that is not the user's worktree: a private one, made ready for them.
//!
//! Ready means: folders that are not in git, such as `node_modules`, are links to those of the user, and the setup command has
//! run for these files. Both come from a trusted configuration; what they may touch is held to this worktree all the same.

mod links;
mod setup;

use std::{ffi::OsString, path::Path, path::PathBuf, time::Duration, time::Instant};

use crate::{
    error::Result,
    git::{Repo, private::PrivateWorktree},
    model::Oid,
};

/// What a private worktree needs before a command runs in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preparation {
    /// Paths, relative to the top, that become links to the same paths of the user's worktree, where those exist.
    pub link: Vec<String>,
    /// A command that makes it ready.
    pub setup: Option<String>,
    /// Pathspecs of tracked files, as `git --glob-pathspecs` has them: where one has changed since, setup runs again.
    pub setup_when: Vec<String>,
}

/// What a setup command runs with.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// What is set for it.
    pub vars: Vec<(&'static str, OsString)>,
    /// Where its output goes: a new file, if it runs.
    pub log: PathBuf,
    /// When it has to have ended.
    pub deadline: Instant,
}

/// A prepared worktree with the files of a commit, ours alone until it is dropped.
pub struct Place<'r> {
    repo: &'r Repo,
    worktree: PrivateWorktree<'r>,
    link: Vec<String>,
    setup_took: Option<Duration>,
}

impl<'r> Place<'r> {
    /// One that is kept between runs, with all that git ignores in it.
    pub fn kept(repo: &'r Repo, commit: Oid, preparation: &Preparation, surroundings: &Surroundings) -> Result<Self> {
        links::refuse_unsafe(repo, commit, &preparation.link)?;
        Self::prepare(repo, PrivateWorktree::kept(repo, commit)?, preparation, surroundings)
    }

    /// One with nothing in it but the files of the commit, and what preparing it leaves; it is removed in the end.
    pub fn pristine(
        repo: &'r Repo,
        commit: Oid,
        preparation: &Preparation,
        surroundings: &Surroundings,
    ) -> Result<Self> {
        links::refuse_unsafe(repo, commit, &preparation.link)?;
        Self::prepare(repo, PrivateWorktree::pristine(repo, commit)?, preparation, surroundings)
    }

    fn prepare(
        repo: &'r Repo,
        mut worktree: PrivateWorktree<'r>,
        preparation: &Preparation,
        surroundings: &Surroundings,
    ) -> Result<Self> {
        links::make(repo, &worktree, &preparation.link)?;
        let setup_took = match &preparation.setup {
            Some(command) => setup::run(&mut worktree, (command, &preparation.setup_when), surroundings)?,
            None => None,
        };
        let place = Place { repo, worktree, link: preparation.link.clone(), setup_took };
        if place.setup_took.is_some() {
            links::make(repo, &place.worktree, &place.link)?;
        }
        Ok(place)
    }

    /// Where commands run, without symbolic links.
    pub fn path(&self) -> &Path {
        self.worktree.path()
    }

    /// What commands that run here need beside their own variables.
    pub fn vars(&self) -> Vec<(&'static str, OsString)> {
        self.worktree.vars()
    }

    /// How long setup took, if it had to run.
    pub fn setup_took(&self) -> Option<Duration> {
        self.setup_took
    }

    /// The tracked files that a command has changed, by name; git's own files in the worktree are mended on the way.
    pub fn changed(&self) -> Result<Vec<String>> {
        self.worktree.changed()
    }

    /// Makes tracked files and links what they were before a command. Other files stay.
    pub fn reset(&mut self) -> Result<()> {
        self.worktree.reset(self.worktree.commit())?;
        links::make(self.repo, &self.worktree, &self.link)
    }
}
