//! The folder that a check runs in.

use std::path::{Path, PathBuf};

use super::Subject;
use crate::{
    config::{Check, Isolation},
    error::Result,
    git::{
        Repo, objects,
        private::{self, PrivateWorktree},
        tree,
    },
    model::{Oid, quote_path},
};

/// The user's files at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Their tree.
    pub tree: Oid,
    /// Whether there is nothing beside the tree that could have a part in what a check says.
    pub is_whole: bool,
}

/// The user's worktree, in which a check runs where it is just what is to be validated.
pub struct UserFiles<'a> {
    /// The top.
    pub top: &'a Path,
    /// Looks at it.
    pub look: &'a dyn Fn() -> Result<Seen>,
    /// What it was just before the run, where somebody has looked.
    pub seen: Option<Seen>,
}

/// Where a check runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// Among the user's files, which are the tree.
    InPlace,
    /// In the worktree that all checks of a run share.
    Shared,
    /// In one of its own.
    Own,
    /// At the top of the user's worktree, whatever is in it.
    Anywhere,
}

/// The rooms of a run on one commit, made when they are first needed.
pub(super) struct Rooms<'r> {
    repo: &'r Repo,
    subject: Subject,
    user: &'r UserFiles<'r>,
    is_in_place: Option<bool>,
    shared: Option<PrivateWorktree<'r>>,
    own: Vec<(usize, PrivateWorktree<'r>)>,
}

impl<'r> Rooms<'r> {
    pub(super) fn new(repo: &'r Repo, subject: Subject, user: &'r UserFiles<'r>) -> Self {
        Rooms { repo, subject, user, is_in_place: None, shared: None, own: Vec::new() }
    }

    /// Which room a check runs in.
    pub(super) fn of(&mut self, check: &Check) -> Result<Room> {
        Ok(match check.isolation {
            Isolation::None => Room::Anywhere,
            _ if check.clean => Room::Own,
            Isolation::Auto if self.is_in_place()? => Room::InPlace,
            Isolation::Auto | Isolation::Worktree => Room::Shared,
        })
    }

    fn is_in_place(&mut self) -> Result<bool> {
        if let Some(known) = self.is_in_place {
            return Ok(known);
        }
        let seen = self.user.seen.map_or_else(|| (self.user.look)(), Ok)?;
        let known = seen.is_whole && seen.tree == self.subject.tree;
        self.is_in_place = Some(known);
        Ok(known)
    }

    /// The folder of that room; `number` is the check's.
    pub(super) fn enter(&mut self, room: Room, number: usize) -> Result<PathBuf> {
        let commit = self.subject.commit;
        match room {
            Room::InPlace | Room::Anywhere => Ok(self.user.top.to_owned()),
            Room::Shared => {
                let worktree = match &self.shared {
                    Some(worktree) => worktree,
                    None => {
                        // What is left of somebody who was killed is no reason not to make another.
                        let _removed = private::remove_left_overs(self.repo);
                        objects::flush(self.repo)?;
                        self.shared.insert(PrivateWorktree::of(self.repo, commit)?)
                    }
                };
                Ok(worktree.path().to_owned())
            }
            Room::Own => {
                objects::flush(self.repo)?;
                let worktree = PrivateWorktree::of(self.repo, commit)?;
                let path = worktree.path().to_owned();
                self.own.push((number, worktree));
                Ok(path)
            }
        }
    }

    /// The files of the room that are not those of the tree any more. Private ones are made right again.
    pub(super) fn leave(&mut self, room: Room, number: usize) -> Result<Vec<String>> {
        match room {
            Room::Anywhere => Ok(Vec::new()),
            Room::InPlace => self.changed_in_place(),
            Room::Shared => match &self.shared {
                Some(worktree) => {
                    let changed = worktree.changed(self.subject.commit)?;
                    if !changed.is_empty() {
                        worktree.reset(self.subject.commit)?;
                    }
                    Ok(changed)
                }
                None => Ok(Vec::new()),
            },
            Room::Own => match self.own.iter().position(|(owner, _)| *owner == number) {
                Some(at) => self.own.swap_remove(at).1.changed(self.subject.commit),
                None => Ok(Vec::new()),
            },
        }
    }

    fn changed_in_place(&self) -> Result<Vec<String>> {
        let seen = (self.user.look)()?;
        if seen.tree == self.subject.tree {
            return Ok(Vec::new());
        }
        let changes = tree::diff(self.repo, self.subject.tree, seen.tree)?;
        Ok(changes.iter().map(|change| quote_path(change.path.as_ref())).collect())
    }
}
