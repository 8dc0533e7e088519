//! What a rollback is beside the move of the files: which commands run around it, whether its checks are asked, and how far
//! all that is. The journal keeps it, so that another process can go on with it.

use std::time::Duration;

use gix::bstr::BString;
use serde::{Deserialize, Serialize};

use super::{Pace, Request};
use crate::{
    error::{Error, Result},
    model::{
        CheckResult, Conduct, Oid, RecordId, Scope, Selector, Severity, Step, StepOutcome, quote_path, unquote_path,
    },
    ops::{Session, select::Selected},
    store::Journal,
};

/// The course of a rollback.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Course {
    /// The text of the configuration that decides, as it was when the rollback began: the state gone back to may have
    /// another, to which nobody has agreed. `None` where it makes nothing run.
    pub(super) config: Option<String>,
    /// Whether the commands around it run.
    pub(super) runs_steps: bool,
    /// Whether its checks are asked.
    pub(super) asks_checks: bool,
    /// The artifacts of the state that come back, by name.
    pub(super) artifacts: Vec<String>,
    /// Whether the branch at its remote is moved along, and whether git may ask a person for a password then.
    pub(super) pushes: bool,
    pub(super) may_ask: bool,
    /// What they said before anything was touched.
    pub(super) checks_before: Vec<CheckResult>,
    /// What was asked for.
    pub(super) asked: Asked,
    done: Vec<Done>,
}

/// What was asked for, in plain text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    selector: String,
    /// The state that was meant then: a record's id, or a commit.
    to: String,
    paths: Vec<String>,
    reason: Option<String>,
    scope: String,
    severity: Option<String>,
    pub(super) emergency: bool,
}

/// Where in a rollback a step belongs, in the order in which they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Commands before anything is changed.
    Before,
    /// Backup, files, HEAD and index.
    Move,
    /// Whether the files are right.
    Verify,
    /// Artifacts.
    Artifact,
    /// Commands after everything is back.
    After,
    /// Checks.
    Checks,
    /// Commands for when it works.
    OnVerified,
    /// The branch at its remote.
    Push,
    /// Commands for a rollback that failed.
    OnFailure,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Done {
    part: Part,
    name: String,
    outcome: String,
    millis: u64,
    detail: String,
}

impl Course {
    /// The course of what was asked for.
    pub(super) fn new(request: &Request, to: &Selected) -> Self {
        let asked = Asked {
            selector: request.selector.to_string(),
            to: to.record.as_ref().map_or_else(|| to.state.tip.to_string(), |record| record.id.to_string()),
            paths: request.paths.iter().map(|path| quote_path(path.as_ref())).collect(),
            reason: request.reason.clone(),
            scope: request.scope.as_str().to_owned(),
            severity: request.severity.map(|severity| severity.as_str().to_owned()),
            emergency: request.pace == Pace::Emergency,
        };
        Course { asked, pushes: request.push, may_ask: request.may_ask, ..Course::default() }
    }

    /// The course of taking a rollback back that began with this configuration.
    pub(super) fn of_undo(config: String) -> Self {
        Course { config: Some(config), ..Course::default() }
    }

    /// The text of the configuration that decides, where it makes anything run.
    pub fn config(&self) -> Option<&str> {
        self.config.as_deref()
    }

    /// Whether there is anything to be done once the files are in place.
    pub(super) fn has_more(&self) -> bool {
        self.runs_steps || self.asks_checks || self.pushes || !self.artifacts.is_empty()
    }

    /// Notes a step that has ended.
    pub(super) fn add(&mut self, part: Part, step: Step) {
        let Step { name, outcome, took, detail } = step;
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.done.push(Done { part, name, outcome: outcome.as_str().to_owned(), millis, detail });
    }

    /// Notes a step that has ended in the place of the one of this part that ended before.
    pub(super) fn replace(&mut self, part: Part, step: Step) {
        self.done.retain(|done| done.part != part);
        self.add(part, step);
    }

    /// How many steps of this part have ended.
    pub(super) fn ended(&self, part: Part) -> usize {
        self.done.iter().filter(|done| done.part == part).count()
    }

    /// Whether a step of this part has failed and was not to be passed over.
    pub(super) fn has_failed(&self, part: Part) -> bool {
        self.done.iter().any(|done| done.part == part && done.outcome == StepOutcome::Failed.as_str())
    }

    /// The steps that have ended.
    pub(super) fn steps(&self) -> Vec<Step> {
        let step = |done: &Done| Step {
            name: done.name.clone(),
            outcome: StepOutcome::from_word(&done.outcome).unwrap_or(StepOutcome::Failed),
            took: Duration::from_millis(done.millis),
            detail: done.detail.clone(),
        };
        self.done.iter().map(step).collect()
    }

    /// Puts it into a journal, durably.
    pub(super) fn note(&self, session: &Session, journal: &mut Journal) -> Result<()> {
        journal.request["then"] = serde_json::json!({ "conclude": self });
        journal.write(&session.repo).map_err(|error| {
            let kind = journal.kind;
            error.hint(format!(
                "it stopped half-way; `git checkpoint {kind} --continue` goes on with it, `git checkpoint {kind} --abort` goes back"
            ))
        })
    }
}

impl Asked {
    /// The request that it was, for the state that was meant then.
    pub(in crate::ops) fn request(&self, session: &Session) -> Result<(Request, Selected)> {
        let to = self.selected(session)?;
        let paths = self.paths.iter().map(|path| unquote_path(path)).collect::<Option<Vec<BString>>>();
        let request = Request {
            selector: Selector::Name(self.selector.clone()),
            paths: paths.ok_or_else(|| damaged("a path"))?,
            reason: self.reason.clone(),
            scope: Scope::from_word(&self.scope).ok_or_else(|| damaged("the scope"))?,
            severity: self.severity(),
            pace: if self.emergency { Pace::Emergency } else { Pace::Usual },
            no_steps: false,
            no_verify: false,
            push: false,
            may_ask: false,
        };
        Ok((request, to))
    }

    fn selected(&self, session: &Session) -> Result<Selected> {
        let selector = match self.to.parse::<RecordId>() {
            Ok(_) => Selector::Name(self.to.clone()),
            Err(_) if Oid::from_hex(self.to.as_bytes()).is_ok() => Selector::Name(self.to.clone()),
            Err(_) => return Err(damaged("the state to go to")),
        };
        crate::ops::select::select(session, &selector, &session.repo.head()?)
    }

    /// The record of the state, unless it is a plain commit.
    pub(super) fn to_record(&self) -> Option<RecordId> {
        self.to.parse().ok()
    }

    fn severity(&self) -> Option<Severity> {
        self.severity.as_deref().and_then(Severity::from_word)
    }

    /// What the record says of how it was done, before anything came of it.
    pub(super) fn conduct(&self) -> Conduct {
        Conduct {
            scope: Scope::from_word(&self.scope).unwrap_or_default(),
            emergency: self.emergency,
            severity: self.severity(),
            verification: None,
            checks_before: Vec::new(),
        }
    }
}

fn damaged(what: &str) -> Error {
    Error::environment(format!("the journal of the interrupted rollback is damaged: {what} in it cannot be read"))
        .hint("`git checkpoint rollback --abort` goes back to the state before it")
}
