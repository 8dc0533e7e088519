//! What a key does: from one state of the screen to the next, without a screen.

use super::{
    Facts, List, Mode, Text,
    choice::{Choice, Mark, Turned},
    key::Key,
    search,
};
use crate::ui::plural;

/// What is to be done beside what the screen shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing.
    None,
    /// Find out about this entry, and hand it to [`State::learn`].
    Learn(usize),
    /// Sum up what is chosen, and hand it to [`State::show_summary`].
    Summarize,
    /// It is over: what is chosen is wanted.
    Apply,
    /// It is over: nothing is.
    Leave,
    /// Stop until the shell goes on with this program.
    Suspend,
    /// Draw everything anew.
    Redraw,
}

/// What the arrows move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Focus {
    List,
    Detail,
}

/// What is over the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Over {
    Nothing,
    Help { top: usize },
    Summary { lines: Vec<Text>, top: usize },
}

/// A search that is being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Typing {
    pub(super) text: String,
    /// Where the cursor goes back to.
    from: usize,
}

/// All that the screen shows.
#[derive(Debug)]
pub(super) struct State {
    pub(super) list: List,
    pub(super) choice: Choice,
    /// The entries that are to be seen, in order.
    pub(super) shown: Vec<usize>,
    pub(super) folded: Vec<bool>,
    /// By place among those.
    pub(super) cursor: usize,
    pub(super) top: usize,
    pub(super) focus: Focus,
    pub(super) detail_top: usize,
    pub(super) detail_left: usize,
    pub(super) over: Over,
    pub(super) typing: Option<Typing>,
    pattern: String,
    /// Said at the bottom, until the next key.
    pub(super) notice: Option<String>,
    /// Waits for what is found out about it.
    waiting: Option<usize>,
    /// How many lines list, detail and what is over them have; told by whoever draws.
    pub(super) rows: Rows,
}

/// How many lines there is room for, and how many there are.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rows {
    pub(super) list: usize,
    pub(super) detail: usize,
    pub(super) detail_lines: usize,
    pub(super) over: usize,
    pub(super) over_lines: usize,
}

/// How far one step to the side goes in a difference.
const ASIDE: usize = 8;

impl State {
    pub(super) fn new(mut list: List) -> Self {
        let items = std::mem::take(&mut list.items);
        let mut state = State {
            folded: vec![true; items.len()],
            choice: Choice::new(items),
            shown: Vec::new(),
            cursor: 0,
            top: 0,
            focus: Focus::List,
            detail_top: 0,
            detail_left: 0,
            over: Over::Nothing,
            typing: None,
            pattern: String::new(),
            notice: None,
            waiting: None,
            rows: Rows::default(),
            list,
        };
        state.show();
        state.cursor = state.shown.iter().position(|item| *item == state.list.start).unwrap_or(0);
        state
    }

    fn show(&mut self) {
        let items = &self.choice.items;
        let is_shown = |item: &usize| items[*item].parent.is_none_or(|parent| !self.folded[parent]);
        self.shown = (0..items.len()).filter(is_shown).collect();
    }

    /// The entry under the cursor.
    pub(super) fn current(&self) -> Option<usize> {
        self.shown.get(self.cursor).copied()
    }

    /// Whether the entry has parts.
    pub(super) fn is_whole(&self, item: usize) -> bool {
        !self.choice.parts(item).is_empty()
    }

    /// The entries that are wanted.
    pub(super) fn wanted(&self) -> Vec<usize> {
        match self.list.mode {
            Mode::Many => self.choice.chosen(),
            Mode::One => self.current().into_iter().collect(),
        }
    }

    /// Takes in what was found out about an entry.
    pub(super) fn learn(&mut self, item: usize, facts: Facts) {
        let was_chosen = self.choice.mark(item) != Mark::None;
        self.choice.learn(item, facts);
        if self.waiting == Some(item) {
            self.waiting = None;
            self.turn(item);
        } else if let (true, Some(why)) = (was_chosen, &self.choice.items[item].blocked) {
            self.notice = Some(format!("not chosen any more: {why}"));
        }
    }

    /// Shows what comes of the choice.
    pub(super) fn show_summary(&mut self, lines: Vec<Text>) {
        self.over = Over::Summary { lines, top: 0 };
    }

