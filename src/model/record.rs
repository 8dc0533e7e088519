//! The stored description of one operation.

use chrono::{DateTime, Utc};
use gix::bstr::BString;

use super::{
    Attempt, CheckResult, Kind, Oid, PhaseMark, RecordId, SavedArtifact, Severity, Skipped, State, Step, Validation,
    Verification,
};

/// The version of the stored format that this program writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// One operation: what it was, and the state that it could have lost.
///
/// For [`Kind::Create`] the state is the one taken, for all others the one *before* the operation. The record's
/// target keeps that state reachable.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its name, `refs/checkpoint/records/<id>`.
    pub id: RecordId,
    /// When it was done, by the clock of that moment, to the second.
    pub at: DateTime<Utc>,
    /// One line that says what was done; the subject of the stored message.
    pub subject: String,
    /// What the user had to say about it (`-m`, `--reason`).
    pub message: Option<String>,
    /// The phase it belongs to, and what it is to that.
    pub phase: Option<PhaseMark>,
    /// The state taken (create) or the state before (all others).
    pub state: State,
    /// What is not part of that state.
    pub skipped: Vec<Skipped>,
    /// Refs that the operation moved, made or deleted beside the tag and the backup branch named in `detail`, in
    /// the order it did so.
    pub refs: Vec<RefChange>,
    /// What the checks said of the state that the operation made or took.
    pub checks: Vec<CheckResult>,
    /// Artifacts that were saved with that state; their content is in the record's files.
    pub artifacts: Vec<SavedArtifact>,
    /// What was done, step by step, where an operation consists of steps.
    pub steps: Vec<Step>,
    /// What only this kind of operation has.
    pub detail: Detail,
}

impl Record {
    /// What the operation did.
    pub fn kind(&self) -> Kind {
        match &self.detail {
            Detail::Create { .. } => Kind::Create,
            Detail::Rollback { .. } => Kind::Rollback,
            Detail::Recover { .. } => Kind::Recover,
            Detail::Undo { .. } => Kind::Undo,
            Detail::Redo { .. } => Kind::Redo,
            Detail::Resume { .. } => Kind::Resume,
            Detail::Prune { .. } => Kind::Prune,
            Detail::Try(_) => Kind::Try,
        }
    }

    /// The name of the public tag, for a checkpoint that has one.
    pub fn tag(&self) -> Option<&BString> {
        match &self.detail {
            Detail::Create { tag, .. } => tag.as_ref(),
            _ => None,
        }
    }

    /// The name that the tag of a checkpoint would have, had its checks passed.
    pub fn wanted_tag(&self) -> Option<&BString> {
        match &self.detail {
            Detail::Create { wanted, .. } => wanted.as_ref(),
            _ => None,
        }
    }

    /// What it took back, for an undo or a redo.
    pub fn takes_back(&self) -> Option<&RecordId> {
        match &self.detail {
            Detail::Undo { undoes } | Detail::Redo { undoes } => Some(undoes),
            _ => None,
        }
    }

    /// How far a checkpoint was validated; `None` for all other kinds.
    pub fn validation(&self) -> Option<Validation> {
        match &self.detail {
            Detail::Create { validation, .. } => Some(*validation),
            _ => None,
        }
    }

    /// Whether no check has decided against it so far; true for all that is no checkpoint.
    pub fn stands(&self) -> bool {
        self.validation().is_none_or(Validation::stands)
    }

    /// Whether the state works that a rollback or a recover has made; `None` where nobody asked.
    pub fn verification(&self) -> Option<Verification> {
        match &self.detail {
            Detail::Rollback { conduct, .. } => conduct.verification,
            Detail::Recover { verification, .. } => *verification,
            _ => None,
        }
    }

    /// The command that was tried, and what became of it.
    pub fn attempt(&self) -> Option<&Attempt> {
        match &self.detail {
            Detail::Try(attempt) => Some(attempt),
            _ => None,
        }
    }

