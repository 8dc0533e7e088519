//! Return to a state: back everything up under a branch, then put branch, index and files back, and verify it; with the
//! commands around it that the configuration names.

mod artifacts;
mod carry_out;
mod commands;
mod course;
mod follow_up;
mod paths;
mod proof;
mod remote;
mod surround;
mod verify;
mod way;

use std::path::Path;

use gix::bstr::{BString, ByteSlice};

pub use self::{
    artifacts::Back,
    carry_out::{go_on, withdraw},
    course::{Course, Part},
    follow_up::{Attempt, run},
    proof::{Proof, ask_of},
    surround::Surroundings,
};
use self::{artifacts::Wanted, paths::is_under};
use super::{
    Session, elsewhere, history,
    incident::Written,
    names, phase,
    select::{self, Selected},
    transition, trust,
};
use crate::{
    check,
    config::{Moment, Steps},
    error::{Error, Result},
    git::{
        capture::{Captured, raw},
        restore,
        tree::{self, TreeChange},
    },
    model::{
        Detail, Head, Kind, Oid, Record, RecordId, Scope, Selector, Severity, SkipReason, State, Step, Verification,
        quote_path,
    },
};

/// What the user asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The state to go to.
    pub selector: Selector,
    /// `--path`: only these, as bytes relative to the top of the worktree; empty for everything.
    pub paths: Vec<BString>,
    /// `--reason`.
    pub reason: Option<String>,
    /// What is put back.
    pub scope: Scope,
    /// `--severity`: how bad it is.
    pub severity: Option<Severity>,
    /// How much is done around it.
    pub pace: Pace,
    /// `--no-steps`: run none of the commands around it.
    pub no_steps: bool,
    /// `--no-verify`: do not ask the checks whether the state works.
    pub no_verify: bool,
    /// `--push`: move the branch at its remote along.
    pub push: bool,
    /// Whether git may ask a person for a password.
    pub may_ask: bool,
}

/// How much is done around a rollback.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pace {
    /// What the configuration says.
    #[default]
    Usual,
    /// `--graceful`: the checks are asked beforehand too, so that there is something to compare with.
    Graceful,
    /// `--emergency`: nothing stands in the way, and nothing is waited for.
    Emergency,
}

impl Request {
    /// To this state as a whole.
    pub fn to(selector: Selector) -> Self {
        Request {
            selector,
            paths: Vec::new(),
            reason: None,
            scope: Scope::default(),
            severity: None,
            pace: Pace::default(),
            no_steps: false,
            no_verify: false,
            push: false,
            may_ask: false,
        }
    }
}

/// A rollback about to be done.
#[must_use]
pub struct Plan {
    /// The state it goes to, by name.
    pub to: Selected,
    /// The files that change, from the state now to that one.
    pub changes: Vec<TreeChange>,
    /// Commits that are on the branch now and will not be: id and subject, newest first.
    pub commits: Vec<(Oid, String)>,
    /// Whether no file would change.
    is_there_already: bool,
    request: Request,
    captured: Captured,
    target: State,
    record: Record,
    backup: Option<BString>,
    course: Course,
    steps: Steps,
    artifacts: Wanted,
    /// What becomes of the branch at its remote.
    push: Option<remote::Move>,
}

/// What was done, or, for a dry run, would be.
#[derive(Debug)]
#[must_use]
pub struct RolledBack {
    /// The record, whose state is the one before; its steps are what was done.
    pub record: Record,
    /// The state gone back to, as it was called.
    pub name: String,
    /// The commit gone back to.
    pub to: Oid,
    /// Its record, unless it is a plain commit.
    to_record: Option<RecordId>,
    tree: Oid,
    /// How many files were written or deleted.
    pub files: usize,
    /// Submodules that are not at the commit of the state: what is in them is theirs, and was not touched.
    pub submodules: Vec<String>,
    /// Whether HEAD, index and files are what they should be, captured anew; `None` for a dry run.
    pub exact: Option<bool>,
    /// Whether the state works; `None` for a dry run.
    pub verification: Option<Verification>,
    /// What its checks said.
    pub proof: Proof,
    /// What was written about it for people to read.
    pub written: Option<Written>,
    /// Rollbacks to newer states that were tried first and did not work.
    pub tried: Vec<Attempt>,
    /// The record of the undo, where the state before came back because this one does not work.
    pub undone: Option<RecordId>,
}