    /// What this key does.
    pub(super) fn update(&mut self, key: Key) -> Effect {
        self.notice = None;
        match key {
            Key::Control('c') => return Effect::Leave,
            Key::Control('z') => return Effect::Suspend,
            Key::Control('l') => return Effect::Redraw,
            _ => {}
        }
        if self.typing.is_some() {
            self.type_on(key);
            return Effect::None;
        }
        match self.over {
            Over::Help { .. } => self.in_help(key),
            Over::Summary { .. } => self.in_summary(key),
            Over::Nothing => self.in_list(key),
        }
    }

    fn in_help(&mut self, key: Key) -> Effect {
        match key {
            Key::Escape | Key::Enter | Key::Char('q' | '?') => self.over = Over::Nothing,
            key => self.scroll_over(key),
        }
        Effect::None
    }

    fn in_summary(&mut self, key: Key) -> Effect {
        match key {
            Key::Enter | Key::Char('y') => return Effect::Apply,
            Key::Escape | Key::Backspace | Key::Char('q' | 'n') => self.over = Over::Nothing,
            key => self.scroll_over(key),
        }
        Effect::None
    }

    fn scroll_over(&mut self, key: Key) {
        let (lines, rows) = (self.rows.over_lines, self.rows.over);
        if let Over::Help { top } | Over::Summary { top, .. } = &mut self.over
            && let Some(place) = moved(*top, key, rows)
        {
            *top = place.min(lines.saturating_sub(rows));
        }
    }

    fn in_list(&mut self, key: Key) -> Effect {
        match key {
            Key::Char('q') => return Effect::Leave,
            Key::Escape if self.focus == Focus::List => return Effect::Leave,
            Key::Escape => self.focus = Focus::List,
            Key::Enter => return self.enter(),
            Key::Char('?') => self.over = Over::Help { top: 0 },
            Key::Char('/') => self.typing = Some(Typing { text: String::new(), from: self.cursor }),
            Key::Char('n') => self.find(false),
            Key::Char('N') => self.find(true),
            Key::Char(' ') => return self.space(),
            Key::Char('a') if self.list.mode == Mode::Many => {
                let chosen = self.choice.turn_all();
                self.notice = Some(if chosen == 0 { "none is chosen".into() } else { format!("{chosen} chosen") });
            }
            Key::Tab => self.focus = if self.focus == Focus::List { Focus::Detail } else { Focus::List },
            Key::Char('J') => self.scroll(Key::Down),
            Key::Char('K') => self.scroll(Key::Up),
            Key::Control('d') => self.scroll(Key::PageDown),
            Key::Control('u') => self.scroll(Key::PageUp),
            Key::Char('<') => self.detail_left = self.detail_left.saturating_sub(ASIDE),
            Key::Char('>') => self.detail_left += ASIDE,
            Key::Left | Key::Char('h') => self.aside(true),
            Key::Right | Key::Char('l') => self.aside(false),
            key if self.focus == Focus::Detail => self.scroll(key),
            key => {
                if let Some(place) = moved(self.cursor, key, self.rows.list) {
                    self.go(place);
                }
            }
        }
        Effect::None
    }

    fn go(&mut self, place: usize) {
        let place = place.min(self.shown.len().saturating_sub(1));
        if place != self.cursor {
            self.cursor = place;
            (self.detail_top, self.detail_left) = (0, 0);
        }
    }

    fn scroll(&mut self, key: Key) {
        if let Some(place) = moved(self.detail_top, key, self.rows.detail) {
            self.detail_top = place.min(self.rows.detail_lines.saturating_sub(self.rows.detail));
        }
    }

    /// Folds and unfolds, or moves a difference to the side.
    fn aside(&mut self, left: bool) {
        let current = self.current();
        let whole = current.map(|item| self.choice.whole(item)).filter(|whole| self.is_whole(*whole));
        match whole.filter(|_| self.focus == Focus::List) {
            None if left => self.detail_left = self.detail_left.saturating_sub(ASIDE),
            None => self.detail_left += ASIDE,
            Some(whole) if self.folded[whole] != left => {
                self.folded[whole] = left;
                self.show();
                let place = self.shown.iter().position(|item| *item == whole);
                self.go(place.unwrap_or(0));
            }
            Some(_) => {}
        }
    }

