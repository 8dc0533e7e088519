//! `--continue`, `--skip` and `--abort` of every command that can be interrupted.

use serde::Serialize;

use super::{args, json, recover, rollback};
use crate::{
    config::Env,
    error::Result,
    git,
    model::Kind,
    ops::{
        Session,
        resume::{self, Ended, Ending},
    },
    ui::{Ui, clean},
};

#[derive(Serialize)]
struct Value {
    ended: &'static str,
    id: Option<String>,
    saved: Option<String>,
    head: Option<String>,
}

/// What was asked for, if anything.
pub(super) fn ending(args: &args::Ending, skip: bool) -> Option<Ending> {
    match (args.go_on, args.abort, skip) {
        (true, ..) => Some(Ending::Continue),
        (_, true, _) => Some(Ending::Abort),
        (.., true) => Some(Ending::Skip),
        _ => None,
    }
}

fn not_begun_value(kind: Kind) -> (Value, String) {
    (
        Value { ended: "not-begun", id: None, saved: None, head: None },
        format!("the {kind} had not changed anything yet; start it again if it is still wanted"),
    )
}

/// Says that what was to be gone on with had not begun.
pub(super) fn not_begun(kind: Kind, ui: &mut Ui) -> Result<u8> {
    let (value, text) = not_begun_value(kind);
    if ui.is_json() {
        ui.value(&value)?;
    } else {
        ui.done(text)?;
    }
    Ok(1)
}

pub(super) fn run(ending: Ending, env: &Env, ui: &mut Ui) -> Result<u8> {
    // What the worktree has by now may be half of one state and half of another.
    let (mut session, _unusable) = Session::open_leniently(env)?;
    super::tell_of_rescued(&session, ui)?;
    let _lock = session.lock("resume")?;
    if resume::take_up_config(&mut session)? {
        git::ask_on_signals()?;
    }
    let mut code = 0;
    let (value, text) = match resume::end(&session, ending, &mut |event| rollback::watch(&event, ui))? {
        Ended::Recovered(mut recovered) => {
            recover::prove(&session, &mut recovered, ui)?;
            return recover::answer(&recovered, ui);
        }
        Ended::RolledBack(done) => return rollback::answer(&done, ui),
        Ended::NotBegun(kind) => {
            // Nothing to go back from is as good as gone back; what was to be done was not.
            code = u8::from(ending != Ending::Abort);
            not_begun_value(kind)
        }
        Ended::Finished { record, head } => (
            Value { ended: "finished", id: Some(record.id.to_string()), saved: None, head: json::id(head.commit()) },
            format!("finished: {}", clean(&record.subject)),
        ),
        Ended::GoneBack { record, saved } => (
            Value {
                ended: "aborted",
                id: Some(record.id.to_string()),
                saved: Some(saved.to_string()),
                head: json::id(record.state.head.commit()),
            },
            format!(
                "went back to the state before: {}\n  what was there until now is in {saved}",
                clean(&record.subject)
            ),
        ),
    };
    if ui.is_json() {
        ui.value(&value)?;
    } else {
        ui.done(text)?;
    }
    Ok(code)
}
