//! Take an operation back, and take that back again.
//!
//! An undo is a transition like any other: the state before it is in its own record, so it can be undone in turn.

mod which;

pub use which::{next, undone};

use super::{
    Session, elsewhere, history,
    intent::Then,
    jobs, phase,
    rollback::{Surroundings, Watch},
    transition::{self, Transition},
};
use crate::{
    error::{Error, Result},
    git::{
        capture::Captured,
        refs::{self, RefEdit},
    },
    model::{
        Attempt, Detail, Fate, Head, Kind, Oid, PhaseMark, Record, RecordId, State, Step, Verification, quote_path,
    },
};
use which::made_by;

/// Undo or redo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Take an operation back.
    Undo,
    /// Take an undo back.
    Redo,
}

impl Direction {
    fn kind(self) -> Kind {
        match self {
            Direction::Undo => Kind::Undo,
            Direction::Redo => Kind::Redo,
        }
    }
}

/// What the user asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// Undo or redo.
    pub direction: Direction,
    /// The beginning of the operation's id; the newest that can be taken back where it is left out.
    pub id: Option<String>,
    /// `--no-steps`: run none of the commands that the rollback had around it.
    pub no_steps: bool,
    /// `--code-only`: leave the artifacts as they are.
    pub code_only: bool,
}

/// What will be done.
#[must_use]
pub struct Plan {
    /// The operation taken back.
    pub undone: Record,
    record: Record,
    captured: Captured,
    target: State,
    edits: Vec<RefEdit>,
    commits: Vec<(Oid, String)>,
    around: Surroundings,
    request: Request,
}

/// What was done, or, for a dry run, would be.
#[derive(Debug)]
#[must_use]
pub struct Undone {
    /// The record of this undo or redo.
    pub id: RecordId,
    /// The operation taken back.
    pub undone: Record,
    /// Where HEAD is now.
    pub head: Head,
    /// Refs that were put back or taken away, beside HEAD's own.
    pub refs: Vec<RefEdit>,
    /// Commits that the branch had and has no more: id and subject, newest first. The record of this undo keeps them.
    pub commits: Vec<(Oid, String)>,
    /// The paths whose files change, with their letters as in `git diff --name-status`.
    pub files: Vec<(char, String)>,
    /// The steps of the way, where commands are around it.
    pub steps: Vec<Step>,
    /// Whether one of these commands failed once everything was back.
    pub has_failed: bool,
}

/// Finds the operation and works out what taking it back means; changes nothing.
pub fn plan(session: &Session, request: &Request) -> Result<Plan> {
    let direction = request.direction;
    session.refuse_if_busy()?;
    let undone = which::find(session, request)?;
    let mut captured = session.capture()?;
    let target = if moved_files(session, &undone)? {
        target(session, &undone, &captured.state)?
    } else {
        captured.state.clone()
    };
    elsewhere::refuse_shared(session, &captured.state.head, &target.head)?;
    let edits = edits(session, &undone)?;
    transition::check(session, &mut captured, &target)?;
    let kind = direction.kind();
    let record = Record {
        id: session.store().next_id(session.now, kind)?,
        at: session.now,
        subject: format!("{kind} {}", undone.subject),
        message: None,
        phase: phase_after(session, &undone, &captured.state.head)?,
        state: captured.state.clone(),
        skipped: captured.skipped.clone(),
        refs: transition::remembered(&edits),
        checks: Vec::new(),
        artifacts: Vec::new(),
        steps: Vec::new(),
        detail: match direction {
            Direction::Undo => Detail::Undo { undoes: undone.id.clone() },
            Direction::Redo => Detail::Redo { undoes: undone.id.clone() },
        },
    };
    let commits = history::commits_left(session, &captured.state, &target)?;
    let around = Surroundings::of(session, &undone, (!request.no_steps, !request.code_only))?;
    Ok(Plan { undone, record, captured, target, edits, commits, around, request: request.clone() })
}

