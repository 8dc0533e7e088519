//! `git checkpoint start`.

use serde::Serialize;

use super::{
    args,
    checks::{self, Lines},
    create, json,
};
use crate::{
    config::Env,
    error::{Error, Result},
    git,
    model::{Schedule, When},
    ops::{
        Session,
        start::{self, Request, Started},
        trust,
    },
    ui::Ui,
};

#[derive(Serialize)]
struct Value {
    phase: String,
    branch: Option<String>,
    began: String,
    #[serde(flatten)]
    schedule: json::Schedule,
    joined: bool,
    checkpoint: Option<json::Checkpoint>,
}

pub(super) fn run(args: &args::Start, env: &Env, ui: &mut Ui) -> Result<u8> {
    let session = super::open_and_remind(env, ui)?;
    let request = Request {
        name: args.phase.clone(),
        schedule: args.every.as_deref().map(schedule).transpose()?,
        at: args.at.as_deref().map(|text| moment(&session, text)).transpose()?,
        message: args.message.clone(),
        no_verify: args.no_verify,
        no_artifacts: args.no_artifacts,
    };
    let started = if args.dry_run {
        start::plan(&session, &request)?.preview()
    } else {
        let trusted = trust::gather(&session, env);
        git::ask_on_signals()?;
        start::start(&session, &request, &trusted, &mut |event| checks::show(&event, Lines::Beside, ui))?
    };
    answer(&started, args.dry_run, ui)?;
    match &started.checkpoint {
        // It has begun, whatever they said of the state that it begins in.
        Some(taken) if !args.dry_run => create::tell_of_checks(taken, ui).map(|_| 0),
        _ => Ok(0),
    }
}

fn schedule(text: &str) -> Result<Schedule> {
    let span = text.parse().and_then(Schedule::every);
    span.map_err(|why| Error::usage(format!("`--every {text}` is no interval")).because(why).hint("`--every 4h`"))
}

fn moment(session: &Session, text: &str) -> Result<chrono::DateTime<chrono::Utc>> {
    let when = When::parse(text, session.now, session.local).ok_or_else(|| {
        Error::usage(format!("`--at {text}` is not a time")).hint("write `09:00`, `2026-11-21 09:00` or `2 hours ago`")
    })?;
    session.moment(when)
}

fn answer(started: &Started, dry_run: bool, ui: &mut Ui) -> Result<()> {
    let record = started.checkpoint.as_ref().map(|taken| &taken.record);
    if let Some(taken) = &started.checkpoint {
        create::tell_what_is_left_out(taken, ui)?;
    }
    if ui.is_json() {
        ui.value(&Value {
            phase: started.name.clone(),
            branch: json::branch(&started.head),
            began: json::time(started.course.began),
            schedule: json::schedule(&started.course.schedule),
            joined: record.is_none(),
            checkpoint: record.map(json::Checkpoint::of),
        })?;
        return Ok(());
    }
    let (name, branch, schedule) = (&started.name, started.head.short_name(), &started.course.schedule);
    if dry_run {
        let verb = if record.is_some() { "begin" } else { "join" };
        ui.line(format!("would {verb} {name} on {branch}, {schedule}"))?;
        return Ok(());
    }
    let Some(record) = record else {
        ui.done(format!("joined {name} on {branch}, {schedule}, begun {}", json::time(started.course.began)))?;
        return Ok(());
    };
    ui.done(format!("began {name} on {branch}, {schedule}"))?;
    ui.line(format!("  its beginning is saved as {}", create::name(record)))?;
    ui.note("hooks take what is due after git commands; `git checkpoint schedule start` does in hours without one")
}
