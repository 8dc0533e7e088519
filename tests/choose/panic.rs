//! A list that ends with a panic.

use git_checkpoint::{
    error::Result,
    ui::{
        Options, Ui,
        pick::{Column, Facts, Item, List, Mode, Source, Text},
    },
};

use super::{assert_given_back, modes};
use crate::{support::TestRepo, terminal::Session};

/// A list that is a mistake of ours.
struct Mistake;

impl Source for Mistake {
    fn detail(&mut self, _: usize) -> Result<Vec<Text>> {
        panic!("nobody has thought of that")
    }

    fn facts(&mut self, _: usize) -> Result<Facts> {
        Ok(Facts::default())
    }

    fn unknown(&self) -> Option<usize> {
        None
    }

    fn summary(&mut self, _: &[usize]) -> Result<Vec<Text>> {
        Ok(Vec::new())
    }

    fn is_stopped(&self) -> bool {
        false
    }
}

#[test]
#[ignore = "started by another test, in a terminal"]
fn a_mistake() {
    let color = anstream::ColorChoice::Never;
    let mut ui = Ui::new(Options { json: false, color, interactive: true, screen: true, blocks: false });
    let list = List {
        title: "A list".into(),
        verb: "go on",
        mode: Mode::One,
        columns: vec![Column::new("name", 0, 0)],
        items: vec![Item { cells: vec![Text::plain("the only one")], ..Item::default() }],
        start: 0,
    };
    let chosen = ui.pick(list, &mut Mistake);
    panic!("it should not have come to an end: {chosen:?}");
}

#[test]
fn the_terminal_is_given_back_at_a_panic() {
    let repo = TestRepo::with_commit();
    let program = std::env::current_exe().expect("this is a program");
    let line =
        format!("stty -g; '{}' --ignored --exact --nocapture choose::panic::a_mistake; stty -g", program.display());
    let (code, session) = Session::start_shell(&repo, &line).ended();
    assert_eq!(code, 0, "{}", session.seen);
    assert_given_back(&session);
    // It was taken, and what went wrong is to be read where it stays.
    let (_, rest) = session.seen.split_once("\x1b[?1049h").expect("the other screen was shown");
    let (drawn, said) = rest.split_once("\x1b[?1049l").expect("it was left");
    assert!(drawn.contains("the only one"), "{}", session.seen);
    assert!(said.contains("nobody has thought of that") && !drawn.contains("nobody"), "{}", session.seen);
    let modes = modes(&session.seen);
    assert_eq!(modes.len(), 2, "{}", session.seen);
    assert_eq!(modes[0], modes[1]);
}
