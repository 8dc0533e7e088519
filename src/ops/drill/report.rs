//! How a rehearsal went, as values.

use std::{path::PathBuf, time::Duration};

use super::{Step, scenario::Scenario};
use crate::{
    config::{Config, DrillCommands},
    error::Error,
    ops::{Session, trust::Standing},
    store::drills::{DrillResult, DrillSeconds},
};

pub(super) const UNTRUSTED: &str = "nobody has agreed to the commands of the configuration, so none of them was run";

/// How a rehearsal went.
#[derive(Debug)]
#[must_use]
pub struct Rehearsed {
    /// Which it was.
    pub scenario: Scenario,
    /// What came of it.
    pub outcome: Outcome,
    /// Why it is not proven.
    pub reasons: Vec<String>,
    /// What became of the commands of the configuration.
    pub commands: Conduct,
    /// What was done, in order.
    pub steps: Vec<Step>,
    /// The commands and checks of the rollback.
    pub ran: Vec<Ran>,
    /// Files that the commands made, which were not compared.
    pub made: Vec<String>,
    /// How many files the copy has.
    pub files: usize,
    /// How long the rollback took.
    pub seconds: DrillSeconds,
    /// Where the copy is, if it was to be kept.
    pub kept: Option<PathBuf>,
    /// Why the result is not in the table, if it could not be written there.
    pub unkept: Option<Error>,
}

/// What came of a rehearsal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was as it had to be.
    Proven,
    /// Something was not.
    Failed,
    /// What could be looked at was as it had to be, and that is not all.
    Inconclusive,
    /// There is nothing to rehearse.
    NotApplicable,
}

impl Outcome {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Proven => "proven",
            Outcome::Failed => "failed",
            Outcome::Inconclusive => "inconclusive",
            Outcome::NotApplicable => "not-applicable",
        }
    }
}

/// What became of the commands of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conduct {
    /// It has none.
    None,
    /// Nobody has agreed to them, so none was run.
    Untrusted,
    /// Harmless ones were run in the place of those that may touch the real world.
    StoodIn,
    /// They were run.
    Run,
}

impl Conduct {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Conduct::None => "none",
            Conduct::Untrusted => "untrusted",
            Conduct::StoodIn => "stood-in",
            Conduct::Run => "run",
        }
    }

    pub(super) fn of(config: &Config, standing: &Standing) -> Self {
        match standing {
            Standing::NoFile | Standing::NoCommands => Conduct::None,
            Standing::Commands(trust) if trust.consent().is_none() => Conduct::Untrusted,
            Standing::Commands(_) if config.rollback().drill == DrillCommands::StandIn => Conduct::StoodIn,
            Standing::Commands(_) => Conduct::Run,
        }
    }
}

/// A command or a check of the rollback.
#[derive(Debug, Clone)]
pub struct Ran {
    /// As in a record: `before: <name>`, and `check: <name>`.
    pub name: String,
    /// Whether it was really run.
    pub how: How,
    /// What came of it: the word of a step's outcome, or a verdict.
    pub outcome: &'static str,
    /// How long it took.
    pub took: Duration,
    /// Why it is no success; may be empty.
    pub detail: String,
}

/// Whether a command was really run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It was.
    Run,
    /// A harmless one was run in its place.
    StoodIn,
    /// One that fails was run in its place.
    MadeToFail,
}

impl How {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            How::Run => "run",
            How::StoodIn => "stood-in",
            How::MadeToFail => "made-to-fail",
        }
    }
}

impl Rehearsed {
    pub(super) fn of(scenario: Scenario, commands: Conduct) -> Self {
        Rehearsed {
            scenario,
            outcome: Outcome::Failed,
            reasons: Vec::new(),
            commands,
            steps: Vec::new(),
            ran: Vec::new(),
            made: Vec::new(),
            files: 0,
            seconds: DrillSeconds::default(),
            kept: None,
            unkept: None,
        }
    }

    pub(super) fn not_applicable(self, why: &str) -> Self {
        Rehearsed { outcome: Outcome::NotApplicable, reasons: vec![why.to_owned()], ..self }
    }

    pub(super) fn conclude(&mut self) {
        let differing = self.steps.iter().filter(|step| !step.differences.is_empty());
        self.reasons.extend(differing.map(|step| format!("after `{}`: {}", step.name, named(&step.differences))));
        self.outcome = match (self.reasons.is_empty(), self.commands) {
            (false, _) => Outcome::Failed,
            (true, Conduct::Untrusted) => Outcome::Inconclusive,
            (true, _) => Outcome::Proven,
        };
        if self.outcome == Outcome::Inconclusive {
            self.reasons.push(UNTRUSTED.to_owned());
        }
    }

    /// What is kept of it: what is proven, and what is not as it should be.
    pub(super) fn result(&self, original: &Session) -> Option<DrillResult> {
        let reason = self.reasons.first().cloned();
        matches!(self.outcome, Outcome::Proven | Outcome::Failed).then(|| DrillResult {
            scenario: self.scenario.as_str().to_owned(),
            at: original.now,
            proven: self.outcome == Outcome::Proven,
            reason,
            commands: self.commands.as_str().to_owned(),
            files: self.files,
            seconds: self.seconds,
            configuration: original.config.source.as_ref().map(|source| source.hash.to_string()),
        })
    }
}

/// So many differences are named in a reason.
const NAMED: usize = 3;

/// The first of them, files before what follows from them.
fn named(differences: &[String]) -> String {
    let (mut files, others): (Vec<&str>, Vec<&str>) =
        differences.iter().map(String::as_str).partition(|difference| difference.starts_with('`'));
    files.extend(others);
    let more = files.len().saturating_sub(NAMED);
    files.truncate(NAMED);
    let text = files.join(", ");
    if more == 0 { text } else { format!("{text}, and {more} more") }
}
