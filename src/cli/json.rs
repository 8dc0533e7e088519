//! The answers as JSON. Field names are stable and described in `docs/json.md`; times are RFC 3339 in UTC,
//! durations in seconds.

mod checks;

use chrono::{DateTime, SecondsFormat, Utc};
use gix::bstr::BString;
use serde::Serialize;

use self::checks::kept_check_value;
pub(super) use self::checks::{Check, Compared, checked, compared, said_value, validated};
use crate::{
    model::{self, ArtifactForm, Elapsed, Head, Oid, Record, SavedArtifact, Skipped, StepOutcome, quote_path},
    ops::show::Log,
};

/// A checkpoint, as `create`, `list`, `show` and `status` print it.
#[derive(Serialize)]
pub(super) struct Checkpoint {
    id: String,
    tag: Option<String>,
    commit: String,
    head: Option<String>,
    branch: Option<String>,
    tree: String,
    phase: Option<String>,
    elapsed_seconds: Option<u64>,
    slot: Option<String>,
    timed: bool,
    at: String,
    subject: String,
    message: Option<String>,
    state: Option<&'static str>,
    checks: Vec<Check>,
    skipped: Vec<SkippedPath>,
    artifacts: Vec<Artifact>,
}

/// An artifact that was saved.
#[derive(Serialize)]
pub(super) struct Artifact {
    name: String,
    path: Option<String>,
    form: &'static str,
    size: Option<u64>,
    sha256: Option<String>,
}

/// When the checkpoints of a phase are due: one of both is null.
#[derive(Serialize)]
pub(super) struct Schedule {
    pub(super) every_seconds: Option<u64>,
    pub(super) at_seconds: Option<Vec<u64>>,
}

pub(super) fn schedule(schedule: &model::Schedule) -> Schedule {
    match schedule {
        model::Schedule::Every(span) => Schedule { every_seconds: Some(seconds(*span)), at_seconds: None },
        model::Schedule::At(times) => {
            Schedule { every_seconds: None, at_seconds: Some(times.iter().copied().map(seconds).collect()) }
        }
    }
}

fn seconds(span: Elapsed) -> u64 {
    u64::from(span.minutes()) * 60
}

/// A step of an operation.
#[derive(Serialize)]
pub(super) struct Step {
    name: String,
    ok: bool,
    outcome: &'static str,
    seconds: f64,
    detail: String,
}

pub(super) fn step(step: &model::Step) -> Step {
    Step {
        name: step.name.clone(),
        ok: step.outcome != StepOutcome::Failed,
        outcome: step.outcome.as_str(),
        seconds: step.took.as_secs_f64(),
        detail: step.detail.clone(),
    }
}

/// A path that was left out.
#[derive(Serialize)]
pub(super) struct SkippedPath {
    path: String,
    reason: &'static str,
}

/// A file and what happened to it.
#[derive(Serialize)]
pub(super) struct File {
    pub(super) status: char,
    pub(super) path: String,
}

impl Checkpoint {
    pub(super) fn of(record: &Record) -> Self {
        Self::with_logs(record, &[])
    }

    /// The same with where the output of its checks is.
    pub(super) fn with_logs(record: &Record, logs: &[Log]) -> Self {
        let log = |check: &model::CheckResult| logs.iter().find(|log| log.check == check.name);
        let phase = record.phase.as_ref();
        Checkpoint {
            id: record.id.to_string(),
            tag: record.tag().map(name),
            commit: record.state.tip.to_string(),
            head: record.state.head.commit().map(|id| id.to_string()),
            branch: branch(&record.state.head),
            tree: record.state.worktree.to_string(),
            phase: phase.map(|mark| mark.name.clone()),
            elapsed_seconds: phase.and_then(|mark| mark.elapsed).map(seconds),
            slot: phase.and_then(|mark| mark.course.as_ref()).map(|course| course.slot.to_string()),
            timed: phase.is_some_and(model::PhaseMark::is_timed),
            at: time(record.at),
            subject: record.subject.clone(),
            message: record.message.clone(),
            state: record.validation().map(model::Validation::as_str),
            checks: record.checks.iter().map(|check| kept_check_value(check, log(check))).collect(),
            skipped: skipped(&record.skipped),
            artifacts: artifacts(&record.artifacts),
        }
    }
}

pub(super) fn artifacts(artifacts: &[SavedArtifact]) -> Vec<Artifact> {
    let value = |saved: &SavedArtifact| {
        let is_there = saved.form != ArtifactForm::Absent;
        Artifact {
            name: saved.name.clone(),
            path: saved.path.as_ref().map(name),
            form: saved.form.as_str(),
            size: is_there.then_some(saved.size),
            sha256: is_there.then(|| saved.sha256.clone()),
        }
    };
    artifacts.iter().map(value).collect()
}

pub(super) fn skipped(skipped: &[Skipped]) -> Vec<SkippedPath> {
    skipped
        .iter()
        .map(|skipped| SkippedPath { path: quote_path(skipped.path.as_ref()), reason: skipped.reason.as_str() })
        .collect()
}

pub(super) fn files(files: &[(char, String)]) -> Vec<File> {
    files.iter().map(|(status, path)| File { status: *status, path: path.clone() }).collect()
}

pub(super) fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A ref's name; it is UTF-8 everywhere but in repositories made to hurt, and quoted there.
pub(super) fn name(name: &BString) -> String {
    quote_path(name.as_ref())
}

/// A path of this machine.
pub(super) fn path(path: &std::path::Path) -> String {
    gix::path::into_bstr(path).map_or_else(|_| path.display().to_string(), |path| quote_path(path.as_ref()))
}

pub(super) fn branch(head: &Head) -> Option<String> {
    head.branch().map(|_| head.short_name())
}

pub(super) fn id(id: Option<Oid>) -> Option<String> {
    id.map(|id| id.to_string())
}
