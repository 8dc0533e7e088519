//! The way back from a rollback, and the way there again: with the same commands around it as it had itself, since the same
//! services run on these files.

use std::time::Duration;

use super::{
    RolledBack, Watch,
    artifacts::Wanted,
    carry_out::{conclude, fail, note_move, run_part},
    commands::Commands,
    course::{Course, Part},
    way::Way,
};
use crate::{
    config::{Config, FILE_NAME, StepCommand, Steps, Trust},
    error::{Context, Error, Result},
    git::tree,
    model::{Detail, Kind, Record, State, Step, StepOutcome},
    ops::{
        Session,
        intent::Then,
        transition::{self, Transition},
        trust,
    },
};

/// What is around taking an operation back, or taking that back.
#[derive(Debug, Default)]
pub struct Surroundings {
    course: Course,
    steps: Steps,
    artifacts: Wanted,
    /// What commands have printed so far.
    logs: Vec<(String, Vec<u8>)>,
}

impl Surroundings {
    /// The commands as the rollback at the bottom of `undone` had them, and the artifacts as `undone` has saved them.
    pub fn of(session: &Session, undone: &Record, (steps, artifacts): (bool, bool)) -> Result<Self> {
        let root = root(session, undone)?;
        let has_steps = steps && root.as_ref().is_some_and(had_commands);
        let has_artifacts = artifacts && undone.kind() != Kind::Create && !undone.artifacts.is_empty();
        if !has_steps && !has_artifacts {
            return Ok(Self::default());
        }
        // What it began with is in the state before it; and is what a person has agreed to, or not.
        let text = config_of(session, root.as_ref().unwrap_or(undone))?;
        let Some(text) = text else { return Ok(Self::default()) };
        let config = Config::parse(&text)?;
        let trust = Trust::of(session.env(), &trust::place(session), &text);
        let Some(consent) = trust.consent() else {
            return Err(Error::usage(format!("`{FILE_NAME}` of that operation is not trusted any more"))
                .hint("`--no-steps --code-only` takes back the files alone, without commands; nothing was changed"));
        };
        let mut around = Surroundings { course: Course::of_undo(text), ..Self::default() };
        if has_steps {
            around.steps = config.steps(consent)?;
            around.course.runs_steps = true;
        }
        if has_artifacts {
            around.artifacts = Wanted::of(session, config.artifacts(consent)?, (&undone.id, &undone.artifacts))?;
            around.course.artifacts = around.artifacts.names();
        }
        Ok(around)
    }

    /// Leaves out the commands before it, which have run.
    pub(in crate::ops) fn skip_before(&mut self) {
        self.steps.before.clear();
    }

    /// Whether there are any commands.
    pub(in crate::ops) fn runs_something(&self) -> bool {
        self.course.has_more()
    }

    /// The commands as steps that were not done.
    pub(in crate::ops) fn preview(&self) -> Vec<Step> {
        let step = |(part, command): (&str, &StepCommand)| Step {
            name: format!("{part}: {}", command.name),
            outcome: StepOutcome::Skipped,
            took: Duration::ZERO,
            detail: String::new(),
        };
        let before = self.steps.before.iter().map(|command| ("before", command));
        let after = self.steps.after.iter().map(|command| ("after", command));
        let last = self.steps.on_verified.iter().map(|command| ("on-verified", command));
        let artifacts: Vec<Step> = self.artifacts.preview().collect();
        let before: Vec<Step> = before.map(step).collect();
        before.into_iter().chain(artifacts).chain(after.chain(last).map(step)).collect()
    }

    /// Whether there are commands that come first.
    pub(in crate::ops) fn has_before(&self) -> bool {
        !self.steps.before.is_empty()
    }

    /// Runs the commands that come first. What they write to files is part of the state before, so it has to be captured
    /// after them.
    pub(in crate::ops) fn run_before(
        &mut self,
        session: &Session,
        (record, target): (&Record, &State),
        watch: Watch<'_>,
    ) -> Result<()> {
        let mut commands = Commands::new(session, std::mem::take(&mut self.steps));
        let way = way(record, target, 0);
        let failed = run_part(session, (Part::Before, &mut self.course, None), (&mut commands, &way), watch)?;
        if let Some(failed) = failed {
            let _ended = fail(session, (&mut commands, &way), watch);
            return Err(Error::refused(format!("the step `{}` failed", failed.name))
                .because(failed.detail)
                .hint("nothing was changed; `--no-steps` leaves the commands around it out"));
        }
        (self.steps, self.logs) = commands.into_parts();
        Ok(())
    }

    /// Publishes the record and moves there, with the commands that come after it. What was done, where there are any.
    pub(in crate::ops) fn carry_out(
        self,
        session: &Session,
        (transition, record): (Transition<'_>, &mut Record),
        watch: Watch<'_>,
    ) -> Result<Option<RolledBack>> {
        let Surroundings { mut course, steps, artifacts, logs } = self;
        if !course.has_more() {
            transition::run(session, &transition, record, &|_, _| {})?;
            return Ok(None);
        }
        let mut commands = Commands::going_on(session, (steps, logs));
        let files = tree::diff(&session.repo, record.state.worktree, transition.target.worktree)?.len();
        let mut way = way(record, transition.target, files);
        let then = Then::Conclude(Box::new(course.clone()));
        record.artifacts = artifacts.save_present(session, record, (way.to(), way.target.worktree))?;
        let took = transition::run(session, &Transition { then, ..transition }, record, &|_, _| {})?;
        way.record = record.clone();
        note_move(&mut course, &way, took);
        conclude(session, way, (course, &mut commands, &artifacts), watch).map(Some)
    }
}

fn way(record: &Record, target: &State, files: usize) -> Way {
    Way { record: record.clone(), name: record.subject.clone(), to_record: None, target: target.clone(), files }
}

/// The rollback that an undo or a redo is about, in the end.
fn root(session: &Session, record: &Record) -> Result<Option<Record>> {
    let mut record = record.clone();
    while let Some(id) = record.takes_back() {
        record = session.store().read(&id.clone())?;
    }
    Ok(matches!(record.detail, Detail::Rollback { .. }).then_some(record))
}

fn had_commands(rollback: &Record) -> bool {
    let is_command = |name: &str| name.starts_with("before: ") || name.starts_with("after: ");
    rollback.steps.iter().any(|step| step.outcome != StepOutcome::Skipped && is_command(&step.name))
}

/// The configuration as it was in the state before; where git ignores it, the one that is there.
fn config_of(session: &Session, rollback: &Record) -> Result<Option<String>> {
    if let Some(entry) = tree::entry(&session.repo, rollback.state.worktree, FILE_NAME.into())?
        && entry.mode.is_blob()
    {
        let blob =
            session.repo.gix().find_object(entry.id).context("cannot read the configuration of that rollback")?;
        return Ok(String::from_utf8(blob.detach().data).ok());
    }
    Ok(session.config.source.as_ref().map(|source| source.text.clone()))
}
