//! A record as the message of an annotated tag, and back.
//!
//! The message is the subject, an optional body, and trailers, so that `git tag -n`, `git show` and
//! `git for-each-ref --format='%(contents:trailers)'` read it without this tool:
//!
//! ```text
//! checkpoint of phase2 after 4h
//!
//! before the migration
//!
//! Checkpoint-Format: 1
//! Checkpoint-Kind: create
//! Checkpoint-Id: 20261121T143000.123Z-create-9f3a2c
//! …
//! ```
//!
//! Only the last paragraph is trailers, every value is one line, and a body that git or a terminal could take for
//! something else is escaped; so no body can change what the trailers say. Unknown trailers are accepted, a newer
//! `Checkpoint-Format` is refused by name. The record's tip is the tag's target.

mod attempt;
mod checks;
mod course;
mod detail;
mod phase;
#[cfg(test)]
mod tests;
mod text;
mod trailers;

use chrono::{DateTime, SecondsFormat};
use gix::bstr::{BString, ByteSlice, ByteVec};

use self::trailers::{Reader, Writer};
use crate::{
    error::{Error, Result},
    model::{FORMAT, Head, Oid, Record, RecordId, RefChange, Skipped, State},
};

/// The message of the tag that holds `record`.
pub(super) fn encode(record: &Record) -> BString {
    let mut out = Writer::default();
    out.add("Format", FORMAT);
    out.add("Kind", record.kind());
    out.add("Id", &record.id);
    out.add("Time", record.at.to_rfc3339_opts(SecondsFormat::Secs, true));
    if let Some(mark) = &record.phase {
        phase::write(mark, &mut out);
    }
    detail::write(&record.detail, &mut out);
    write_state("", &record.state, &mut out);
    for skipped in &record.skipped {
        out.add("Skipped", format!("{} {}", skipped.reason, trailers::quote(&skipped.path)));
    }
    for change in &record.refs {
        let oid = |oid: Option<Oid>| oid.map_or("-".into(), |oid| oid.to_string());
        out.add("Ref", format!("{} {} {}", oid(change.old), oid(change.new), trailers::quote(&change.name)));
    }
    checks::write(&checks::AFTER, &record.checks, &mut out);
    course::write(&record.steps, &record.artifacts, &mut out);
    let subject = text::subject(&record.subject, &mut out);
    let body = record.message.as_ref().map(|message| text::body(message, &mut out));
    let mut message = BString::from(subject);
    if let Some(body) = body.filter(|body| !body.is_empty()) {
        message.push_str("\n\n");
        message.push_str(body);
    }
    message.push_str("\n\n");
    message.push_str(out.finish());
    message
}

fn write_state(of: &str, state: &State, out: &mut Writer) {
    if let Some(branch) = state.head.branch() {
        out.add_text(&format!("{of}Branch"), branch);
    }
    out.add(&format!("{of}Head"), state.head.commit().map_or("unborn".into(), |commit| commit.to_string()));
    out.add(&format!("{of}Index"), state.index);
    out.add(&format!("{of}Worktree"), state.worktree);
    out.add_all(&format!("{of}Files"), state.extras.iter());
}

/// The record that a tag with this target and message holds; `None` if it is no record at all.
pub(super) fn decode(target: Oid, message: &[u8]) -> Result<Option<Record>> {
    let message = message.strip_suffix(b"\n").unwrap_or(message);
    let Some(split) = last_paragraph(message) else { return Ok(None) };
    let (head, block) = (&message[..split], &message[split + 2..]);
    let Some(reader) = Reader::new(block) else { return Ok(None) };
    let Some(format) = reader.find("Format") else { return Ok(None) };
    let id = reader.find("Id").unwrap_or("without an id").to_owned();
    match format.parse::<u32>() {
        Ok(format) if format <= FORMAT => {}
        Ok(format) => {
            return Err(Error::environment(format!(
                "record {id} is of format {format}, this version reads up to {FORMAT}"
            ))
            .hint("update git-checkpoint to a version that reads it"));
        }
        Err(_) => return Err(corrupt(&id, &format!("`{format}` is not a format"))),
    }
    read(&reader, target, head).map(Some).map_err(|why| corrupt(&id, &why))
}

/// Where the line ends stand that the last paragraph follows.
fn last_paragraph(message: &[u8]) -> Option<usize> {
    let mut end = message.len();
    // Line by line: a search for both bytes at once takes ten times as long.
    while let Some(at) = message[..end].rfind_byte(b'\n') {
        if message[..at].ends_with(b"\n") {
            return Some(at - 1);
        }
        end = at;
    }
    None
}

fn read(reader: &Reader<'_>, target: Oid, head: &[u8]) -> Result<Record, String> {
    let id: RecordId = reader.parse("Id")?;
    let at =
        DateTime::parse_from_rfc3339(reader.require("Time")?).map_err(|error| format!("Checkpoint-Time: {error}"))?;
    let phase = phase::read(reader)?;
    let (subject, message) = text::read(head, reader)?;
    let detail = detail::read(reader)?;
    let record = Record {
        id,
        at: at.to_utc(),
        subject,
        message,
        phase,
        state: state("", reader, target)?,
        skipped: skipped(reader)?,
        refs: refs(reader)?,
        checks: checks::read(&checks::AFTER, reader),
        artifacts: course::artifacts(reader)?,
        steps: course::steps(reader),
        detail,
    };
    match record.id.kind() {
        Some(kind) if kind == record.kind() => Ok(record),
        _ => Err("its id names another kind".into()),
    }
}

/// A state whose trailers begin with `of`.
fn state(of: &str, reader: &Reader<'_>, target: Oid) -> Result<State, String> {
    let named = |name: &str| format!("{of}{name}");
    let commit = match reader.require(&named("Head"))? {
        "unborn" => None,
        commit => Some(trailers::oid(commit)?),
    };
    let head = match (reader.bytes(&named("Branch"))?, commit) {
        (Some(name), commit) => Head::Branch { name, commit },
        (None, Some(commit)) => Head::Detached { commit },
        (None, None) => return Err("it has neither a branch nor a commit".into()),
    };
    Ok(State {
        head,
        index: trailers::oid(reader.require(&named("Index"))?)?,
        worktree: trailers::oid(reader.require(&named("Worktree"))?)?,
        tip: target,
        extras: reader.find(&named("Files")).map(trailers::oid).transpose()?,
    })
}

fn skipped(reader: &Reader<'_>) -> Result<Vec<Skipped>, String> {
    let read = |value: &str| {
        let (reason, path) = value.split_once(' ').ok_or("a skipped path is incomplete")?;
        Ok(Skipped { reason: reason.parse()?, path: trailers::unquote(path)? })
    };
    reader.all("Skipped").map(read).collect()
}

fn refs(reader: &Reader<'_>) -> Result<Vec<RefChange>, String> {
    let oid = |text: &str| if text == "-" { Ok(None) } else { trailers::oid(text).map(Some) };
    let read = |value: &str| {
        let mut parts = value.splitn(3, ' ');
        let mut next = || parts.next().ok_or("a changed ref is incomplete");
        let (old, new, name) = (next()?, next()?, next()?);
        Ok(RefChange { name: trailers::unquote(name)?, old: oid(old)?, new: oid(new)? })
    };
    reader.all("Ref").map(read).collect()
}

fn corrupt(id: &str, why: &str) -> Error {
    Error::environment(format!("record {id} cannot be read")).because(why)
}
