//! Draws the state: the list, what is beside or below it, and what is over both.

mod columns;
mod help;

use ratatui_core::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Modifier, Style},
    terminal::Frame,
};
use unicode_width::UnicodeWidthStr;

use super::{
    Mode, Text, Tone,
    choice::Mark,
    state::{Focus, Over, State},
};

/// From so many columns on, the difference is beside the list and not below it.
const WIDE: u16 = 100;
/// From so many lines on, list and difference are both to be seen where one is below the other.
const HIGH: u16 = 8;
/// From so many lines on, the list has titles above its columns.
const TITLED: u16 = 6;

/// What the terminal can show.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) color: bool,
    /// More than ASCII.
    pub(super) blocks: bool,
}

impl Look {
    fn style(self, tone: Tone) -> Style {
        let style = Style::new();
        match tone {
            Tone::Strong => style.add_modifier(Modifier::BOLD),
            _ if !self.color => style,
            Tone::Plain => style,
            Tone::Dim => style.add_modifier(Modifier::DIM),
            Tone::Good | Tone::Added => style.fg(Color::Green),
            Tone::Warn => style.fg(Color::Yellow),
            Tone::Bad | Tone::Removed => style.fg(Color::Red),
            Tone::Place => style.fg(Color::Cyan),
        }
    }

    fn one_of(self, block: &'static str, plain: &'static str) -> &'static str {
        if self.blocks { block } else { plain }
    }
}

/// Draws all of it; `detail` is what is beside the list, once it is known.
pub(super) fn draw(frame: &mut Frame<'_>, state: &mut State, detail: Option<&[Text]>, look: Look) {
    let area = frame.area();
    let mut view = View { state, look, buffer: frame.buffer_mut(), cursor: None };
    if area.height < 3 || area.width < 12 {
        view.put(Rect { height: area.height.min(1), ..area }, 0, &Text::plain("too small"));
        return;
    }
    let line = |y: u16| Rect { y: area.y + y, height: 1, ..area };
    view.title(line(0));
    let body = Rect { y: area.y + 1, height: area.height - 2, ..area };
    match view.state.over.clone() {
        Over::Nothing => view.both(body, detail),
        Over::Help { top } => view.over(body, &help::lines(view.state.list.mode), top),
        Over::Summary { lines, top } => view.over(body, &lines, top),
    }
    view.bottom(line(area.height - 1));
    if let Some(place) = view.cursor {
        frame.set_cursor_position(place);
    }
}

struct View<'v> {
    state: &'v mut State,
    look: Look,
    buffer: &'v mut Buffer,
    cursor: Option<(u16, u16)>,
}

