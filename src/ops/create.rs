//! Take a checkpoint: the working state as it is, published under a tag, without touching HEAD, index or files.

use gix::bstr::BString;

use super::{Session, names, phase, trust};
use crate::{
    check::Checked,
    config::{CaptureMode, TagKind},
    error::{Error, Result},
    git::capture::{Captured, Changes},
    model::{Detail, Kind, PhaseEvent, PhaseMark, Record, SavedArtifact, Validation},
};

mod commit;
mod deciding;
mod gate;
mod publish;

pub(super) use commit::commit;
pub(super) use deciding::{Choice, deciding};
pub use gate::{Begun, begin, take};
pub(super) use publish::conclude;

/// What the user asked for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `-m`: what the user has to say about it.
    pub message: Option<String>,
    /// `--name`: the tag's name; an error if it is taken.
    pub name: Option<String>,
    /// `--commit`: add and commit on the branch.
    pub commit: bool,
    /// `--no-verify`: run neither checks nor, in commit mode, git's commit hooks.
    pub no_verify: bool,
    /// `--no-artifacts`: save none of them.
    pub no_artifacts: bool,
}

/// A checkpoint that begins, marks or ends a phase. It is always a snapshot beside the branch: nothing is committed
/// behind anybody's back.
#[derive(Debug)]
pub(super) struct InPhase {
    /// What it is to the phase.
    pub(super) mark: PhaseMark,
    /// `-m`: what the user has to say about it.
    pub(super) message: Option<String>,
    /// Run no checks.
    pub(super) no_verify: bool,
    /// Save no artifacts.
    pub(super) no_artifacts: bool,
}

/// A checkpoint about to be taken.
#[must_use]
pub struct Plan {
    record: Record,
    captured: Captured,
    tag: Name,
    commit: bool,
    no_verify: bool,
    artifacts: Artifacts,
    /// What checks said before anything was saved.
    answered: Vec<Checked>,
    /// The only checks that are run; empty for all.
    only: Vec<String>,
}

/// What becomes of the artifacts.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Artifacts {
    /// They are saved.
    Save,
    /// They are left out, as the user wants it.
    LeaveOut,
    /// They are saved already.
    Saved(Vec<SavedArtifact>),
}

impl Artifacts {
    fn wanted(no_artifacts: bool) -> Self {
        if no_artifacts { Artifacts::LeaveOut } else { Artifacts::Save }
    }
}

/// Where the public tag's name comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    /// Given by the user: if it is taken, that is an error.
    Given(BString),
    /// From a template: if it is taken, the next free one is used.
    Template(BString),
    /// No public tag is wanted.
    None,
}

/// A checkpoint taken, or, for a dry run, to be taken.
#[derive(Debug)]
#[must_use]
pub struct Taken {
    /// The record; its `detail` has the tag's final name.
    pub record: Record,
    /// What was changed when it was taken.
    pub changes: Changes,
    /// Why the public tag could not be signed and was left out.
    pub unsigned: Option<String>,
    /// What the checks said that were run or looked up.
    pub checked: Vec<Checked>,
    /// Why checks that are wanted were not run, so that there is no tag.
    pub held: Option<Held>,
    /// Why verdicts could not be kept.
    pub unkept: Option<Error>,
    /// Why the background checks were run in the foreground.
    pub here: Option<String>,
    /// The artifacts that were not saved with it: nobody trusts them, or the user wants it so.
    pub unsaved: Vec<String>,
}

/// Why checks were not run.
#[derive(Debug)]
pub enum Held {
    /// Nobody trusts the configuration.
    Untrusted(trust::Standing),
    /// One of them cannot be run at all.
    Unusable(Error),
}

impl Plan {
    /// The same with artifacts that are saved already.
    pub(super) fn with_artifacts(mut self, saved: Vec<SavedArtifact>) -> Self {
        self.artifacts = Artifacts::Saved(saved);
        self
    }

    /// Whether artifacts would be saved with it.
    pub fn saves_artifacts(&self) -> bool {
        self.artifacts == Artifacts::Save
    }

    /// What it would take, without taking it.
    pub fn preview(self) -> Taken {
        let mut record = self.record;
        if let (Detail::Create { wanted, .. }, Name::Given(name) | Name::Template(name)) =
            (&mut record.detail, self.tag)
        {
            *wanted = Some(name);
        }
        Taken::of(record, self.captured.changes)
    }
}

