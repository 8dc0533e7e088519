//! `git checkpoint undo` and `git checkpoint redo`.

use serde::Serialize;

use super::{args, choose, json, resume, rollback};
use crate::{
    config::Env,
    error::{Error, Result},
    git,
    ops::undo::{self, Direction, Request, Undone},
    ui::{Ui, clean, plural},
};

#[derive(Serialize)]
struct Value {
    id: String,
    undone: String,
    head: Option<String>,
    branch: Option<String>,
    files: Vec<json::File>,
    steps: Vec<json::Step>,
}

pub(super) fn run(direction: Direction, args: &args::Undo, env: &Env, ui: &mut Ui) -> Result<u8> {
    if let Some(ending) = resume::ending(&args.ending, false) {
        return resume::run(ending, env, ui);
    }
    let session = super::open(env, ui)?;
    let word = if direction == Direction::Undo { "undo" } else { "redo" };
    let mut request = Request { direction, id: args.id.clone(), no_steps: args.no_steps, code_only: args.code_only };
    if request.id.is_none() && !args.yes && ui.can_pick() {
        // Others may go on here as long as a person thinks about it.
        request.id = choose::operation(&session, &request, ui)?;
    }
    let _lock = session.lock_unless(args.dry_run, word)?;
    let plan = undo::plan(&session, &request)?;
    let preview = plan.preview(&session)?;
    if args.dry_run {
        return answer(&preview, &format!("would {word}"), ui);
    }
    if !args.yes && ui.is_interactive() {
        answer(&preview, &format!("going to {word}"), ui)?;
        if !ui.confirm("Go on?")? {
            return Err(Error::refused("nothing was changed"));
        }
    }
    if plan.runs_something() {
        git::ask_on_signals()?;
    }
    let done = plan.apply(&session, &mut |event| rollback::watch(&event, ui))?;
    let code = answer(&done, if direction == Direction::Undo { "undone" } else { "redone" }, ui)?;
    Ok(code.max(u8::from(done.has_failed)))
}

fn answer(done: &Undone, verb: &str, ui: &mut Ui) -> Result<u8> {
    if ui.is_json() {
        ui.value(&Value {
            id: done.id.to_string(),
            undone: done.undone.id.to_string(),
            head: json::id(done.head.commit()),
            branch: json::branch(&done.head),
            files: json::files(&done.files),
            steps: done.steps.iter().map(json::step).collect(),
        })?;
        return Ok(0);
    }
    ui.done(format!("{verb}: {}", clean(&done.undone.subject)))?;
    let commit = done.head.commit().map_or_else(|| "no commit".into(), |id| id.to_hex_with_len(10).to_string());
    ui.line(format!("  {} at {commit}, {}", done.head.short_name(), plural(done.files.len(), "file")))?;
    if !done.commits.is_empty() {
        ui.line(format!(
            "  {} of the branch {} kept in {}:",
            plural(done.commits.len(), "commit"),
            if done.commits.len() == 1 { "is" } else { "are" },
            done.id
        ))?;
        for (id, subject) in done.commits.iter().take(10) {
            ui.line(format!("    {} {}", id.to_hex_with_len(10), clean(subject)))?;
        }
    }
    for edit in &done.refs {
        let verb = if edit.new.is_some() { "back" } else { "gone" };
        ui.line(format!("  {verb}: {}", json::name(&edit.name)))?;
    }
    Ok(0)
}
