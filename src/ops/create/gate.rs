//! Only what passed its checks gets a tag.
//!
//! The state is saved first, as a pending record, so that it is safe while the checks run; the record is replaced once when
//! they have ended. Where the checks decide whether something is done at all (a commit, the end of a phase), they run before
//! anything is saved. The operation lock is not held while they run.

use std::collections::HashSet;

use super::{
    Artifacts, Held, Plan, Request, Taken, commit, plan,
    publish::{self, With},
};
use crate::{
    check::{Checked, Event, Seen, Selection, Subject, Why, select},
    config::{Check, Moment},
    error::{Error, Result},
    git::tree,
    model::{Detail, Oid, PhaseMark, Record, SavedArtifact, Validation, quote_path},
    ops::{
        Session,
        artifacts::{self, Around},
        jobs::{self, Enqueued},
        phase, trust,
        validate::{self, Setting},
    },
    store::Attached,
};

/// The checks that stand between a state and its tag.
pub(super) enum Wanted<'s> {
    /// None.
    None,
    /// Some, and they cannot be run.
    Held(Held),
    /// These.
    Checks(Vec<&'s Check>),
}

/// What of a checkpoint needs consent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asks {
    /// Its checks.
    pub(super) checks: bool,
    /// Its artifacts.
    pub(super) artifacts: bool,
}

/// A checkpoint that is saved, and whose checks may not have ended.
#[must_use]
pub struct Begun<'s> {
    taken: Taken,
    /// Those without an answer.
    left: Vec<&'s Check>,
    seen: Seen,
}

