//! The line of what is going on.

use std::io::{self, IsTerminal, Write};

use terminal_size::{Width, terminal_size_of};
use unicode_width::UnicodeWidthChar;

/// What turns in front of the line, so that it is seen to go on.
const TURNING: [char; 4] = ['|', '/', '-', '\\'];
/// Where the terminal does not say how wide it is.
const COLUMNS: usize = 80;

/// A line on standard error that goes away again; nothing where that is no terminal.
#[derive(Default)]
pub(super) struct Progress {
    is_shown: bool,
    turn: usize,
}

impl Progress {
    /// Shows this line instead of the one before.
    pub(super) fn show(&mut self, text: &str) {
        let mut err = io::stderr();
        if !err.is_terminal() {
            return;
        }
        let columns = terminal_size_of(&err).map_or(COLUMNS, |(Width(columns), _)| columns.into());
        let line = format!("\r{} {}\x1b[K", TURNING[self.turn % TURNING.len()], start_of(text, columns));
        // Nobody waits for it, so nobody has to hear that it could not be shown.
        let _lost = err.write_all(line.as_bytes());
        self.turn += 1;
        self.is_shown = true;
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.is_shown) {
            let _lost = io::stderr().write_all(b"\r\x1b[K");
        }
    }
}

/// As much of the text as a line of so many columns has room for: one that breaks could not be taken away.
fn start_of(text: &str, columns: usize) -> &str {
    // What turns and the blank after it, and the last column, which some terminals leave only for the next line.
    let room = columns.saturating_sub(3);
    let mut width = 0;
    let end = text.char_indices().find(|(_, c)| {
        width += c.width().unwrap_or(0);
        width > room
    });
    end.map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::start_of;

    #[test]
    fn a_line_is_never_wider_than_the_terminal() {
        for (text, columns, shown) in [
            ("unit tests", 80, "unit tests"),
            ("unit tests", 13, "unit tests"),
            ("unit tests", 12, "unit test"),
            ("検査 runs", 8, "検査 "),
            ("検査 runs", 6, "検"),
            ("unit", 2, ""),
        ] {
            assert_eq!(start_of(text, columns), shown, "{text} in {columns} columns");
        }
    }
}
