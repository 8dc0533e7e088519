//! Where a rollback goes, and from where; what it would do and what it has done, as values.

use std::time::Duration;

use gix::bstr::BString;

use super::{Plan, RolledBack, proof::Proof, remote};
use crate::{
    config::StepCommand,
    error::Result,
    model::{Detail, Oid, Record, RecordId, State, Step, StepOutcome, Verification},
    ops::Session,
};

/// Where a rollback goes, and from where.
pub(super) struct Way {
    pub(super) record: Record,
    /// What the state to go to is called.
    pub(super) name: String,
    /// Its record, unless it is a plain commit.
    pub(super) to_record: Option<RecordId>,
    pub(super) target: State,
    pub(super) files: usize,
}

impl Plan {
    pub(super) fn way(&self) -> Way {
        let Plan { record, to, target, changes, .. } = self;
        Way {
            record: record.clone(),
            name: to.name.clone(),
            to_record: to.record.as_ref().map(|record| record.id.clone()),
            target: target.clone(),
            files: changes.len(),
        }
    }

    /// What it would do, without doing it.
    pub fn preview(mut self) -> RolledBack {
        if let Detail::Rollback { backup, .. } = &mut self.record.detail {
            backup.clone_from(&self.backup);
        }
        let step = |name: String, detail| Step { name, outcome: StepOutcome::Skipped, took: Duration::ZERO, detail };
        let command = |word: &str, command: &StepCommand| step(format!("{word}: {}", command.name), String::new());
        let mut way = self.way();
        let before = self.steps.before.iter().map(|one| command("before", one));
        way.record.steps = before.collect();
        if !self.is_there_already {
            way.record.steps.push(step("back up".to_owned(), saved_under(&self.record)));
            way.record.steps.push(step("restore".to_owned(), files_text(way.files)));
        }
        way.record.steps.extend(self.artifacts.preview());
        way.record.steps.extend(self.steps.after.iter().map(|one| command("after", one)));
        way.record.steps.extend(self.steps.on_verified.iter().map(|one| command("on-verified", one)));
        way.record.steps.extend(self.push.as_ref().map(|to_do| step("push".to_owned(), to_do.in_words())));
        RolledBack {
            exact: None,
            verification: None,
            ..way.done(Proof::None, (true, Vec::new()), Verification::Verified)
        }
    }
}

impl Way {
    /// What is to become of the branch at its remote; `None` where there is nothing to move.
    pub(super) fn remote(&self, session: &Session, may_ask: bool) -> Result<Option<remote::Move>> {
        let (Some(branch), Some(before)) = (self.target.head.branch(), self.record.state.head.commit()) else {
            return Ok(None);
        };
        remote::plan(session, &remote::Wanted { branch, before, new: self.to(), asks: may_ask })
    }

    /// The backup's name, and of what it keeps that which was committed.
    pub(super) fn backup(&self) -> Option<(&BString, Oid)> {
        self.record.backup().zip(self.record.state.head.commit())
    }

    /// The commit gone back to.
    pub(super) fn to(&self) -> Oid {
        self.target.head.commit().unwrap_or(self.target.tip)
    }

    pub(super) fn done(
        self,
        proof: Proof,
        (exact, submodules): (bool, Vec<String>),
        verification: Verification,
    ) -> RolledBack {
        RolledBack {
            to: self.to(),
            tree: self.target.worktree,
            to_record: self.to_record,
            name: self.name,
            files: self.files,
            record: self.record,
            submodules,
            exact: Some(exact),
            verification: Some(verification),
            proof,
            written: None,
            tried: Vec::new(),
            undone: None,
        }
    }
}

pub(super) fn saved_under(record: &Record) -> String {
    record.backup().map_or_else(|| record.id.to_string(), |name| format!("branch {name}"))
}

pub(super) fn files_text(files: usize) -> String {
    format!("{files} {}", if files == 1 { "file" } else { "files" })
}
