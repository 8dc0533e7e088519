//! Which entries are chosen, and what comes along with them.

use std::ops::Range;

use super::{Facts, Item};

/// Whether an entry is chosen, and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Mark {
    /// It is not.
    #[default]
    None,
    /// Some of its parts are.
    Partly,
    /// By the person.
    Chosen,
    /// Because another one needs it.
    Needed,
}

/// The entries of a list and what is chosen of them.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) items: Vec<Item>,
    marks: Vec<Mark>,
    /// By entry; empty as long as nothing is known.
    needs: Vec<Vec<usize>>,
    known: Vec<bool>,
}

/// What came of choosing one, or of choosing it no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Turned {
    /// It is chosen, and these along with it.
    Chosen(Vec<usize>),
    /// It is not chosen any more, nor are the first, which nothing else needs; the second need it and stay.
    Dropped { along: Vec<usize>, missed_by: Vec<usize> },
    /// It cannot be chosen.
    Blocked(String),
}

impl Choice {
    pub(super) fn new(items: Vec<Item>) -> Self {
        let length = items.len();
        Choice { items, marks: vec![Mark::None; length], needs: vec![Vec::new(); length], known: vec![false; length] }
    }

    /// Takes in what was found out. What turns out not to be to be had is not chosen any more.
    pub(super) fn learn(&mut self, item: usize, facts: Facts) {
        for (column, cell) in facts.cells {
            if let Some(place) = self.items[item].cells.get_mut(column) {
                *place = cell;
            }
        }
        if facts.blocked.is_some() {
            let parts = self.parts(item);
            self.marks[item..parts.end].fill(Mark::None);
            self.items[item].blocked = facts.blocked;
        }
        self.needs[item] = facts.needs.into_iter().filter(|need| *need < self.items.len() && *need != item).collect();
        self.known[item] = true;
    }

    pub(super) fn is_known(&self, item: usize) -> bool {
        self.known[item]
    }

    /// That of a whole is what its parts are.
    pub(super) fn mark(&self, item: usize) -> Mark {
        let parts = self.parts(item);
        let chosen = self.marks[parts.clone()].iter().filter(|mark| **mark != Mark::None).count();
        match chosen {
            _ if parts.is_empty() => self.marks[item],
            0 => Mark::None,
            _ if chosen == parts.len() => Mark::Chosen,
            _ => Mark::Partly,
        }
    }

    /// The parts of an entry, which follow it.
    pub(super) fn parts(&self, item: usize) -> Range<usize> {
        let rest = self.items.get(item + 1..).unwrap_or_default();
        let count = rest.iter().take_while(|part| part.parent == Some(item)).count();
        item + 1..item + 1 + count
    }

    pub(super) fn needs(&self, item: usize) -> &[usize] {
        &self.needs[item]
    }

    /// The entry that a part is a part of.
    pub(super) fn whole(&self, item: usize) -> usize {
        self.items[item].parent.unwrap_or(item)
    }

    fn is_chosen(&self, item: usize) -> bool {
        self.marks[item] != Mark::None
    }

    fn is_blocked(&self, item: usize) -> bool {
        self.items[item].blocked.is_some() || self.items[self.whole(item)].blocked.is_some()
    }

    /// Those that are chosen, in the order of the list: parts in place of their whole.
    pub(super) fn chosen(&self) -> Vec<usize> {
        (0..self.marks.len()).filter(|item| self.is_chosen(*item)).collect()
    }

    /// What a chosen entry needs and is not chosen.
    pub(super) fn missing(&self, item: usize) -> Vec<usize> {
        if !self.is_chosen(item) {
            return Vec::new();
        }
        self.needs[item].iter().copied().filter(|need| !self.is_chosen(*need)).collect()
    }

    /// Chooses it, with what it needs; or, if it is chosen, takes that back.
    pub(super) fn turn(&mut self, item: usize) -> Turned {
        let reasons = [item, self.whole(item)].map(|one| &self.items[one].blocked);
        if let Some(why) = reasons.into_iter().flatten().next() {
            return Turned::Blocked(why.clone());
        }
        let parts = self.parts(item);
        if !parts.is_empty() {
            self.turn_each(parts.collect());
            let is_chosen = self.mark(item) != Mark::None;
            let dropped = Turned::Dropped { along: Vec::new(), missed_by: Vec::new() };
            return if is_chosen { Turned::Chosen(Vec::new()) } else { dropped };
        }
        if self.is_chosen(item) { self.drop(item) } else { self.choose(item) }
    }

    fn choose(&mut self, item: usize) -> Turned {
        self.marks[item] = Mark::Chosen;
        let mut along = Vec::new();
        let mut open = self.needs[item].clone();
        while let Some(need) = open.pop() {
            if !self.is_chosen(need) && self.items[need].blocked.is_none() {
                self.marks[need] = Mark::Needed;
                along.push(need);
                open.extend(&self.needs[need]);
            }
        }
        along.sort_unstable();
        Turned::Chosen(along)
    }

    fn drop(&mut self, item: usize) -> Turned {
        self.marks[item] = Mark::None;
        let mut along = Vec::new();
        // Nobody has asked for those themselves.
        while let Some(idle) = (0..self.marks.len()).find(|one| self.is_idle(*one)) {
            self.marks[idle] = Mark::None;
            along.push(idle);
        }
        along.sort_unstable();
        let missed_by = (0..self.marks.len()).filter(|one| self.is_chosen(*one) && self.needs[*one].contains(&item));
        Turned::Dropped { along, missed_by: missed_by.collect() }
    }

    /// Whether it came along with others that are not chosen any more.
    fn is_idle(&self, item: usize) -> bool {
        let is_needed = || (0..self.marks.len()).any(|one| self.is_chosen(one) && self.needs[one].contains(&item));
        self.marks[item] == Mark::Needed && !is_needed()
    }

    /// Chooses all that can be, or none where that is so already; how many are chosen.
    pub(super) fn turn_all(&mut self) -> usize {
        self.turn_each((0..self.items.len()).filter(|one| self.parts(*one).is_empty()).collect());
        self.chosen().len()
    }

    /// Chooses those of them that can be, or none of them where that is so already.
    fn turn_each(&mut self, mut items: Vec<usize>) {
        items.retain(|one| !self.is_blocked(*one));
        let mark = if items.iter().all(|one| self.is_chosen(*one)) { Mark::None } else { Mark::Chosen };
        items.iter().for_each(|one| self.marks[*one] = mark);
    }
}
