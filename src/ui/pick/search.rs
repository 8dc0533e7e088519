//! To find an entry by what is written in it.

use super::Item;

/// Whether the entry has `pattern` in it. Small letters stand for capitals as well, as long as there is no capital in it.
pub(super) fn matches(item: &Item, pattern: &str) -> bool {
    let exact = pattern.chars().any(char::is_uppercase);
    let has = |text: &str| if exact { text.contains(pattern) } else { text.to_lowercase().contains(pattern) };
    !pattern.is_empty() && (item.cells.iter().any(|cell| has(&cell.text)) || has(&item.also))
}

/// The next of `length` places after `from`, or before it, of which `is_match` holds; it goes on at the other end, and comes
/// to `from` at last.
pub(super) fn next(from: usize, length: usize, back: bool, is_match: impl Fn(usize) -> bool) -> Option<usize> {
    let step = |distance: usize| if back { (from + length - distance) % length } else { (from + distance) % length };
    (1..=length).map(step).find(|place| is_match(*place))
}
