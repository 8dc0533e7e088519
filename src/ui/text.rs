//! Text for people: ages, counts, columns, and text of others made harmless.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use unicode_width::UnicodeWidthStr;

/// Text from commits, refs, files or commands as it may be shown: control characters, which a terminal would obey,
/// and characters that reorder what is around them stand as escapes.
pub fn clean(text: &str) -> String {
    escaped(text, |c| c.is_control() && c != '\t' || is_reordering(c))
}

/// As [`clean`], for text that a person is to agree to: what shows nothing, or shows as a blank, stands as an escape too,
/// and so do blanks at the end.
pub fn exact(text: &str) -> String {
    let trimmed = text.trim_end_matches([' ', '\t']);
    let end: String = text[trimmed.len()..].chars().map(|c| c.escape_unicode().to_string()).collect();
    escaped(trimmed, |c| c.is_control() && c != '\t' || is_reordering(c) || is_unseen(c)) + &end
}

fn escaped(text: &str, is_dangerous: impl Fn(char) -> bool) -> String {
    if is_plain(text) || !text.contains(&is_dangerous) {
        return text.to_owned();
    }
    text.chars().map(|c| if is_dangerous(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
}

/// Whether it is plain ASCII text on one line, as nearly all is; this is found out much faster than anything else.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

fn is_reordering(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Unicode's default-ignorable characters, line and paragraph separators, fillers, and blanks other than the plain one.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{a0}' | '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{1680}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{2000}'..='\u{200d}' | '\u{2028}' | '\u{2029}' | '\u{202f}'
        | '\u{205f}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{2800}' | '\u{3000}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// As [`clean`], line by line: whatever a command puts together, nothing of it is obeyed by the terminal.
pub(super) fn screen(text: &str) -> Cow<'_, str> {
    if text.split('\n').all(is_plain) {
        return text.into();
    }
    text.split('\n').map(clean).collect::<Vec<_>>().join("\n").into()
}

/// How long ago that was, in its largest unit.
pub fn age(then: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (now - then).num_seconds();
    let (number, unit) = match seconds {
        ..0 => return "in the future".into(),
        0..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..172_800 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{ending} ago")
}

/// `1 file`, `2 files`.
pub fn plural(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// Rows in columns, two blanks apart, as wide as they need.
pub fn table(rows: Vec<Vec<String>>) -> String {
    let cell = |cell: String| if is_plain(&cell) { cell } else { clean(&cell).replace('\t', " ") };
    let rows: Vec<Vec<String>> = rows.into_iter().map(|row| row.into_iter().map(cell).collect()).collect();
    let mut widths = vec![0; rows.iter().map(Vec::len).max().unwrap_or(0)];
    for row in &rows {
        // The last cell of a row has nothing beside it.
        for (cell, widest) in row.iter().zip(&mut widths).take(row.len().saturating_sub(1)) {
            *widest = width(cell).max(*widest);
        }
    }
    let mut out = String::new();
    for (number, row) in rows.iter().enumerate() {
        if number > 0 {
            out.push('\n');
        }
        let start = out.len();
        for (cell, widest) in row.iter().zip(&widths) {
            out.push_str(cell);
            out.extend(std::iter::repeat_n(' ', widest.saturating_sub(width(cell)) + 2));
        }
        out.truncate(start + out[start..].trim_end().len());
    }
    out
}

/// How many columns of a terminal it takes.
fn width(cell: &str) -> usize {
    if cell.is_ascii() { cell.len() } else { cell.width() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_escapes_do_not_reach_the_screen() {
        assert_eq!(clean("a\x1b[31mb\u{9b}c\u{202e}d"), "a\\u{1b}[31mb\\u{9b}c\\u{202e}d");
        assert_eq!(clean("plain ünïcode\tand tab"), "plain ünïcode\tand tab");
    }

    #[test]
    fn what_a_person_agrees_to_hides_nothing() {
        for (text, shown) in [
            ("run = 'make test' # ünï", "run = 'make test' # ünï"),
            ("a\u{202e}b\u{200f}c\x1b[2Kd\re", "a\\u{202e}b\\u{200f}c\\u{1b}[2Kd\\u{d}e"),
            ("a\u{200b}b\u{feff}\u{e0041}", "a\\u{200b}b\\u{feff}\\u{e0041}"),
            ("a\u{a0}b\u{3000}c", "a\\u{a0}b\\u{3000}c"),
            ("\tx  ", "\tx\\u{20}\\u{20}"),
        ] {
            assert_eq!(exact(text), shown);
        }
    }

    #[test]
    fn ages_are_told_in_their_largest_unit() {
        let now = DateTime::from_timestamp(1_000_000_000, 0).expect("in range");
        for (seconds, text) in [
            (1, "1 second ago"),
            (59, "59 seconds ago"),
            (3600, "1 hour ago"),
            (200_000, "2 days ago"),
            (-5, "in the future"),
        ] {
            assert_eq!(age(now - chrono::Duration::seconds(seconds), now), text);
        }
    }

    #[test]
    fn columns_line_up() {
        let rows = vec![vec!["a".into(), "long".into()], vec!["bbb".into(), "x".into()]];
        assert_eq!(table(rows), "a    long\nbbb  x");
        let rows = [["日本", "", "ü"], ["a\tb\x1b", "", ""], ["ünï", "x", "y"]];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec()).to_vec();
        assert_eq!(table(rows), "日本          ü\na b\\u{1b}\nünï        x  y");
    }
}
