//! The folder that a check runs in.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use super::{Place, Preparation, Subject, Surroundings};
use crate::{
    config::{Check, Isolation},
    error::Result,
    git::{Repo, objects, private, tree},
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
    /// In a worktree that is kept between runs, which checks that need the same to be ready share.
    Shared(usize),
    /// In one of its own.
    Own,
    /// At the top of the user's worktree, whatever is in it.
    Anywhere,
}

/// Where a check is, and what it needs there.
pub(super) struct Entered {
    pub(super) dir: PathBuf,
    pub(super) vars: Vec<(&'static str, OsString)>,
}

/// The rooms of a run on one commit, made when they are first needed.
pub(super) struct Rooms<'r> {
    repo: &'r Repo,
    subject: Subject,
    user: &'r UserFiles<'r>,
    is_in_place: Option<bool>,
    shared: Vec<(Preparation, Option<Place<'r>>)>,
    own: Vec<(usize, Place<'r>)>,
}

impl<'r> Rooms<'r> {
    pub(super) fn new(repo: &'r Repo, subject: Subject, user: &'r UserFiles<'r>) -> Self {
        Rooms { repo, subject, user, is_in_place: None, shared: Vec::new(), own: Vec::new() }
    }

    /// Which room a check runs in.
    pub(super) fn of(&mut self, check: &Check) -> Result<Room> {
        Ok(match check.isolation {
            Isolation::None => Room::Anywhere,
            _ if check.clean => Room::Own,
            Isolation::Auto if self.is_in_place()? => Room::InPlace,
            Isolation::Auto | Isolation::Worktree => {
                let needed = preparation(check);
                let at = self.shared.iter().position(|(known, _)| *known == needed);
                Room::Shared(at.unwrap_or_else(|| {
                    self.shared.push((needed, None));
                    self.shared.len() - 1
                }))
            }
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

    /// Makes the room ready for the check, whose number this is. `around` is what a setup command gets, where one has to run.
    pub(super) fn enter(
        &mut self,
        (room, number): (Room, usize),
        check: &Check,
        around: impl FnOnce() -> Result<Surroundings>,
    ) -> Result<Entered> {
        let (repo, commit) = (self.repo, self.subject.commit);
        let ready = || -> Result<Surroundings> {
            // What is left of somebody who was killed is no reason not to make another.
            let _removed = private::remove_left_overs(repo);
            objects::flush(repo)?;
            around()
        };
        let place = match room {
            Room::InPlace | Room::Anywhere => {
                return Ok(Entered { dir: self.user.top.to_owned(), vars: Vec::new() });
            }
            Room::Shared(at) => {
                let (preparation, place) = &mut self.shared[at];
                match place {
                    Some(place) => place,
                    None => place.insert(Place::kept(repo, commit, preparation, &ready()?)?),
                }
            }
            Room::Own => {
                let place = Place::pristine(repo, commit, &preparation(check), &ready()?)?;
                self.own.push((number, place));
                let last = self.own.len() - 1;
                &mut self.own[last].1
            }
        };
        Ok(Entered { dir: place.path().to_owned(), vars: place.vars() })
    }

    /// The files of the room that are not those of the tree any more. Private ones are made right again.
    pub(super) fn leave(&mut self, room: Room, number: usize) -> Result<Vec<String>> {
        match room {
            Room::Anywhere => Ok(Vec::new()),
            Room::InPlace => self.changed_in_place(),
            Room::Shared(at) => match &mut self.shared[at].1 {
                Some(place) => {
                    let changed = place.changed()?;
                    if !changed.is_empty() {
                        place.reset()?;
                    }
                    Ok(changed)
                }
                None => Ok(Vec::new()),
            },
            Room::Own => match self.own.iter().position(|(owner, _)| *owner == number) {
                Some(at) => self.own.swap_remove(at).1.changed(),
                None => Ok(Vec::new()),
            },
        }
    }

    /// How many rooms are shared.
    pub(super) fn shared(&self) -> usize {
        self.shared.len()
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

fn preparation(check: &Check) -> Preparation {
    Preparation { link: check.link.clone(), setup: check.setup.clone(), setup_when: check.setup_when.clone() }
}
