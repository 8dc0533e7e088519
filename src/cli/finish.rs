//! `git checkpoint finish`.

use serde::Serialize;

use super::{args, create, json};
use crate::{
    config::Env,
    error::Result,
    ops::finish::{self, Finished},
    ui::Ui,
};

#[derive(Serialize)]
struct Value {
    phase: String,
    branch: Option<String>,
    began: Option<String>,
    elapsed_seconds: Option<i64>,
    checkpoint: Option<json::Checkpoint>,
}

pub(super) fn run(args: &args::Finish, env: &Env, ui: &mut Ui) -> Result<u8> {
    let session = super::open_and_remind(env, ui)?;
    let finished = if args.dry_run {
        finish::plan(&session, args.message.clone())?.preview()
    } else {
        let _lock = session.lock("finish")?;
        finish::plan(&session, args.message.clone())?.apply(&session)?
    };
    if let Some((_, taken)) = &finished.ending {
        create::tell_what_is_left_out(taken, ui)?;
    }
    if ui.is_json() {
        ui.value(&value(&finished, session.now))?;
        return Ok(0);
    }
    let (name, branch) = (&finished.name, finished.head.short_name());
    match &finished.ending {
        Some((_, taken)) if args.dry_run => ui.line(format!("would end {name} on {branch}: {}", taken.record.subject)),
        Some((_, taken)) => ui.done(format!("ended {name} on {branch}, saved as {}", create::name(&taken.record))),
        None if args.dry_run => ui.line(format!("would take {branch} out of {name}, which has ended")),
        None => ui.done(format!("{name} had ended; {branch} is in no phase any more")),
    }?;
    Ok(0)
}

fn value(finished: &Finished, now: chrono::DateTime<chrono::Utc>) -> Value {
    let ending = finished.ending.as_ref();
    Value {
        phase: finished.name.clone(),
        branch: json::branch(&finished.head),
        began: ending.map(|(course, _)| json::time(course.began)),
        elapsed_seconds: ending.map(|(course, _)| (now - course.began).num_seconds().max(0)),
        checkpoint: ending.map(|(_, taken)| json::Checkpoint::of(&taken.record)),
    }
}
