//! The log of rollbacks as text: entries that end with a mark, the newest last.
//!
//! The log tells of the states, it is no part of them. A rollback takes the file back to how it was in the state gone back
//! to, so the entries that were there before are brought along. That is decided here, of texts alone.

use std::{collections::BTreeSet, sync::LazyLock};

use regex::Regex;

const BEGINNING: &str = "\
# Rollback log

What was rolled back, when and why: one entry each, the newest last. Open questions (`- [ ]`) are for people to answer, here.
";

static MARK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^<!-- checkpoint (\d{8}T\d{6}\.\d{3}Z-[a-z]+-[0-9a-z]+) -->[ \t]*\r?$").expect("it is valid")
});

/// The log with the entry of the operation `id` at its end. `before` is the log in the state before the operation, where
/// there was one. `None` where the log has that entry.
pub(super) fn with_entry(present: Option<&str>, before: Option<&str>, id: &str, entry: &str) -> Option<String> {
    let mut text = brought_along(present.unwrap_or_default(), before.unwrap_or_default());
    if ids(&text).contains(id) {
        return None;
    }
    if text.trim().is_empty() {
        text = BEGINNING.to_owned();
    }
    add(&mut text, &format!("{}\n\n<!-- checkpoint {id} -->\n", entry.trim_end()));
    Some(text)
}

/// The log that is there, with what only the log of before has.
fn brought_along(present: &str, before: &str) -> String {
    let (here, there) = (ids(present), ids(before));
    if here.is_subset(&there) && !there.is_empty() {
        // Everything that is here is there as well, with the answers that people gave since.
        return before.to_owned();
    }
    let mut text = present.to_owned();
    for entry in entries(before).filter(|(id, _)| !here.contains(id)) {
        add(&mut text, entry.1);
    }
    text
}

/// Adds a part after a blank line, with the line ends that are there.
fn add(text: &mut String, part: &str) {
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push_str(end);
    }
    if !text.is_empty() && !text.ends_with(&format!("{end}{end}")) {
        text.push_str(end);
    }
    for line in part.trim_matches(['\r', '\n']).lines() {
        text.push_str(line);
        text.push_str(end);
    }
}

fn ids(text: &str) -> BTreeSet<&str> {
    MARK.captures_iter(text).filter_map(|found| Some(found.get(1)?.as_str())).collect()
}

/// Each entry with its mark. What stands before the first heading of the second rank is no part of one.
fn entries(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut start = if text.starts_with("## ") { 0 } else { text.find("\n## ").map_or(0, |at| at + 1) };
    MARK.captures_iter(text).filter_map(move |found| {
        let (whole, id) = (found.get(0)?, found.get(1)?.as_str());
        let entry = text.get(start..whole.end());
        start = whole.end();
        Some((id, entry?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "20261121T143000.000Z-rollback-00000a";
    const B: &str = "20261122T143000.000Z-rollback-00000b";
    const C: &str = "20261123T143000.000Z-rollback-00000c";

    fn log(ids: &[&str]) -> String {
        let mut text = None;
        for id in ids {
            text = with_entry(text.as_deref(), None, id, &format!("## {id}\n\n- [ ] Why?"));
        }
        text.expect("it has entries")
    }

    #[test]
    fn the_newest_is_last_and_no_entry_comes_twice() {
        let text = log(&[A, B]);
        assert!(
            text.starts_with("# Rollback log\n") && text.ends_with(&format!("<!-- checkpoint {B} -->\n")),
            "{text}"
        );
        assert!(text.find(A) < text.find(B));
        assert_eq!(with_entry(Some(&text), None, A, "## again"), None);
        assert!(!text.contains("\n\n\n"), "{text}");
    }

    #[test]
    fn what_is_there_is_kept_whatever_it_is() {
        for (present, expected) in [
            ("notes", "notes\n\nentry\n\nMARK\n"),
            ("notes\n", "notes\n\nentry\n\nMARK\n"),
            ("notes\n\n", "notes\n\nentry\n\nMARK\n"),
            ("a\r\nb", "a\r\nb\r\n\r\nentry\r\n\r\nMARK\r\n"),
        ] {
            let text = with_entry(Some(present), None, A, "entry\n").expect("it is new");
            assert_eq!(text.replace(&format!("<!-- checkpoint {A} -->"), "MARK"), expected, "{present:?}");
            assert!(text.starts_with(present));
        }
    }

    #[test]
    fn entries_that_a_rollback_took_away_are_brought_along() {
        let full = log(&[A, B]);
        let answered = full.replacen("- [ ] Why?", "- [x] Why? A typing mistake", 1);
        for present in [None, Some(log(&[A]))] {
            let text = with_entry(present.as_deref(), Some(&answered), C, "## c").expect("it is new");
            assert!(text.starts_with(&answered) && text.contains(C), "{text}");
        }
        // Each has what the other has not.
        let text = with_entry(Some(&log(&[A])), Some(&log(&[B])), C, "## c").expect("it is new");
        assert_eq!(ids(&text).len(), 3, "{text}");
        assert_eq!(text.matches("# Rollback log\n").count(), 1, "{text}");
        // The log was cut short by what was rolled back.
        let text = with_entry(Some(&full), Some(&log(&[A])), C, "## c").expect("it is new");
        assert_eq!((ids(&text).len(), text.matches("- [ ] Why?").count()), (3, 2), "{text}");
        // Somebody else's file of that name.
        let text = with_entry(Some("mine\n"), Some("theirs\n"), C, "## c").expect("it is new");
        assert!(text.starts_with("mine\n\n## c"), "{text}");
    }
}
