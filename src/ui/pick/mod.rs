//! A list on the whole screen to choose from, with what is behind the entry under the cursor beside it.
//!
//! What is listed, and what there is to know of it, comes from a [`Source`]; here is only how a person moves about in it.
//! `state` decides what a key does, without a terminal; `view` draws; `screen` has the terminal, and gives it back in
//! whatever way this ends.

mod choice;
mod key;
mod run;
mod screen;
mod search;
mod state;
#[cfg(test)]
mod tests;
mod view;

use crate::{error::Result, model::clean, ui::Ui};

/// The stops of tabulators.
const TAB: usize = 8;

/// How something is meant; what it looks like is decided where it is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// As any text.
    #[default]
    Plain,
    /// Less important.
    Dim,
    /// A title.
    Strong,
    /// All is well.
    Good,
    /// To be looked at.
    Warn,
    /// In the way.
    Bad,
    /// A line that a difference adds.
    Added,
    /// A line that it removes.
    Removed,
    /// Where in a file the lines are.
    Place,
}

/// A piece of text, harmless whatever it came from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    tone: Tone,
    text: String,
}

impl Text {
    /// One line; what a terminal would obey in it stands as an escape, and tabulators as blanks.
    pub fn new(tone: Tone, text: &str) -> Self {
        let text = clean(text);
        if !text.contains('\t') {
            return Text { tone, text };
        }
        let (mut spaced, mut column) = (String::with_capacity(text.len() + TAB), 0);
        for c in text.chars() {
            let width = match c {
                '\t' => TAB - column % TAB,
                c => unicode_width::UnicodeWidthChar::width(c).unwrap_or(0),
            };
            match c {
                '\t' => spaced.extend(std::iter::repeat_n(' ', width)),
                c => spaced.push(c),
            }
            column += width;
        }
        Text { tone, text: spaced }
    }

    /// As any text.
    pub fn plain(text: &str) -> Self {
        Text::new(Tone::Plain, text)
    }

    /// How it is meant.
    pub fn tone(&self) -> Tone {
        self.tone
    }

    /// What is shown.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether there is nothing to be seen.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

/// A column of the list.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// What stands above it.
    pub title: &'static str,
    /// The most columns of the screen that it takes.
    pub most: u16,
    /// What it is cut to before another one is left out.
    pub least: u16,
    /// Where there is no room, that of the highest rank is left out first. The one column of rank 0 gets all that is left.
    pub rank: u8,
}

impl Column {
    /// Whose width is not cut.
    pub const fn new(title: &'static str, most: u16, rank: u8) -> Column {
        Column { title, most, least: most, rank }
    }

    /// The same, cut to this width where there is no room for all.
    pub const fn cut_to(self, least: u16) -> Column {
        Column { least, ..self }
    }
}

/// An entry of the list.
#[derive(Debug, Clone, Default)]
pub struct Item {
    /// One for each column.
    pub cells: Vec<Text>,
    /// More text that a search finds it by.
    pub also: String,
    /// The entry that it is a part of, which is unfolded to see it. A whole is chosen where all its parts are.
    pub parent: Option<usize>,
    /// Why it cannot be chosen.
    pub blocked: Option<String>,
    /// The title of what is beside the list.
    pub title: String,
}

/// What was found out of an entry.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Cells in place of those that it had, by column.
    pub cells: Vec<(usize, Text)>,
    /// Why it cannot be chosen.
    pub blocked: Option<String>,
    /// The entries without which it is no use.
    pub needs: Vec<usize>,
}

/// How many may be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Any number, each with a box; they are summed up before it is over.
    Many,
    /// The one under the cursor.
    One,
}

/// All there is to choose from.
#[derive(Debug, Clone)]
pub struct List {
    /// What is chosen, above everything.
    pub title: String,
    /// What happens at the end, as in `Enter goes back`.
    pub verb: &'static str,
    /// How many may be chosen.
    pub mode: Mode,
    /// The columns.
    pub columns: Vec<Column>,
    /// The entries; parts follow what they are parts of.
    pub items: Vec<Item>,
    /// The entry that the cursor is on at first.
    pub start: usize,
}

/// Where the list gets what takes time to find out.
pub trait Source {
    /// What is to be seen beside the list of this entry.
    fn detail(&mut self, item: usize) -> Result<Vec<Text>>;

    /// What is to be known of it before it is chosen; nothing more than the list says.
    fn facts(&mut self, _item: usize) -> Result<Facts> {
        Ok(Facts::default())
    }

    /// The next entry of which [`Source::facts`] has more to say than the list; they are asked for while nobody types.
    fn unknown(&self) -> Option<usize> {
        None
    }

    /// What comes of choosing these, to be agreed to; nothing where one is chosen, which the command tells of itself.
    fn summary(&mut self, _chosen: &[usize]) -> Result<Vec<Text>> {
        Ok(Vec::new())
    }

    /// Whether a signal has asked to stop.
    fn is_stopped(&self) -> bool;
}

impl Ui {
    /// Lets a person choose; the entries in the order of the list, parts in place of their whole, or `None` where nothing is
    /// to be done.
    pub fn pick(&mut self, list: List, source: &mut dyn Source) -> Result<Option<Vec<usize>>> {
        self.flush()?;
        let look = view::Look { color: self.color_of_errors, blocks: self.blocks };
        run::run(list, source, look)
    }
}