/// What the undo does to the phase: its beginning or its end is taken back where it is the last of it, else nothing.
fn phase_after(session: &Session, undone: &Record, head: &Head) -> Result<Option<PhaseMark>> {
    let mark = undone.phase.as_ref().and_then(|mark| Some((mark, mark.event?.opposite()?)));
    let Some((mark, event)) = mark else { return Ok(phase::of(session, head).mark(session.now)) };
    let name = &mark.name;
    // By what it did, as an undo that was taken back is newer than what it took back.
    let newest = session.store().newest_of_phase(name)?.and_then(|(_, record)| record.phase);
    if newest.and_then(|newest| newest.event) != mark.event {
        return Err(Error::refused(format!("more was done in the phase `{name}` since"))
            .hint("`git checkpoint finish` ends it; `git checkpoint log` shows what was done"));
    }
    let after = PhaseMark { event: Some(event), ..mark.clone() };
    let own = phase::configured(session, &undone.state.head).filter(|own| own != name);
    if let Some(own) = own.filter(|_| !after.is_closed()) {
        let branch = undone.state.head.short_name();
        return Err(Error::refused(format!("`{branch}` is in the phase `{own}` now"))
            .hint("`git checkpoint finish` ends that one"));
    }
    let elapsed = mark.course.as_ref().and_then(|course| course.elapsed(session.now));
    Ok(Some(PhaseMark { elapsed, ..after }))
}

/// Whether the operation moved HEAD, index or files, so that taking it back has to.
fn moved_files(session: &Session, record: &Record) -> Result<bool> {
    Ok(match &record.detail {
        Detail::Create { index_before, .. } => index_before.is_some(),
        Detail::Prune { .. } => false,
        // Picks onto a branch that is not checked out are all in the refs.
        Detail::Recover { .. } => !record.refs.iter().any(|change| change.name.starts_with(b"refs/heads/")),
        Detail::Undo { undoes } | Detail::Redo { undoes } => moved_files(session, &session.store().read(undoes)?)?,
        Detail::Rollback { .. } | Detail::Resume { .. } | Detail::Try(_) => true,
    })
}

/// The working state after taking `undone` back, given the present one.
fn target(session: &Session, undone: &Record, now: &State) -> Result<State> {
    let head = &undone.state.head;
    if head.branch() != now.head.branch() {
        let (theirs, ours) = (head.in_words(), now.head.in_words());
        let error = Error::refused(format!("that was done on {theirs}, and this is {ours}"));
        return Err(elsewhere::hint_switch(session, head, error)?);
    }
    match &undone.detail {
        Detail::Create { index_before: None, .. } | Detail::Prune { .. } => Ok(now.clone()),
        Detail::Create { index_before: Some(index), .. } => {
            if now.head != undone.state.head {
                return Err(Error::refused("commits were made after that checkpoint")
                    .hint("`git checkpoint rollback <checkpoint>` goes back over them, with a backup"));
            }
            let before = undone.refs.first().and_then(|change| change.old);
            Ok(State { head: now.head.at(before), index: *index, ..now.clone() })
        }
        Detail::Rollback { .. } | Detail::Recover { .. } | Detail::Undo { .. } | Detail::Redo { .. } => {
            Ok(undone.state.clone())
        }
        Detail::Try(attempt) => target_of_try(undone, attempt, now),
        Detail::Resume { .. } => Err(Error::refused("that record only saved a half-way state")
            .hint(format!("`git checkpoint rollback {}` goes to it", undone.id))),
    }
}

/// What was put back comes back, and what was kept is put back.
fn target_of_try(undone: &Record, attempt: &Attempt, now: &State) -> Result<State> {
    let made = match (attempt.fate, &attempt.result) {
        (Some(Fate::PutBack), Some(made)) => made,
        (Some(Fate::PutBack), None) => {
            return Err(Error::refused("nothing of that try was kept, so there is nothing to take back")
                .hint("`git checkpoint undo <id>` takes back what was done before; `git checkpoint log` shows it"));
        }
        (Some(Fate::Kept) | None, _) => return Ok(undone.state.clone()),
    };
    if made.head.branch() != now.head.branch() {
        return Err(Error::refused(format!("what that command made was on {}", made.head.in_words())).hint(format!(
            "`git checkpoint rollback {} --path .` brings only its files, and leaves the branch",
            made.tip.to_hex_with_len(10)
        )));
    }
    Ok(made.clone())
}

