//! `git checkpoint report`.

mod text;

use std::{io::Write, path::Path};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    args::{self, DocumentName, Format},
    json,
};
use crate::{
    config::Env,
    error::{Context, Error, Result},
    model::{Elapsed, When},
    ops::{
        Session,
        incident::{self, Document, Facts},
        report::{self, Story},
    },
    ui::{Ui, clean},
};

/// A document, filled in.
#[derive(Serialize)]
struct DocumentValue<'t> {
    id: String,
    document: &'static str,
    own_template: bool,
    text: &'t str,
    file: Option<String>,
}

pub(super) fn run(args: &args::Report, env: &Env, ui: &mut Ui) -> Result<u8> {
    let session = super::open_and_remind(env, ui)?;
    if let Some(name) = args.document {
        return document(&session, (args, name), env, ui).map(|()| 0);
    }
    let format = format(args, ui)?;
    let told = match &args.id {
        None => {
            let since = args.since.as_deref().map(|text| since(&session, text)).transpose()?;
            let told = report::story(&session, since)?;
            for message in &told.unreadable {
                ui.warn(message)?;
            }
            What::Story(Box::new(told.story))
        }
        Some(id) => What::Operation(Box::new(incident::gather(&session, &report::find(&session, id)?)?)),
    };
    let text = match (&told, format) {
        (What::Story(story), Format::Text) => text::story(story, env.is_utf8()),
        (What::Story(story), Format::Markdown) => report::markdown(story)?,
        (What::Story(story), Format::Json) => in_json(story.as_ref())?,
        (What::Story(story), Format::Html) => report::story_page(story)?,
        (What::Operation(facts), Format::Text) => text::operation(facts),
        (What::Operation(facts), Format::Markdown) => filled(&session, Document::Report, facts, ui)?.text,
        (What::Operation(facts), Format::Json) => in_json(facts.as_ref())?,
        (What::Operation(facts), Format::Html) => report::operation_page(facts, session.now)?,
    };
    match &args.output {
        Some(file) => write(env, (file, args.force), &text, ui).map(|()| 0),
        // What is for a terminal is made harmless once more on its way.
        None if format == Format::Text => ui.line(text.trim_end()).map(|()| 0),
        None => ui.bytes(text.as_bytes()).map(|()| 0),
    }
}

/// What is told of.
enum What {
    Story(Box<Story>),
    Operation(Box<Facts>),
}

/// What was asked for, or what the name of the file says.
fn format(args: &args::Report, ui: &Ui) -> Result<Format> {
    let ending = args.output.as_deref().and_then(Path::extension).and_then(|ending| ending.to_str());
    let by_name = match ending.map(str::to_ascii_lowercase).as_deref() {
        Some("html" | "htm") => Some(Format::Html),
        Some("md" | "markdown") => Some(Format::Markdown),
        Some("json") => Some(Format::Json),
        _ => None,
    };
    match (args.format, ui.is_json()) {
        (Some(format), true) if format != Format::Json => {
            Err(Error::usage("`--json` and another `--format` cannot both be").hint("leave one of them out"))
        }
        (_, true) => Ok(Format::Json),
        (format, false) => Ok(format.or(by_name).unwrap_or(Format::Text)),
    }
}

fn since(session: &Session, text: &str) -> Result<DateTime<Utc>> {
    if let Ok(span) = text.parse::<Elapsed>() {
        return Ok(session.now - chrono::TimeDelta::minutes(i64::from(span.minutes())));
    }
    let when = When::parse(text, session.now, session.local).ok_or_else(|| {
        Error::usage(format!("`{text}` is not a time")).hint("write `7d`, `4h`, `2026-11-21` or `2 days ago`")
    })?;
    session.moment(when)
}

fn in_json(value: &impl Serialize) -> Result<String> {
    let text = serde_json::to_string(value).map_err(|error| Error::bug("an answer cannot be JSON").because(error))?;
    Ok(text + "\n")
}

/// A document; what is wrong with the template of this worktree is told, and the program's own taken.
fn filled(session: &Session, kind: Document, facts: &Facts, ui: &mut Ui) -> Result<incident::Filled> {
    let filled = incident::document(session, kind, facts)?;
    if let Some(error) = &filled.passed_over {
        ui.warn(format!("{}; the program's own is used", error.chain().join(": ")))?;
        for hint in error.hints() {
            ui.note(format!("hint: {}", clean(hint)))?;
        }
    }
    Ok(filled)
}

fn document(session: &Session, (args, name): (&args::Report, DocumentName), env: &Env, ui: &mut Ui) -> Result<()> {
    let kind = match name {
        DocumentName::RollbackLog => Document::RollbackLog,
        DocumentName::CriticalFailure => Document::CriticalFailure,
        DocumentName::SecurityIncident => Document::SecurityIncident,
        DocumentName::ProductionIncident => Document::ProductionIncident,
        DocumentName::Checklist => Document::Checklist,
        DocumentName::Report => Document::Report,
    };
    let record = report::find(session, args.id.as_deref().unwrap_or("rollback"))?;
    let facts = incident::gather(session, &record)?;
    let filled = filled(session, kind, &facts, ui)?;
    if let Some(file) = &args.output {
        write(env, (file, args.force), &filled.text, ui)?;
    }
    if ui.is_json() {
        return ui.value(&DocumentValue {
            id: facts.id,
            document: kind.as_str(),
            own_template: filled.is_own,
            text: &filled.text,
            file: args.output.as_deref().map(json::path),
        });
    }
    if args.output.is_none() { ui.bytes(filled.text.as_bytes()) } else { Ok(()) }
}

/// Writes a file that the user named: complete or not at all, and over another one only if they said so.
fn write(env: &Env, (file, force): (&Path, bool), text: &str, ui: &mut Ui) -> Result<()> {
    let path = env.cwd().join(file);
    let what = || format!("cannot write `{}`", file.display());
    let dir = path.parent().unwrap_or(env.cwd());
    let mut temp = new_file(dir).with_context(what)?;
    temp.write_all(text.as_bytes()).with_context(what)?;
    if force {
        temp.persist(&path).map_err(|error| error.error).with_context(what)?;
    } else if let Err(error) = temp.persist_noclobber(&path) {
        if error.error.kind() == std::io::ErrorKind::AlreadyExists {
            return Err(Error::refused(format!("`{}` is there already", file.display()))
                .hint("name another file, or write over it with `--force`"));
        }
        return Err(error.error).with_context(what);
    }
    ui.note(format!("wrote {}", clean(&file.display().to_string())))
}

/// A file beside the one it will become, with the permissions that a new file has.
fn new_file(dir: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(dir)
}
