//! `git checkpoint init`.

use serde::Serialize;

use super::{args, hooks};
use crate::{
    config::{Env, FILE_NAME},
    error::Result,
    git::hooks::Status,
    ops::{
        Session,
        hooks::{Outcome, Request, run as perform},
        init::{self, Kind, Plan, Project},
        trust,
    },
    ui::Ui,
};

#[derive(Serialize)]
struct Value {
    file: String,
    written: bool,
    projects: Vec<&'static str>,
    text: Option<String>,
    hooks: Option<hooks::Value>,
    trust: Option<&'static str>,
}

pub(super) fn run(args: &args::Init, env: &Env, ui: &mut Ui) -> Result<u8> {
    let mut session = super::open_and_remind(env, ui)?;
    let (is_there, projects) = init::gather(&session);
    let plan = init::plan(is_there, projects);
    let written = match &plan {
        Plan::Write { text, .. } if !args.dry_run => init::apply(&session, text)?,
        _ => false,
    };
    if !ui.is_json() {
        told(&plan, (args.dry_run, written), ui)?;
    }
    if written {
        session = Session::open(env)?;
    }
    if !args.dry_run {
        let hooks = install_hooks(env, ui)?;
        ask_for_trust(&session, env, ui)?;
        if ui.is_json() {
            ui.value(&value(&session, env, plan, (written, hooks.as_ref())))?;
        }
    } else if ui.is_json() {
        ui.value(&value(&session, env, plan, (false, None)))?;
    }
    Ok(0)
}

/// Installs the hooks. Where there is no place for them, everything else works all the same.
fn install_hooks(env: &Env, ui: &mut Ui) -> Result<Option<Status>> {
    match perform(Request::Install, false, env) {
        Ok(Outcome { plan, status }) => {
            if !plan.is_empty() && !ui.is_json() {
                ui.done(hooks::summary(&status))?;
            }
            hooks::tell_troubles(&status, ui)?;
            Ok(Some(status))
        }
        Err(error) => {
            ui.warn(format!("the hooks were not installed: {}", error.chain().join(": ")))?;
            error.hints().iter().try_for_each(|hint| ui.note(format!("hint: {hint}")))?;
            Ok(None)
        }
    }
}

fn ask_for_trust(session: &Session, env: &Env, ui: &mut Ui) -> Result<()> {
    let trust::Plan::Ask(asked) = trust::plan(&session.config, &trust::gather(session, env)) else { return Ok(()) };
    if ui.is_interactive() && super::trust::ask(session, env, &asked, ui)? {
        return Ok(());
    }
    ui.note("its commands do not run before `git checkpoint trust`")
}

fn told(plan: &Plan, (dry_run, written): (bool, bool), ui: &mut Ui) -> Result<()> {
    match plan {
        Plan::There => ui.line(format!("{FILE_NAME} is there already, and is left as it is")),
        Plan::Write { text, .. } if dry_run => ui.bytes(text.as_bytes()),
        Plan::Write { projects, .. } if written => {
            ui.done(format!("wrote {FILE_NAME} for {}", found(projects)))?;
            if projects.iter().any(|project| project.run.is_some()) {
                ui.line("look at its checks, and commit it")?;
            }
            Ok(())
        }
        Plan::Write { .. } => ui.line(format!("{FILE_NAME} was made by somebody else meanwhile, and is left as it is")),
    }
}

fn found(projects: &[Project]) -> String {
    let names: Vec<_> = projects.iter().map(|project| project.kind.as_str()).collect();
    if names.is_empty() { "a project of no known sort".into() } else { names.join(", ") }
}

fn value(session: &Session, env: &Env, plan: Plan, (written, hooks): (bool, Option<&Status>)) -> Value {
    let (projects, text) = match plan {
        Plan::There => (Vec::new(), None),
        Plan::Write { projects, text } => (projects, Some(text)),
    };
    let kind = |project: &Project| Kind::as_str(project.kind);
    Value {
        file: session.repo.workdir().join(FILE_NAME).display().to_string(),
        written,
        projects: projects.iter().map(kind).collect(),
        text,
        hooks: hooks.map(hooks::Value::of),
        trust: trust::gather(session, env).as_str(),
    }
}
