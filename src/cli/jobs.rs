//! `git checkpoint jobs`, and the hidden command that a worker is.

mod change;
mod logs;

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use serde::Serialize;

use super::{args, json};
use crate::{
    config::Env,
    error::Result,
    git,
    model::{AttemptEnd, CheckResult, JobState},
    ops::{
        Session,
        jobs::{self, Heavy, Listed},
    },
    store::jobs::Attempt,
    system::background,
    ui::{Ui, age, clean, plural, table},
};

#[derive(Serialize)]
struct Value {
    id: String,
    tag: Option<String>,
    commit: String,
    phase: Option<String>,
    state: &'static str,
    reason: Option<String>,
    created: String,
    since: String,
    next: Option<String>,
    attempts: usize,
    elapsed_seconds: Option<f64>,
    expected_seconds: Option<f64>,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    job: Value,
    stage: String,
    worktree: Option<String>,
    notes: Vec<String>,
    tries: Vec<Try>,
    checks: Vec<Check>,
    logs: Vec<Log>,
}

#[derive(Serialize)]
struct Try {
    started: String,
    ended: Option<String>,
    end: Option<&'static str>,
    why: Option<String>,
}

#[derive(Serialize)]
struct Check {
    name: String,
    verdict: &'static str,
    seconds: f64,
    cached: bool,
    severity: &'static str,
    why: Option<String>,
}

#[derive(Serialize)]
struct Log {
    check: String,
    path: String,
}

#[derive(Serialize)]
struct StatsValue {
    states: BTreeMap<&'static str, usize>,
    attempts: usize,
    median_seconds: Option<f64>,
    longest_seconds: Option<f64>,
    pass_rate: Option<f64>,
}

/// A job as `status` has it.
#[derive(Serialize)]
pub(super) struct Brief {
    id: String,
    tag: Option<String>,
    state: &'static str,
    attempts: usize,
    since: String,
    reason: Option<String>,
}

impl Brief {
    pub(super) fn of(listed: &Listed) -> Self {
        let Value { id, tag, state, attempts, since, reason, .. } = value(listed);
        Brief { id, tag, state, attempts, since, reason }
    }
}

pub(super) fn run(args: &args::Jobs, env: &Env, ui: &mut Ui) -> Result<u8> {
    let session = super::open_and_remind(env, ui)?;
    if let Some(glance) = git::glance::Glance::at(env) {
        jobs::wake(env, &glance);
    }
    match args.command.as_ref().unwrap_or(&args::JobsCommand::List) {
        args::JobsCommand::List => list(&session, ui),
        args::JobsCommand::Show { id } => show(&session, &jobs::find(&session, id)?, ui),
        args::JobsCommand::Logs { id, check, follow } => {
            let listed = jobs::find(&session, id)?;
            logs::logs(&session, &listed, (check.as_deref(), *follow), ui)
        }
        args::JobsCommand::Retry(chosen) => change::retry(&session, env, chosen, ui),
        args::JobsCommand::Cancel(chosen) => change::cancel(&session, chosen, ui),
        args::JobsCommand::Stats => stats(&session, ui),
    }
}

/// What is started in the background: it has no streams.
pub(super) fn worker(env: &Env) -> Result<u8> {
    background::leave_session();
    background::give_way();
    git::ask_on_signals()?;
    jobs::work(env, &Heavy).map(|_worked| 0)
}

/// Tells of jobs that ended badly since the last call, and of checks that nobody has seen to the end.
pub(super) fn remind(session: &Session, ui: &mut Ui) -> Result<()> {
    for listed in jobs::abandoned(session) {
        let (name, id) = (listed.name(), &listed.job.id);
        ui.warn(format!("the checks of {name} have not ended, as the process that ran them has died"))?;
        ui.note(format!("hint: its state is saved; `git checkpoint jobs retry {id}` runs them again"))?;
    }
    for listed in jobs::unheard(session) {
        let (name, id) = (listed.name(), &listed.job.id);
        let why = listed.job.reason.as_deref().unwrap_or("it is not known why");
        ui.warn(format!("the background checks of {name} ended, {}: {why}", listed.state.as_str()))?;
        ui.note(format!("hint: `git checkpoint jobs logs {id}` shows what they printed"))?;
    }
    Ok(())
}

/// What `status` says of them.
pub(super) fn tell_brief(all: &[Listed], session: &Session, ui: &mut Ui) -> Result<()> {
    const MOST: usize = 5;
    for listed in all.iter().take(MOST) {
        let why = listed.job.reason.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        let since = age(listed.job.since(), session.now);
        ui.line(format!("job: {} is {}, {since}{why}", listed.name(), listed.state.as_str()))?;
    }
    if all.len() > MOST {
        ui.line(format!("job: {} more; `git checkpoint jobs` lists them", all.len() - MOST))?;
    }
    Ok(())
}

fn seconds(span: Option<Duration>) -> Option<f64> {
    span.map(|span| span.as_secs_f64())
}

fn value(listed: &Listed) -> Value {
    let job = &listed.job;
    Value {
        id: job.id.to_string(),
        tag: job.tag.as_deref().map(clean),
        commit: job.commit.to_string(),
        phase: job.phase.as_deref().map(clean),
        state: listed.state.as_str(),
        reason: job.reason.as_deref().map(clean),
        created: json::time(job.created),
        since: json::time(job.since()),
        next: job.next.filter(|_| listed.state.is_open()).map(json::time),
        attempts: job.attempts.len(),
        elapsed_seconds: seconds(listed.elapsed),
        expected_seconds: seconds(listed.expected),
    }
}

