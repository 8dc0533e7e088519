//! `git checkpoint list`.

use serde::Serialize;

use super::{args, create, json, numbers};
use crate::{
    config::Env,
    error::Result,
    model::{CheckResult, Record},
    ops::{
        Session,
        list::{self, Listed},
        numbers::series,
    },
    ui::{Ui, age, table},
};

/// A checkpoint, and whether it was undone.
#[derive(Serialize)]
struct Value {
    #[serde(flatten)]
    checkpoint: json::Checkpoint,
    undone: bool,
}

pub(super) fn run(args: &args::List, env: &Env, ui: &mut Ui) -> Result<u8> {
    let session = super::open_and_remind(env, ui)?;
    let listed = list::list(&session, args.limit, args.all)?;
    for message in &listed.unreadable {
        ui.warn(message)?;
    }
    if ui.is_json() {
        let value = |record: &Record| Value {
            checkpoint: json::Checkpoint::of(record),
            undone: listed.undone.contains(&record.id),
        };
        ui.value(&listed.records.iter().map(value).collect::<Vec<_>>())?;
    } else if listed.records.is_empty() && !args.all && args.limit != Some(0) && has_others(&session)? {
        ui.note("no checkpoint stands; `git checkpoint list --all` shows those that were undone or did not pass")?;
    } else if listed.records.is_empty() {
        ui.note("there is no checkpoint yet; `git checkpoint` takes one")?;
    } else {
        let now = session.now;
        let row = |record: &Record| {
            vec![
                create::name(record),
                age(record.at, now),
                record.state.head.short_name(),
                record.state.tip.to_hex_with_len(10).to_string(),
                state(record, &listed),
                record.subject.clone(),
            ]
        };
        ui.line(table(rows(&listed.records, row)))?;
        let series = series(&listed.records);
        if !series.is_empty() {
            ui.line(format!("\n{}", numbers::courses(&series, env.is_utf8())))?;
        }
    }
    // The process is about to end: to take ten thousand records apart would only keep somebody waiting.
    std::mem::forget(listed);
    Ok(0)
}

/// The rows of a table, made on two threads where there are many.
fn rows(records: &[Record], row: impl Fn(&Record) -> Vec<String> + Sync) -> Vec<Vec<String>> {
    const MANY: usize = 512;
    let make = |records: &[Record]| records.iter().map(&row).collect::<Vec<_>>();
    if records.len() < MANY {
        return make(records);
    }
    let (first, second) = records.split_at(records.len() / 2);
    std::thread::scope(|scope| {
        let second = scope.spawn(|| make(second));
        let mut rows = make(first);
        rows.extend(second.join().expect("a thread that only writes words does not panic"));
        rows
    })
}

/// Whether there are checkpoints that are shown only when all are asked for.
fn has_others(session: &Session) -> Result<bool> {
    list::list(session, Some(1), true).map(|others| !others.records.is_empty())
}

/// `validated`, `undone, failed (unit: it exited with code 1)`
fn state(record: &Record, listed: &Listed) -> String {
    let undone = listed.undone.contains(&record.id).then(|| "undone".to_owned());
    let fetched = listed.elsewhere.contains(&record.id).then(|| "fetched".to_owned());
    let state = validation(record);
    undone.into_iter().chain(state).chain(fetched).collect::<Vec<_>>().join(", ")
}

/// `failed (unit: it exited with code 1)`
pub(super) fn validation(record: &Record) -> Option<String> {
    let state = record.validation()?.as_str();
    let Some(check) = CheckResult::in_the_way(&record.checks).filter(|_| !record.stands()) else {
        return Some(state.to_owned());
    };
    let why = check.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
    Some(format!("{state} ({}{why})", check.name))
}
