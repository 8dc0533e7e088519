//! What differs between two texts, line by line, for a person to look at.

use gix::diff::blob::{Algorithm, InternedInput, diff_with_slider_heuristics};

/// How many lines that both have are shown around those that differ.
const CONTEXT: u32 = 3;

/// A line of a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiffLine {
    /// Lines that both have were left out here.
    Gap,
    /// In both.
    Both(String),
    /// Only in the first.
    Removed(String),
    /// Only in the second.
    Added(String),
}

/// The lines that differ, with some around them; empty if none does. A line end that only one of them has at the very
/// end counts.
pub fn difference(old: &str, new: &str) -> Vec<DiffLine> {
    let input = InternedInput::new(old, new);
    let diff = diff_with_slider_heuristics(Algorithm::Histogram, &input);
    let line = |tokens: &[_], at: u32| {
        let text: &str = input.interner[tokens[at as usize]];
        text.strip_suffix('\n').map_or_else(|| format!("{text} (no line end)"), str::to_owned)
    };
    let length = u32::try_from(input.before.len()).unwrap_or(u32::MAX);
    let (mut lines, mut shown) = (Vec::new(), 0);
    let mut hunks = diff.hunks().peekable();
    while let Some(hunk) = hunks.next() {
        let from = hunk.before.start.saturating_sub(CONTEXT).max(shown);
        if from > shown {
            lines.push(DiffLine::Gap);
        }
        lines.extend((from..hunk.before.start).map(|at| DiffLine::Both(line(&input.before, at))));
        lines.extend(hunk.before.clone().map(|at| DiffLine::Removed(line(&input.before, at))));
        lines.extend(hunk.after.clone().map(|at| DiffLine::Added(line(&input.after, at))));
        let next = hunks.peek().map_or(length, |next| next.before.start);
        shown = hunk.before.end.saturating_add(CONTEXT).min(next);
        lines.extend((hunk.before.end..shown).map(|at| DiffLine::Both(line(&input.before, at))));
    }
    if !lines.is_empty() && shown < length {
        lines.push(DiffLine::Gap);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As one text, the way `diff` marks lines.
    fn shown(old: &str, new: &str) -> String {
        let mark = |line: &DiffLine| match line {
            DiffLine::Gap => "@".to_owned(),
            DiffLine::Both(text) => format!(" {text}"),
            DiffLine::Removed(text) => format!("-{text}"),
            DiffLine::Added(text) => format!("+{text}"),
        };
        difference(old, new).iter().map(mark).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn every_line_that_differs_is_there() {
        for (old, new, expected) in [
            ("", "", ""),
            ("a\n", "a\n", ""),
            ("", "a\n", "+a"),
            ("a\n", "", "-a"),
            ("a\nb\n", "a\nc\n", " a|-b|+c"),
            ("a\n", "a", "-a|+a (no line end)"),
            ("1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\n5\nx\n", "@| 3| 4| 5|-6|+x"),
            ("x\n1\n2\n3\n4\n5\ny\n", "X\n1\n2\n3\n4\n5\nY\n", "-x|+X| 1| 2| 3| 4| 5|-y|+Y"),
            ("x\n1\n2\n3\n4\n5\n6\n7\ny\n", "X\n1\n2\n3\n4\n5\n6\n7\nY\n", "-x|+X| 1| 2| 3|@| 5| 6| 7|-y|+Y"),
            ("a\nb\nc\nd\ne\n", "A\nb\nc\nd\ne\n", "-a|+A| b| c| d|@"),
        ] {
            assert_eq!(shown(old, new), expected, "{old:?} {new:?}");
        }
    }
}
