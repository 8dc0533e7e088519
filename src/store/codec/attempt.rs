//! A command that was tried.
//!
//! ```text
//! Checkpoint-Command: rm
//! Checkpoint-Command: {}
//! Checkpoint-Each: true
//! Checkpoint-Exit: code 0
//! Checkpoint-Fate: kept
//! Checkpoint-Tried: left-out <commit> "src/mail.rs" "unit failed: it exited with code 1"
//! Checkpoint-Result: <commit>
//! Checkpoint-Result-Head: …
//! ```
//!
//! A line about a file that only a later version understands is left out: what can be brought back is in the states.

use super::{
    course::{first_quoted, in_quotes},
    state,
    trailers::{Reader, Writer, oid, unquote},
    write_state,
};
use crate::model::{Attempt, Exit, Fate, Tried, Turn};

/// What the trailers of the state that it made begin with.
const RESULT: &str = "Result-";

const NOTHING: &str = "-";

pub(super) fn write(attempt: &Attempt, out: &mut Writer) {
    let Attempt { command, each, exit, fate, checkpoint, result, files } = attempt;
    for word in command {
        out.add_text("Command", word);
    }
    if *each {
        out.add("Each", true);
    }
    out.add_all("Exit", exit.iter().map(|exit| exit.to_words()));
    out.add_all("Fate", fate.iter().map(|fate| fate.as_str()));
    out.add_all("Made", checkpoint.iter());
    if let Some(result) = result {
        out.add("Result", result.tip);
        write_state(RESULT, result, out);
    }
    for Tried { path, turn, reason, made } in files {
        let made = made.map_or(NOTHING.to_owned(), |made| made.to_string());
        let mut line = format!("{} {made} {}", turn.as_str(), in_quotes(path));
        if !reason.is_empty() {
            line.push(' ');
            line.push_str(&in_quotes(reason.as_bytes()));
        }
        out.add("Tried", line);
    }
}

pub(super) fn read(reader: &Reader<'_>) -> Result<Attempt, String> {
    Ok(Attempt {
        command: reader.all("Command").map(unquote).collect::<Result<_, _>>()?,
        each: reader.find("Each") == Some("true"),
        exit: reader.find("Exit").and_then(Exit::from_words),
        fate: reader.find("Fate").and_then(Fate::from_word),
        checkpoint: reader.parse_optional("Made")?,
        result: reader.find("Result").map(|tip| state(RESULT, reader, oid(tip)?)).transpose()?,
        files: reader.all("Tried").filter_map(tried).collect(),
    })
}

fn tried(line: &str) -> Option<Tried> {
    let (turn, rest) = line.split_once(' ')?;
    let (made, rest) = rest.split_once(' ')?;
    let (path, reason) = first_quoted(rest)?;
    let reason =
        if reason.is_empty() { String::new() } else { String::from_utf8(unquote(reason).ok()?.into()).ok()? };
    Some(Tried {
        path: unquote(path).ok()?,
        turn: Turn::from_word(turn)?,
        reason,
        made: (made != NOTHING).then(|| oid(made).ok()).flatten(),
    })
}
