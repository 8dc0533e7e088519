//! Keys, one after the other, and what is on the screen then.

use ratatui_core::{backend::TestBackend, terminal::Terminal};

use super::{
    Column, Facts, Item, List, Mode, Text, Tone,
    choice::{Choice, Mark, Turned},
    key::Key,
    search,
    state::{Effect, Focus, Over, State},
    view::{self, Look},
};

const PLAIN: Look = Look { color: false, blocks: false };

fn item(cells: [&str; 3]) -> Item {
    Item { title: cells.join(" "), cells: cells.map(Text::plain).to_vec(), ..Item::default() }
}

fn list(mode: Mode) -> List {
    let mut items = vec![
        item(["one", "The first of all", "Ada Author"]),
        item(["two", "Correct the 日本語 text of what is shown in a rather long sentence", "Ünal Ö."]),
        item(["three", "Hostile \x1b[31m \x1b]0;title\x07 \u{202e}subject\tend", "E\u{301}mile\r\n"]),
        Item { blocked: Some("left out: it is here already".into()), ..item(["four", "Blocked", "Ada Author"]) },
        item(["five", "Needs two and one", "Ada Author"]),
        item(["work", "uncommitted work", ""]),
    ];
    let parts = ["staged A  a.txt", "untracked  b.txt"];
    items.extend(parts.map(|path| Item { parent: Some(5), ..item(["", path, ""]) }));
    List {
        title: "Recover from broken-20261121-143000".into(),
        verb: "go on",
        mode,
        columns: vec![Column::new("commit", 8, 1), Column::new("subject", 0, 0), Column::new("author", 12, 2)],
        items,
        start: 0,
    }
}

/// Where everything is known.
fn known(mode: Mode) -> State {
    let mut state = State::new(list(mode));
    (state.rows.list, state.rows.detail, state.rows.detail_lines) = (10, 5, 30);
    for (item, needs) in [(0, vec![]), (1, vec![0]), (2, vec![]), (4, vec![1]), (5, vec![]), (6, vec![]), (7, vec![])] {
        state.learn(item, Facts { needs, ..Facts::default() });
    }
    state
}

/// `j` and the like are themselves; `<Enter>` and the like are keys.
fn keys(text: &str) -> Vec<Key> {
    let (mut keys, mut rest) = (Vec::new(), text);
    while let Some(c) = rest.chars().next() {
        let named = rest.strip_prefix('<').and_then(|rest| rest.split_once('>'));
        let (key, after) = match named {
            Some(("Enter", after)) => (Key::Enter, after),
            Some(("Esc", after)) => (Key::Escape, after),
            Some(("Tab", after)) => (Key::Tab, after),
            Some(("Down", after)) => (Key::Down, after),
            Some(("PageDown", after)) => (Key::PageDown, after),
            Some(("End", after)) => (Key::End, after),
            Some(("Right", after)) => (Key::Right, after),
            Some(("Left", after)) => (Key::Left, after),
            Some(("Back", after)) => (Key::Backspace, after),
            Some((control, after)) if control.starts_with("C-") => (Key::Control(control.as_bytes()[2].into()), after),
            _ => (Key::Char(c), &rest[c.len_utf8()..]),
        };
        keys.push(key);
        rest = after;
    }
    keys
}

fn typed(state: &mut State, text: &str) -> Effect {
    keys(text).into_iter().fold(Effect::None, |_, key| state.update(key))
}

