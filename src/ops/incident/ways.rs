//! Commands that bring back what an operation put away.

use super::facts::{Facts, Way};
use crate::model::{Kind, Record};

/// Those that fit the operation, the most useful first. Names that a shell would not take as they are stand in quotes.
pub(super) fn back(record: &Record, facts: &Facts) -> Vec<Way> {
    let way = |what: &str, command: String| Way { what: what.to_owned(), command };
    let id = &record.id;
    let mut ways = Vec::new();
    if let Some(name) = record.backup() {
        let name = word(&name.to_string());
        if facts.commits.count > 0 {
            ways.push(way("list the commits that were put away", format!("git checkpoint recover {name}")));
            ways.push(way("bring them back", format!("git checkpoint recover {name} --all")));
        }
        if facts.uncommitted.staged + facts.uncommitted.unstaged + facts.uncommitted.untracked > 0 {
            ways.push(way(
                "bring back the work that was not committed",
                format!("git checkpoint recover {name} --uncommitted"),
            ));
        }
        ways.push(way("look at everything that was there, with git alone", format!("git switch --detach {name}")));
    }
    match record.kind() {
        Kind::Rollback | Kind::Recover | Kind::Try => {
            ways.push(way("take the whole operation back", format!("git checkpoint undo {id}")));
            ways.push(way("see what the state was before", format!("git checkpoint show {id}")));
        }
        Kind::Undo => ways.push(way("take the undo back", format!("git checkpoint redo {id}"))),
        Kind::Prune => ways.push(way("bring back what was removed", format!("git checkpoint undo {id}"))),
        Kind::Create => ways.push(way("go back to it", format!("git checkpoint rollback {id}"))),
        Kind::Redo | Kind::Resume => {
            ways.push(way("go to the state before", format!("git checkpoint rollback {id}")));
        }
    }
    ways
}

/// One word for a shell, whatever it is.
fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./+@:=,".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) && !text.starts_with('-') {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_name_is_one_word() {
        for (name, expected) in [
            ("phase2-broken-20261121-143000", "phase2-broken-20261121-143000"),
            ("a b", "'a b'"),
            ("a';rm -rf /;'", r"'a'\'';rm -rf /;'\'''"),
            ("-x", "'-x'"),
            ("$(id)", "'$(id)'"),
        ] {
            assert_eq!(super::word(name), expected);
        }
    }
}