    fn enter(&mut self) -> Effect {
        match (self.list.mode, self.current()) {
            (_, None) => self.notice = Some("there is nothing to choose".into()),
            (Mode::One, Some(item)) => match &self.choice.items[item].blocked {
                None => return Effect::Apply,
                Some(why) => self.notice = Some(why.clone()),
            },
            (Mode::Many, Some(_)) if self.choice.chosen().is_empty() => {
                self.notice = Some("nothing is chosen: Space chooses, a chooses all".into());
            }
            (Mode::Many, Some(_)) => return Effect::Summarize,
        }
        Effect::None
    }

    fn space(&mut self) -> Effect {
        let (Mode::Many, Some(item)) = (self.list.mode, self.current()) else { return Effect::None };
        if !self.choice.is_known(item) && self.choice.items[item].blocked.is_none() {
            self.waiting = Some(item);
            return Effect::Learn(item);
        }
        self.turn(item);
        Effect::None
    }

    fn turn(&mut self, item: usize) {
        self.notice = match self.choice.turn(item) {
            Turned::Blocked(why) => Some(why),
            Turned::Chosen(along) if along.is_empty() => None,
            Turned::Chosen(along) => Some(format!("chosen along, as it is needed: {}", self.names(&along))),
            Turned::Dropped { along, missed_by } if missed_by.is_empty() => {
                (!along.is_empty()).then(|| format!("not needed any more: {}", self.names(&along)))
            }
            Turned::Dropped { missed_by, .. } => {
                Some(format!("this is needed by {}, which will conflict", self.names(&missed_by)))
            }
        };
    }

    fn names(&self, items: &[usize]) -> String {
        let name = |item: &usize| self.choice.items[*item].cells.first().map_or("", |cell| cell.text.as_str());
        let few: Vec<&str> = items.iter().take(3).map(name).collect();
        let more = items.len().saturating_sub(3);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{more}", few.join(", "))
    }

    fn type_on(&mut self, key: Key) {
        let Some(typing) = &mut self.typing else { return };
        let from = typing.from;
        match key {
            Key::Char(c) => typing.text.push(c),
            Key::Backspace if typing.text.is_empty() => self.typing = None,
            Key::Backspace => drop(typing.text.pop()),
            Key::Escape => {
                self.typing = None;
                self.go(from);
            }
            Key::Enter => {
                self.pattern = std::mem::take(&mut typing.text);
                self.typing = None;
                let count = self.matching(&self.pattern).len();
                self.notice = (!self.pattern.is_empty()).then(|| match count {
                    0 => format!("nothing has `{}`", self.pattern),
                    1 => format!("nothing else has `{}`", self.pattern),
                    count => format!("{} have it, n and N go to the others", plural(count, "line")),
                });
            }
            _ => {}
        }
        if let Some(typing) = &self.typing {
            let text = typing.text.clone();
            // The entry where it began counts too.
            let before = (from + self.shown.len().saturating_sub(1)) % self.shown.len().max(1);
            let found = self.next_of(&text, before, false);
            self.go(found.unwrap_or(from));
        }
    }

    fn next_of(&self, pattern: &str, from: usize, back: bool) -> Option<usize> {
        let is_match = |place: usize| search::matches(&self.choice.items[self.shown[place]], pattern);
        search::next(from, self.shown.len(), back, is_match)
    }

    fn matching(&self, pattern: &str) -> Vec<usize> {
        let is_match = |item: &usize| search::matches(&self.choice.items[*item], pattern);
        self.shown.iter().copied().filter(is_match).collect()
    }

    fn find(&mut self, back: bool) {
        if self.pattern.is_empty() {
            self.notice = Some("nothing was searched for: / does".into());
            return;
        }
        match self.next_of(&self.pattern, self.cursor, back) {
            Some(place) => self.go(place),
            None => self.notice = Some(format!("nothing has `{}`", self.pattern)),
        }
    }
}

/// Where a key leads to from a place, with so many lines to be seen; it may be past the end.
fn moved(from: usize, key: Key, rows: usize) -> Option<usize> {
    let page = rows.saturating_sub(1).max(1);
    Some(match key {
        Key::Up | Key::Char('k') | Key::Control('p') => from.saturating_sub(1),
        Key::Down | Key::Char('j') | Key::Control('n') => from + 1,
        Key::PageUp | Key::Control('b') => from.saturating_sub(page),
        Key::PageDown | Key::Control('f') => from + page,
        Key::Home | Key::Char('g') => 0,
        Key::End | Key::Char('G') => usize::MAX,
        _ => return None,
    })
}
