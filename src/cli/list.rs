//! `git checkpoint list`.

use serde::Serialize;

use super::{args, create, json, numbers};
use crate::{
    config::Env,
    error::Result,
    model::{CheckResult, Record},
    ops::{
        Session,
        list::{self, Listed, Marks},
        numbers::{has_numbers, series},
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

/// A checkpoint as a line of the table.
struct Row {
    cells: Vec<String>,
    /// The whole record, where it has numbers to be drawn.
    measured: Option<Box<Record>>,
}

pub(super) fn run(args: &args::List, env: &Env, ui: &mut Ui) -> Result<u8> {
    let session = super::open_and_remind(env, ui)?;
    let wanted = (args.limit, args.all);
    if ui.is_json() {
        let value = |record: Record, marks: &Marks| Value {
            checkpoint: json::Checkpoint::of(&record),
            undone: marks.undone.contains(&record.id),
        };
        let listed = list::list(&session, wanted, value)?;
        warn(&listed.unreadable, ui)?;
        ui.value(&listed.shown)?;
        return Ok(0);
    }
    let now = session.now;
    let row = |record: Record, marks: &Marks| Row {
        cells: vec![
            create::name(&record),
            age(record.at, now),
            record.state.head.short_name(),
            record.state.tip.to_hex_with_len(10).to_string(),
            state(&record, marks),
            record.subject.clone(),
        ],
        measured: has_numbers(&record).then(|| Box::new(record)),
    };
    let Listed { shown, marks: _, unreadable } = list::list(&session, wanted, row)?;
    warn(&unreadable, ui)?;
    if shown.is_empty() && !args.all && args.limit != Some(0) && has_others(&session)? {
        ui.note("no checkpoint stands; `git checkpoint list --all` shows those that were undone or did not pass")?;
    } else if shown.is_empty() {
        ui.note("there is no checkpoint yet; `git checkpoint` takes one")?;
    } else {
        let series = series(shown.iter().filter_map(|row| row.measured.as_deref()));
        ui.line(table(shown.into_iter().map(|row| row.cells).collect()))?;
        if !series.is_empty() {
            ui.line(format!("\n{}", numbers::courses(&series, env.is_utf8())))?;
        }
    }
    Ok(0)
}

fn warn(unreadable: &[String], ui: &mut Ui) -> Result<()> {
    unreadable.iter().try_for_each(|message| ui.warn(message))
}

/// Whether there are checkpoints that are shown only when all are asked for.
fn has_others(session: &Session) -> Result<bool> {
    list::list(session, (Some(1), true), |_, _| ()).map(|others| !others.shown.is_empty())
}

/// `validated`, `undone, failed (unit: it exited with code 1)`
fn state(record: &Record, marks: &Marks) -> String {
    let undone = marks.undone.contains(&record.id).then(|| "undone".to_owned());
    let fetched = marks.elsewhere.contains(&record.id).then(|| "fetched".to_owned());
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
