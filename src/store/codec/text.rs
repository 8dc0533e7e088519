//! Subject and body: as they are where they are harmless, which is nearly always; else escaped, and marked so.
//!
//! Harmful is what git would take for the start of a signature or for the end of the message, and what a terminal
//! would act on. Escapes are those of quoted paths, line by line, so people can still read it.

use gix::bstr::ByteSlice;

use super::trailers::{Reader, Writer, quote, unquote};

/// The first line of the message; a subject that cannot be it is added as a trailer as well.
pub(super) fn subject(subject: &str, out: &mut Writer) -> String {
    if !subject.is_empty() && subject.trim() == subject && !subject.contains('\n') && is_harmless(subject) {
        return subject.to_owned();
    }
    let quoted = quote(subject.as_bytes());
    out.add("Subject", &quoted);
    // In quotes it is never empty, blank or the start of a signature.
    if quoted.starts_with('"') { quoted } else { format!("\"{quoted}\"") }
}

/// The paragraphs between subject and trailers, and a trailer that says how to read them where they are escaped.
pub(super) fn body(message: &str, out: &mut Writer) -> String {
    if message.is_empty() {
        out.add("Message", "empty");
        return String::new();
    }
    if !message.starts_with('\n') && !message.ends_with('\n') && is_harmless(message) {
        return message.to_owned();
    }
    out.add("Message", "escaped");
    let inner = message.trim_matches('\n');
    let start = message.len() - message.trim_start_matches('\n').len();
    let end = message.len() - inner.len() - start.min(message.len() - inner.len());
    let lines: Vec<_> = inner.split('\n').map(escape).collect();
    format!("{}{}{}", "\\n".repeat(start), lines.join("\n"), "\\n".repeat(end))
}

/// Subject and body from what stands before the trailers.
pub(super) fn read(head: &[u8], reader: &Reader<'_>) -> Result<(String, Option<String>), String> {
    let head = head.to_str_lossy();
    let (first, rest) = head.split_once('\n').unwrap_or((&head, ""));
    let subject = reader.text("Subject")?.unwrap_or_else(|| first.to_owned());
    let body = rest.strip_prefix('\n');
    let message = match (reader.find("Message"), body) {
        (Some("empty"), _) => Some(String::new()),
        (Some("escaped"), body) => {
            let lines: Result<Vec<_>, _> = body.unwrap_or_default().split('\n').map(unescape).collect();
            Some(lines?.join("\n"))
        }
        (_, body) => body.map(str::to_owned),
    };
    Ok((subject, message))
}

fn is_harmless(text: &str) -> bool {
    let shows = |c: char| {
        matches!(c, '\n' | '\t' | ' '..='~')
            || (!c.is_ascii() && !quote(c.encode_utf8(&mut [0; 4]).as_bytes()).starts_with('"'))
    };
    text.chars().all(shows) && !text.split('\n').any(is_marker)
}

/// Where a signature starts for git, or where `git interpret-trailers` sees the end of the message.
fn is_marker(line: &str) -> bool {
    line.starts_with("-----BEGIN ")
        || line.strip_prefix("---").is_some_and(|rest| rest.trim_start() != rest || rest.is_empty())
}

fn escape(line: &str) -> String {
    let quoted = quote(line.as_bytes());
    let inner = quoted.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(&quoted);
    if is_marker(line) { format!("\\055{}", &inner[1..]) } else { inner.to_owned() }
}

fn unescape(line: &str) -> Result<String, String> {
    let bytes = unquote(&format!("\"{line}\""))?;
    String::from_utf8(bytes.into()).map_err(|_| "its message is not text".to_owned())
}
