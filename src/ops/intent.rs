//! What a journal keeps of an operation, so that another process can finish it or go back: where it was going, what comes after
//! that, and how far it is.

use gix::bstr::BString;
use serde::{Deserialize, Serialize};

use super::{Session, rollback};
use crate::{
    error::{Error, Result},
    git::refs::RefEdit,
    model::{Head, Oid, Record, State, quote_path, unquote_path},
    store::Journal,
};

/// What an operation still has to do once its transition is complete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Then {
    /// Nothing.
    Done,
    /// Hand these commits, which conflict or follow one that does, to `git cherry-pick` with these options.
    CherryPick {
        /// The commits, in order.
        commits: Vec<String>,
        /// Options of `git cherry-pick`.
        options: Vec<String>,
        /// What each of the commits stands for, where they have only a part of it; else none.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        origins: Vec<String>,
    },
    /// Go on with the course of a rollback: commands, checks.
    Conclude(Box<rollback::Course>),
}

/// The stages of an operation that a journal tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Commands before a rollback run; nothing was changed yet.
    Preparing,
    /// Files, HEAD and index are on their way to the target.
    Moving,
    /// The worktree was at the target; `git cherry-pick` has been called and has not answered.
    HandingOver,
    /// `git cherry-pick` has stopped at a conflict.
    Picking,
    /// The worktree is at the target of a rollback, and what comes after that is on its way.
    Concluding,
    /// Files, HEAD and index are on their way back to the state before.
    GoingBack,
    /// A command that is tried has begun: nobody knows how far it got.
    Trying,
}

impl Stage {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Stage::Preparing => "preparing",
            Stage::Moving => "moving",
            Stage::HandingOver => "handing-over",
            Stage::Picking => "picking",
            Stage::Concluding => "concluding",
            Stage::GoingBack => "going-back",
            Stage::Trying => "trying",
        }
    }

    /// How far the operation of `journal` is.
    pub fn of(journal: &Journal) -> Result<Self> {
        use Stage::{Concluding, GoingBack, HandingOver, Moving, Picking, Preparing, Trying};
        [Preparing, Moving, HandingOver, Picking, Concluding, GoingBack, Trying]
            .into_iter()
            .find(|stage| stage.as_str() == journal.step)
            .ok_or_else(|| damaged("its step is not known"))
    }

    /// Notes in the journal that it is that far.
    pub fn reach(self, session: &Session, journal: &Journal) -> Result<()> {
        Journal { step: self.as_str().to_owned(), ..journal.clone() }.write(&session.repo)
    }
}

/// What the journal keeps of a transition, so that another process can finish it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    target: StoredState,
    edits: Vec<StoredEdit>,
    /// What comes after it.
    pub then: Then,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct StoredState {
    branch: Option<String>,
    commit: Option<String>,
    index: String,
    worktree: String,
    tip: String,
    extras: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct StoredEdit {
    name: String,
    old: Option<String>,
    new: Option<String>,
}

impl StoredState {
    fn of(state: &State) -> Self {
        let hex = |id: &Oid| id.to_string();
        StoredState {
            branch: state.head.branch().map(|name| quote_path(name.as_ref())),
            commit: state.head.commit().as_ref().map(hex),
            index: hex(&state.index),
            worktree: hex(&state.worktree),
            tip: hex(&state.tip),
            extras: state.extras.as_ref().map(hex),
        }
    }
}

impl Intent {
    /// To go to this state, and then to change these refs.
    pub(super) fn new(target: &State, edits: &[RefEdit], then: Then) -> Self {
        let hex = |id: &Oid| id.to_string();
        let store = |edit: &RefEdit| StoredEdit {
            name: quote_path(edit.name.as_ref()),
            old: edit.old.as_ref().map(hex),
            new: edit.new.as_ref().map(hex),
        };
        Intent { target: StoredState::of(target), edits: edits.iter().map(store).collect(), then }
    }

    /// The state it was going to.
    pub fn target(&self) -> Result<State> {
        let stored = &self.target;
        let commit = stored.commit.as_deref().map(oid).transpose()?;
        let head = match (&stored.branch, commit) {
            (Some(name), commit) => Head::Branch { name: name_of(name)?, commit },
            (None, Some(commit)) => Head::Detached { commit },
            (None, None) => return Err(damaged("it has neither a branch nor a commit")),
        };
        Ok(State {
            head,
            index: oid(&stored.index)?,
            worktree: oid(&stored.worktree)?,
            tip: oid(&stored.tip)?,
            extras: stored.extras.as_deref().map(oid).transpose()?,
        })
    }

    /// The refs it was going to change beside HEAD's own branch.
    pub fn edits(&self) -> Result<Vec<RefEdit>> {
        let read = |edit: &StoredEdit| {
            Ok(RefEdit {
                name: name_of(&edit.name)?,
                old: edit.old.as_deref().map(oid).transpose()?,
                new: edit.new.as_deref().map(oid).transpose()?,
            })
        };
        self.edits.iter().map(read).collect()
    }

    /// Reads what a journal keeps.
    pub fn of(journal: &Journal) -> Result<Self> {
        serde_json::from_value(journal.request.clone()).map_err(|error| damaged("it is not understood").because(error))
    }

    /// The journal of an operation that is about to do this, from this stage on.
    pub(super) fn journal(&self, session: &Session, (record, stage): (&Record, Stage)) -> Journal {
        Journal {
            id: record.id.clone(),
            kind: record.kind(),
            step: stage.as_str().to_owned(),
            started: session.now,
            pid: std::process::id(),
            request: serde_json::to_value(self).expect("names and ids are plain text"),
        }
    }
}

fn oid(hex: &str) -> Result<Oid> {
    Oid::from_hex(hex.as_bytes()).map_err(|error| damaged("an id in it is not one").because(error))
}

fn name_of(quoted: &str) -> Result<BString> {
    unquote_path(quoted).ok_or_else(|| damaged("a name in it is not one"))
}

fn damaged(why: &str) -> Error {
    Error::environment(format!("the journal of the interrupted operation is damaged: {why}"))
        .hint("`git checkpoint log` names the operation, `git checkpoint undo <id>` goes back to the state before it")
}
