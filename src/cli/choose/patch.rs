//! A difference as git prints it, to lines of a list's side.

use crate::ui::pick::{Text, Tone};

/// So many lines are shown; nobody reads more, and a file that was made by a program may have millions.
const MOST: usize = 10_000;

/// How git is to print it: in no colour of its own, and by no program of the repository's.
pub(super) const OPTIONS: [&str; 5] = ["--no-color", "--no-ext-diff", "--no-textconv", "--stat=72", "--patch"];

/// The lines; `rest` says what shows those that are too many.
pub(super) fn lines(patch: &[u8], rest: &str) -> Vec<Text> {
    let all = String::from_utf8_lossy(patch);
    let mut lines = Vec::new();
    let (mut is_patch, mut is_file) = (false, false);
    for line in all.lines().take(MOST) {
        if line.starts_with("diff --git ") || line.starts_with("diff --cc ") {
            (is_patch, is_file) = (true, false);
        }
        is_file |= line.starts_with("@@");
        // What is said already, or of no use to anybody who reads.
        let is_noise = match is_patch {
            true => !is_file && ["index ", "--- ", "+++ "].iter().any(|start| line.starts_with(start)),
            false => line == "---",
        };
        if is_noise {
            continue;
        }
        let tone = match line.bytes().next() {
            _ if !is_patch => Tone::Plain,
            Some(b'@') => Tone::Place,
            _ if !is_file => Tone::Strong,
            Some(b'+') => Tone::Added,
            Some(b'-') => Tone::Removed,
            _ => Tone::Plain,
        };
        lines.push(Text::new(tone, line));
    }
    let more = all.lines().count().saturating_sub(MOST);
    if more > 0 {
        lines.push(Text::new(Tone::Warn, &format!("and {more} lines more: {rest}")));
    }
    while lines.last().is_some_and(Text::is_empty) {
        lines.pop();
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_and_what_is_removed_is_told_apart_from_a_message_and_from_a_head() {
        let patch = b"+ a message\n- that looks like one\n\n a.txt | 2 +-\n\ndiff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n\
                      @@ -1 +1 @@\n-old\n+new\n same\n\\ No newline\x1b[31m\ndiff --git a/b b/b\n+++ b/b\n\n\n";
        let tones: Vec<Tone> = lines(patch, "").iter().map(Text::tone).collect();
        let (head, body) = ([Tone::Plain; 5], [Tone::Place, Tone::Removed, Tone::Added, Tone::Plain, Tone::Plain]);
        assert_eq!(tones, [&head[..], &[Tone::Strong], &body, &[Tone::Strong]].concat());
        assert_eq!(lines(patch, "")[10].as_str(), "\\ No newline\\u{1b}[31m");
    }

    #[test]
    fn what_nobody_reads_is_left_out_and_said() {
        let shown = lines("line\n".repeat(MOST + 5).as_bytes(), "`git show`");
        assert_eq!(shown.len(), MOST + 1);
        assert_eq!(shown[MOST].as_str(), "and 5 lines more: `git show`");
    }
}
