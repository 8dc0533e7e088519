//! `git checkpoint show`.

use serde::Serialize;

use super::{args, create, json, numbers};
use crate::{
    config::Env,
    error::{Error, Result},
    model::{ArtifactForm, ByteSize, Kind, SavedArtifact, Selector, quote_path},
    ops::show::{self, Log, Shown},
    ui::{Ui, age, table},
};

#[derive(Serialize)]
struct Value {
    name: String,
    kind: Option<&'static str>,
    #[serde(flatten)]
    checkpoint: Option<json::Checkpoint>,
    /// Where there is no record; a checkpoint has it already.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    staged: Vec<json::File>,
    unstaged: Vec<json::File>,
    report: Option<String>,
}

pub(super) fn run(args: &args::Show, env: &Env, ui: &mut Ui) -> Result<u8> {
    let session = super::open_and_remind(env, ui)?;
    let shown = show::show(&session, &selector(&args.selector)?)?;
    if ui.is_json() {
        let record = shown.selected.record.as_ref();
        ui.value(&Value {
            name: shown.selected.name.clone(),
            kind: record.map(|record| record.kind().as_str()),
            checkpoint: record.map(|record| json::Checkpoint::with_logs(record, &shown.logs)),
            commit: record.is_none().then(|| shown.selected.state.tip.to_string()),
            staged: json::files(&shown.staged),
            unstaged: json::files(&shown.unstaged),
            report: shown.report.clone(),
        })?;
        return Ok(0);
    }
    print(&shown, &session.now, ui)?;
    Ok(0)
}

fn print(shown: &Shown, now: &chrono::DateTime<chrono::Utc>, ui: &mut Ui) -> Result<()> {
    let state = &shown.selected.state;
    ui.line(format!("{}  {}", shown.selected.name, state.tip))?;
    if let Some(record) = &shown.selected.record {
        let what = if record.kind() == Kind::Create { "taken" } else { "the state before this was done:" };
        ui.line(format!("  {what} {}, {}", age(record.at, *now), crate::ui::clean(&record.subject)))?;
        for line in record.message.iter().flat_map(|message| message.lines().skip(1)) {
            ui.line(format!("  {}", crate::ui::clean(line)))?;
        }
        ui.line(format!("  id {}", record.id))?;
        if let Some(validation) = record.validation() {
            ui.line(format!("  {}", validation.as_str()))?;
        }
        if !record.checks.is_empty() {
            ui.line(format!("  checks:\n{}", numbers::indented(&numbers::checks(&record.checks), 4)))?;
        }
        for log in &shown.logs {
            tell_log(log, ui)?;
        }
        if let Some(report) = &shown.report {
            ui.line(format!("  report: `git show {report}`"))?;
        }
        if let Some(measured) = numbers::measurements(&record.checks) {
            ui.line(format!("  numbers:\n{}", numbers::indented(&measured, 4)))?;
        }
    }
    let head = state.head.commit().map_or_else(|| "without a commit".into(), |id| format!("at {id}"));
    ui.line(format!("  {} {head}", state.head.short_name()))?;
    for (title, files) in [("staged", &shown.staged), ("not staged", &shown.unstaged)] {
        if !files.is_empty() {
            ui.line(format!("  {title}:"))?;
        }
        for (letter, path) in files {
            ui.line(format!("    {letter} {path}"))?;
        }
    }
    for skipped in shown.selected.record.iter().flat_map(|record| &record.skipped) {
        ui.line(format!("  not saved: {} ({})", quote_path(skipped.path.as_ref()), create::reason(skipped.reason)))?;
    }
    let artifacts = shown.selected.record.as_ref().map(|record| record.artifacts.as_slice()).unwrap_or_default();
    if !artifacts.is_empty() {
        ui.line("  artifacts:")?;
        ui.line(numbers::indented(&table(artifacts.iter().map(artifact).collect()), 4))?;
    }
    Ok(())
}

/// Name, size, the beginning of the SHA-256, and where it is.
fn artifact(saved: &SavedArtifact) -> Vec<String> {
    let place = saved.path.as_ref().map(|path| quote_path(path.as_ref())).unwrap_or_default();
    let (size, sum, form) = match saved.form {
        ArtifactForm::Absent => (String::new(), String::new(), "not there"),
        form => (ByteSize(saved.size).to_string(), format!("sha256:{}", &saved.sha256[..16]), form.as_str()),
    };
    vec![saved.name.clone(), size, sum, form.to_owned(), place]
}

/// The end of what a check printed that did not pass, and how to see all of it.
fn tell_log(log: &Log, ui: &mut Ui) -> Result<()> {
    if !log.end.is_empty() {
        ui.line(format!("  {} printed at last:", log.check))?;
    }
    for line in &log.end {
        ui.line(format!("    | {}", crate::ui::clean(line)))?;
    }
    ui.line(format!("  output of {}: `git show {}`", log.check, log.revision))
}

/// Reads a selector as typed.
pub(super) fn selector(text: &str) -> Result<Selector> {
    text.parse().map_err(|why: String| Error::usage(why).hint("`git checkpoint list` shows the checkpoints"))
}