impl Taken {
    fn of(record: Record, changes: Changes) -> Self {
        let (checked, unsaved) = (Vec::new(), Vec::new());
        Taken { record, changes, unsigned: None, checked, held: None, unkept: None, here: None, unsaved }
    }
}

/// Captures the state and decides on the name; changes nothing.
pub fn plan(session: &Session, request: &Request) -> Result<Plan> {
    let captured = session.capture()?;
    let phase = phase::of(session, &captured.state.head);
    let mark = phase.running().map(|phase| phase.checkpoint(session.now, None));
    let tag = match &request.name {
        Some(name) => names::given(name).map(Name::Given)?,
        None => tag_name(session, &captured, mark.as_ref())?,
    };
    let commit = request.commit || session.config.capture.mode == CaptureMode::Commit;
    if commit && captured.state.head.branch().is_none() {
        return Err(Error::refused("HEAD is detached: a commit made here would be on no branch")
            .hint("`git switch -c <branch>` first, or take a snapshot with plain `git checkpoint`"));
    }
    let half_done = captured.changes.conflicted > 0 || session.repo.git_operation().is_some();
    if commit && half_done {
        return Err(Error::refused("git has an operation half done, which a commit now would conclude")
            .hint("end it first, or take a snapshot with plain `git checkpoint`"));
    }
    let record = draft(session, &captured, (request.message.as_ref(), mark))?;
    let artifacts = Artifacts::wanted(request.no_artifacts);
    let (answered, only) = (Vec::new(), Vec::new());
    Ok(Plan { record, captured, tag, commit, no_verify: request.no_verify, artifacts, answered, only })
}

/// The checkpoint of a state that begins, marks or ends a phase.
pub(super) fn plan_of_phase(session: &Session, captured: Captured, what: InPhase) -> Result<Plan> {
    let tag = tag_name(session, &captured, Some(&what.mark))?;
    let record = draft(session, &captured, (what.message.as_ref(), Some(what.mark)))?;
    let (artifacts, no_verify) = (Artifacts::wanted(what.no_artifacts), what.no_verify);
    let (answered, only) = (Vec::new(), Vec::new());
    Ok(Plan { record, captured, tag, commit: false, no_verify, artifacts, answered, only })
}

fn tag_name(session: &Session, captured: &Captured, mark: Option<&PhaseMark>) -> Result<Name> {
    if session.config.tag == TagKind::None {
        return Ok(Name::None);
    }
    let values = names::values(session, &captured.state.head, mark);
    let configured = &session.config.names;
    let (template, default) = match mark.and_then(|mark| mark.event) {
        Some(PhaseEvent::Finish) => (("phase.complete", configured.complete.as_ref()), names::COMPLETE),
        _ => (("phase.tag", configured.tag.as_ref()), names::TAG),
    };
    names::from_template(template, default, &values).map(Name::Template)
}

fn draft(session: &Session, captured: &Captured, what: (Option<&String>, Option<PhaseMark>)) -> Result<Record> {
    let (message, mark) = what;
    let said = message.and_then(|message| message.lines().next()).map(str::trim).filter(|line| !line.is_empty());
    let subject = said.map_or_else(|| subject(captured, mark.as_ref()), str::to_owned);
    Ok(Record {
        id: session.store().next_id(session.now, Kind::Create)?,
        at: session.now,
        subject,
        message: message.cloned(),
        phase: mark,
        state: captured.state.clone(),
        skipped: captured.skipped.clone(),
        refs: Vec::new(),
        checks: Vec::new(),
        artifacts: Vec::new(),
        steps: Vec::new(),
        detail: Detail::Create { tag: None, wanted: None, validation: Validation::Unvalidated, index_before: None },
    })
}

/// What a checkpoint is called in lists where nothing was said about it.
fn subject(captured: &Captured, mark: Option<&PhaseMark>) -> String {
    let branch = captured.state.head.short_name();
    let Some(mark) = mark else { return format!("checkpoint of {branch}") };
    let (name, elapsed) = (&mark.name, mark.elapsed.unwrap_or_default());
    match (mark.event, &mark.course) {
        (Some(PhaseEvent::Start), _) => format!("beginning of {name}"),
        (Some(PhaseEvent::Finish), _) => format!("end of {name} after {elapsed}"),
        (Some(PhaseEvent::Timed), Some(course)) => format!("checkpoint of {name} at T+{}", course.slot),
        _ => format!("checkpoint of {name} after {elapsed}"),
    }
}
