//! Text for people: ages, counts, columns.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use unicode_width::UnicodeWidthStr;

use crate::model::{clean, is_plain};

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