/// The refs to put back: those it remembers, and the tag or backup branch it made, as far as they are still as it
/// left them.
fn edits(session: &Session, undone: &Record) -> Result<Vec<RefEdit>> {
    let mut edits = Vec::new();
    // The checkpoint that a try has made is shown by a tag as well.
    let made = made_by(session, &undone.id).and_then(|made| session.store().read(&made).ok());
    let shown = made.as_ref().unwrap_or(undone);
    if let Some(tag) = shown.tag() {
        let name: gix::bstr::BString = [b"refs/tags/".as_slice(), tag].concat().into();
        let own = [session.store().object(&shown.id)?, Some(shown.state.tip)];
        if let Some(now) = refs::find(&session.repo, name.as_ref())?.filter(|now| own.contains(&Some(*now))) {
            edits.push(RefEdit { name, old: Some(now), new: None });
        }
    }
    if let Some(backup) = undone.backup() {
        let name: gix::bstr::BString = [b"refs/heads/".as_slice(), backup].concat().into();
        let unchanged = refs::find(&session.repo, name.as_ref())? == Some(undone.state.tip);
        if unchanged && !session.repo.is_checked_out(name.as_ref())? {
            edits.push(RefEdit { name, old: Some(undone.state.tip), new: None });
        }
    }
    // The move of the branch that HEAD is on is part of the transition itself.
    let own_branch = undone.state.head.branch();
    let commit_mode = matches!(undone.detail, Detail::Create { index_before: Some(_), .. });
    for edit in transition::reversed(&undone.refs) {
        // A record may be someone else's; HEAD and files beside the refs are not for it to change.
        if !edit.name.starts_with(b"refs/") || gix::validate::reference::name(edit.name.as_ref()).is_err() {
            let name = quote_path(edit.name.as_ref());
            return Err(Error::refused(format!("`{}` claims to have changed `{name}`, which is no ref", undone.id))
                .hint("it was not made by this program: do not trust where it came from; nothing was changed"));
        }
        // Notes that followed the picks stay where the user has written others since.
        if edit.name.starts_with(b"refs/notes/") && refs::find(&session.repo, edit.name.as_ref())? != edit.old {
            continue;
        }
        if commit_mode && Some(&edit.name) == own_branch {
            continue;
        }
        // It was not when it was moved, and there index and files would stay behind.
        if edit.name.starts_with(b"refs/heads/") && session.repo.is_checked_out(edit.name.as_ref())? {
            let short = quote_path(edit.name[b"refs/heads/".len()..].into());
            return Err(Error::refused(format!("`{short}` is checked out, and only the branch would move"))
                .hint("go elsewhere there first, with `git switch`; nothing was changed"));
        }
        edits.push(edit);
    }
    Ok(edits)
}

impl Plan {
    fn outcome(&self, session: &Session) -> Result<Undone> {
        let changes = crate::git::tree::diff(&session.repo, self.captured.state.worktree, self.target.worktree)?;
        Ok(Undone {
            id: self.record.id.clone(),
            undone: self.undone.clone(),
            head: self.target.head.clone(),
            refs: self.edits.clone(),
            commits: self.commits.clone(),
            steps: self.around.preview(),
            has_failed: false,
            files: changes.iter().map(|change| (change.status(), quote_path(change.path.as_ref()))).collect(),
        })
    }

    /// Leaves out the commands before it, which have run.
    pub(super) fn skip_commands_before(&mut self) {
        self.around.skip_before();
    }

    /// Whether it runs commands, which a Ctrl-C is to stop, and not this program in the midst of files.
    pub fn runs_something(&self) -> bool {
        self.around.runs_something()
    }

    /// What it would do, without doing it.
    pub fn preview(&self, session: &Session) -> Result<Undone> {
        self.outcome(session)
    }

    /// Does it.
    pub fn apply(mut self, session: &Session, watch: Watch<'_>) -> Result<Undone> {
        if self.around.has_before() {
            self.around.run_before(session, (&self.record, &self.target), watch)?;
            let request = Request { id: Some(self.undone.id.to_string()), ..self.request };
            self = Plan { around: self.around, ..plan(session, &request)? };
        }
        let mut outcome = self.outcome(session)?;
        let transition = Transition { from: &self.captured, target: &self.target, edits: self.edits, then: Then::Done };
        let done = self.around.carry_out(session, (transition, &mut self.record), watch)?;
        if let Some(done) = done {
            outcome.has_failed = done.verification != Some(Verification::Verified);
            outcome.steps = done.record.steps;
        }
        // What was taken back needs no tag, and a redo makes the record pending again without one.
        jobs::withdrawn(session, &made_by(session, &self.undone.id).unwrap_or_else(|| self.undone.id.clone()));
        if let Some(mark) = self.record.phase.filter(|mark| mark.event.is_some()) {
            let phase = Some(mark.name.as_str()).filter(|_| !mark.is_closed());
            phase::configure(session, &self.undone.state.head, phase)?;
            let _kept = phase::note(session, &mark);
        }
        Ok(outcome)
    }
}
