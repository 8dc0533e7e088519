//! Finish an interrupted operation, or go back to the state before it.
//!
//! Both begin with what is there now, whatever it is: it is captured and recorded like any other state, so that
//! what was written after the interruption is safe too, and then moved on from.

use super::{
    Session, attempt,
    intent::{Intent, Stage, Then},
    phase, recover, rollback,
    transition::{self, Transition},
};
use crate::{
    config::Config,
    error::{Error, Result},
    git::{
        capture::Captured,
        refs::{self, RefEdit},
        restore,
    },
    model::{Detail, Head, Kind, Record, RecordId, SavedArtifact, State},
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
    /// A rollback is complete.
    RolledBack(Box<rollback::RolledBack>),
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
pub fn end(session: &Session, ending: Ending, watch: rollback::Watch<'_>) -> Result<Ended> {
    let Some(journal) = session.interrupted()? else {
        return Err(Error::refused("no operation of this worktree was interrupted")
            .hint("`git checkpoint status` shows how things stand"));
    };
    if journal.kind == Kind::Try {
        return attempt::end(session, ending);
    }
    let intent = Intent::of(&journal)?;
    restore::remove_left_overs(&session.repo)?;
    if Stage::of(&journal)? == Stage::Preparing {
        return end_prepared(session, (journal, intent), ending, watch);
    }
    let Some(record) = published(session, &journal)? else {
        if journal.kind == Kind::Rollback && matches!(intent.then, Then::Conclude(_)) {
            // Commands before it may have run.
            let journal = Journal { step: Stage::Preparing.as_str().to_owned(), ..journal };
            return end_prepared(session, (journal, intent), ending, watch);
        }
        Journal::remove(&session.repo)?;
        return Ok(Ended::NotBegun(journal.kind));
    };
    match (ending, Stage::of(&journal)?) {
        (Ending::Abort, _) => {
            let gone_back = go_back(session, &journal, &intent, record)?;
            if let Then::Conclude(course) = &intent.then {
                let _steps = rollback::withdraw(session, (&journal, course), watch)?;
            }
            Ok(gone_back)
        }
        (Ending::Continue | Ending::Skip, Stage::HandingOver | Stage::Picking) => {
            recover::resume(session, &journal, record, ending == Ending::Skip).map(Ended::Recovered)
        }
        (Ending::Skip, Stage::Preparing | Stage::Moving | Stage::Trying | Stage::Concluding) => {
            Err(Error::usage("there is no commit to skip")
                .hint(format!("`git checkpoint {} --continue` finishes it", journal.kind)))
        }
        (Ending::Continue | Ending::Skip, Stage::GoingBack) => {
            forward_again(session, (&journal, &intent), (record, ending), watch)
        }
        (Ending::Continue, Stage::Moving | Stage::Trying) => finish(session, (&journal, &intent), record, watch),
        (Ending::Continue, Stage::Preparing | Stage::Concluding) => go_on(session, journal, intent.then, watch),
    }
}

/// A rollback whose commands before it were running: nothing was changed.
fn end_prepared(
    session: &Session,
    (journal, intent): (Journal, Intent),
    ending: Ending,
    watch: rollback::Watch<'_>,
) -> Result<Ended> {
    match (ending, &intent.then) {
        (Ending::Continue, _) => go_on(session, journal, intent.then, watch),
        (Ending::Abort, Then::Conclude(course)) => {
            let _steps = rollback::withdraw(session, (&journal, course), watch)?;
            Journal::remove(&session.repo)?;
            Ok(Ended::NotBegun(journal.kind))
        }
        (Ending::Abort, _) => Journal::remove(&session.repo).map(|()| Ended::NotBegun(journal.kind)),
        (Ending::Skip, _) => Err(Error::usage("there is no commit to skip")
            .hint(format!("`git checkpoint {} --continue` goes on with it", journal.kind))),
    }
}

fn go_on(session: &Session, journal: Journal, then: Then, watch: rollback::Watch<'_>) -> Result<Ended> {
    let Then::Conclude(course) = then else {
        return Err(Error::bug("a rollback was interrupted that had nothing more to do"));
    };
    rollback::go_on(session, journal, *course, watch).map(|done| Ended::RolledBack(Box::new(done)))
}

/// Lets the configuration decide that did when the interrupted operation began: the worktree may have another by now.
/// Whether commands may run.
pub fn take_up_config(session: &mut Session) -> Result<bool> {
    let Some(journal) = session.interrupted()? else { return Ok(false) };
    let Then::Conclude(course) = Intent::of(&journal)?.then else { return Ok(false) };
    if let Some(text) = course.config() {
        session.config = Config::parse(text)?;
    }
    Ok(true)
}

fn published(session: &Session, journal: &Journal) -> Result<Option<Record>> {
    let known = session.store().ids()?.contains(&journal.id);
    known.then(|| session.store().read(&journal.id)).transpose()
}

fn finish(
    session: &Session,
    (journal, intent): (&Journal, &Intent),
    record: Record,
    watch: rollback::Watch<'_>,
) -> Result<Ended> {
    let target = intent.target()?;
    let detail = Detail::Resume { resumes: record.id.clone() };
    let subject = format!("saved half-way: {}", record.subject);
    let then = intent.then.clone();
    let mut edits = intent.edits()?;
    // It may have been interrupted between the record and the branch that shows it.
    edits.extend(transition::backup(session, &record)?.filter(|backup| backup.old.is_none()));
    let transition = Move { target: &target, edits, then: then.clone(), artifacts: Vec::new() };
    move_on(session, transition, detail, &subject)?;
    match then {
        Then::Done => {
            Journal::remove(&session.repo)?;
            return Ok(Ended::Finished { record, head: target.head });
        }
        Then::Conclude(_) => {
            Stage::Concluding.reach(session, journal)?;
            let journal = Journal { step: Stage::Concluding.as_str().to_owned(), ..journal.clone() };
            return go_on(session, journal, then, watch);
        }
        Then::CherryPick { .. } => {}
    }
    Stage::HandingOver.reach(session, journal)?;
    let journal = session.interrupted()?.ok_or_else(|| Error::bug("the journal of a recover is gone"))?;
    recover::resume(session, &journal, record, false).map(Ended::Recovered)
}

/// After an abort that was interrupted: picks go on from the state in which it began, which is in its record.
fn forward_again(
    session: &Session,
    (journal, intent): (&Journal, &Intent),
    (record, ending): (Record, Ending),
    watch: rollback::Watch<'_>,
) -> Result<Ended> {
    if !matches!(intent.then, Then::CherryPick { .. }) {
        return finish(session, (journal, intent), record, watch);
    }
    let mut began_at = None;
    let foreign = session.store().foreign()?;
    for id in session.store().ids()?.iter().rev().filter(|id| !foreign.contains(*id)) {
        match id.kind() {
            Some(Kind::Undo | Kind::Resume) => {}
            _ => continue,
        }
        let later = session.store().read(id)?;
        match &later.detail {
            // Of several attempts, only the first saw what the user had.
            Detail::Undo { undoes } if *undoes == record.id => began_at = Some(later.state),
            Detail::Resume { resumes } if *resumes == record.id => break,
            _ => {}
        }
    }
    if let Some(target) = began_at {
        let detail = Detail::Resume { resumes: record.id.clone() };
        let subject = format!("saved half-way back: {}", record.subject);
        move_on(
            session,
            Move { target: &target, edits: Vec::new(), then: Then::Done, artifacts: Vec::new() },
            detail,
            &subject,
        )?;
    }
    Stage::HandingOver.reach(session, journal)?;
    let journal = session.interrupted()?.ok_or_else(|| Error::bug("the journal of a recover is gone"))?;
    recover::resume(session, &journal, record, ending == Ending::Skip).map(Ended::Recovered)
}

fn go_back(session: &Session, journal: &Journal, intent: &Intent, record: Record) -> Result<Ended> {
    let mut edits: Vec<RefEdit> = Vec::new();
    // Only what the operation did get to is taken back.
    for edit in intent.edits()?.iter().rev() {
        if refs::find(&session.repo, edit.name.as_ref())? == edit.new {
            edits.push(RefEdit { name: edit.name.clone(), old: edit.new, new: edit.old });
        }
    }
    if let Some(RefEdit { name, old: Some(old), .. }) = transition::backup(session, &record)?
        && !session.repo.is_checked_out(name.as_ref())?
    {
        edits.push(RefEdit { name, old: Some(old), new: None });
    }
    Stage::GoingBack.reach(session, journal)?;
    let detail = Detail::Undo { undoes: record.id.clone() };
    let subject = format!("abort {}", record.subject);
    let back = rollback::Back::of(session, &intent.then, &record)?;
    let artifacts = back.save_present(session)?;
    let saved = move_on(session, Move { target: &record.state, edits, then: Then::Done, artifacts }, detail, &subject)?;
    back.carry_out(session, &saved)?;
    debug_assert_eq!(journal.id, record.id);
    Journal::remove(&session.repo)?;
    Ok(Ended::GoneBack { record, saved })
}

pub(super) struct Move<'a> {
    pub(super) target: &'a State,
    pub(super) edits: Vec<RefEdit>,
    pub(super) then: Then,
    /// Artifacts as they are now, which the way back replaces.
    pub(super) artifacts: Vec<SavedArtifact>,
}

/// Records what is there now and moves on to the target. The journal of the interrupted operation stays until
/// that is done, so this can be interrupted as well.
pub(super) fn move_on(session: &Session, to: Move<'_>, detail: Detail, subject: &str) -> Result<RecordId> {
    let mut captured: Captured = session.capture()?;
    transition::check(session, &mut captured, to.target)?;
    let kind = match detail {
        Detail::Undo { .. } => Kind::Undo,
        _ => Kind::Resume,
    };
    let record = Record {
        id: session.store().next_id(session.now, kind)?,
        at: session.now,
        subject: subject.to_owned(),
        message: None,
        phase: phase::of(session, &captured.state.head).mark(session.now),
        state: captured.state.clone(),
        skipped: captured.skipped.clone(),
        refs: transition::remembered(&to.edits),
        checks: Vec::new(),
        artifacts: to.artifacts,
        steps: Vec::new(),
        detail,
    };
    let transition = Transition { from: &captured, target: to.target, edits: to.edits, then: to.then };
    transition::resume(session, &transition, &record, subject)?;
    Ok(record.id)
}
