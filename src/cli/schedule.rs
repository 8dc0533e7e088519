//! `git checkpoint schedule`.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{args, watch};
use crate::{
    config::Env,
    error::{Error, Result},
    ops::schedule::{self, Scheduled},
    system::scheduler::{MINUTES, Scheduler},
    ui::{Ui, plural},
};

#[derive(Serialize)]
struct Value {
    schedulers: Vec<&'static str>,
    minutes: u32,
    here: Option<bool>,
    repositories: Vec<Repository>,
}

#[derive(Serialize)]
struct Repository {
    path: String,
    exists: bool,
}

#[derive(Serialize)]
struct Stopped {
    left: Vec<String>,
    removed: Vec<&'static str>,
}

pub(super) fn run(command: &args::Schedule, env: &Env, ui: &mut Ui) -> Result<u8> {
    match command {
        args::Schedule::Start { scheduler, dry_run } => start(*scheduler, *dry_run, env, ui),
        args::Schedule::Stop { all, dry_run } => stop(*all, *dry_run, env, ui),
        args::Schedule::Status => status(&schedule::status(env)?, ui),
        args::Schedule::Run { list } => visit(list, env, ui),
    }
}

fn start(scheduler: args::Scheduler, dry_run: bool, env: &Env, ui: &mut Ui) -> Result<u8> {
    let session = super::open(env, ui)?;
    let chosen = match scheduler {
        args::Scheduler::Auto => None,
        args::Scheduler::Systemd => Some(Scheduler::Systemd),
        args::Scheduler::Cron => Some(Scheduler::Cron),
        args::Scheduler::Launchd => Some(Scheduler::Launchd),
        args::Scheduler::Schtasks => Some(Scheduler::Schtasks),
    };
    let used = schedule::start(&session, env, chosen, dry_run)?;
    if ui.is_json() {
        return status(&schedule::status(env)?, ui);
    }
    let (name, path) = (used.as_str(), session.repo.workdir().display());
    if dry_run {
        ui.line(format!("would visit {path} every {MINUTES} minutes, by {name}"))?;
    } else {
        ui.done(format!("{path} is visited every {MINUTES} minutes, by {name}"))?;
    }
    Ok(0)
}

fn stop(all: bool, dry_run: bool, env: &Env, ui: &mut Ui) -> Result<u8> {
    let stopped = schedule::stop(env, all, dry_run)?;
    if ui.is_json() {
        let left = stopped.left.iter().map(|path| shown(path)).collect();
        ui.value(&Stopped { left, removed: stopped.removed.iter().map(|one| one.as_str()).collect() })?;
        return Ok(0);
    }
    let would = if dry_run { "would be " } else { "" };
    for path in &stopped.left {
        ui.line(format!("{} {would}off the list", shown(path)))?;
    }
    for scheduler in &stopped.removed {
        ui.line(format!("the timer of {} {would}removed", scheduler.as_str()))?;
    }
    if stopped == schedule::Stopped::default() {
        ui.note("this repository is not on the list")?;
    }
    Ok(0)
}

fn status(scheduled: &Scheduled, ui: &mut Ui) -> Result<u8> {
    if ui.is_json() {
        let repository = |(path, exists): &(PathBuf, bool)| Repository { path: shown(path), exists: *exists };
        ui.value(&Value {
            schedulers: scheduled.schedulers.iter().map(|one| one.as_str()).collect(),
            minutes: MINUTES,
            here: scheduled.here.as_ref().map(|(_, is_listed)| *is_listed),
            repositories: scheduled.repositories.iter().map(repository).collect(),
        })?;
        return Ok(0);
    }
    let names: Vec<_> = scheduled.schedulers.iter().map(|one| one.as_str()).collect();
    match names.as_slice() {
        [] => ui.line("no timer is started; `git checkpoint schedule start` starts one")?,
        names => ui.line(format!("timer: {}, every {MINUTES} minutes", names.join(" and ")))?,
    }
    ui.line(format!("it visits {}", plural(scheduled.repositories.len(), "repository").replace("ys", "ies")))?;
    for (path, exists) in &scheduled.repositories {
        ui.line(format!("  {}{}", shown(path), if *exists { "" } else { " (gone)" }))?;
    }
    if let Some((path, false)) = &scheduled.here {
        ui.note(format!("{} is not on the list", shown(path)))?;
    }
    Ok(0)
}

/// What the timer runs. It exits with 4 where something failed, which the timer's own log then shows.
fn visit(list: &Path, env: &Env, ui: &mut Ui) -> Result<u8> {
    if env.is_off() {
        return Ok(0);
    }
    let mut failed = 0;
    schedule::visit_all(env, list, |visit| {
        failed += usize::from(matches!(visit.outcome, Some(Err(_))));
        watch::tell(&visit, ui)
    })?;
    if failed > 0 {
        let what = if failed == 1 { "one repository".to_owned() } else { format!("{failed} repositories") };
        return Err(Error::environment(format!("what is due could not be taken in {what}"))
            .hint("`git checkpoint status` there says why"));
    }
    Ok(0)
}

pub(super) fn shown(path: &Path) -> String {
    crate::ui::clean(&path.to_string_lossy())
}