#[test]
fn keys_move_and_choose() {
    for (text, effect, cursor, chosen) in [
        ("", Effect::None, 0, vec![]),
        ("jj", Effect::None, 2, vec![]),
        ("<Down>k", Effect::None, 0, vec![]),
        ("k", Effect::None, 0, vec![]),
        ("G", Effect::None, 5, vec![]),
        ("<PageDown>j", Effect::None, 5, vec![]),
        ("Gg", Effect::None, 0, vec![]),
        (" ", Effect::None, 0, vec![0]),
        ("  ", Effect::None, 0, vec![]),
        // With what it needs, and what that needs.
        ("jjjj ", Effect::None, 4, vec![0, 1, 4]),
        ("jjjj  ", Effect::None, 4, vec![]),
        // What cannot be chosen is not.
        ("jjj ", Effect::None, 3, vec![]),
        ("a", Effect::None, 0, vec![0, 1, 2, 4, 6, 7]),
        ("aa", Effect::None, 0, vec![]),
        (" a", Effect::None, 0, vec![0, 1, 2, 4, 6, 7]),
        ("<Enter>", Effect::None, 0, vec![]),
        (" <Enter>", Effect::Summarize, 0, vec![0]),
        ("q", Effect::Leave, 0, vec![]),
        ("<Esc>", Effect::Leave, 0, vec![]),
        (" <C-c>", Effect::Leave, 0, vec![0]),
        ("/zz<C-c>", Effect::Leave, 0, vec![]),
        ("?<C-c>", Effect::Leave, 0, vec![]),
        ("<C-z>", Effect::Suspend, 0, vec![]),
        ("<C-l>", Effect::Redraw, 0, vec![]),
        // A search: small letters are any, the end goes on at the beginning, Esc goes back.
        ("/needs<Enter>", Effect::None, 4, vec![]),
        ("/ada<Enter>", Effect::None, 0, vec![]),
        ("/ada<Enter>n", Effect::None, 3, vec![]),
        ("/ada<Enter>nnn", Effect::None, 0, vec![]),
        ("/ada<Enter>N", Effect::None, 4, vec![]),
        ("/needs<Esc>", Effect::None, 0, vec![]),
        ("/needx<Back>s", Effect::None, 4, vec![]),
        ("/nowhere<Enter>", Effect::None, 0, vec![]),
        ("/日本<Enter> ", Effect::None, 1, vec![0, 1]),
        ("/q ", Effect::None, 0, vec![]),
        // Folded, the parts are not to be seen; a whole is all of them.
        ("G ", Effect::None, 5, vec![6, 7]),
        ("G  ", Effect::None, 5, vec![]),
        ("G<Right>j ", Effect::None, 6, vec![6]),
        ("G<Right>j  ", Effect::None, 6, vec![]),
        ("G<Right>j j ", Effect::None, 7, vec![6, 7]),
        ("G<Right>j k ", Effect::None, 5, vec![6, 7]),
        ("G<Right>j k  ", Effect::None, 5, vec![]),
        ("G k  G<Right>jj ", Effect::None, 7, vec![6]),
        ("G<Right>j <Enter>", Effect::Summarize, 6, vec![6]),
        ("G<Right>jj<Left>", Effect::None, 5, vec![]),
        ("G<Right>G", Effect::None, 7, vec![]),
    ] {
        let mut state = known(Mode::Many);
        assert_eq!(typed(&mut state, text), effect, "{text}");
        assert_eq!(state.cursor, cursor, "{text}");
        assert_eq!(state.choice.chosen(), chosen, "{text}");
    }
}

#[test]
fn one_of_many_is_taken_at_once() {
    let mut state = known(Mode::One);
    assert_eq!(typed(&mut state, "j a"), Effect::None);
    assert_eq!(typed(&mut state, "<Enter>"), Effect::Apply);
    assert_eq!(state.wanted(), [1]);
    assert_eq!(typed(&mut state, "jj<Enter>"), Effect::None);
    assert_eq!(state.notice.as_deref(), Some("left out: it is here already"));
}

#[test]
fn a_summary_is_agreed_to_or_left() {
    for (text, effect, is_over) in [
        ("<Enter>", Effect::Apply, true),
        ("<Esc>", Effect::None, false),
        ("q", Effect::None, false),
        ("jjk", Effect::None, true),
        ("<C-c>", Effect::Leave, true),
        ("<Esc>q", Effect::Leave, false),
        (" ", Effect::None, true),
    ] {
        let mut state = known(Mode::Many);
        typed(&mut state, " ");
        state.show_summary(vec![Text::plain("1 commit picked")]);
        assert_eq!(typed(&mut state, text), effect, "{text}");
        assert_eq!(state.over != Over::Nothing, is_over, "{text}");
        assert_eq!(state.wanted(), [0], "{text}");
    }
}

#[test]
fn arrows_scroll_the_difference_once_it_is_entered() {
    for (text, focus, cursor, top) in [
        ("<Tab>jj", Focus::Detail, 0, 2),
        ("<Tab>jj<Tab>j", Focus::List, 1, 0),
        ("<Tab>G", Focus::Detail, 0, 25),
        ("JJK", Focus::List, 0, 1),
        ("<C-d>", Focus::List, 0, 4),
        ("<Tab>j<Esc>", Focus::List, 0, 1),
    ] {
        let mut state = known(Mode::Many);
        assert_eq!(typed(&mut state, text), Effect::None, "{text}");
        assert_eq!((state.focus, state.cursor, state.detail_top), (focus, cursor, top), "{text}");
    }
}

