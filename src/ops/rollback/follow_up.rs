//! What follows where the state gone back to does not work: nothing, the state before, or the next older good one.

use super::{Pace, Plan, Request, RolledBack, Watch, carry_out::once, plan};
use crate::{
    config::OnVerifyFailure,
    error::Result,
    model::{Detail, Record, RecordId, Selector, Validation, Verification},
    ops::{
        Session,
        incident::{self, Written},
        select,
        undo::{self, Direction},
    },
};

/// The steps of a rollback that has no commands, artifacts and checks: back up, restore, verify.
const PLAIN_STEPS: usize = 3;

/// A rollback whose state did not work, so that an older one was tried.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Its record.
    pub id: RecordId,
    /// What it went to.
    pub name: String,
    /// What came of it.
    pub verification: Verification,
}

/// Carries a plan out, and what follows where the state gone back to does not work.
pub fn run(session: &Session, plan: Plan, watch: Watch<'_>) -> Result<RolledBack> {
    let request = plan.request.clone();
    let done = once(session, plan, watch)?;
    follow(session, &request, done, watch)
}

/// What follows, and in the end what there is to read about it.
pub(super) fn follow(session: &Session, request: &Request, done: RolledBack, watch: Watch<'_>) -> Result<RolledBack> {
    let policy = session.config.rollback().on_verify_failure;
    let done = match (done.verification, policy) {
        (Some(Verification::Failed), OnVerifyFailure::Undo) if done.is_recorded(session)? => {
            take_back(session, done, watch)?
        }
        (Some(Verification::Failed), OnVerifyFailure::NextOlder) if request.paths.is_empty() => {
            next_older(session, request, done, watch)?
        }
        _ => done,
    };
    tell(session, done)
}

/// Writes what people read. It comes last, so that it is in the worktree that stays.
fn tell(session: &Session, mut done: RolledBack) -> Result<RolledBack> {
    if !done.is_recorded(session)? || !is_to_be_read(session, &done) {
        return Ok(done);
    }
    let tried = done.tried.iter().map(|attempt| session.store().read(&attempt.id));
    let mut all = Written::default();
    for record in tried.chain([Ok(done.record.clone())]) {
        // What was done is done, whatever becomes of the paper.
        let written = record.and_then(|record| incident::write(session, &record));
        let written = written.unwrap_or_else(|error| Written { troubles: vec![error], ..Written::default() });
        all.troubles.extend(written.troubles);
        all.brought_along.extend(written.brought_along);
        all = Written { report: written.report, log: written.log, document: written.document, ..all };
    }
    done.written = Some(all);
    Ok(done)
}

/// Whether there is more to read of a rollback than its record says in a line.
fn is_to_be_read(session: &Session, done: &RolledBack) -> bool {
    let (rules, record) = (session.config.rollback(), &done.record);
    let severity = match &record.detail {
        Detail::Rollback { conduct, .. } => conduct.severity,
        _ => None,
    };
    let is_told = record.message.is_some() || severity.is_some() || !record.checks.is_empty();
    rules.log.is_some() || rules.documents.is_some() || is_told || record.steps.len() > PLAIN_STEPS
}

/// The state before comes back, and its services are started again.
fn take_back(session: &Session, mut done: RolledBack, watch: Watch<'_>) -> Result<RolledBack> {
    let asked = undo::Request {
        direction: Direction::Undo,
        id: Some(done.record.id.to_string()),
        no_steps: false,
        code_only: false,
    };
    let mut plan = undo::plan(session, &asked)?;
    // They are in the midst of a rollback, so what comes before one was done.
    plan.skip_commands_before();
    let undone = plan.apply(session, watch)?;
    done.undone = Some(undone.id);
    done.record.steps.extend(undone.steps);
    Ok(done)
}

/// Older good checkpoints, each of them once, until one works or none is left.
fn next_older(session: &Session, request: &Request, first: RolledBack, watch: Watch<'_>) -> Result<RolledBack> {
    let mut done = first;
    let mut tried = Vec::new();
    let mut trees = vec![done.tree];
    for checkpoint in older_good(session, &done)? {
        if trees.contains(&checkpoint.state.worktree) {
            continue;
        }
        trees.push(checkpoint.state.worktree);
        tried.push(done.as_attempt());
        let selector = Selector::Name(checkpoint.id.to_string());
        let request = Request { selector, pace: Pace::Usual, ..request.clone() };
        let mut plan = plan(session, request)?;
        // It is in the record, and every state in between is a checkpoint.
        plan.backup = None;
        plan.steps.before.clear();
        done = once(session, plan, watch)?;
        if done.verification != Some(Verification::Failed) {
            break;
        }
    }
    Ok(RolledBack { tried, ..done })
}

/// The good checkpoints of the branch that are older than the state that was gone back to, newest first.
fn older_good(session: &Session, done: &RolledBack) -> Result<Vec<Record>> {
    let foreign = session.store().foreign()?;
    let branch = done.record.state.head.branch().cloned();
    let is_older = |record: &Record| done.to_record.as_ref().is_none_or(|to| record.id < *to);
    let is_wanted = move |record: &Record| {
        record.validation() == Some(Validation::Validated)
            && record.state.head.branch() == branch.as_ref()
            && !foreign.contains(&record.id)
    };
    let all = select::newest_checkpoints(session, is_wanted)?.filter_map(Result::ok);
    Ok(all.filter(is_older).collect())
}

impl RolledBack {
    /// Whether there is a record of it: there is none where nothing had to be done.
    fn is_recorded(&self, session: &Session) -> Result<bool> {
        Ok(session.store().object(&self.record.id)?.is_some())
    }

    fn as_attempt(&self) -> Attempt {
        Attempt {
            id: self.record.id.clone(),
            name: self.name.clone(),
            verification: self.verification.unwrap_or(Verification::Failed),
        }
    }
}
