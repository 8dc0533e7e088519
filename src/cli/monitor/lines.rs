//! What a watch says as JSON, one object a line. Each says by `event` what it is.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{
    cli::{decision, json},
    error::Result,
    model::{Advice, Decision},
    ops::monitor::{Decided, Outcome, Retreat, Sample},
};

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(super) enum Line {
    /// What the checks said at one moment.
    Sample {
        at: String,
        sample: usize,
        decision: Option<&'static str>,
        error: Option<String>,
        checks: Vec<json::Check>,
    },
    /// What is to be done from now on; what the command is told.
    Decision {
        at: String,
        #[serde(flatten)]
        decision: decision::Value,
        before: &'static str,
        checks: Vec<json::Check>,
        rollback: Option<Rollback>,
    },
    /// What was rolled back.
    Rollback { at: String, rollback: Rollback },
    /// What it all came to.
    End {
        at: String,
        samples: usize,
        decisions: usize,
        decision: &'static str,
        rule: Option<String>,
        because: Vec<String>,
        stopped: bool,
        rollback: Option<Rollback>,
    },
}

/// What came of a rollback; all but `error` is null where it could not be made.
#[derive(Clone, Default, Serialize)]
pub(super) struct Rollback {
    id: Option<String>,
    to: Option<String>,
    name: Option<String>,
    backup: Option<String>,
    reason: Option<String>,
    verification: Option<&'static str>,
    error: Option<String>,
}

impl Rollback {
    pub(super) fn of(done: &Result<Retreat>) -> Self {
        match done {
            Ok(retreat) => Rollback::done(retreat),
            Err(error) => Rollback { error: Some(error.chain().join(": ")), ..Rollback::default() },
        }
    }

    fn done(retreat: &Retreat) -> Self {
        Rollback {
            id: Some(retreat.id.to_string()),
            to: Some(retreat.to.to_string()),
            name: Some(retreat.name.clone()),
            backup: retreat.backup.as_ref().map(json::name),
            reason: Some(retreat.reason.clone()),
            verification: Some(retreat.verification.as_str()),
            error: None,
        }
    }
}

impl Line {
    pub(super) fn sample(sample: &Sample) -> Self {
        Line::Sample {
            at: json::time(sample.at),
            sample: sample.number,
            decision: sample.advice.map(Advice::as_str),
            error: sample.said.as_ref().err().map(|error| error.chain().join(": ")),
            checks: sample.said.as_ref().map(json::validated).unwrap_or_default(),
        }
    }

    pub(super) fn decision(decided: &Decided<'_>) -> Self {
        let Decided { event, validated, has_good, .. } = decided;
        Line::Decision {
            at: json::time(event.at),
            decision: decision::value(&event.decision, *has_good),
            before: event.before.as_str(),
            checks: validated.map(json::validated).unwrap_or_default(),
            rollback: None,
        }
    }

    /// The decision, what the checks had said, and the rollback that followed.
    pub(super) fn acted(at: DateTime<Utc>, decision: &Decision, checks: Vec<json::Check>, rollback: Rollback) -> Self {
        Line::Decision {
            at: json::time(at),
            decision: decision::value(decision, true),
            before: decision.advice.as_str(),
            checks,
            rollback: Some(rollback),
        }
    }

    pub(super) fn rollback(at: DateTime<Utc>, rollback: Rollback) -> Self {
        Line::Rollback { at: json::time(at), rollback }
    }

    pub(super) fn end(outcome: &Outcome) -> Self {
        let decision = outcome.decision.as_ref();
        Line::End {
            at: json::time(outcome.at),
            samples: outcome.samples,
            decisions: outcome.events,
            decision: outcome.advice.as_str(),
            rule: decision.map(|decision| decision.rule.to_string()),
            because: decision.map(|decision| decision.because.clone()).unwrap_or_default(),
            stopped: outcome.is_stopped,
            rollback: outcome.retreat.as_ref().map(Rollback::done),
        }
    }
}
