//! The phase that a branch is in: git's configuration names it, and its newest record says how far it is.

use chrono::{DateTime, Utc};
use gix::bstr::ByteSlice;

use super::Session;
use crate::{
    error::{Context, Error, Result},
    model::{Course, Due, DueFacts, Elapsed, Head, Oid, PhaseEvent, PhaseMark, Record, due},
    store::timed,
};

/// Whether a branch is in a phase.
#[derive(Debug)]
pub enum Membership {
    /// It is in none.
    None,
    /// It is in this one.
    Running(Box<Running>),
    /// The configuration names one that has ended, or whose beginning was taken back.
    Ended(String),
    /// The configuration names one of which nothing more can be told, for this reason.
    Unknown(String, Error),
}

/// A phase that has begun and not ended.
#[derive(Debug)]
pub struct Running {
    /// Its name.
    pub name: String,
    /// How far it is.
    pub course: Course,
    /// The newest slot that was passed, with a checkpoint or because nothing had changed.
    pub passed: Vec<Elapsed>,
    /// Its newest record.
    pub newest: Record,
    /// That record's object.
    pub object: Oid,
}

/// The key of git's configuration that names the phase of a branch.
fn key(head: &Head) -> Option<String> {
    head.branch().map(|_| format!("branch.{}.checkpointPhase", head.short_name()))
}

/// The phase that `head` is in. What cannot be read is no failure here: it must not keep a checkpoint from being taken.
pub fn of(session: &Session, head: &Head) -> Membership {
    let Some(name) = configured(session, head) else { return Membership::None };
    match session.store().newest_of_phase(&name) {
        Err(why) => Membership::Unknown(name, why),
        Ok(None) => {
            let error = Error::refused(format!("there is no record of the phase `{name}`"))
                .hint(format!("`git checkpoint start {name}` begins it"));
            Membership::Unknown(name, error)
        }
        Ok(Some((object, newest))) => Membership::of_record(session, name, (object, newest)),
    }
}

/// The phase that git's configuration names for a branch.
pub fn configured(session: &Session, head: &Head) -> Option<String> {
    let branch = head.branch()?.strip_prefix(b"refs/heads/")?;
    let config = session.repo.gix().config_snapshot();
    let name = config.plumbing().string_by("branch", Some(branch.as_bstr()), "checkpointPhase")?;
    name.to_str().ok().map(str::to_owned).filter(|name| !name.is_empty())
}

/// Sets the phase of a branch in git's configuration, or takes it away.
pub fn configure(session: &Session, head: &Head, phase: Option<&str>) -> Result<()> {
    let key = key(head).ok_or_else(|| Error::bug("a detached HEAD has no phase"))?;
    let call = session.repo.git(["config", "--local"]);
    let output = match phase {
        Some(phase) => call.arg("--replace-all").arg(&key).arg(phase).output()?,
        None => call.arg("--unset-all").arg(&key).output()?,
    };
    // 5: there is nothing to take away.
    if output.code == 0 || (phase.is_none() && output.code == 5) {
        return Ok(());
    }
    Err(output.error("git config --local")).with_context(|| format!("cannot change `{key}` in git's configuration"))
}

impl Membership {
    fn of_record(session: &Session, name: String, (object, newest): (Oid, Record)) -> Self {
        let Some(mark) = &newest.phase else {
            return Membership::Unknown(name, Error::environment(format!("record {} is of no phase", newest.id)));
        };
        if mark.is_closed() {
            return Membership::Ended(name);
        }
        let Some(course) = mark.course.clone() else {
            let error = Error::environment(format!("record {} does not say when the phase began", newest.id));
            return Membership::Unknown(name, error.hint("update git-checkpoint"));
        };
        let note =
            timed::note_of(&session.repo.state_dir(), &name).filter(|note| note.began == course.began && !note.ended);
        let passed = [Some(course.slot), note.map(|note| note.slot)].into_iter().flatten().collect();
        Membership::Running(Box::new(Running { name, course, passed, newest, object }))
    }

    /// The phase, if it is going on.
    pub fn running(&self) -> Option<&Running> {
        match self {
            Membership::Running(phase) => Some(phase),
            _ => None,
        }
    }

    /// What a record that is no checkpoint says of the phase.
    pub fn mark(&self, now: DateTime<Utc>) -> Option<PhaseMark> {
        self.running().map(|phase| PhaseMark {
            name: phase.name.clone(),
            elapsed: phase.course.elapsed(now),
            course: Some(phase.course.clone()),
            event: None,
        })
    }
}

impl Running {
    /// What a checkpoint taken now says of the phase.
    pub fn checkpoint(&self, now: DateTime<Utc>, event: Option<PhaseEvent>) -> PhaseMark {
        let mut course = self.course.clone();
        course.slot = self.passed.iter().copied().max().unwrap_or_default();
        course.slot = course.slot_for(now);
        course.number = course.number.saturating_add(1);
        PhaseMark { name: self.name.clone(), elapsed: self.course.elapsed(now), course: Some(course), event }
    }

    /// Whether a checkpoint is due.
    pub fn due(&self, now: DateTime<Utc>) -> Due {
        due(&DueFacts { began: self.course.began, schedule: &self.course.schedule, passed: &self.passed }, now)
    }
}

/// Notes how far the phase of a published record is, for the hooks of this repository.
pub fn note(session: &Session, mark: &PhaseMark) -> Result<()> {
    match &mark.course {
        Some(_) if mark.is_closed() => timed::forget(&session.repo, &mark.name),
        Some(course) => timed::note(&session.repo, &mark.name, course, course.slot),
        None => Ok(()),
    }
}
