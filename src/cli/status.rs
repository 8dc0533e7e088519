//! `git checkpoint status`.

use chrono::{DateTime, Duration, Utc};
use serde::Serialize;

use super::{create, drill, hooks, jobs, json, list};
use crate::{
    config::Env,
    error::Result,
    model::{Due, Elapsed},
    ops::{
        drill::is_of_interest,
        phase::Membership,
        status::{self, Status},
        trust::{self, Standing},
    },
    store::timed,
    ui::{Ui, age},
};

#[derive(Serialize)]
struct Value {
    branch: Option<String>,
    head: Option<String>,
    #[serde(flatten)]
    phase: Phase,
    last_failure: Option<Failure>,
    last: Option<json::Checkpoint>,
    dirty: Dirty,
    skipped: Vec<json::SkippedPath>,
    in_progress: Option<InProgress>,
    hooks: Option<hooks::Value>,
    trust: Option<&'static str>,
    jobs: Vec<jobs::Brief>,
    drills: Vec<drill::RowValue>,
}

/// The phase's name, and how far it is; all null where there is none, all but the name where it cannot be told.
#[derive(Serialize, Default)]
struct Phase {
    phase: Option<String>,
    began: Option<String>,
    elapsed_seconds: Option<i64>,
    every_seconds: Option<u64>,
    at_seconds: Option<Vec<u64>>,
    due_slot: Option<String>,
    due_in_seconds: Option<i64>,
}

#[derive(Serialize)]
struct Failure {
    at: String,
    message: String,
    causes: Vec<String>,
    hints: Vec<String>,
    times: u32,
}

#[derive(Serialize)]
struct Dirty {
    staged: usize,
    unstaged: usize,
    untracked: usize,
    conflicted: usize,
}

#[derive(Serialize)]
struct InProgress {
    kind: String,
    id: Option<String>,
}

pub(super) fn run(env: &Env, ui: &mut Ui) -> Result<u8> {
    let session = super::open_and_remind(env, ui)?;
    let status = status::status(&session)?;
    let trust = trust::gather(&session, env);
    let hooks = match crate::git::hooks::glance(&session.repo, env, ui.is_json()) {
        Ok(hooks) => Some(hooks),
        Err(error) => {
            // The rest is worth knowing all the same.
            ui.warn(format!("cannot tell how the hooks stand: {}", error.chain().join(": ")))?;
            None
        }
    };
    if ui.is_json() {
        ui.value(&value(&status, session.now, &trust, hooks.as_ref()))?;
        return Ok(0);
    }
    let commit = status.head.commit().map_or_else(|| "no commit yet".into(), |id| id.to_hex_with_len(10).to_string());
    ui.line(format!("on {} ({commit})", status.head.short_name()))?;
    tell_phase(&status, session.now, ui)?;
    ui.line(format!("changed: {}", create::changes(&status.changes)))?;
    match &status.last {
        Some(record) => {
            let state = list::validation(record).unwrap_or_default();
            let (name, age) = (create::name(record), age(record.at, session.now));
            ui.line(format!("newest checkpoint: {name}, {age}, {state}"))?;
        }
        None => ui.line("newest checkpoint: none; `git checkpoint` takes one")?,
    }
    jobs::tell_brief(&status.jobs, &session, ui)?;
    if is_of_interest(&session.config, &status.drills) {
        ui.line(drill::brief(&status.drills, session.now))?;
    }
    if let Some(operation) = status.git_operation {
        ui.line(format!("in progress: git {}", operation.command()))?;
    }
    if trust.is_missing() {
        ui.line("trust: nothing in .checkpoint.toml runs before `git checkpoint trust`")?;
    }
    if let Some(hooks) = &hooks {
        ui.line(hooks::summary(hooks))?;
        hooks::tell_troubles(hooks, ui)?;
    }
    create::warn_of_skipped(&status.skipped, ui)?;
    if let Some(failure) = &status.failure {
        let (why, when) = (failure.chain.join(": "), age(failure.at, session.now));
        ui.warn(format!("the last timed checkpoint failed, {when}: {why}"))?;
        for hint in &failure.hints {
            ui.note(format!("hint: {hint}"))?;
        }
    }
    Ok(0)
}

