//! The commands around a rollback: maintenance mode, services to be stopped and started, caches to be cleared.
//!
//! What they start and leave running stays: to start a service is what some of them are for.

use std::{
    ffi::OsString,
    path::Path,
    time::{Duration, Instant},
};

use super::{Event, course::Part};
use crate::{
    check::{Logs, excerpt, tail},
    config::{DRILL_VARIABLE, StepCommand, Steps},
    error::{Error, Result},
    git::{
        durable,
        shell::{Ended, Leftovers, Shell},
    },
    model::{Oid, Record, Step, StepOutcome},
    ops::Session,
};

/// So many lines of what a failing command printed are told.
const SHOWN: usize = 15;

/// Runs commands, each in its turn, and keeps what they print.
pub(super) struct Commands<'s> {
    session: &'s Session,
    steps: Steps,
    logs: Logs<'s>,
    kept: Vec<(String, Vec<u8>)>,
}

/// What a command is told of the rollback.
pub(super) struct Around<'a> {
    pub(super) record: &'a Record,
    pub(super) to: Oid,
    pub(super) tree: Oid,
}

impl<'s> Commands<'s> {
    /// These, at the top of the user's worktree.
    pub(super) fn new(session: &'s Session, steps: Steps) -> Self {
        let logs = Logs::of(&session.repo, session.now, "rollback");
        Commands { session, steps, logs, kept: Vec::new() }
    }

    /// These, after others have run that belong to them and have printed this.
    pub(super) fn going_on(session: &'s Session, (steps, kept): (Steps, Vec<(String, Vec<u8>)>)) -> Self {
        Commands { kept, ..Self::new(session, steps) }
    }

    /// The commands, and what they have printed.
    pub(super) fn into_parts(self) -> (Steps, Vec<(String, Vec<u8>)>) {
        (self.steps, self.kept)
    }

    /// The commands of a part, in their order.
    pub(super) fn of(&self, part: Part) -> &[StepCommand] {
        match part {
            Part::Before => &self.steps.before,
            Part::After => &self.steps.after,
            Part::OnVerified => &self.steps.on_verified,
            Part::OnFailure => &self.steps.on_failure,
            Part::Move | Part::Verify | Part::Artifact | Part::Checks | Part::Push => &[],
        }
    }

    /// Runs the command of this number; how it ended, and whether the user has stopped it.
    pub(super) fn run(
        &mut self,
        (part, number): (Part, usize),
        around: &Around<'_>,
        watch: &mut dyn FnMut(Event<'_>),
    ) -> Result<(Step, bool)> {
        let command = self.of(part)[number].clone();
        let word = word(part);
        let name = format!("{word}: {}", command.name);
        watch(Event::Begins(&name));
        let started = Instant::now();
        let log_name = format!("{word}-{}", number + 1);
        let log = self.logs.file(around.to, &log_name)?;
        let shell = Shell {
            command: &command.run,
            dir: self.session.repo.workdir(),
            vars: self.vars(word, around)?,
            input: None,
            log: log.clone(),
            deadline: started + command.timeout.duration(),
            leftovers: Leftovers::Stay,
        };
        let ended = shell.run()?;
        let why = why(ended, command.timeout.duration());
        let bytes = if log.exists() { excerpt(&log) } else { Vec::new() };
        if !bytes.is_empty() {
            self.kept.retain(|(name, _)| *name != log_name);
            self.kept.push((log_name, bytes));
        }
        let outcome = match (&why, command.continue_on_error) {
            (None, _) => StepOutcome::Done,
            (Some(_), true) => StepOutcome::Tolerated,
            (Some(_), false) => StepOutcome::Failed,
        };
        let output = if why.is_some() && log.exists() { tail(&log, SHOWN) } else { Vec::new() };
        let step = Step { name, outcome, took: started.elapsed(), detail: why.unwrap_or_default() };
        watch(Event::Ended { step: &step, output: &output, log: log.exists().then_some(&log) });
        Ok((step, ended == Ended::Stopped))
    }

    /// What the commands printed, by names as `before-1`.
    pub(super) fn logs(&self) -> &[(String, Vec<u8>)] {
        &self.kept
    }

    fn vars(&self, step: &str, around: &Around<'_>) -> Result<Vec<(&'static str, OsString)>> {
        let repo = &self.session.repo;
        let cache = repo.state_dir().join("cache");
        let what = |error| durable::storage_error(&cache, error);
        durable::create_passing_dirs(&cache, durable::shared_policy(repo)).map_err(what)?;
        let record = around.record;
        let text = |bytes: Option<&gix::bstr::BString>| -> OsString {
            bytes
                .map(|bytes| {
                    gix::path::from_bstr(<_ as AsRef<gix::bstr::BStr>>::as_ref(bytes))
                        .map(|path| path.into_owned().into_os_string())
                })
                .transpose()
                .unwrap_or_default()
                .unwrap_or_default()
        };
        let mark = record.phase.as_ref();
        let commit = |oid: Option<Oid>| oid.map(|oid| oid.to_string()).unwrap_or_default();
        let mut vars: Vec<(&'static str, OsString)> = vec![
            ("CHECKPOINT_STAGE", "rollback".into()),
            ("CHECKPOINT_STEP", step.into()),
            ("CHECKPOINT_COMMIT", around.to.to_string().into()),
            ("CHECKPOINT_TREE", around.tree.to_string().into()),
            ("CHECKPOINT_FROM", commit(record.state.head.commit()).into()),
            ("CHECKPOINT_BACKUP", text(record.backup())),
            ("CHECKPOINT_RECORD", record.id.to_string().into()),
            ("CHECKPOINT_REASON", record.message.clone().unwrap_or_default().replace('\0', "").into()),
            ("CHECKPOINT_PHASE", mark.map(|mark| mark.name.clone()).unwrap_or_default().into()),
            (
                "CHECKPOINT_ELAPSED",
                mark.and_then(|mark| mark.elapsed).map(|elapsed| elapsed.to_string()).unwrap_or_default().into(),
            ),
            ("CHECKPOINT_CACHE", Path::new(&cache).into()),
        ];
        if self.session.env().rehearsal().is_some() {
            vars.push((DRILL_VARIABLE, "1".into()));
        }
        Ok(vars)
    }
}

/// The word for a part in the names of its steps and logs.
fn word(part: Part) -> &'static str {
    match part {
        Part::Before => "before",
        Part::After => "after",
        Part::OnVerified => "on-verified",
        Part::OnFailure => "on-failure",
        Part::Move | Part::Verify | Part::Artifact | Part::Checks | Part::Push => "step",
    }
}

fn why(ended: Ended, limit: Duration) -> Option<String> {
    match ended {
        Ended::Code(0) => None,
        Ended::Code(code) => Some(format!("it exited with code {code}")),
        Ended::Signal(number) => Some(format!("signal {number} ended it")),
        Ended::TimedOut => Some(format!("it was ended after {} s, its limit", limit.as_secs())),
        Ended::Stopped => Some("it was stopped".to_owned()),
    }
}

/// A rollback that its user has stopped in a step; the journal stays.
pub(super) fn stopped(name: &str) -> Error {
    Error::conflict(format!("the rollback was stopped in the step `{name}`")).hint(
        "`git checkpoint rollback --continue` goes on with that step, `git checkpoint rollback --abort` goes back",
    )
}
