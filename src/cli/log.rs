//! `git checkpoint log`.

use serde::Serialize;

use super::{args, json};
use crate::{
    config::Env,
    error::Result,
    model::{Conduct, Detail, Severity, Validation, Verification},
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
    state: Option<&'static str>,
    verification: Option<&'static str>,
    severity: Option<&'static str>,
    emergency: bool,
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
            state: entry.record.validation().map(Validation::as_str),
            verification: entry.record.verification().map(Verification::as_str),
            severity: conduct(entry).and_then(|conduct| conduct.severity).map(Severity::as_str),
            emergency: conduct(entry).is_some_and(|conduct| conduct.emergency),
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
            let summary = format!("{undone}{elsewhere}{}{}", entry.record.subject, remarks(entry));
            vec![id, age(entry.record.at, session.now), summary]
        };
        ui.line(table(entries.iter().map(row).collect()))?;
    }
    Ok(0)
}

/// How a rollback was done.
fn conduct(entry: &log::Entry) -> Option<&Conduct> {
    match &entry.record.detail {
        Detail::Rollback { conduct, .. } => Some(conduct),
        _ => None,
    }
}

/// ` (failed, critical, emergency: mail is not sent)`, of a rollback or a recover; nothing where there is nothing to say.
fn remarks(entry: &log::Entry) -> String {
    let Some(conduct) = conduct(entry) else {
        let word = entry.record.verification().map(Verification::as_str);
        return word.map(|word| format!(" ({word})")).unwrap_or_default();
    };
    let words: Vec<&str> = conduct
        .verification
        .map(Verification::as_str)
        .into_iter()
        .chain(conduct.severity.map(Severity::as_str))
        .chain(conduct.emergency.then_some("emergency"))
        .collect();
    let reason = entry.record.message.as_deref().and_then(|reason| reason.lines().find(|line| !line.trim().is_empty()));
    match (words.is_empty(), reason) {
        (true, None) => String::new(),
        (true, Some(reason)) => format!(" ({reason})"),
        (false, None) => format!(" ({})", words.join(", ")),
        (false, Some(reason)) => format!(" ({}: {reason})", words.join(", ")),
    }
}
