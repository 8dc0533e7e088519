//! `git checkpoint jobs retry` and `git checkpoint jobs cancel`.

use serde::Serialize;

use super::{Value, value};
use crate::{
    cli::args,
    config::Env,
    error::Result,
    git,
    model::JobState,
    ops::{
        Session,
        jobs::{self, Cancelled, Enqueued, Heavy, Listed, Ran, Retried},
    },
    store::jobs::Job,
    ui::Ui,
};

#[derive(Serialize)]
struct Done {
    id: String,
    tag: Option<String>,
    state: &'static str,
    done: bool,
}

/// The jobs that are meant.
fn chosen(session: &Session, chosen: &args::Chosen, of_all: impl Fn(&Listed) -> bool) -> Result<Vec<Listed>> {
    match &chosen.id {
        Some(id) => Ok(vec![jobs::find(session, id)?]),
        None => Ok(jobs::list(session).into_iter().rev().filter(of_all).collect()),
    }
}

pub(super) fn retry(session: &Session, env: &Env, args: &args::Chosen, ui: &mut Ui) -> Result<u8> {
    use JobState::{Cancelled, Died, Inconclusive, Waiting};
    let all = |listed: &Listed| matches!(listed.state, Cancelled | Died | Inconclusive | Waiting);
    let mut done = Vec::new();
    for listed in retried(session, args, all)? {
        if args.dry_run {
            done.push(one(&listed, false));
            told(ui, format!("would run the checks of {} again", listed.name()))?;
            continue;
        }
        match jobs::retry(session, env, &listed.job.id)? {
            Retried::Runs => {
                done.push(one(&listed, false));
                told(ui, format!("{} is run already", listed.name()))?;
            }
            Retried::Due(job, Enqueued::NoProcess(why)) => {
                ui.note(format!("the checks of {} run here: {why}", listed.name()))?;
                let state = here(session, env, *job)?;
                done.push(Done { state: state.as_str(), ..one(&listed, true) });
                told(ui, format!("{} is {}", listed.name(), state.as_str()))?;
            }
            Retried::Due(job, Enqueued::Started | Enqueued::RunsAlready) => {
                done.push(Done { state: job.state.as_str(), ..one(&listed, true) });
                told(ui, format!("the checks of {} run again in the background", listed.name()))?;
            }
        }
    }
    finish(&done, "there is nothing to try again", ui)
}

/// As [`chosen`]; a pending checkpoint whose job is lost may be named too.
fn retried(session: &Session, args: &args::Chosen, all: impl Fn(&Listed) -> bool) -> Result<Vec<Listed>> {
    let found = chosen(session, args, all);
    let Some(name) = args.id.as_deref().filter(|_| found.is_err()) else { return found };
    jobs::without_job(session, name).map_or(found, |listed| Ok(vec![listed]))
}

fn here(session: &Session, env: &Env, job: Job) -> Result<JobState> {
    git::ask_on_signals()?;
    Ok(match jobs::run_here(session, env, job, &Heavy)? {
        Ran::Busy => JobState::Running,
        Ran::Ended(job, _) | Ran::Again(job) => job.state,
    })
}

pub(super) fn cancel(session: &Session, args: &args::Chosen, ui: &mut Ui) -> Result<u8> {
    let mut done = Vec::new();
    for listed in chosen(session, args, |listed| listed.state.is_open())? {
        if args.dry_run {
            done.push(one(&listed, false));
            told(ui, format!("would give {} up", listed.name()))?;
            continue;
        }
        let name = listed.name();
        let (text, state, is_done) = match jobs::cancel(session, &listed.job.id, "it was cancelled")? {
            Cancelled::Done => (format!("gave {name} up; the checkpoint stays pending"), JobState::Cancelled, true),
            Cancelled::Ended(state) => (format!("{name} had ended, {}", state.as_str()), state, false),
            Cancelled::Asked => (format!("{name} ends as soon as its worker answers"), JobState::Running, false),
        };
        done.push(Done { state: state.as_str(), ..one(&listed, is_done) });
        told(ui, text)?;
    }
    finish(&done, "there is nothing to give up", ui)
}

fn one(listed: &Listed, done: bool) -> Done {
    let Value { id, tag, state, .. } = value(listed);
    Done { id, tag, state, done }
}

fn told(ui: &mut Ui, text: String) -> Result<()> {
    if ui.is_json() { Ok(()) } else { ui.line(text) }
}

fn finish(done: &[Done], nothing: &str, ui: &mut Ui) -> Result<u8> {
    if ui.is_json() {
        ui.value(&done)?;
    } else if done.is_empty() {
        ui.note(nothing)?;
    }
    Ok(0)
}
