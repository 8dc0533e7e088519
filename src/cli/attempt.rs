//! `git checkpoint try`.

use anstream::adapter::strip_bytes;
use gix::bstr::{BString, ByteSlice};
use serde::Serialize;

use super::{
    args,
    checks::{self, Lines},
    create, json, resume,
};
use crate::{
    config::Env,
    error::{Context, Error, Kind, Result},
    git,
    model::{Exit, Fate, Tried, Turn, quote_path},
    ops::{
        Session,
        attempt::{self, Done, Event, LOG, OtherRef, Preview, Request},
        resume::Ending,
        trust,
    },
    ui::{Ui, clean, plural},
};

/// So many paths are shown of a list.
const SHOWN: usize = 20;

/// So much of a line without an end is held back; in bytes.
const LONGEST: usize = 4096;

#[derive(Serialize)]
struct Value {
    id: Option<String>,
    outcome: Option<&'static str>,
    command: Vec<String>,
    exit: Option<ExitValue>,
    why: Option<String>,
    checkpoint: Option<String>,
    tag: Option<String>,
    result: Option<String>,
    checks: Vec<json::Check>,
    each: Option<Vec<Each>>,
    head: Option<String>,
    other_refs: Vec<Other>,
    left: Vec<json::SkippedPath>,
    log: Option<String>,
}

#[derive(Serialize)]
struct ExitValue {
    code: Option<i32>,
    signal: Option<i32>,
    words: String,
}

#[derive(Serialize)]
struct Each {
    path: String,
    outcome: Option<&'static str>,
    reason: Option<String>,
    result: Option<String>,
}

#[derive(Serialize)]
struct Other {
    name: String,
    old: Option<String>,
    new: Option<String>,
}

pub(super) fn run(args: &args::Try, env: &Env, ui: &mut Ui) -> Result<u8> {
    let ending = resume::ending(&args.ending, false);
    if let Some(Ending::Abort | Ending::Skip) = ending {
        return resume::run(Ending::Abort, env, ui);
    }
    if env.is_off() {
        return Err(Error::refused("switched off by GIT_CHECKPOINT=0; the command was not run")
            .because("there would be no way back from it"));
    }
    let session = super::open(env, ui)?;
    let trusted = trust::gather(&session, env);
    if ending.is_some() {
        return go_on(&session, &trusted, env, ui);
    }
    let plan = attempt::plan(&session, request(args)?, &trusted)?;
    create::warn_of_skipped(plan.skipped(), ui)?;
    if args.dry_run {
        return preview(args, &plan.preview(), ui);
    }
    git::ask_on_signals()?;
    let mut lines = Printed::default();
    let done = plan.run(&trusted, &mut |event| show(&event, &mut lines, ui));
    lines.finish(ui);
    answer(&done?, ui)
}

fn go_on(session: &Session, trusted: &trust::Standing, env: &Env, ui: &mut Ui) -> Result<u8> {
    if session.interrupted()?.is_some_and(|journal| journal.kind != crate::model::Kind::Try) {
        return resume::run(Ending::Continue, env, ui);
    }
    git::ask_on_signals()?;
    let mut lines = Printed::default();
    let done = attempt::go_on(session, trusted, &mut |event| show(&event, &mut lines, ui));
    lines.finish(ui);
    match done? {
        Some(done) => answer(&done, ui),
        None => resume::not_begun(crate::model::Kind::Try, ui),
    }
}

fn request(args: &args::Try) -> Result<Request> {
    let bytes = |word: &std::ffi::OsString| -> Result<BString> {
        let word = gix::path::os_string_into_bstring(word.clone());
        word.context("an argument cannot be read")
    };
    Ok(Request {
        words: args.words.iter().map(bytes).collect::<Result<_>>()?,
        each: args.each.as_ref().map(bytes).transpose()?,
        message: args.message.clone(),
        commit: args.commit,
        keep_going: args.keep_going,
        wait: args.wait,
        no_verify: args.no_verify,
        only: args.only.clone(),
        limit: args.timeout,
    })
}

/// What a command prints, line by line.
#[derive(Default)]
struct Printed(Vec<u8>);

impl Printed {
    fn add(&mut self, bytes: &[u8], ui: &mut Ui) {
        let mut bytes = bytes;
        // Most of what is printed is plain text, and there may be very much of it.
        if self.0.is_empty()
            && let Some(end) = bytes.rfind_byte(b'\n')
            && let Ok(text) = bytes[..end].to_str()
            && text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t'))
        {
            let _shown = ui.tell(text);
            bytes = &bytes[end + 1..];
        }
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.0.extend_from_slice(part);
            if part.ends_with(b"\n") || self.0.len() > LONGEST {
                self.finish(ui);
            }
        }
    }

    /// Shows what there is of a line. What a command prints is not obeyed by the terminal, and a bar that writes over itself is
    /// as it was in the end.
    fn finish(&mut self, ui: &mut Ui) {
        let line = std::mem::take(&mut self.0);
        let line = line.trim_end_with(|c| c == '\n' || c == '\r');
        if line.is_empty() {
            return;
        }
        let last = line.rsplit_once_str("\r").map_or(line, |(_, last)| last);
        let plain: Vec<u8> = strip_bytes(last).flatten().copied().collect();
        // What cannot be shown is in the record.
        let _shown = ui.tell(clean(&plain.to_str_lossy()));
    }
}