#[test]
fn what_is_not_known_yet_is_found_out_before_it_is_chosen() {
    let mut state = State::new(list(Mode::Many));
    assert_eq!(typed(&mut state, " "), Effect::Learn(0));
    assert!(state.choice.chosen().is_empty());
    // The cursor may be elsewhere by then.
    typed(&mut state, "j");
    state.learn(0, Facts::default());
    assert_eq!(state.choice.chosen(), [0]);
    typed(&mut state, "a");
    let left_out = Facts { blocked: Some("left out".into()), ..Facts::default() };
    state.learn(2, left_out);
    assert_eq!(state.choice.chosen(), [0, 1, 4, 6, 7]);
    assert_eq!(state.notice.as_deref(), Some("not chosen any more: left out"));
}

#[test]
fn an_empty_list_is_no_trouble() {
    let mut state = State::new(List { items: Vec::new(), ..list(Mode::Many) });
    for key in keys(" aGg/x<Enter>nN<Right><Left><Tab>j<Esc>") {
        assert_eq!(state.update(key), Effect::None, "{key:?}");
    }
    assert_eq!(state.update(Key::Enter), Effect::None);
    assert!(screen(&mut state, None, (40, 12), PLAIN).contains("0 chosen, 0/0"));
}

#[test]
fn what_is_needed_comes_along_and_goes_along() {
    let mut choice = Choice::new(list(Mode::Many).items);
    for (item, needs) in [(1, vec![0]), (4, vec![1, 3]), (2, vec![0])] {
        choice.learn(item, Facts { needs, ..Facts::default() });
    }
    assert_eq!(choice.turn(4), Turned::Chosen(vec![0, 1]));
    assert_eq!([0, 1, 4].map(|item| choice.mark(item)), [Mark::Needed, Mark::Needed, Mark::Chosen]);
    // It needs one that cannot be had.
    assert_eq!(choice.missing(4), [3]);
    assert_eq!(choice.turn(2), Turned::Chosen(vec![]));
    assert_eq!(choice.turn(0), Turned::Dropped { along: vec![], missed_by: vec![1, 2] });
    assert_eq!(choice.missing(2), [0]);
    assert_eq!(choice.turn(0), Turned::Chosen(vec![]));
    // What was chosen by hand stays.
    assert_eq!(choice.turn(4), Turned::Dropped { along: vec![1], missed_by: vec![] });
    assert_eq!(choice.chosen(), [0, 2]);
}

#[test]
fn a_whole_is_what_its_parts_are() {
    let mut choice = Choice::new(list(Mode::Many).items);
    for (turned, chosen, mark) in [
        (None, vec![], Mark::None),
        (Some(6), vec![6], Mark::Partly),
        (Some(7), vec![6, 7], Mark::Chosen),
        (Some(6), vec![7], Mark::Partly),
        // Some become all, and all become none.
        (Some(5), vec![6, 7], Mark::Chosen),
        (Some(5), vec![], Mark::None),
        (Some(5), vec![6, 7], Mark::Chosen),
        (Some(0), vec![0, 6, 7], Mark::Chosen),
        (Some(7), vec![0, 6], Mark::Partly),
    ] {
        turned.map(|item| choice.turn(item));
        assert_eq!(choice.chosen(), chosen, "{turned:?}");
        assert_eq!(choice.mark(5), mark, "{turned:?}");
    }
    assert_eq!([0, 4, 5, 6, 7].map(|item| choice.parts(item)), [1..1, 5..5, 6..8, 7..7, 8..8]);
    // One that cannot be had takes its parts along.
    choice.learn(5, Facts { blocked: Some("gone".into()), ..Facts::default() });
    assert_eq!(choice.chosen(), [0]);
    assert_eq!(choice.turn(6), Turned::Blocked("gone".into()));
    choice.turn_all();
    assert_eq!(choice.chosen(), [0, 1, 2, 4]);
}

#[test]
fn the_number_of_lines_found_is_said() {
    for (text, said) in [
        ("/ada<Enter>", "3 lines have it, n and N go to the others"),
        ("/needs<Enter>", "nothing else has `needs`"),
        ("/nowhere<Enter>", "nothing has `nowhere`"),
    ] {
        let mut state = known(Mode::Many);
        typed(&mut state, text);
        assert_eq!(state.notice.as_deref(), Some(said), "{text}");
    }
}

#[test]
fn a_column_is_cut_before_one_is_left_out() {
    let shown = |width: u16| {
        let mut list = list(Mode::Many);
        list.columns = vec![
            Column::new("commit", 8, 1),
            Column::new("subject", 0, 0),
            Column::new("author", 16, 2).cut_to(8),
            Column::new("files", 6, 3),
        ];
        list.items.truncate(5);
        list.items.iter_mut().for_each(|item| {
            item.cells[2] = Text::plain("Ada Author-Lovelace");
            item.cells.push(Text::plain("12"));
        });
        let screen = screen(&mut State::new(list), None, (width, 20), PLAIN);
        let line = screen.lines().find(|line| line.contains("The first")).expect("it is in the list").to_owned();
        ["Ada Author-Lov", "Ada Aut~", "12"].map(|text| line.contains(text))
    };
    assert_eq!(shown(60), [true, false, true]);
    assert_eq!(shown(56), [false, true, true]);
    assert_eq!(shown(46), [false, true, false]);
    assert_eq!(shown(36), [false, false, false]);
}

