//! What a rollback has done, as text or JSON.

use serde::Serialize;

use crate::{
    cli::json,
    error::Result,
    model::{self, Detail, StepOutcome, Verification},
    ops::{
        create::Held,
        incident::Written,
        rollback::{Attempt, Proof, RolledBack},
    },
    ui::{Ui, clean},
};

#[derive(Serialize)]
struct Value {
    id: String,
    from: Option<String>,
    to: String,
    backup: Option<Backup>,
    steps: Vec<json::Step>,
    verification: Option<&'static str>,
    checks: Vec<json::Check>,
    checks_before: Vec<json::Check>,
    tried: Vec<Tried>,
    undone_by: Option<String>,
    report: Option<String>,
    files: usize,
}

#[derive(Serialize)]
struct Backup {
    branch: String,
    commit: String,
}

/// A rollback whose state did not work.
#[derive(Serialize)]
struct Tried {
    id: String,
    to: String,
    verification: &'static str,
}

/// Says what was done; the exit code.
pub(in crate::cli) fn answer(done: &RolledBack, ui: &mut Ui) -> Result<u8> {
    if ui.is_json() {
        ui.value(&value(done))?;
    } else if done.exact.is_some() {
        text(done, ui)?;
    }
    warn(done, ui)?;
    let works = done.verification.is_none_or(|verification| verification == Verification::Verified);
    let has_failed = done.record.steps.iter().any(|step| step.outcome == StepOutcome::Failed);
    Ok(u8::from(!works || has_failed || done.undone.is_some()))
}

fn value(done: &RolledBack) -> Value {
    let backup = done.record.backup();
    let tried =
        |one: &Attempt| Tried { id: one.id.to_string(), to: one.name.clone(), verification: one.verification.as_str() };
    let checks_before = match &done.record.detail {
        Detail::Rollback { conduct, .. } => conduct.checks_before.iter().map(json::said_value).collect(),
        _ => Vec::new(),
    };
    Value {
        id: done.record.id.to_string(),
        from: json::id(done.record.state.head.commit()),
        to: done.to.to_string(),
        backup: backup.map(|name| Backup { branch: json::name(name), commit: done.record.state.tip.to_string() }),
        steps: done.record.steps.iter().map(json::step).collect(),
        verification: done.verification.map(Verification::as_str),
        checks: match &done.proof {
            Proof::Said(validated) => json::validated(validated),
            Proof::None | Proof::Held(_) => Vec::new(),
        },
        checks_before,
        tried: done.tried.iter().map(tried).collect(),
        undone_by: done.undone.as_ref().map(ToString::to_string),
        report: done.written.as_ref().and_then(|written| written.report.clone()),
        files: done.files,
    }
}

fn text(done: &RolledBack, ui: &mut Ui) -> Result<()> {
    for one in &done.tried {
        ui.line(format!("{} does not work ({}), as {} says", clean(&one.name), one.verification.as_str(), one.id))?;
    }
    ui.done(format!("rolled back to {} ({})", clean(&done.name), done.to.to_hex_with_len(10)))?;
    let width = done.record.steps.iter().map(|step| step.name.chars().count()).max().unwrap_or(0).clamp(8, 40);
    for step in &done.record.steps {
        let line = format!("  {:<width$} {:<6} {}", clean(&step.name), outcome(step.outcome), clean(&step.detail));
        ui.line(line.trim_end())?;
    }
    if let Some(id) = &done.undone {
        return ui.line(format!("taken back, as the state does not work: {id}"));
    }
    if let Some(name) = done.record.backup() {
        ui.note(format!("`git checkpoint recover {} --all` brings its commits back", json::name(name)))?;
    }
    ui.note("`git checkpoint undo` takes this back")
}

fn outcome(outcome: StepOutcome) -> &'static str {
    match outcome {
        StepOutcome::Done => "ok",
        StepOutcome::Tolerated => "failed",
        StepOutcome::Failed => "FAILED",
        StepOutcome::Skipped => "-",
    }
}

/// What was written for people, where it was wanted.
fn papers(written: &Written, ui: &mut Ui) -> Result<()> {
    for (what, path) in [("an entry is in", &written.log), ("an incident document is", &written.document)] {
        if let Some(path) = path {
            ui.note(format!("{what} {}", clean(path)))?;
        }
    }
    for path in &written.brought_along {
        ui.note(format!("brought along: {}", clean(path)))?;
    }
    written.troubles.iter().try_for_each(|trouble| ui.warn(trouble.chain().join(": ")))
}

fn warn(done: &RolledBack, ui: &mut Ui) -> Result<()> {
    if let Some(written) = &done.written {
        papers(written, ui)?;
    }
    for path in &done.submodules {
        ui.warn(format!(
            "the submodule {path} stays where it is; `git submodule update` moves it to the recorded commit"
        ))?;
    }
    if done.exact == Some(false) {
        ui.warn(format!(
            "something changed the worktree meanwhile; what was there before is in `{}`, and `git checkpoint diff {}` shows what differs",
            done.record.id,
            done.to.to_hex_with_len(10)
        ))?;
    }
    let is_stuck = done.undone.is_none() && done.verification != Some(Verification::Verified);
    match &done.proof {
        Proof::Held(Held::Unusable(error)) => ui.warn(format!("no check was run: {}", error.chain().join(": "))),
        Proof::Held(Held::Untrusted(_)) => {
            ui.warn("no check was run, as the configuration is not trusted; `git checkpoint trust` looks at it")
        }
        Proof::Said(validated) if is_stuck && validated.verdict() != model::Verdict::Pass => {
            ui.warn("the state is the one asked for, and its checks do not pass; `git checkpoint rollback good` goes to the newest whose checks did")
        }
        Proof::None | Proof::Said(_) => Ok(()),
    }
}