/// What cannot be shown is no reason not to go on.
fn show(event: &Event<'_>, lines: &mut Printed, ui: &mut Ui) {
    if !matches!(event, Event::Printed(_)) {
        lines.finish(ui);
    }
    match event {
        Event::Printed(bytes) => lines.add(bytes, ui),
        Event::Check(event) => checks::show(event, Lines::Beside, ui),
        Event::Begins(path, at, of) => {
            let _shown = ui.progress(&format!("{at} of {of}: {}", quote_path(path)));
        }
        Event::Tried(tried) => {
            let _shown = tell_of_file(tried, ui);
        }
    }
}

fn tell_of_file(tried: &Tried, ui: &mut Ui) -> Result<()> {
    let path = quote_path(tried.path.as_bstr());
    match tried.turn {
        Turn::Kept => ui.note(format!("kept: {path}")),
        Turn::LeftOut => ui.warn(format!("left out: {path}: {}", clean(&tried.reason))),
        Turn::Unchanged if tried.reason.is_empty() => ui.note(format!("unchanged: {path}")),
        Turn::Unchanged => ui.note(format!("unchanged: {path}: {}", clean(&tried.reason))),
    }
}

fn preview(args: &args::Try, preview: &Preview, ui: &mut Ui) -> Result<u8> {
    let request = request(args)?;
    if ui.is_json() {
        let each =
            |path: &BString| Each { path: quote_path(path.as_bstr()), outcome: None, reason: None, result: None };
        ui.value(&Value {
            id: None,
            outcome: None,
            command: command(&request.words),
            exit: None,
            why: None,
            checkpoint: None,
            tag: None,
            result: None,
            checks: Vec::new(),
            each: request.each.is_some().then(|| preview.files.iter().map(each).collect()),
            head: None,
            other_refs: Vec::new(),
            left: Vec::new(),
            log: None,
        })?;
        return Ok(0);
    }
    let line = request.line();
    match request.each {
        None => ui.line(format!("would try {line}"))?,
        Some(_) => {
            ui.line(format!("would try {line}, for {}:", plural(preview.files.len(), "file")))?;
            paths(preview.files.iter().map(|path| quote_path(path.as_bstr())), ui)?;
        }
    }
    if preview.checks.is_empty() {
        ui.line("its exit code alone would decide")?;
    } else {
        ui.line(format!("its exit code would decide, and then: {}", preview.checks.join(", ")))?;
    }
    Ok(0)
}

fn paths(paths: impl ExactSizeIterator<Item = String>, ui: &mut Ui) -> Result<()> {
    let number = paths.len();
    for path in paths.take(SHOWN) {
        ui.line(format!("  {path}"))?;
    }
    if number > SHOWN { ui.line(format!("  … and {} more", number - SHOWN)) } else { Ok(()) }
}

fn command(words: &[BString]) -> Vec<String> {
    words.iter().map(|word| quote_path(word.as_bstr())).collect()
}

fn answer(done: &Done, ui: &mut Ui) -> Result<u8> {
    if ui.is_json() {
        ui.value(&value(done))?;
    } else {
        print(done, ui)?;
    }
    let code = match &done.taken {
        Some(taken) => create::tell_of_checks(taken, ui)?,
        None => 0,
    };
    let has_left_out = done.files.iter().any(|one| one.turn == Turn::LeftOut);
    let is_broken = done.broken.is_some() || has_left_out || done.attempt().fate != Some(Fate::Kept);
    Ok(if is_broken { Kind::Refused.exit_code() } else { code })
}

