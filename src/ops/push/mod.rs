//! Send checkpoints, records, phases, verdicts and backups to a remote.
//!
//! What git did not track stays here unless the user says otherwise, and names that look like secrets are asked about even
//! then. Each ref goes with the value that the remote is expected to have; where somebody else was faster, the remote is
//! looked at again, so two who push at once lose nothing.

mod facts;
mod plan;

use std::{collections::BTreeMap, thread, time::Duration};

use gix::bstr::{BStr, BString};

use super::{Session, quarantine::Quarantine};
use crate::{
    error::{Error, Result},
    git::{
        objects, refs,
        remote::{Answer, Cost, Remote, Update},
    },
    model::Oid,
    store::{names::NOTES, notes},
};

pub use facts::{Facts, gather};
pub use plan::{Choice, Left, Plan, Why, plan};

/// So often others may be faster.
const ROUNDS: u32 = 30;

/// What the remote has, by full name.
pub type Theirs = BTreeMap<BString, Oid>;

/// What the user asked for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The remote's name, URL or path; the branch's own if left out.
    pub remote: Option<String>,
    /// Whether the user's own `pre-push` hook runs.
    pub verify: bool,
}

/// How it ended.
#[derive(Debug)]
#[must_use]
pub struct Outcome {
    /// Each ref that was to change at the remote, and what became of it.
    pub refs: Vec<(Update, Answer)>,
    /// What stays here, and why.
    pub left: Vec<Left>,
    /// What git and the remote said, where something was refused.
    pub said: String,
}

impl Outcome {
    /// Whether all that was to go did go.
    pub fn is_complete(&self) -> bool {
        self.refs.iter().all(|(_, answer)| *answer == Answer::Done)
    }

    /// Whether the remote takes none of this program's own refs.
    pub fn refuses_own_refs(&self) -> bool {
        let mut own = self.refs.iter().filter(|(update, _)| update.name.starts_with(b"refs/checkpoint/")).peekable();
        own.peek().is_some() && own.all(|(_, answer)| matches!(answer, Answer::Refused(_)))
    }
}

/// What the push of a plan takes.
pub fn cost(session: &Session, remote: &Remote, (plan, theirs): (&Plan, &Theirs)) -> Result<Cost> {
    let new: Vec<Oid> = plan.updates.iter().filter_map(|update| update.new).collect();
    remote.cost(&session.repo, &new, theirs.values().copied())
}

/// Pushes what the first plan has; where the remote changed meanwhile, what is left of it.
pub fn apply(
    session: &Session,
    (remote, request): (&Remote, &Request),
    facts: &Facts,
    (choice, first): (Choice, Plan),
) -> Result<Outcome> {
    let mut done: BTreeMap<BString, Update> = BTreeMap::new();
    let mut plan = first;
    for round in 1..=ROUNDS {
        let updates = prepared(session, remote, &plan)?;
        let pushed = remote.push(&session.repo, &updates, true, request.verify)?;
        if pushed.is_complete() {
            done.extend(updates.into_iter().map(|update| (update.name.clone(), update)));
            return Ok(finished(done, Vec::new(), (plan.left, String::new())));
        }
        let Ok(theirs) = remote.list(&session.repo) else {
            let unknown = updates.into_iter().map(|update| (update, Answer::Unknown)).collect();
            return Ok(finished(done, unknown, (plan.left, pushed.said)));
        };
        let (arrived, left): (Vec<_>, Vec<_>) =
            updates.into_iter().partition(|update| theirs.get(&update.name).copied() == update.new);
        let is_moved = left.iter().any(|update| theirs.get(&update.name).copied() != update.old);
        done.extend(arrived.into_iter().map(|update| (update.name.clone(), update)));
        if !is_moved {
            // Nobody was faster: the remote refuses some, and which can only be told by asking for each.
            let pushed = remote.push(&session.repo, &left, false, request.verify)?;
            let refused = answered(session, remote, left, &pushed.answers);
            return Ok(finished(done, refused, (plan.left, pushed.said)));
        }
        thread::sleep(pause(round));
        plan = self::plan(facts, &theirs, choice);
    }
    Err(Error::environment("others push to the same refs all the time").hint("try again"))
}

/// A little longer each time, and not the same for two who do this at once.
fn pause(round: u32) -> Duration {
    Duration::from_millis(u64::from(round * 10 + (std::process::id() ^ round) % 40))
}

/// The updates, with verdicts of others merged where both sides have some.
fn prepared(session: &Session, remote: &Remote, plan: &Plan) -> Result<Vec<Update>> {
    let mut updates = plan.updates.clone();
    let ours = refs::find(&session.repo, BStr::new(NOTES))?;
    let Some(update) = updates.iter_mut().find(|update| update.name == NOTES) else { return Ok(updates) };
    let (Some(theirs), Some(ours)) = (update.old, ours) else { return Ok(updates) };
    let quarantine = Quarantine::new(session, remote.name());
    let fetched = quarantine.fetch(session, remote, &[NOTES.into()])?;
    let is_there = fetched.get(BStr::new(NOTES)).is_some_and(|id| *id == theirs);
    let merged = match is_there && notes::is_readable(&session.repo, theirs) {
        true if is_ancestor(session, ours, theirs)? => Ok(None),
        true => notes::merge(&session.repo, theirs, ours, &session.identity).map(Some),
        // Somebody was faster, or it is no notes: the expected value is wrong then, or left alone.
        false => Ok(None),
    };
    quarantine.clear(session)?;
    match merged? {
        Some(merged) => {
            objects::flush(&session.repo)?;
            update.new = Some(merged);
        }
        None => updates.retain(|update| update.name != NOTES),
    }
    Ok(updates)
}

fn is_ancestor(session: &Session, old: Oid, new: Oid) -> Result<bool> {
    let call = session.repo.git(["merge-base", "--is-ancestor", &old.to_string(), &new.to_string()]);
    Ok(call.output()?.code == 0)
}

/// What became of each: as the remote shows it, and else as git said.
fn answered(
    session: &Session,
    remote: &Remote,
    updates: Vec<Update>,
    answers: &BTreeMap<BString, Answer>,
) -> Vec<(Update, Answer)> {
    let theirs = remote.list(&session.repo).ok();
    let answer = |update: Update| {
        let said = answers.get(&update.name).cloned().unwrap_or(Answer::Unknown);
        let has_it = theirs.as_ref().map(|theirs| theirs.get(&update.name).copied() == update.new);
        let answer = match (has_it, said) {
            (Some(true), _) => Answer::Done,
            (Some(false), Answer::Done | Answer::Unknown) => Answer::Refused("it did not arrive".into()),
            (_, said) => said,
        };
        (update, answer)
    };
    updates.into_iter().map(answer).collect()
}

fn finished(
    done: BTreeMap<BString, Update>,
    others: Vec<(Update, Answer)>,
    (left, said): (Vec<Left>, String),
) -> Outcome {
    let refs = done.into_values().map(|update| (update, Answer::Done)).chain(others).collect();
    Outcome { refs, left, said }
}
