//! The artifacts of the state gone back to: which come back, how, and that what is there now is saved before.

use std::time::Instant;

use super::{
    Event, Watch,
    course::{Course, Part},
    way::Way,
};
use crate::{
    config::Artifact,
    error::{Error, Result},
    git,
    model::{Oid, Record, RecordId, SavedArtifact, Step, StepOutcome},
    ops::{
        Session,
        artifacts::{self, Around, Differs, Restore, Restored},
        intent::Then,
    },
    store::Journal,
};

/// Artifacts that come back.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// How, and to what.
    pub(super) pairs: Vec<(Artifact, SavedArtifact)>,
    /// Those that cannot, by name, with the reason.
    pub(super) stay: Vec<(String, String)>,
}

impl Wanted {
    /// Those of a record that are not as it has them, as the configuration says how they come back. Their content is looked at
    /// first: nothing begins for one that is damaged.
    pub(super) fn of(
        session: &Session,
        configured: &[Artifact],
        (id, saved): (&RecordId, &[SavedArtifact]),
    ) -> Result<Self> {
        let mut wanted = Wanted::default();
        for (saved, way) in artifacts::ways(session, configured, (id, saved))? {
            match way {
                artifacts::Way::By(artifact) => wanted.pairs.push((artifact, saved)),
                artifacts::Way::None(why) => wanted.stay.push((saved.name, why)),
            }
        }
        let differs = artifacts::differing(session, &wanted.pairs)?;
        let mut differs = differs.into_iter();
        wanted.pairs.retain(|_| differs.next() != Some(Differs::No));
        let saved: Vec<_> = wanted.pairs.iter().map(|(_, saved)| saved.clone()).collect();
        artifacts::check(session, &saved)?;
        Ok(wanted)
    }

    /// Those of a record that have these names: after an interruption, whatever is there now.
    pub(super) fn named(
        session: &Session,
        configured: &[Artifact],
        (record, names): (&Record, &[String]),
    ) -> Result<Self> {
        let mut wanted = Wanted::default();
        for (saved, way) in artifacts::ways(session, configured, (&record.id, &record.artifacts))? {
            if let artifacts::Way::By(artifact) = way
                && names.contains(&saved.name)
            {
                wanted.pairs.push((artifact, saved));
            }
        }
        Ok(wanted)
    }

    /// Their names.
    pub(super) fn names(&self) -> Vec<String> {
        self.pairs.iter().map(|(_, saved)| saved.name.clone()).collect()
    }

    /// Saves what is there now of each, for the record.
    pub(super) fn save_present(
        &self,
        session: &Session,
        record: &Record,
        to: (Oid, Oid),
    ) -> Result<Vec<SavedArtifact>> {
        artifacts::save_present(session, &self.pairs, around(record, to))
    }

    /// As steps that were not done.
    pub(super) fn preview(&self) -> impl Iterator<Item = Step> {
        let step = |name: &str, detail: String| Step {
            name: format!("artifact: {name}"),
            outcome: StepOutcome::Skipped,
            took: std::time::Duration::ZERO,
            detail,
        };
        let come = self.pairs.iter().map(move |(_, saved)| step(&saved.name, String::new()));
        come.chain(self.stay.iter().map(move |(name, why)| step(name, format!("it stays as it is: {why}"))))
    }

    /// Brings back those that were not yet, what was there of each being in the record. The first that fails, if one does:
    /// those after it stay as they are.
    pub(super) fn bring_back(
        &self,
        session: &Session,
        (course, mut journal): (&mut Course, Option<&mut Journal>),
        way: &Way,
        watch: Watch<'_>,
    ) -> Result<Option<Step>> {
        let around = around(&way.record, (way.to(), way.target.worktree));
        for (artifact, to) in self.pairs.iter().skip(course.ended(Part::Artifact)) {
            let name = format!("artifact: {}", to.name);
            watch(Event::Begins(&name));
            let began = Instant::now();
            let present = way.record.artifacts.iter().find(|saved| saved.name == to.name);
            let restored = artifacts::restore(session, &Restore { artifact, to, present, around });
            if restored.is_err() && git::is_asked_to_stop() && journal.is_some() {
                return Err(super::commands::stopped(&name));
            }
            let (outcome, detail) = match restored {
                Ok(restored) => (StepOutcome::Done, in_words(restored).to_owned()),
                Err(error) => {
                    let hints = error.hints().iter().map(|hint| format!("; {hint}")).collect::<String>();
                    (StepOutcome::Failed, error.chain().join(": ") + &hints)
                }
            };
            let step = Step { name, outcome, took: began.elapsed(), detail };
            course.add(Part::Artifact, step.clone());
            if let Some(journal) = journal.as_deref_mut() {
                course.note(session, journal)?;
            }
            if outcome == StepOutcome::Failed {
                return Ok(Some(step));
            }
        }
        Ok(None)
    }
}

/// The way back of the artifacts of a rollback that is aborted.
pub struct Back<'r> {
    wanted: Wanted,
    record: &'r Record,
}

impl<'r> Back<'r> {
    /// To what was there before, as the record of the rollback has it.
    pub(in crate::ops) fn of(session: &Session, then: &Then, record: &'r Record) -> Result<Self> {
        let wanted = match then {
            Then::Conclude(course) => super::carry_out::wanted_artifacts(session, course, Some(record))?,
            Then::Done | Then::CherryPick { .. } => Wanted::default(),
        };
        Ok(Back { wanted, record })
    }

    /// Saves what is there now.
    pub(in crate::ops) fn save_present(&self, session: &Session) -> Result<Vec<SavedArtifact>> {
        self.wanted.save_present(session, self.record, (self.record.state.tip, self.record.state.worktree))
    }

    /// Brings them back; what was there until now is in the record of that name.
    pub(in crate::ops) fn carry_out(&self, session: &Session, saved: &RecordId) -> Result<()> {
        if self.wanted.pairs.is_empty() {
            return Ok(());
        }
        let record = session.store().read(saved)?;
        let name = record.subject.clone();
        let way = Way { record, name, to_record: None, target: self.record.state.clone(), files: 0 };
        match self.wanted.bring_back(session, (&mut Course::default(), None), &way, &mut |_| {})? {
            None => Ok(()),
            Some(failed) => Err(Error::refused(format!("the step `{}` failed", failed.name)).because(failed.detail)),
        }
    }
}

fn around(record: &Record, (commit, tree): (Oid, Oid)) -> Around<'_> {
    Around { stage: "rollback", commit, tree, phase: record.phase.as_ref() }
}

fn in_words(restored: Restored) -> &'static str {
    match restored {
        Restored::Already => "it was as it is to be",
        Restored::Put => "the file is what was saved",
        Restored::ByCommand => "its command has brought it back",
        Restored::Removed => "there was none, and what was there is in the record",
    }
}
