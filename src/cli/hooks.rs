//! `git checkpoint hooks`.

use std::path::Path;

use serde::Serialize;

use super::{
    args::{self, HooksAction},
    json,
};
use crate::{
    config::Env,
    error::Result,
    git::{
        Repo,
        hooks::{self, EventState, Mechanism, Overall, Plan, Status, Step},
    },
    model::HookEvent,
    ops::hooks::{Outcome, Request, run as perform},
    ui::{Ui, table},
};

/// How the hooks stand, as `hooks status` and `status` print it.
#[derive(Serialize)]
pub(super) struct Value {
    state: &'static str,
    mechanism: Option<&'static str>,
    wanted: &'static str,
    git: String,
    folder: Option<String>,
    program: Option<String>,
    events: Vec<Event>,
    troubles: Vec<Trouble>,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct Event {
    event: &'static str,
    state: &'static str,
    called: bool,
}

#[derive(Serialize)]
struct Trouble {
    what: String,
    fix: String,
}

#[derive(Serialize)]
struct Change {
    changed: bool,
    steps: Vec<StepValue>,
    kept: Vec<String>,
    status: Value,
}

#[derive(Serialize)]
struct StepValue {
    action: &'static str,
    event: Option<&'static str>,
    path: Option<String>,
}

impl Value {
    pub(super) fn of(status: &Status) -> Self {
        let event = |one: &hooks::EventStatus| Event {
            event: one.event.as_str(),
            state: one.state.as_str(),
            called: one.state.is_called(),
        };
        Value {
            state: status.overall.as_str(),
            mechanism: status.mechanism.map(Mechanism::as_str),
            wanted: status.wanted.as_str(),
            git: status.git.clone(),
            folder: status.folder.as_deref().map(json::path),
            program: status.program.as_deref().map(json::path),
            events: status.events.iter().map(event).collect(),
            troubles: status
                .troubles
                .iter()
                .map(|trouble| Trouble { what: trouble.what.clone(), fix: trouble.fix.clone() })
                .collect(),
            notes: status.notes.clone(),
        }
    }
}

pub(super) fn run(args: &args::Hooks, env: &Env, ui: &mut Ui) -> Result<u8> {
    let request = match args.action {
        HooksAction::Install => Request::Install,
        HooksAction::Uninstall => Request::Uninstall,
        HooksAction::Status => return status(env, ui),
    };
    let outcome = perform(request, args.dry_run, env)?;
    let Outcome { plan, status } = &outcome;
    if ui.is_json() {
        let steps = plan.steps.iter().map(step_value).collect();
        let kept = plan.kept.iter().map(|path| json::path(path)).collect();
        let changed = !args.dry_run && !plan.is_empty();
        ui.value(&Change { changed, steps, kept, status: Value::of(status) })?;
        return Ok(0);
    }
    if args.dry_run {
        return preview(plan, ui).map(|()| 0);
    }
    for path in &plan.kept {
        ui.warn(format!(
            "a hook that was replaced while ours were installed is still in `{}`: put it where you want it",
            path.display()
        ))?;
    }
    match (request, plan.is_empty()) {
        (Request::Install, true) => ui.line("the hooks are installed; nothing was changed")?,
        (Request::Uninstall, true) => ui.line("no hooks are installed; nothing was changed")?,
        (Request::Install, false) => ui.done(format!("installed {}", how(status)))?,
        (Request::Uninstall, false) => ui.done("uninstalled; what was there before is in its place")?,
    }
    if request == Request::Install {
        tell_troubles(status, ui)?;
    }
    Ok(0)
}

fn status(env: &Env, ui: &mut Ui) -> Result<u8> {
    let status = hooks::status(&Repo::open(env)?, env)?;
    if ui.is_json() {
        ui.value(&Value::of(&status))?;
        return Ok(0);
    }
    ui.line(summary(&status))?;
    if status.overall != Overall::Absent {
        let row = |one: &hooks::EventStatus| vec![format!("  {}", one.event), words(one.state).into()];
        ui.line(table(status.events.iter().map(row).collect()))?;
    }
    if let Some(program) = &status.program {
        ui.line(format!("program: {}", program.display()))?;
    }
    tell_troubles(&status, ui)?;
    for note in &status.notes {
        ui.note(note)?;
    }
    Ok(0)
}

/// One line, for `status` as well.
pub(super) fn summary(status: &Status) -> String {
    match status.overall {
        Overall::Absent => "hooks: not installed; `git checkpoint hooks install` does it".into(),
        Overall::Installed => format!("hooks: installed {}", how(status)),
        Overall::Partial => {
            let called = status.events.iter().filter(|one| one.state.is_called()).count();
            format!("hooks: {called} of {} are called", status.events.len())
        }
    }
}

fn how(status: &Status) -> String {
    match (status.mechanism, &status.folder) {
        (Some(Mechanism::Config), _) => "in git's configuration".into(),
        (_, Some(folder)) => format!("in {}", folder.display()),
        _ => String::new(),
    }
}

fn words(state: EventState) -> &'static str {
    match state {
        EventState::Installed => "called",
        EventState::Chained => "called, then the hook that was there before",
        EventState::ThroughPreCommit => "called by pre-commit",
        EventState::ByHand => "called by the hook there",
        EventState::Outdated => "called, by a shim of another version",
        EventState::Replaced(_) => "not called: another hook stands there",
        EventState::Disabled => "not called: switched off",
        EventState::Missing => "not called",
    }
}

/// What is the matter, and what to do.
pub(super) fn tell_troubles(status: &Status, ui: &mut Ui) -> Result<()> {
    status.troubles.iter().try_for_each(|trouble| ui.warn(format!("{}: {}", trouble.what, trouble.fix)))
}

fn preview(plan: &Plan, ui: &mut Ui) -> Result<()> {
    if plan.is_empty() {
        return ui.line("nothing would be changed");
    }
    for step in &plan.steps {
        let StepValue { action, event, path } = step_value(step);
        let words = action.replace('-', " ");
        ui.line([Some(words), event.map(str::to_owned), path].into_iter().flatten().collect::<Vec<_>>().join("  "))?;
    }
    Ok(())
}

fn step_value(step: &Step) -> StepValue {
    let value = |action, event: Option<HookEvent>, path: Option<&Path>| StepValue {
        action,
        event: event.map(HookEvent::as_str),
        path: path.map(json::path),
    };
    match step {
        Step::Remember { folder, .. } => value("remember-folder", None, Some(folder)),
        Step::MakeFolder(path) => value("make-folder", None, Some(path)),
        Step::MakeSaved(path) => value("make-folder", None, Some(path)),
        Step::Link { saved, name, .. } => value("link", None, Some(&saved.join(name))),
        Step::SetAside { event, to, .. } => value("set-aside", Some(*event), Some(to)),
        Step::Keep { event, to, .. } => value("keep", Some(*event), Some(to)),
        Step::PutShim { event, path, .. } => value("write", Some(*event), Some(path)),
        Step::Restore { event, to, .. } => value("restore", Some(*event), Some(to)),
        Step::RemoveShim { event, path } => value("remove", Some(*event), Some(path)),
        Step::Drop(path) => value("remove", None, Some(path)),
        Step::Exclude(_) => value("exclude", None, None),
        Step::Configure(event) => value("configure", Some(*event), None),
        Step::Unconfigure(event) => value("unconfigure", Some(*event), None),
        Step::RemoveSaved(path) | Step::RemoveFolder(path) => value("remove-folder", None, Some(path)),
        Step::Forget(path) => value("forget-folder", None, Some(path)),
    }
}