/// Takes a checkpoint: captures, saves, and validates. `watch` is told how the checks go.
pub fn take(
    session: &Session,
    request: &Request,
    trusted: &trust::Standing,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<Taken> {
    let mut lock = Some(session.lock("create")?);
    let mut planned = plan(session, request)?;
    if planned.commit && !planned.captured.changes.is_clean() {
        drop(lock.take());
        // Whatever holds them is found again below.
        let _held = planned.ask(session, trusted, watch)?;
        lock = Some(session.lock("create")?);
        planned = planned.again(session, plan(session, request)?);
    }
    let begun = begin(session, planned, trusted)?;
    drop(lock);
    begun.finish(session, watch)
}

impl Plan {
    fn asks(&self) -> Asks {
        Asks { checks: !self.no_verify, artifacts: self.saves_artifacts() }
    }

    /// Runs the checks that are waited for, before anything is saved; why they cannot be run, if so.
    pub(in crate::ops) fn ask(
        &mut self,
        session: &Session,
        trusted: &trust::Standing,
        watch: &mut dyn FnMut(Event<'_>),
    ) -> Result<Option<Held>> {
        if self.no_verify {
            return Ok(None);
        }
        let checks = match wanted(session, trusted, (self.asks(), &self.only))? {
            Wanted::None => return Ok(None),
            Wanted::Held(held) => return Ok(Some(held)),
            Wanted::Checks(checks) => checks,
        };
        let quick: Vec<_> = checks.into_iter().filter(|check| !check.background).collect();
        if let Err(error) = validate::refuse_missing(&quick, session) {
            return Ok(Some(Held::Unusable(error)));
        }
        let setting = setting(session, quick, validate::seen(&self.captured), self.record.phase.clone());
        let subject = subject(&self.record);
        self.answered = setting.run(|run| run.validate(subject, watch).0.checks)?;
        Ok(None)
    }

    /// The same for the state as it is now: what checks said counts if it is the state that they looked at.
    pub(in crate::ops) fn again(self, session: &Session, now: Plan) -> Plan {
        let mut answered = self.answered;
        if now.captured.state.worktree != self.captured.state.worktree {
            let files = changed_files(session, self.captured.state.worktree, now.captured.state.worktree);
            answered = answered.into_iter().map(|one| one.without(Why::ChangedFiles(files.clone()))).collect();
        }
        Plan { answered, ..now }
    }

    /// Whether what was asked stands in the way.
    pub(in crate::ops) fn is_refused(&self) -> bool {
        is_trouble(&self.answered)
    }

    /// The same without being an event of its phase.
    pub(in crate::ops) fn without_event(mut self) -> Plan {
        if let Some(mark) = &mut self.record.phase {
            mark.event = None;
        }
        self
    }
}

/// Saves it: with its tag, if nothing is to be waited for. To be called under the operation lock.
pub fn begin<'s>(session: &'s Session, plan: Plan, trusted: &'s trust::Standing) -> Result<Begun<'s>> {
    let wanted = wanted(session, trusted, (plan.asks(), &plan.only))?;
    let Plan { mut record, captured, tag, commit, no_verify, artifacts, answered, only } = plan;
    let seen = validate::seen(&captured);
    let (mut checked, mut left, mut held) = (answered, Vec::new(), None);
    match wanted {
        Wanted::None => {}
        Wanted::Held(why) => held = Some(why),
        Wanted::Checks(checks) => {
            if checked.is_empty() {
                let subject = subject(&record);
                let setting = setting(session, checks.clone(), seen, record.phase.clone());
                checked = setting.run(|run| run.known(subject))?;
            }
            if !is_trouble(&checked) {
                let closed: HashSet<&str> = checked.iter().map(|one| one.result.name.as_str()).collect();
                left = checks.into_iter().filter(|check| !closed.contains(check.name.as_str())).collect();
            }
            if let Err(error) = validate::refuse_missing(&left, session) {
                held = Some(Held::Unusable(error));
                left.clear();
            }
        }
    }
    // What cannot be saved stops it here, before anything is changed.
    record.artifacts = save_artifacts(session, trusted, artifacts, &record)?;
    let is_saved = |name: &str| record.artifacts.iter().any(|saved| saved.name == name);
    let named = session.config.named_artifacts().map(|(name, _)| name);
    let unsaved = named.filter(|name| !is_saved(name)).map(str::to_owned).collect();
    if commit && held.is_none() && !is_trouble(&checked) && !captured.changes.is_clean() {
        commit::record(session, &captured, &mut record, no_verify)?;
        // A hook of git's may have changed what is committed.
        if record.state.worktree != captured.state.worktree {
            let files = changed_files(session, captured.state.worktree, record.state.worktree);
            checked = checked.into_iter().map(|one| one.without(Why::ChangedFiles(files.clone()))).collect();
        }
    }
    let results: Vec<_> = checked.iter().map(|one| one.result.clone()).collect();
    let state = match (&held, left.is_empty()) {
        (Some(_), _) => Validation::Unvalidated,
        // Some checks are not all that it takes.
        (None, true) if !only.is_empty() && Validation::of(&results) == Validation::Validated => {
            Validation::Unvalidated
        }
        (None, true) => Validation::of(&results),
        (None, false) => Validation::Pending,
    };
    if let Detail::Create { validation, .. } = &mut record.detail {
        *validation = state;
    }
    let with = With { name: &tag, kept: &captured.kept, checked: &checked };
    let unsigned = match held {
        Some(_) => {
            publish::untagged(session, &mut record, &tag, Attached { kept: &captured.kept, ..Attached::default() })?
        }
        None => publish::publish(session, &mut record, with)?,
    };
    // The checkpoint is there; a note that cannot be kept costs the next hook a longer look.
    let _kept = record.phase.as_ref().map(|mark| phase::note(session, mark));
    let taken = Taken { unsigned, checked, held, unsaved, ..Taken::of(record, captured.changes) };
    Ok(Begun { taken, left, seen })
}

/// Saves what belongs to the state outside of git. Without consent nothing is, and the state is not whole.
fn save_artifacts(
    session: &Session,
    trusted: &trust::Standing,
    wanted: Artifacts,
    record: &Record,
) -> Result<Vec<SavedArtifact>> {
    let consent = match trusted {
        trust::Standing::Commands(trust) => trust.consent(),
        trust::Standing::NoFile | trust::Standing::NoCommands => None,
    };
    match (wanted, consent) {
        (Artifacts::Saved(saved), _) => Ok(saved),
        (Artifacts::Save, Some(consent)) => {
            let state = &record.state;
            let (commit, tree, phase) = (state.tip, state.worktree, record.phase.as_ref());
            let around = Around { stage: Moment::Checkpoint.as_str(), commit, tree, phase };
            artifacts::save(session, artifacts::configured(session, consent)?, around)
        }
        (Artifacts::Save, None) | (Artifacts::LeaveOut, _) => Ok(Vec::new()),
    }
}

impl Held {
    /// As the error of an operation that cannot go on.
    pub fn into_error(self) -> Error {
        match self {
            Held::Unusable(error) => error,
            Held::Untrusted(standing) => match trust::require(&standing) {
                Err(error) => error,
                Ok(_) => Error::bug("what is trusted was held"),
            },
        }
    }
}

impl Begun<'_> {
    /// The record as it was saved.
    pub fn record(&self) -> &Record {
        &self.taken.record
    }

    /// Runs what is left to be run, and gives the record its final form. To be called without the operation lock.
    pub fn finish(self, session: &Session, watch: &mut dyn FnMut(Event<'_>)) -> Result<Taken> {
        let Begun { mut taken, left, seen } = self;
        if left.is_empty() {
            return Ok(taken);
        }
        let (heavy, quick): (Vec<_>, Vec<_>) = left.into_iter().partition(|check| check.background);
        let pending = taken.record.clone();
        let mut foreground = (!quick.is_empty()).then(|| jobs::foreground(session, &pending));
        let goes_on = quick.is_empty() || taken.run(session, quick, seen, watch)?;
        if goes_on && !heavy.is_empty() {
            if let Some(foreground) = foreground.take() {
                foreground.hand_over();
            }
            match jobs::enqueue(session, session.env(), &taken.record, &taken.checked) {
                Enqueued::Started | Enqueued::RunsAlready => return Ok(taken),
                Enqueued::NoProcess(why) => taken.here = Some(why),
            }
            foreground = Some(jobs::foreground(session, &pending));
            // The user's files will not stay as they are for so long.
            taken.run(session, heavy, Seen { is_whole: false, ..seen }, watch)?;
        }
        let _lock = session.lock("create")?;
        (taken.record, taken.unsigned) = publish::conclude(session, &taken.record, &taken.checked)?;
        if let Some(foreground) = foreground {
            foreground.done();
        }
        Ok(taken)
    }
}

impl Taken {
    /// Runs some of its checks; whether they let it go on.
    fn run(
        &mut self,
        session: &Session,
        checks: Vec<&Check>,
        seen: Seen,
        watch: &mut dyn FnMut(Event<'_>),
    ) -> Result<bool> {
        let subject = subject(&self.record);
        let setting = setting(session, checks, seen, self.record.phase.clone());
        let (validated, unkept) = setting.run(|run| run.validate(subject, watch))?;
        self.checked.extend(validated.checks);
        self.unkept = self.unkept.take().or(unkept);
        Ok(!is_trouble(&self.checked))
    }
}

pub(super) fn changed_files(session: &Session, from: Oid, to: Oid) -> Vec<String> {
    let changes = tree::diff(&session.repo, from, to).unwrap_or_default();
    changes.iter().map(|change| quote_path(change.path.as_ref())).collect()
}

fn subject(record: &Record) -> Subject {
    Subject { commit: record.state.tip, tree: record.state.worktree }
}

fn is_trouble(checked: &[Checked]) -> bool {
    checked.iter().any(|one| one.result.is_trouble())
}

fn setting<'s>(session: &'s Session, checks: Vec<&'s Check>, seen: Seen, mark: Option<PhaseMark>) -> Setting<'s> {
    Setting { checks, seen: Some(seen), mark, ..Setting::of(session, Moment::Checkpoint, &[]) }
}

/// The checks that are to pass before a checkpoint gets its tag.
pub(super) fn wanted<'s>(
    session: &'s Session,
    trusted: &'s trust::Standing,
    (asks, only): (Asks, &[String]),
) -> Result<Wanted<'s>> {
    let has_checks = asks.checks && session.config.has_checks(Moment::Checkpoint);
    let has_artifacts = asks.artifacts && session.config.has_artifacts();
    if !has_checks && !has_artifacts {
        return Ok(Wanted::None);
    }
    let trust::Standing::Commands(trust) = trusted else { return Ok(Wanted::None) };
    let Some(consent) = trust.consent() else { return Ok(Wanted::Held(Held::Untrusted(trusted.clone()))) };
    if !has_checks {
        return Ok(Wanted::None);
    }
    let selection = Selection { moment: Some(Moment::Checkpoint), only };
    Ok(Wanted::Checks(select(session.config.checks(consent)?, &selection)))
}
