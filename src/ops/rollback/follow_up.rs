//! What follows where the state gone back to does not work: nothing, the state before, or the next older good one.

use super::{Pace, Plan, Request, RolledBack, Watch, carry_out::once, plan};
use crate::{
    config::OnVerifyFailure,
    error::Result,
    model::{Record, RecordId, Selector, Validation, Verification},
    ops::{
        Session, select,
        undo::{self, Direction},
    },
};

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
    let rules = session.config.rollback().clone();
    let is_whole = plan.request.paths.is_empty();
    let request = plan.request.clone();
    let done = once(session, plan, watch)?;
    if done.verification != Some(Verification::Failed) {
        return Ok(done);
    }
    match rules.on_verify_failure {
        OnVerifyFailure::Stop => Ok(done),
        OnVerifyFailure::Undo => take_back(session, done, watch),
        OnVerifyFailure::NextOlder if is_whole => next_older(session, &request, done, watch),
        OnVerifyFailure::NextOlder => Ok(done),
    }
}

/// The state before comes back, and its services are started again.
fn take_back(session: &Session, mut done: RolledBack, watch: Watch<'_>) -> Result<RolledBack> {
    let asked = undo::Request { direction: Direction::Undo, id: Some(done.record.id.to_string()), no_steps: false };
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
    fn as_attempt(&self) -> Attempt {
        Attempt {
            id: self.record.id.clone(),
            name: self.name.clone(),
            verification: self.verification.unwrap_or(Verification::Failed),
        }
    }
}
