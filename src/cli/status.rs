//! `git checkpoint status`.

use serde::Serialize;

use super::{create, hooks, json};
use crate::{
    config::Env,
    error::Result,
    ops::status::{self, Status},
    ui::{Ui, age},
};

#[derive(Serialize)]
struct Value {
    branch: Option<String>,
    head: Option<String>,
    phase: Option<String>,
    due_in_seconds: Option<u64>,
    last: Option<json::Checkpoint>,
    dirty: Dirty,
    skipped: Vec<json::SkippedPath>,
    in_progress: Option<InProgress>,
    hooks: Option<hooks::Value>,
    trust: Option<()>,
    jobs: [(); 0],
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
    let hooks = match crate::git::hooks::status(&session.repo, env) {
        Ok(hooks) => Some(hooks),
        Err(error) => {
            // The rest is worth knowing all the same.
            ui.warn(format!("cannot tell how the hooks stand: {}", error.chain().join(": ")))?;
            None
        }
    };
    if ui.is_json() {
        ui.value(&value(&status, hooks.as_ref()))?;
        return Ok(0);
    }
    let commit = status.head.commit().map_or_else(|| "no commit yet".into(), |id| id.to_hex_with_len(10).to_string());
    ui.line(format!("on {} ({commit})", status.head.short_name()))?;
    ui.line(format!("changed: {}", create::changes(&status.changes)))?;
    match &status.last {
        Some(record) => {
            ui.line(format!("newest checkpoint: {}, {}", create::name(record), age(record.at, session.now)))?;
        }
        None => ui.line("newest checkpoint: none; `git checkpoint` takes one")?,
    }
    if let Some(operation) = status.git_operation {
        ui.line(format!("in progress: git {}", operation.command()))?;
    }
    if let Some(hooks) = &hooks {
        ui.line(hooks::summary(hooks))?;
        hooks::tell_troubles(hooks, ui)?;
    }
    create::warn_of_skipped(&status.skipped, ui)?;
    Ok(0)
}

fn value(status: &Status, hooks: Option<&crate::git::hooks::Status>) -> Value {
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
        phase: None,
        due_in_seconds: None,
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
        trust: None,
        jobs: [],
    }
}