    /// The short name of the backup branch, for a rollback that made one.
    pub fn backup(&self) -> Option<&BString> {
        match &self.detail {
            Detail::Rollback { backup, .. } => backup.as_ref(),
            _ => None,
        }
    }
}

/// A ref before and after; `None` means that it did not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefChange {
    /// The full name.
    pub name: BString,
    /// What it was.
    pub old: Option<Oid>,
    /// What it became.
    pub new: Option<Oid>,
}

/// A commit, and what it became where it was picked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PickedCommit {
    /// The commit that was picked.
    pub from: Oid,
    /// The commit made of it.
    pub to: Oid,
}

/// What only one kind of operation has.
#[derive(Debug, Clone, PartialEq)]
pub enum Detail {
    /// A checkpoint.
    Create {
        /// The public tag's name without `refs/tags/`; `None` where the configuration wants none.
        tag: Option<BString>,
        /// The name that the tag is to have when the checks have passed; stays where they did not.
        wanted: Option<BString>,
        /// How far it was validated.
        validation: Validation,
        /// In commit mode, the tree of the index as it was before the commit; kept reachable by the record's
        /// files. `refs` then has the branch's move.
        index_before: Option<Oid>,
    },
    /// A return to a state.
    Rollback {
        /// What was asked for, as typed.
        selector: String,
        /// The commit gone back to.
        to: Oid,
        /// The backup branch's name without `refs/heads/`; `None` where nothing could have been lost, or where
        /// only some paths were taken back.
        backup: Option<BString>,
        /// The only paths taken back; empty for the whole state.
        paths: Vec<BString>,
        /// How it was done and what came of it.
        conduct: Conduct,
    },
    /// Commits or uncommitted work brought back.
    Recover {
        /// What they were taken from: a backup branch's name or a commit range, as shown to people.
        source: String,
        /// The picks that are done.
        picked: Vec<PickedCommit>,
        /// Whether work that was never committed was brought back as well.
        uncommitted: bool,
        /// The tree that the checks passed on before the commits were brought back, where they were asked then.
        validated: Option<Oid>,
        /// Whether the result works; `None` where no check was asked afterwards.
        verification: Option<Verification>,
        /// The pathspecs that say which files of them; empty for all.
        paths: Vec<BString>,
    },
    /// An operation taken back.
    Undo {
        /// Which.
        undoes: RecordId,
    },
    /// An undo taken back.
    Redo {
        /// The undo.
        undoes: RecordId,
    },
    /// The half-way state of an interrupted operation, saved before it was finished or taken back.
    Resume {
        /// The interrupted operation.
        resumes: RecordId,
    },
    /// Records let go. What was removed here is in the record's `refs`, and kept below `refs/checkpoint/pruned/<id>/`.
    Prune {
        /// The remote that they were removed from; `None` for this repository.
        remote: Option<String>,
        /// What was to be removed from the remote: names there and their objects, which are kept as well.
        removed: Vec<(BString, Oid)>,
        /// Earlier prunes whose removed records were let go for good.
        freed: Vec<RecordId>,
    },
    /// A command that was run with a way back.
    Try(Box<Attempt>),
}

/// How a rollback was done, and what came of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Conduct {
    /// What was put back.
    pub scope: Scope,
    /// Whether it was an emergency: nothing was asked and nothing measured beforehand.
    pub emergency: bool,
    /// How bad it was, as the user said.
    pub severity: Option<Severity>,
    /// Whether the state works; `None` while that is not known.
    pub verification: Option<Verification>,
    /// What the checks said before anything was touched.
    pub checks_before: Vec<CheckResult>,
}

/// What a rollback puts back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scope {
    /// Branch, index, files and artifacts; or the files that paths are given for.
    #[default]
    Everything,
    /// Branch, index and files.
    Code,
    /// Artifacts.
    Artifacts,
}

impl Scope {
    /// The word in trailers and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Everything => "everything",
            Scope::Code => "code",
            Scope::Artifacts => "artifacts",
        }
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Scope::Everything, Scope::Code, Scope::Artifacts].into_iter().find(|scope| scope.as_str() == word)
    }
}