fn list(session: &Session, ui: &mut Ui) -> Result<u8> {
    let all = jobs::list(session);
    if ui.is_json() {
        ui.value(&all.iter().map(value).collect::<Vec<_>>())?;
        return Ok(0);
    }
    if all.is_empty() {
        ui.note("there are no jobs: checks with `background = true` make one for a checkpoint")?;
        return Ok(0);
    }
    ui.line(table(all.iter().map(|listed| row(session, listed)).collect()))?;
    Ok(0)
}

fn row(session: &Session, listed: &Listed) -> Vec<String> {
    let job = &listed.job;
    let took = match (listed.elapsed, listed.expected.filter(|_| listed.state.is_open())) {
        (Some(elapsed), Some(expected)) => format!("{} of about {}", span(elapsed), span(expected)),
        (Some(elapsed), None) => span(elapsed),
        (None, Some(expected)) => format!("about {}", span(expected)),
        (None, None) => String::new(),
    };
    let id = if job.tag.is_some() { job.id.to_string() } else { String::new() };
    let since = age(job.since(), session.now);
    let reason = job.reason.clone().unwrap_or_default().replace('\n', " ");
    vec![listed.name().to_owned(), listed.state.as_str().to_owned(), took, since, id, reason]
}

fn span(span: Duration) -> String {
    match span.as_secs() {
        0..60 => format!("{:.1} s", span.as_secs_f64()),
        seconds @ 60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

fn show(session: &Session, listed: &Listed, ui: &mut Ui) -> Result<u8> {
    let (job, logs) = (&listed.job, jobs::logs(session, &listed.job.id));
    if ui.is_json() {
        ui.value(&Shown {
            job: value(listed),
            stage: clean(&job.stage),
            worktree: job.worktree().map(|path| json::path(&path)),
            notes: job.notes.iter().map(|note| clean(note)).collect(),
            tries: job.attempts.iter().map(tried).collect(),
            checks: job.checks.iter().map(check).collect(),
            logs: logs.iter().map(log).collect(),
        })?;
        return Ok(0);
    }
    let commit = job.commit.to_hex_with_len(10);
    ui.line(format!("{} is {}", listed.name(), listed.state.as_str()))?;
    ui.line(format!("  checkpoint {} at {commit}", job.id))?;
    for line in job.reason.iter().map(|why| format!("because: {why}")).chain(job.notes.iter().cloned()) {
        ui.line(format!("  {line}"))?;
    }
    if let Some(next) = job.next.filter(|_| listed.state == JobState::Waiting) {
        ui.line(format!("  the next attempt is not before {}", json::time(next)))?;
    }
    for (number, attempt) in job.attempts.iter().enumerate() {
        let end = attempt.end.map_or("not ended", |end| end.as_str());
        let why = attempt.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        ui.line(format!("  attempt {} of {}: {end}{why}", number + 1, json::time(attempt.started)))?;
    }
    for check in &job.checks {
        let why = check.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        ui.line(format!("  {} {} in {}{why}", check.verdict.as_str(), check.name, span(check.took)))?;
    }
    for (name, path) in &logs {
        ui.line(format!("  output of {name}: {}", json::path(path)))?;
    }
    Ok(0)
}

fn tried(attempt: &Attempt) -> Try {
    Try {
        started: json::time(attempt.started),
        ended: attempt.ended.map(json::time),
        end: attempt.end.map(AttemptEnd::as_str),
        why: attempt.why.as_deref().map(clean),
    }
}

fn check(check: &CheckResult) -> Check {
    Check {
        name: clean(&check.name),
        verdict: check.verdict.as_str(),
        seconds: check.took.as_secs_f64(),
        cached: check.cached,
        severity: check.severity.as_str(),
        why: check.why.as_deref().map(clean),
    }
}

fn log((check, path): &(String, PathBuf)) -> Log {
    Log { check: clean(check), path: json::path(path) }
}

fn stats(session: &Session, ui: &mut Ui) -> Result<u8> {
    let stats = jobs::stats(&jobs::list(session));
    if ui.is_json() {
        ui.value(&StatsValue {
            states: stats.states.iter().map(|(state, number)| (state.as_str(), *number)).collect(),
            attempts: stats.attempts,
            median_seconds: seconds(stats.took.map(|(median, _)| median)),
            longest_seconds: seconds(stats.took.map(|(_, longest)| longest)),
            pass_rate: stats.pass_rate,
        })?;
        return Ok(0);
    }
    let counts = stats.states.iter().filter(|(_, number)| **number > 0);
    let counts: Vec<String> = counts.map(|(state, number)| format!("{number} {}", state.as_str())).collect();
    ui.line(if counts.is_empty() { "no jobs".to_owned() } else { counts.join(", ") })?;
    ui.line(plural(stats.attempts, "attempt"))?;
    if let Some((median, longest)) = stats.took {
        ui.line(format!("took {} in the middle, {} at most", span(median), span(longest)))?;
    }
    if let Some(rate) = stats.pass_rate {
        ui.line(format!("{:.0} % of those that ended passed", rate * 100.0))?;
    }
    Ok(0)
}
