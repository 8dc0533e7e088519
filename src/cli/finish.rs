//! `git checkpoint finish`.

use serde::Serialize;

use super::{
    args,
    checks::{self, Lines},
    create, json,
};
use crate::{
    config::Env,
    error::Result,
    git,
    ops::{
        finish::{self, Finished, Request},
        trust,
    },
    ui::Ui,
};

#[derive(Serialize)]
struct Value {
    phase: String,
    branch: Option<String>,
    began: Option<String>,
    elapsed_seconds: Option<i64>,
    ended: bool,
    checkpoint: Option<json::Checkpoint>,
}

pub(super) fn run(args: &args::Finish, env: &Env, ui: &mut Ui) -> Result<u8> {
    let session = super::open_and_remind(env, ui)?;
    let request = Request { message: args.message.clone(), no_verify: args.no_verify, no_artifacts: args.no_artifacts };
    let finished = if args.dry_run {
        finish::plan(&session, &request)?.preview()
    } else {
        let trusted = trust::gather(&session, env);
        git::ask_on_signals()?;
        finish::finish(&session, &request, &trusted, &mut |event| checks::show(&event, Lines::Beside, ui))?
    };
    if let Some((_, taken)) = &finished.ending {
        create::tell_what_is_left_out(taken, ui)?;
    }
    if ui.is_json() {
        ui.value(&value(&finished, session.now))?;
    } else {
        print(&finished, args.dry_run, ui)?;
    }
    match &finished.ending {
        Some((_, taken)) if !args.dry_run => create::tell_of_checks(taken, ui),
        _ => Ok(0),
    }
}

fn print(finished: &Finished, dry_run: bool, ui: &mut Ui) -> Result<()> {
    let (name, branch) = (&finished.name, finished.head.short_name());
    match &finished.ending {
        Some((_, taken)) if dry_run => ui.line(format!("would end {name} on {branch}: {}", taken.record.subject)),
        Some((_, taken)) if finished.goes_on => {
            let saved = create::name(&taken.record);
            ui.line(format!("{name} goes on, as its checks did not pass; the state is saved as {saved}"))?;
            ui.tell("hint: `git checkpoint finish --no-verify` ends it all the same")
        }
        Some((_, taken)) => ui.done(format!("ended {name} on {branch}, saved as {}", create::name(&taken.record))),
        None if dry_run => ui.line(format!("would take {branch} out of {name}, which has ended")),
        None => ui.done(format!("{name} had ended; {branch} is in no phase any more")),
    }
}

fn value(finished: &Finished, now: chrono::DateTime<chrono::Utc>) -> Value {
    let ending = finished.ending.as_ref();
    Value {
        phase: finished.name.clone(),
        branch: json::branch(&finished.head),
        began: ending.map(|(course, _)| json::time(course.began)),
        elapsed_seconds: ending.map(|(course, _)| (now - course.began).num_seconds().max(0)),
        ended: !finished.goes_on,
        checkpoint: ending.map(|(_, taken)| json::Checkpoint::of(&taken.record)),
    }
}