fn value(done: &Done) -> Value {
    let attempt = done.attempt();
    let is_kept = attempt.fate == Some(Fate::Kept);
    let each = |one: &Tried| Each {
        path: quote_path(one.path.as_bstr()),
        outcome: Some(one.turn.as_str()),
        reason: (!one.reason.is_empty()).then(|| one.reason.clone()),
        result: json::id(one.made),
    };
    let exit = |exit: Exit| ExitValue {
        code: if let Exit::Code(code) = exit { Some(code) } else { None },
        signal: if let Exit::Signal(number) = exit { Some(number) } else { None },
        words: exit.to_string(),
    };
    let head = match &attempt.result {
        Some(result) if is_kept => result.head.commit(),
        _ => done.record.state.head.commit(),
    };
    let other = |one: &OtherRef| Other { name: json::name(&one.name), old: json::id(one.old), new: json::id(one.new) };
    Value {
        id: Some(done.record.id.to_string()),
        outcome: attempt.fate.map(Fate::as_str),
        command: command(&attempt.command),
        exit: attempt.exit.map(exit),
        why: done.broken.as_ref().map(ToString::to_string),
        checkpoint: attempt.checkpoint.as_ref().map(ToString::to_string),
        tag: done.taken.as_ref().and_then(|taken| taken.record.tag()).map(json::name),
        result: attempt.result.as_ref().map(|result| result.tip.to_string()),
        checks: json::checked(&done.checked),
        each: attempt.each.then(|| done.files.iter().map(each).collect()),
        head: json::id(head),
        other_refs: done.others.iter().map(other).collect(),
        left: json::skipped(&done.left),
        log: done.log.as_deref().map(json::path),
    }
}

fn print(done: &Done, ui: &mut Ui) -> Result<()> {
    let attempt = done.attempt();
    let is_kept = attempt.fate == Some(Fate::Kept);
    if attempt.each {
        lists(done, ui)?;
    } else if is_kept {
        ui.done(format!("kept: {}", clean(&done.record.subject)))?;
    }
    if let Some(broken) = &done.broken {
        let back = if attempt.each { "" } else { "; the state before it is back" };
        ui.line(format!("{}{back}", clean(&broken.to_string())))?;
        if done.failed_before {
            ui.note("it is known to have failed before as well")?;
        }
    }
    if let Some(taken) = &done.taken {
        ui.line(format!("  saved as {}: {}", create::name(&taken.record), create::changes(&taken.changes)))?;
    }
    for left in &done.left {
        let path = quote_path(left.path.as_ref());
        ui.warn(format!("stays on disk: {path} ({})", create::reason(left.reason)))?;
    }
    for other in &done.others {
        tell_of_ref(other, ui)?;
    }
    if is_kept {
        return ui.note("`git checkpoint undo` goes back to the state before");
    }
    let Some(made) = attempt.result.as_ref().filter(|_| !attempt.each) else { return Ok(()) };
    let (id, tip) = (&done.record.id, made.tip.to_hex_with_len(10));
    ui.note(format!("`git diff {} {tip}` shows what it had done", done.record.state.tip.to_hex_with_len(10)))?;
    ui.note("`git checkpoint undo` brings that back")?;
    if done.log.is_some() {
        ui.note(format!("`git show refs/checkpoint/files/{id}:logs/{LOG}` shows what it printed"))?;
    }
    Ok(())
}

/// What is kept, and what is not.
fn lists(done: &Done, ui: &mut Ui) -> Result<()> {
    let of = |turn: Turn| -> Vec<&Tried> { done.files.iter().filter(|one| one.turn == turn).collect() };
    let (kept, left_out, unchanged) = (of(Turn::Kept), of(Turn::LeftOut), of(Turn::Unchanged));
    if !kept.is_empty() {
        ui.done(format!("kept {}:", plural(kept.len(), "file")))?;
        paths(kept.iter().map(|one| quote_path(one.path.as_bstr())), ui)?;
    }
    if !left_out.is_empty() {
        ui.line(format!("left out {}:", plural(left_out.len(), "file")))?;
        let line = |one: &&Tried| {
            let made = one.made.map(|made| format!(" ({})", made.to_hex_with_len(10))).unwrap_or_default();
            format!("{}: {}{made}", quote_path(one.path.as_bstr()), clean(&one.reason))
        };
        paths(left_out.iter().map(line), ui)?;
        ui.note("`git checkout <commit> -- <path>` brings back what was done to one, from the commit beside it")?;
    }
    if !unchanged.is_empty() {
        ui.line(format!("{} unchanged", plural(unchanged.len(), "file")))?;
    }
    if done.not_tried > 0 {
        ui.line(format!("{} not tried", plural(done.not_tried, "file")))?;
    }
    Ok(())
}

/// What is no part of a state stays as the command left it; nothing of that is lost.
fn tell_of_ref(other: &OtherRef, ui: &mut Ui) -> Result<()> {
    let name = json::name(&other.name);
    let short = |id: crate::model::Oid| id.to_hex_with_len(10).to_string();
    match (other.old, other.new) {
        (Some(old), None) => ui.warn(format!("{name} was deleted meanwhile; it was {}", short(old))),
        (Some(old), Some(_)) => ui.warn(format!("{name} was moved meanwhile; it was {}", short(old))),
        (None, _) => ui.note(format!("{name} was made meanwhile, and stays")),
    }
}