/// What those who watch are told.
#[derive(Debug)]
pub enum Event<'e> {
    /// This step begins.
    Begins(&'e str),
    /// A command has ended.
    Ended {
        /// What came of it.
        step: &'e Step,
        /// The last lines that it printed, where it failed.
        output: &'e [String],
        /// Where all of it is.
        log: Option<&'e Path>,
    },
    /// The state is given so long to settle, or to recover, before it is asked whether it works.
    Waits(std::time::Duration),
    /// How the checks go.
    Check(check::Event<'e>),
}

/// Who watches.
pub type Watch<'w> = &'w mut dyn FnMut(Event<'_>);

/// Captures the state, finds the one to go to and refuses what cannot be done; changes nothing.
pub fn plan(session: &Session, request: Request) -> Result<Plan> {
    session.refuse_if_busy()?;
    let captured = session.capture()?;
    let to = select::select(session, &request.selector, &captured.state.head)?;
    let course = Course::new(&request, &to);
    let mut plan = Plan::of(session, request, (to, captured), course)?;
    plan.permit(session)?;
    plan.look_at_remote(session)?;
    Ok(plan)
}

impl Plan {
    /// From the state that was captured to this one.
    fn of(
        session: &Session,
        request: Request,
        (to, mut captured): (Selected, Captured),
        course: Course,
    ) -> Result<Self> {
        let target = if request.scope == Scope::Artifacts {
            captured.state.clone()
        } else if request.paths.is_empty() {
            refuse_other_branch(session, &captured.state, &to)?;
            elsewhere::refuse_shared(session, &captured.state.head, &to.state.head)?;
            to.state.clone()
        } else {
            paths::only(session, &captured.state, &to.state, &request.paths)?
        };
        refuse_what_is_no_file(session, &captured, &target, &request.paths)?;
        let is_there_already = raw::is_same(&session.repo, &captured.state, &target)?;
        transition::check(session, &mut captured, &target)?;
        let record = draft(session, (&request, &to), &captured, &course)?;
        let mark = record.phase.as_ref();
        let backup = (request.paths.is_empty() && !is_there_already).then(|| {
            let values = names::values(session, &captured.state.head, mark);
            names::from_template(("phase.backup", session.config.names.backup.as_ref()), names::BACKUP, &values)
        });
        Ok(Plan {
            changes: restore::changes(&session.repo, &captured.state, &target)?,
            commits: history::commits_left(session, &captured.state, &target)?,
            backup: backup.transpose()?,
            steps: Steps::default(),
            artifacts: Wanted::default(),
            push: None,
            is_there_already,
            request,
            captured,
            target,
            record,
            to,
            course,
        })
    }

    /// Finds out what may run: nothing without the user's consent to the very text that names it.
    fn permit(&mut self, session: &Session) -> Result<()> {
        let has_steps = session.config.has_steps() && !self.request.no_steps;
        let record = self.to.record.as_ref().filter(|_| self.moves_artifacts());
        let has_artifacts = record.is_some_and(|record| !record.artifacts.is_empty());
        self.course.asks_checks = session.config.has_checks(Moment::Rollback) && !self.request.no_verify;
        if !has_steps && !has_artifacts && !self.course.asks_checks {
            return Ok(());
        }
        self.course.config = session.config.source.as_ref().map(|source| source.text.clone());
        if !has_steps && !has_artifacts {
            return Ok(());
        }
        let standing = trust::gather(session, session.env());
        let consent = match (&standing, trust::require(&standing)) {
            (_, Ok(consent)) => Some(consent),
            // A file can come back without anything that a command would have to do with it.
            (trust::Standing::NoFile | trust::Standing::NoCommands, _) if !has_steps => None,
            // Files come back in an emergency whatever else does not.
            _ if self.request.pace == Pace::Emergency => return Ok(()),
            (_, Err(error)) => {
                return Err(error.hint(
                    "`--no-steps --code-only` rolls back the files alone, without commands; nothing was changed",
                ));
            }
        };
        if let Some(record) = record {
            let configured = consent.map_or(Ok(&[][..]), |consent| session.config.artifacts(consent))?;
            self.artifacts = Wanted::of(session, configured, (&record.id, &record.artifacts))?;
            self.course.artifacts = self.artifacts.names();
        }
        if let Some(consent) = consent.filter(|_| has_steps) {
            self.steps = session.config.steps(consent)?;
            self.course.runs_steps = true;
        }
        Ok(())
    }

    fn moves_artifacts(&self) -> bool {
        self.request.paths.is_empty() && self.request.scope != Scope::Code
    }

    /// What would be lost at the remote stops it before anything is changed. In an emergency nothing is asked first.
    fn look_at_remote(&mut self, session: &Session) -> Result<()> {
        if !self.request.push {
            return Ok(());
        }
        if !self.request.paths.is_empty() || self.request.scope == Scope::Artifacts {
            return Err(Error::usage("a rollback of some files only leaves the branch where it is")
                .hint("leave `--push` out, and push the commit that you make of it"));
        }
        if self.request.pace != Pace::Emergency {
            self.push = self.way().remote(session, self.request.may_ask)?;
        }
        Ok(())
    }

    /// The same from the state as it is now: commands have run since it was captured.
    fn again(self, session: &Session) -> Result<Self> {
        let Plan { request, to, course, steps, artifacts, record, .. } = self;
        let again = Self::of(session, request, (to, session.capture()?), course)?;
        Ok(Plan { steps, artifacts, record: Record { id: record.id, ..again.record }, ..again })
    }

    /// What is not part of the backup and stays on disk as it is.
    pub fn skipped(&self) -> &[crate::model::Skipped] {
        &self.captured.skipped
    }

    /// Whether something that was not committed would be put away in the backup.
    pub fn has_uncommitted(&self) -> bool {
        !self.captured.changes.is_clean()
    }

    /// The branch that will hold what is there now, if its name is still free then.
    pub fn backup(&self) -> Option<&BString> {
        self.backup.as_ref()
    }

    /// The commands around it that would run.
    pub fn steps(&self) -> &Steps {
        &self.steps
    }

    /// Whether it runs commands, which a Ctrl-C is to stop, and not this program in the midst of files.
    pub fn runs_something(&self) -> bool {
        self.course.has_more()
    }

    /// Whether there are commands or artifacts that nobody has agreed to, and that it leaves out for the emergency.
    pub fn leaves_something_out(&self, session: &Session) -> bool {
        let steps = session.config.has_steps() && !self.request.no_steps && !self.course.runs_steps;
        let of_record = self.to.record.as_ref().filter(|_| self.moves_artifacts());
        let artifacts = of_record.map_or(0, |record| record.artifacts.len());
        let is_untrusted = || trust::gather(session, session.env()).is_missing();
        (steps || artifacts > 0) && is_untrusted()
    }

    /// Whether everything is as it is to be already.
    pub fn has_nothing_to_do(&self) -> bool {
        self.is_there_already && self.artifacts.pairs.is_empty()
    }

    /// The artifacts that come back, by name.
    pub fn artifacts(&self) -> Vec<String> {
        self.artifacts.names()
    }

    /// The artifacts that stay as they are, by name, with the reason.
    pub fn artifacts_that_stay(&self) -> &[(String, String)] {
        &self.artifacts.stay
    }
}

/// The record of a rollback from the state that was captured.
fn draft(
    session: &Session,
    (request, to): (&Request, &Selected),
    captured: &Captured,
    course: &Course,
) -> Result<Record> {
    Ok(Record {
        id: session.store().next_id(session.now, Kind::Rollback)?,
        at: session.now,
        subject: format!("rollback to {}", to.name),
        message: request.reason.clone(),
        phase: phase::of(session, &captured.state.head).mark(session.now),
        state: captured.state.clone(),
        skipped: captured.skipped.clone(),
        refs: Vec::new(),
        checks: Vec::new(),
        artifacts: Vec::new(),
        steps: Vec::new(),
        detail: Detail::Rollback {
            selector: request.selector.to_string(),
            to: to.state.tip,
            backup: None,
            paths: request.paths.clone(),
            conduct: course.asked.conduct(),
        },
    })
}

/// Whether a rollback of everything would have to leave the branch that `head` is on.
pub fn is_of_other_branch(head: &Head, to: &State) -> bool {
    to.head.branch() != head.branch()
}

fn refuse_other_branch(session: &Session, now: &State, to: &Selected) -> Result<()> {
    if !is_of_other_branch(&now.head, &to.state) {
        return Ok(());
    }
    let (theirs, ours) = (to.state.head.in_words(), now.head.in_words());
    let error = Error::refused(format!("`{}` is of {theirs}, and this is {ours}", to.name));
    Err(elsewhere::hint_switch(session, &to.state.head, error)?
        .hint(format!("`git checkpoint rollback {} --path .` takes only its files, and leaves the branch", to.name)))
}

/// A pipe in place of a tracked file is in no backup, and for a capture that file is as it was: it would stay there.
fn refuse_what_is_no_file(session: &Session, now: &Captured, target: &State, paths: &[BString]) -> Result<()> {
    for skipped in now.skipped.iter().filter(|skipped| skipped.reason == SkipReason::NotAFile) {
        let path = &skipped.path;
        let is_asked_for = paths.is_empty() || paths.iter().any(|prefix| is_under(path, prefix));
        if is_asked_for && tree::entry(&session.repo, target.worktree, path.as_bstr())?.is_some() {
            return Err(Error::refused(format!("`{}` is in the way", quote_path(path.as_ref())))
                .because("it is a socket, pipe or device where a file is to be")
                .hint("move it away, and try again; nothing was changed"));
        }
    }
    Ok(())
}
