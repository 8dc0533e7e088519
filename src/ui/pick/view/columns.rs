//! How wide each column of the list is, and which there is no room for.

use unicode_width::UnicodeWidthStr;

use super::super::{Mode, state::State};

/// Blanks between two columns.
const GAP: u16 = 2;
/// The least that the one column gets which takes what is left.
const LEAST: u16 = 20;

/// Where a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) column: usize,
    pub(super) left: u16,
    pub(super) width: u16,
}

/// Those that there is room for.
pub(super) struct Columns {
    pub(super) places: Vec<Place>,
}

/// Divides a line of the list.
pub(super) fn fit(state: &State, width: u16) -> Columns {
    let start = if state.list.mode == Mode::Many { 6 } else { 2 };
    let columns = &state.list.columns;
    let widest = |column: usize| {
        let cells = state.shown.iter().filter_map(|item| state.choice.items[*item].cells.get(column));
        let widest = cells.map(|cell| if cell.text.is_ascii() { cell.text.len() } else { cell.text.width() }).max();
        let widest = u16::try_from(widest.unwrap_or(0)).unwrap_or(u16::MAX);
        if widest == 0 { 0 } else { widest.max(columns[column].title.len() as u16).min(columns[column].most) }
    };
    let mut widths: Vec<u16> = (0..columns.len()).map(widest).collect();
    let mut is_cut = false;
    loop {
        let fixed =
            |(column, width): (usize, &u16)| if columns[column].rank == 0 || *width == 0 { 0 } else { width + GAP };
        let taken: u16 = widths.iter().enumerate().map(fixed).sum();
        let rest = width.saturating_sub(start + taken);
        let last = (0..columns.len()).filter(|one| columns[*one].rank > 0 && widths[*one] > 0);
        match last.max_by_key(|one| columns[*one].rank) {
            Some(_) if rest < LEAST && !is_cut => {
                widths.iter_mut().zip(columns).for_each(|(width, column)| *width = (*width).min(column.least));
                is_cut = true;
            }
            Some(last) if rest < LEAST => widths[last] = 0,
            _ => return placed(state, &widths, (start, rest)),
        }
    }
}

fn placed(state: &State, widths: &[u16], (start, rest): (u16, u16)) -> Columns {
    let (mut left, mut places) = (start, Vec::new());
    for (column, width) in widths.iter().enumerate() {
        let width = if state.list.columns[column].rank == 0 { rest } else { *width };
        if width > 0 {
            places.push(Place { column, left, width });
            left += width + GAP;
        }
    }
    Columns { places }
}