#[test]
fn capitals_are_searched_for_as_they_are() {
    let item = Item { also: "0f1e2d".into(), ..item(["one", "Straße nach Ürümqi", ""]) };
    for (pattern, is_match) in
        [("straße", true), ("ürüm", true), ("Ürüm", true), ("ÜR", false), ("1e2d", true), ("x", false), ("", false)]
    {
        assert_eq!(search::matches(&item, pattern), is_match, "{pattern}");
    }
    assert_eq!(search::next(0, 0, false, |_| true), None);
    assert_eq!(search::next(2, 3, false, |place| place == 2), Some(2));
    assert_eq!(search::next(0, 3, true, |place| place == 1), Some(1));
}

#[test]
fn text_is_harmless_and_has_no_tabulators() {
    for (text, shown) in [("a\tb", "a       b"), ("日\tb", "日      b"), ("\x1b[2J\r", "\\u{1b}[2J\\u{d}"), ("", "")]
    {
        assert_eq!(Text::plain(text).as_str(), shown);
    }
}

fn detail() -> Vec<Text> {
    let line =
        |number| Text::plain(&format!("line {number} of a difference that is longer than there are columns for it"));
    let head =
        [Text::new(Tone::Place, "@@ -1 +1 @@"), Text::new(Tone::Removed, "-old"), Text::new(Tone::Added, "+\tnew")];
    head.into_iter().chain((1..40).map(line)).collect()
}

fn screen(state: &mut State, detail: Option<&[Text]>, (width, height): (u16, u16), look: Look) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("memory does not fail");
    terminal.draw(|frame| view::draw(frame, state, detail, look)).expect("memory does not fail");
    terminal.backend().to_string()
}

#[test]
fn screens_of_all_sizes() {
    for (name, size, text, look) in [
        ("80x24", (80, 24), "jjjj ", PLAIN),
        ("80x24_blocks", (80, 24), "jjjj G<Right>k ", Look { blocks: true, ..PLAIN }),
        ("80x24_parts", (80, 24), "G<Right>j ", PLAIN),
        ("120x40", (120, 40), "jjjj kkkk ", Look { color: true, blocks: true }),
        ("40x12", (40, 12), "jj ", PLAIN),
        ("40x12_detail", (40, 12), "<Tab>jjj", PLAIN),
        ("40x12_help", (40, 12), "?jjj", PLAIN),
        ("30x6", (30, 6), "G", PLAIN),
        ("10x2", (10, 2), "", PLAIN),
        ("search", (60, 10), "/need", PLAIN),
    ] {
        let mut state = known(Mode::Many);
        screen(&mut state, Some(&detail()), size, look);
        typed(&mut state, text);
        insta::assert_snapshot!(name, screen(&mut state, Some(&detail()), size, look));
    }
    let mut state = known(Mode::One);
    insta::assert_snapshot!("one", screen(&mut state, None, (80, 12), PLAIN));
}

#[test]
fn no_size_is_too_small() {
    for width in 1..30 {
        for height in 1..14 {
            for text in ["", "<Tab>", "?", "/x", "a", "G<Right>G"] {
                let mut state = known(Mode::Many);
                typed(&mut state, text);
                screen(&mut state, Some(&detail()), (width, height), PLAIN);
                let shown = state.top..state.top + state.rows.list.max(1);
                assert!(height < 3 || width < 12 || text == "?" || text == "<Tab>" || shown.contains(&state.cursor));
            }
        }
    }
}

#[test]
fn without_colour_there_is_none() {
    let styled = |look| {
        let mut terminal = Terminal::new(TestBackend::new(120, 30)).expect("memory does not fail");
        let mut state = known(Mode::Many);
        typed(&mut state, "jjjj ");
        terminal.draw(|frame| view::draw(frame, &mut state, Some(&detail()), look)).expect("memory does not fail");
        let cells = terminal.backend().buffer().content().to_vec();
        cells.iter().filter(|cell| cell.fg != ratatui_core::style::Color::Reset).count()
    };
    assert_eq!(styled(PLAIN), 0);
    assert!(styled(Look { color: true, ..PLAIN }) > 10);
}
