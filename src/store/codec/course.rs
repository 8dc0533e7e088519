//! The steps of an operation, and the artifacts that were saved in its course.
//!
//! ```text
//! Checkpoint-Step: done 1.234 "before: php artisan down"
//! Checkpoint-Step: failed 0.020 "after: supervisorctl restart all" "it exited with code 1"
//! Checkpoint-Artifact: command 53248 <object> <sha256> db database/testing.sqlite
//! ```
//!
//! A step that only a later version understands is left out, as what was said of a check is. An artifact is not: what
//! cannot be read cannot be brought back, and that must be told.

use std::time::Duration;

use super::trailers::{Reader, Writer, oid, unquote};
use crate::model::{ArtifactForm, SavedArtifact, Step, StepOutcome};

pub(super) fn write(steps: &[Step], artifacts: &[SavedArtifact], out: &mut Writer) {
    for Step { name, outcome, took, detail } in steps {
        let millis = took.as_millis();
        let mut line =
            format!("{} {}.{:03} {}", outcome.as_str(), millis / 1000, millis % 1000, in_quotes(name.as_bytes()));
        if !detail.is_empty() {
            line.push(' ');
            line.push_str(&in_quotes(detail.as_bytes()));
        }
        out.add("Step", line);
    }
    for SavedArtifact { name, object, size, sha256, form, path } in artifacts {
        let mut line = format!("{} {size} {object} {sha256} {name}", form.as_str());
        if let Some(path) = path {
            line.push(' ');
            line.push_str(&in_quotes(path));
        }
        out.add("Artifact", line);
    }
}

pub(super) fn steps(reader: &Reader<'_>) -> Vec<Step> {
    reader.all("Step").filter_map(step).collect()
}

pub(super) fn artifacts(reader: &Reader<'_>) -> Result<Vec<SavedArtifact>, String> {
    reader.all("Artifact").map(artifact).collect()
}

/// As git quotes a path, and in quotes in any case, so that the end of it is known.
pub(super) fn in_quotes(value: &[u8]) -> String {
    let quoted = super::trailers::quote(value);
    if quoted.starts_with('"') { quoted } else { format!("\"{quoted}\"") }
}

fn step(line: &str) -> Option<Step> {
    let (outcome, rest) = line.split_once(' ')?;
    let (took, rest) = rest.split_once(' ')?;
    let (seconds, millis) = took.split_once('.')?;
    let took = Duration::from_secs(seconds.parse().ok()?) + Duration::from_millis(millis.parse().ok()?);
    let (name, detail) = first_quoted(rest)?;
    let text = |quoted: &str| String::from_utf8(unquote(quoted).ok()?.into()).ok();
    let detail = if detail.is_empty() { String::new() } else { text(detail)? };
    Some(Step { name: text(name)?, outcome: StepOutcome::from_word(outcome)?, took, detail })
}

/// The quoted text that a line begins with, and what follows.
pub(super) fn first_quoted(line: &str) -> Option<(&str, &str)> {
    let mut is_escaped = false;
    for (at, byte) in line.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return Some((&line[..=at], line[at + 1..].trim_start_matches(' '))),
            _ => {}
        }
    }
    None
}

fn artifact(line: &str) -> Result<SavedArtifact, String> {
    let mut words = line.splitn(6, ' ');
    let mut next = || words.next().ok_or("an artifact is incomplete");
    let (form, size, object, sha256, name) = (next()?, next()?, next()?, next()?, next()?);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    // It names a file, and a record may be somebody else's.
    if name.is_empty() || name.starts_with(['.', '-']) || !name.chars().all(is_plain) {
        return Err("an artifact has a name that is none".into());
    }
    if sha256.len() != 64 || !sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(format!("`{sha256}` is not a SHA-256"));
    }
    Ok(SavedArtifact {
        name: name.to_owned(),
        object: oid(object)?,
        size: size.parse().map_err(|_| format!("`{size}` is not a size"))?,
        sha256: sha256.to_owned(),
        form: ArtifactForm::from_word(form).ok_or_else(|| format!("`{form}` is not a form of an artifact"))?,
        path: words.next().map(unquote).transpose()?,
    })
}