fn tell_phase(status: &Status, now: DateTime<Utc>, ui: &mut Ui) -> Result<()> {
    match &status.phase {
        Membership::None => Ok(()),
        Membership::Ended(name) => {
            ui.line(format!("phase: {name}, which has ended; `git checkpoint finish` takes the branch out of it"))
        }
        Membership::Unknown(name, why) => {
            ui.warn(format!("nothing is known of the phase {name} of this branch: {}", why.chain().join(": ")))?;
            why.hints().iter().try_for_each(|hint| ui.note(format!("hint: {hint}")))
        }
        Membership::Running(phase) => {
            let course = &phase.course;
            let elapsed = match course.elapsed(now) {
                Some(elapsed) => format!("T+{elapsed}"),
                None => format!("begins in {}", span(course.began - now)),
            };
            let due = match phase.due(now) {
                Due::Now(slot) => format!("T+{slot} is due now"),
                Due::Later(Some(slot)) => format!("T+{slot} is due in {}", span(course.time_of(slot) - now)),
                Due::Later(None) => "nothing more is due".into(),
            };
            ui.line(format!("phase: {}, {elapsed}, {}; {due}", phase.name, course.schedule))
        }
    }
}

/// To the minute, rounded up: what is due in 30 seconds is not due in none.
fn span(span: Duration) -> Elapsed {
    Elapsed::from_minutes(u32::try_from((span.num_seconds() + 59) / 60).unwrap_or(u32::MAX))
}

fn phase(status: &Status, now: DateTime<Utc>) -> Phase {
    let phase = match &status.phase {
        Membership::Running(phase) => phase,
        Membership::Unknown(name, _) | Membership::Ended(name) => {
            return Phase { phase: Some(name.clone()), ..Phase::default() };
        }
        Membership::None => return Phase::default(),
    };
    let course = &phase.course;
    let json::Schedule { every_seconds, at_seconds } = json::schedule(&course.schedule);
    let due = match phase.due(now) {
        Due::Now(slot) => Some((slot, now)),
        Due::Later(slot) => slot.map(|slot| (slot, course.time_of(slot))),
    };
    Phase {
        phase: Some(phase.name.clone()),
        began: Some(json::time(course.began)),
        elapsed_seconds: course.elapsed(now).map(|_| (now - course.began).num_seconds()),
        every_seconds,
        at_seconds,
        due_slot: due.map(|(slot, _)| slot.to_string()),
        due_in_seconds: due.map(|(_, time)| (time - now).num_seconds()),
    }
}

fn failure(failure: &timed::Failure) -> Failure {
    let mut causes = failure.chain.clone();
    let message = if causes.is_empty() { String::new() } else { causes.remove(0) };
    Failure { at: json::time(failure.at), message, causes, hints: failure.hints.clone(), times: failure.times }
}

fn value(status: &Status, now: DateTime<Utc>, trust: &Standing, hooks: Option<&crate::git::hooks::Status>) -> Value {
    let ours = status
        .interrupted
        .as_ref()
        .map(|journal| InProgress { kind: journal.kind.to_string(), id: Some(journal.id.to_string()) });
    let gits =
        status.git_operation.map(|operation| InProgress { kind: format!("git {}", operation.command()), id: None });
    let changes = status.changes;
    Value {
        branch: json::branch(&status.head),
        head: json::id(status.head.commit()),
        phase: phase(status, now),
        last_failure: status.failure.as_ref().map(failure),
        last: status.last.as_ref().map(json::Checkpoint::of),
        dirty: Dirty {
            staged: changes.staged,
            unstaged: changes.unstaged,
            untracked: changes.untracked,
            conflicted: changes.conflicted,
        },
        skipped: json::skipped(&status.skipped),
        in_progress: ours.or(gits),
        hooks: hooks.map(hooks::Value::of),
        trust: trust.as_str(),
        jobs: status.jobs.iter().map(jobs::Brief::of).collect(),
        drills: status.drills.iter().map(drill::row).collect(),
    }
}
