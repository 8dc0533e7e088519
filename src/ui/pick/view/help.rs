//! What the keys do, in short and in full.

use super::super::{
    Mode, Text, Tone,
    state::{Focus, Over, State},
};

/// What stands at the bottom, the most important first.
pub(super) fn hints(state: &State) -> Vec<(&'static str, &'static str)> {
    match &state.over {
        Over::Help { .. } => return vec![("Esc", "back to the list")],
        Over::Summary { .. } => return vec![("Enter", "do it"), ("Esc", "back to the list"), ("Ctrl-C", "leave")],
        Over::Nothing => {}
    }
    let verb = state.list.verb;
    if state.focus == Focus::Detail {
        return vec![("Tab", "list"), ("Up/Down", "scroll"), ("Enter", verb), ("?", "keys"), ("q", "leave")];
    }
    match state.list.mode {
        Mode::Many => vec![
            ("Space", "choose"),
            ("Enter", verb),
            ("?", "keys"),
            ("q", "leave"),
            ("a", "all"),
            ("/", "search"),
            ("Tab", "difference"),
        ],
        Mode::One => vec![("Enter", verb), ("?", "keys"), ("q", "leave"), ("/", "search"), ("Tab", "difference")],
    }
}

const CHOOSE: [(&str, &str); 5] = [
    ("Space", "choose it, with what it needs; or take that back"),
    ("", "on a line with parts: all of them, or none"),
    ("a", "choose all, or none"),
    ("Enter", "sum up what is chosen; Enter again does it"),
    ("", ""),
];

const TAKE: [(&str, &str); 2] = [("Enter", "take the one under the cursor"), ("", "")];

const MOVE: [(&str, &str); 15] = [
    ("Up Down, k j", "one line"),
    ("PgUp PgDn", "one page"),
    ("Home End, g G", "to the first, to the last"),
    ("Right Left, l h", "unfold, fold; or move the difference to the side"),
    ("/", "search; Enter stays there, Esc goes back"),
    ("n N", "the next one found, the one before"),
    ("", ""),
    ("Tab", "to the difference and back: the arrows scroll it"),
    ("J K, Ctrl-D Ctrl-U", "scroll it from the list, by a line, by a page"),
    ("< >", "move it to the side"),
    ("", ""),
    ("q, Esc, Ctrl-C", "leave; nothing is changed"),
    ("Ctrl-Z", "back to the shell for a while; `fg` comes back"),
    ("Ctrl-L", "draw the screen anew"),
    ("?", "these keys"),
];

const MARKS: [(&str, &str); 7] = [
    ("", ""),
    ("[x]", "chosen"),
    ("[-]", "some of its parts are chosen: unfold it to see which"),
    ("[+]", "chosen along, as another one needs it"),
    ("[x]!", "chosen, but not what it needs: it will conflict"),
    (" - ", "nothing to choose: why is beside it"),
    ("[ ]", "not chosen"),
];

/// All of it.
pub(super) fn lines(mode: Mode) -> Vec<Text> {
    let (first, marks): (&[_], &[_]) = match mode {
        Mode::Many => (&CHOOSE, &MARKS),
        Mode::One => (&TAKE, &[]),
    };
    let line = |(key, what): &(&str, &str)| Text::plain(format!("{key:<20}{what}").trim_end());
    let keys = first.iter().chain(&MOVE).chain(marks).map(line);
    [Text::new(Tone::Strong, "Keys"), Text::default()].into_iter().chain(keys).collect()
}
