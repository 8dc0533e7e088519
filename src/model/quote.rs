//! Paths as text, the way git quotes them: one line, no control characters, nothing lost.

use gix::bstr::{BStr, BString, ByteSlice};

/// The path as it is where it is plain UTF-8 text without control characters, quotes or backslashes, else in
/// double quotes with C escapes, as `git ls-files` prints it with `core.quotePath=false`.
pub fn quote_path(path: &BStr) -> String {
    // As nearly all names are; ten thousand are shown at once.
    let is_simple = |text: &str| text.bytes().all(|byte| matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~'));
    let is_plain = |text: &&str| {
        !text.is_empty()
            && (is_simple(text)
                || !text.starts_with(char::is_whitespace)
                    && !text.ends_with(char::is_whitespace)
                    && text.chars().all(|c| !c.is_control() && c != '"' && c != '\\' && !is_invisible(c)))
    };
    if let Some(text) = path.to_str().ok().filter(is_plain) {
        return text.to_owned();
    }
    let mut out = String::from("\"");
    for chunk in path.utf8_chunks() {
        for c in chunk.valid().chars() {
            push_escaped(&mut out, c);
        }
        for byte in chunk.invalid() {
            out.push_str(&format!("\\{byte:03o}"));
        }
    }
    out.push('"');
    out
}

/// Reads what [`quote_path`] wrote; `None` if it was not written by it.
pub fn unquote_path(text: &str) -> Option<BString> {
    let Some(inner) = text.strip_prefix('"') else { return Some(text.into()) };
    let inner = inner.strip_suffix('"')?;
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        out.push(match bytes.next()? {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'"' => b'"',
            b'\\' => b'\\',
            first @ b'0'..=b'3' => {
                let digits = [first, bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 8).ok()?
            }
            _ => return None,
        });
    }
    Some(out.into())
}

/// Characters that show nothing or reorder what is around them: a name must not be able to look like another.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn push_escaped(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\t' => out.push_str("\\t"),
        '\r' => out.push_str("\\r"),
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        c if c.is_control() || is_invisible(c) => {
            let mut buf = [0; 4];
            for byte in c.encode_utf8(&mut buf).bytes() {
                out.push_str(&format!("\\{byte:03o}"));
            }
        }
        c => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_stay_and_others_round_trip() {
        assert_eq!(quote_path("src/ünï.rs".into()), "src/ünï.rs");
        assert_eq!(quote_path("a\nb\x1b[31m".into()), "\"a\\nb\\033[31m\"");
        for path in [&b"\xff\xfe/x"[..], b"quo\"te", b"back\\slash", b" lead", b"", "\u{202e}txt".as_bytes(), b"\x7f"] {
            let quoted = quote_path(path.as_bstr());
            assert!(quoted.starts_with('"') && !quoted.contains('\n'), "{quoted}");
            assert_eq!(unquote_path(&quoted), Some(path.into()));
        }
    }
}
