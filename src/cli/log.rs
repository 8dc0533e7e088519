//! `git checkpoint log`.

use serde::Serialize;

use super::{args, json};
use crate::{
    config::Env,
    error::Result,
    ops::log,
    ui::{Ui, age, table},
};

#[derive(Serialize)]
struct Entry {
    id: String,
    kind: &'static str,
    at: String,
    summary: String,
    reason: Option<String>,
    backup: Option<String>,
    undone: bool,
    elsewhere: bool,
}

pub(super) fn run(args: &args::Log, env: &Env, ui: &mut Ui) -> Result<u8> {
    let session = super::open_and_remind(env, ui)?;
    let (entries, unreadable) = log::log(&session, args.limit)?;
    for message in &unreadable {
        ui.warn(message)?;
    }
    if ui.is_json() {
        let value = |entry: &log::Entry| Entry {
            id: entry.record.id.to_string(),
            kind: entry.record.kind().as_str(),
            at: json::time(entry.record.at),
            summary: entry.record.subject.clone(),
            reason: entry.record.message.clone(),
            backup: entry.record.backup().map(json::name),
            undone: entry.undone,
            elsewhere: entry.elsewhere,
        };
        ui.value(&entries.iter().map(value).collect::<Vec<_>>())?;
    } else if entries.is_empty() {
        ui.note("nothing was done yet")?;
    } else {
        let row = |entry: &log::Entry| {
            let undone = if entry.undone { "(undone) " } else { "" };
            let elsewhere = if entry.elsewhere { "(elsewhere) " } else { "" };
            let id = entry.record.id.to_string();
            vec![id, age(entry.record.at, session.now), format!("{undone}{elsewhere}{}", entry.record.subject)]
        };
        ui.line(table(entries.iter().map(row).collect()))?;
    }
    Ok(0)
}