impl View<'_> {
    /// As much of the text as there is room for in the first line of `area`, from `left` columns on; a mark at its end says
    /// that there is more of it.
    fn put(&mut self, area: Rect, left: u16, text: &Text) -> u16 {
        let style = self.look.style(text.tone);
        self.put_styled(area, left, &text.text, style)
    }

    fn put_styled(&mut self, area: Rect, left: u16, text: &str, style: Style) -> u16 {
        let room = area.width.saturating_sub(left);
        if room == 0 || area.height == 0 {
            return area.x + left;
        }
        let x = area.x + left;
        if text.width() <= usize::from(room) {
            return self.buffer.set_stringn(x, area.y, text, room.into(), style).0;
        }
        let (end, y) = self.buffer.set_stringn(x, area.y, text, usize::from(room) - 1, style);
        let more = self.look.one_of("…", "~");
        self.buffer.set_stringn(end, y, more, 1, style).0
    }

    fn title(&mut self, area: Rect) {
        let (shown, chosen) = (self.state.shown.len(), self.state.choice.chosen().len());
        let place = if shown == 0 { 0 } else { self.state.cursor + 1 };
        let mut right = format!("{place}/{shown}");
        if self.state.list.mode == Mode::Many {
            right = format!("{chosen} chosen, {right}");
        }
        let room = area.width.saturating_sub(right.len() as u16 + 2);
        let title = Text::new(Tone::Strong, &self.state.list.title);
        self.put(Rect { width: room, ..area }, 0, &title);
        self.put(area, area.width.saturating_sub(right.len() as u16), &Text::plain(&right));
    }

    fn both(&mut self, body: Rect, detail: Option<&[Text]>) {
        let heading = self.heading();
        if body.width >= WIDE {
            let width = (body.width * 11 / 20).max(WIDE / 2);
            self.list(Rect { width: width - 1, ..body });
            let mark = self.look.one_of("│", "|");
            for y in body.y..body.bottom() {
                self.buffer.set_stringn(body.x + width, y, mark, 1, self.look.style(Tone::Dim));
            }
            let rest = Rect { x: body.x + width + 2, width: body.width - width - 2, ..body };
            self.put(rest, 0, &heading);
            self.detail(Rect { y: rest.y + 1, height: rest.height - 1, ..rest }, detail);
        } else if body.height >= HIGH {
            let few = (self.state.shown.len() as u16).saturating_add(u16::from(body.height / 2 >= TITLED));
            let most = if self.state.focus == Focus::List { body.height / 2 } else { body.height / 4 };
            let height = few.clamp(2, most.max(2));
            self.list(Rect { height, ..body });
            self.rule(Rect { y: body.y + height, height: 1, ..body }, &heading);
            self.detail(Rect { y: body.y + height + 1, height: body.height - height - 1, ..body }, detail);
        } else if self.state.focus == Focus::List {
            self.list(body);
        } else {
            self.detail(body, detail);
        }
    }

    fn heading(&self) -> Text {
        let title = self.state.current().map(|item| self.state.choice.items[item].title.as_str());
        Text::new(Tone::Strong, title.unwrap_or_default())
    }

    /// A line across, with a title in it.
    fn rule(&mut self, area: Rect, title: &Text) {
        let style = self.look.style(Tone::Dim);
        let dash = self.look.one_of("─", "-");
        self.buffer.set_stringn(area.x, area.y, dash.repeat(area.width.into()), area.width.into(), style);
        if area.width > 6 && !title.text.is_empty() {
            let inner = Rect { x: area.x + 2, width: area.width - 4, ..area };
            let text = Text { text: format!(" {} ", title.text), ..title.clone() };
            self.put(inner, 0, &text);
        }
    }

    fn list(&mut self, area: Rect) {
        let mut rows = area;
        let columns = columns::fit(self.state, area.width);
        if area.height >= TITLED {
            for place in &columns.places {
                let title = Text::new(Tone::Dim, self.state.list.columns[place.column].title);
                self.put(Rect { width: (place.left + place.width).min(area.width), ..area }, place.left, &title);
            }
            rows = Rect { y: area.y + 1, height: area.height - 1, ..area };
        }
        let height = usize::from(rows.height);
        let state = &mut *self.state;
        state.rows.list = height;
        let lowest = (state.cursor + 1).saturating_sub(height);
        state.top = state.top.clamp(lowest, state.cursor.max(lowest)).min(state.shown.len().saturating_sub(height));
        let places: Vec<usize> = (state.top..state.shown.len()).take(height).collect();
        for (y, place) in (rows.y..).zip(places) {
            self.row(Rect { y, height: 1, ..rows }, place, &columns);
        }
    }

    fn row(&mut self, area: Rect, place: usize, columns: &columns::Columns) {
        let item = self.state.shown[place];
        let is_current = place == self.state.cursor;
        let is_blocked = self.state.choice.items[item].blocked.is_some();
        if is_current {
            self.put(area, 0, &Text::plain(">"));
        }
        if self.state.list.mode == Mode::Many {
            for (left, (mark, tone)) in [(1, self.mark(item)), (4, self.sign(item))] {
                self.put(area, left, &Text::new(tone, mark));
            }
        }
        for place in &columns.places {
            let Some(mut cell) = self.state.choice.items[item].cells.get(place.column).cloned() else { continue };
            if is_blocked && cell.tone == Tone::Plain {
                cell.tone = Tone::Dim;
            }
            self.put(Rect { width: place.left + place.width, ..area }, place.left, &cell);
        }
        if is_current && self.state.focus == Focus::List {
            self.buffer.set_style(area, Style::new().add_modifier(Modifier::REVERSED));
        }
    }

    /// The box.
    fn mark(&self, item: usize) -> (&'static str, Tone) {
        let choice = &self.state.choice;
        match choice.mark(item) {
            _ if choice.items[item].blocked.is_some() => (" - ", Tone::Dim),
            Mark::None => ("[ ]", Tone::Plain),
            Mark::Partly => ("[-]", Tone::Warn),
            Mark::Chosen => ("[x]", Tone::Good),
            Mark::Needed => ("[+]", Tone::Warn),
        }
    }

    /// What stands behind the box.
    fn sign(&self, item: usize) -> (&'static str, Tone) {
        if !self.state.choice.missing(item).is_empty() {
            return ("!", Tone::Bad);
        }
        let fold = match (self.state.is_whole(item), self.state.folded[item]) {
            (true, true) => self.look.one_of("\u{25b8}", ">"),
            (true, false) => self.look.one_of("\u{25be}", "v"),
            (false, _) => "",
        };
        (fold, Tone::Plain)
    }

    fn detail(&mut self, area: Rect, detail: Option<&[Text]>) {
        let mut lines = self.needs();
        match detail {
            Some(detail) => lines.extend_from_slice(detail),
            None => lines.push(Text::new(Tone::Dim, self.look.one_of("…", "..."))),
        }
        let height = usize::from(area.height);
        let state = &mut *self.state;
        (state.rows.detail, state.rows.detail_lines) = (height, lines.len());
        state.detail_top = state.detail_top.min(lines.len().saturating_sub(height));
        let top = state.detail_top;
        let seen = &lines[top..lines.len().min(top + height)];
        let widest = seen.iter().map(|line| line.text.width()).max().unwrap_or(0);
        state.detail_left = state.detail_left.min(widest.saturating_sub(usize::from(area.width)));
        let left = state.detail_left;
        for (y, line) in (area.y..).zip(seen) {
            let text = Text { text: from_column(&line.text, left), ..line.clone() };
            self.put(Rect { y, height: 1, ..area }, 0, &text);
        }
    }

    /// What the entry under the cursor does not do without, and whether it is chosen.
    fn needs(&self) -> Vec<Text> {
        let Some(item) = self.state.current() else { return Vec::new() };
        let choice = &self.state.choice;
        let line = |need: &usize| {
            let is_chosen = choice.mark(*need) != Mark::None;
            let (tone, word) = if is_chosen { (Tone::Good, "chosen") } else { (Tone::Warn, "not chosen") };
            Text::new(tone, &format!("needs, {word}: {}", choice.items[*need].title))
        };
        choice.needs(item).iter().map(line).collect()
    }

    fn over(&mut self, area: Rect, lines: &[Text], top: usize) {
        (self.state.rows.over, self.state.rows.over_lines) = (area.height.into(), lines.len());
        for (y, line) in (area.y..area.bottom()).zip(lines.iter().skip(top)) {
            self.put(Rect { y, height: 1, ..area }, 1, line);
        }
    }

    fn bottom(&mut self, area: Rect) {
        if let Some(typing) = &self.state.typing {
            let text = Text::plain(&format!("/{}", typing.text));
            let end = self.put(area, 0, &text);
            self.cursor = Some((end.min(area.right().saturating_sub(1)), area.y));
            return;
        }
        if let Some(notice) = &self.state.notice {
            let notice = Text::new(Tone::Warn, notice);
            self.put(area, 0, &notice);
            return;
        }
        let mut left = 0;
        for (key, what) in help::hints(self.state) {
            let length = (key.len() + what.len() + 1) as u16;
            if left + length > area.width {
                break;
            }
            let end = self.put(area, left, &Text::new(Tone::Strong, key));
            self.put(area, end - area.x + 1, &Text::plain(what));
            left += length + 2;
        }
    }
}

/// The text without its first columns.
fn from_column(text: &str, column: usize) -> String {
    let mut width = 0;
    let start = text.char_indices().find(|(_, c)| {
        let is_past = width >= column;
        width += unicode_width::UnicodeWidthChar::width(*c).unwrap_or(0);
        is_past
    });
    start.map_or_else(String::new, |(start, _)| text[start..].to_owned())
}
