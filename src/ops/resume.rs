//! Finish an interrupted operation, or go back to the state before it.
//!
//! Both begin with what is there now, whatever it is: it is captured and recorded like any other state, so that
//! what was written after the interruption is safe too, and then moved on from.

use super::{
    Session, recover,
    transition::{self, Intent, Stage, Then, Transition},
};
use crate::{
    error::{Error, Result},
    git::{
        capture::Captured,
        refs::{self, RefEdit},
        restore,
    },
    model::{Detail, Head, Kind, Record, RecordId, State},
    store::Journal,
};

/// How to end an interrupted operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// `--continue`.
    Continue,
    /// `--skip`: leave out the commit that conflicts.
    Skip,
    /// `--abort`.
    Abort,
}

/// How the operation ended.
#[derive(Debug)]
#[must_use]
pub enum Ended {
    /// It had not changed anything yet; only its lock and journal were removed.
    NotBegun(Kind),
    /// It is complete.
    Finished {
        /// The operation.
        record: Record,
        /// Where HEAD is.
        head: Head,
    },
    /// A recover is complete, or has stopped at the next conflict.
    Recovered(recover::Recovered),
    /// The state before it is back; this record has what was there until then.
    GoneBack {
        /// The operation.
        record: Record,
        /// The record of what was there until now.
        saved: RecordId,
    },
}

/// Ends the operation that was interrupted in this worktree.
pub fn end(session: &Session, ending: Ending) -> Result<Ended> {
    let Some(journal) = session.interrupted()? else {
        return Err(Error::refused("no operation of this worktree was interrupted")
            .hint("`git checkpoint status` shows how things stand"));
    };
    let intent = Intent::of(&journal)?;
    restore::remove_stale_lock(&session.repo)?;
    let Some(record) = published(session, &journal)? else {
        Journal::remove(&session.repo)?;
        return Ok(Ended::NotBegun(journal.kind));
    };
    match (ending, Stage::of(&journal)?) {
        (Ending::Abort, _) => go_back(session, &journal, &intent, record),
        (Ending::Continue | Ending::Skip, Stage::HandingOver | Stage::Picking) => {
            recover::resume(session, &journal, record, ending == Ending::Skip).map(Ended::Recovered)
        }
        (Ending::Skip, Stage::Moving) => Err(Error::usage("there is no commit to skip")
            .hint(format!("`git checkpoint {} --continue` finishes it", journal.kind))),
        (Ending::Continue, Stage::Moving) => finish(session, &journal, &intent, record),
    }
}

fn published(session: &Session, journal: &Journal) -> Result<Option<Record>> {
    let known = session.store().ids()?.contains(&journal.id);
    known.then(|| session.store().read(&journal.id)).transpose()
}

fn finish(session: &Session, journal: &Journal, intent: &Intent, record: Record) -> Result<Ended> {
    let target = intent.target()?;
    let detail = Detail::Resume { resumes: record.id.clone() };
    let subject = format!("saved half-way: {}", record.subject);
    let then = intent.then.clone();
    let transition = Move { target: &target, edits: intent.edits()?, then: then.clone() };
    move_on(session, transition, detail, &subject)?;
    if then == Then::Done {
        Journal::remove(&session.repo)?;
        return Ok(Ended::Finished { record, head: target.head });
    }
    Stage::HandingOver.reach(session, journal)?;
    let journal = session.interrupted()?.ok_or_else(|| Error::bug("the journal of a recover is gone"))?;
    recover::resume(session, &journal, record, false).map(Ended::Recovered)
}

fn go_back(session: &Session, journal: &Journal, intent: &Intent, record: Record) -> Result<Ended> {
    let mut edits: Vec<RefEdit> = Vec::new();
    // Only what the operation did get to is taken back.
    for edit in intent.edits()?.iter().rev() {
        if refs::find(&session.repo, edit.name.as_ref())? == edit.new {
            edits.push(RefEdit { name: edit.name.clone(), old: edit.new, new: edit.old });
        }
    }
    let detail = Detail::Undo { undoes: record.id.clone() };
    let subject = format!("abort {}", record.subject);
    let saved = move_on(session, Move { target: &record.state, edits, then: Then::Done }, detail, &subject)?;
    debug_assert_eq!(journal.id, record.id);
    Journal::remove(&session.repo)?;
    Ok(Ended::GoneBack { record, saved })
}

struct Move<'a> {
    target: &'a State,
    edits: Vec<RefEdit>,
    then: Then,
}

/// Records what is there now and moves on to the target. The journal of the interrupted operation stays until
/// that is done, so this can be interrupted as well.
fn move_on(session: &Session, to: Move<'_>, detail: Detail, subject: &str) -> Result<RecordId> {
    let captured: Captured = session.capture()?;
    transition::check(session, &captured, to.target)?;
    let kind = match detail {
        Detail::Undo { .. } => Kind::Undo,
        _ => Kind::Resume,
    };
    let record = Record {
        id: session.store().next_id(session.now, kind)?,
        at: session.now,
        subject: subject.to_owned(),
        message: None,
        phase: None,
        state: captured.state.clone(),
        skipped: captured.skipped.clone(),
        refs: transition::remembered(&to.edits),
        detail,
    };
    let transition = Transition { from: &captured, target: to.target, edits: to.edits, then: to.then };
    transition::resume(session, &transition, &record, subject)?;
    Ok(record.id)
}
