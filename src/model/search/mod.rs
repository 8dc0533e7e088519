//! Which of some commits in order are good, found out with few validations: a machine that asks and is told, and does nothing.
//!
//! The commits that apply one after the other are a *chain*; its beginnings are what can be validated. All of it is asked first.
//! If that is bad, halving finds the longest beginning that is good and the commit after it, which is left out; what does not
//! apply without it is in the next chain no more, and the search goes on from the good beginning. So one culprit takes one
//! validation and as many more as the number of commits can be halved, and what is found was itself validated in the end.
//!
//! It asks for one thing at a time, so its answer does not depend on how many validations run at once: [`ahead()`] follows it
//! along the answers that it may get.

mod ahead;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub use ahead::ahead;

/// So many lengths without an answer are passed over before the first of them counts as not good.
const MOST_OPEN: usize = 3;

/// After so many commits in a row that left the checks without an answer, it is not the commits.
const MOST_SILENT: usize = 3;

/// What a validation says; the text names the check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// All is well.
    Good,
    /// This check fails.
    Bad(String),
    /// This check has no answer.
    Open(String),
}

/// What the search wants to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Whether the base is good with so many commits of the chain on it. `again`: that it is bad is known, and to be seen
    /// once more before a commit is blamed.
    Validate {
        /// How many.
        length: usize,
        /// Whether a failure that is known does not count.
        again: bool,
    },
    /// Which commits apply one after the other, if these are left out. Those of the chain that are known to be good stay.
    Chain(BTreeSet<usize>),
    /// Nothing more.
    End(End),
}

/// How a search ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Every commit has its answer.
    Done,
    /// The base is not good, so nothing can be judged against it.
    Base(Answer),
    /// The checks have no answers any more.
    Silent,
}

/// Why a commit is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blame {
    /// This check passes without it and fails with it.
    Breaks(String),
    /// All is well without it, and with it this check has no answer.
    Silences(String),
}

#[derive(Debug, Clone)]
struct Failure {
    check: String,
    is_sure: bool,
}

/// A search among commits that are known by their numbers, from 0.
#[derive(Debug, Clone)]
pub struct Search {
    total: usize,
    chain: Vec<usize>,
    out: BTreeMap<usize, Blame>,
    /// So much of the chain is good; `None` until the base is known to be.
    good: Option<usize>,
    base: Option<Answer>,
    bad: BTreeMap<usize, Failure>,
    open: BTreeMap<usize, String>,
    flaky: BTreeSet<String>,
    paid: usize,
    silent: usize,
}

impl Search {
    /// Among so many commits, of which these apply one after the other.
    pub fn new(total: usize, chain: Vec<usize>) -> Self {
        Search {
            total,
            chain,
            out: BTreeMap::new(),
            good: None,
            base: None,
            bad: BTreeMap::new(),
            open: BTreeMap::new(),
            flaky: BTreeSet::new(),
            paid: 0,
            silent: 0,
        }
    }

    /// What is to be found out next.
    pub fn next(&self) -> Ask {
        let Some(good) = self.good else {
            return match &self.base {
                None if self.chain.is_empty() => Ask::End(End::Done),
                None => Ask::Validate { length: 0, again: false },
                Some(answer) => Ask::End(End::Base(answer.clone())),
            };
        };
        if good == self.chain.len() {
            return Ask::End(End::Done);
        }
        if self.silent >= MOST_SILENT {
            return Ask::End(End::Silent);
        }
        let Some(end) = self.end_of_search(good) else {
            return Ask::Validate { length: self.chain.len(), again: false };
        };
        if let Some(length) = self.between(good, end) {
            return Ask::Validate { length, again: false };
        }
        let is_unsure = end == good + 1 && self.bad.get(&end).is_some_and(|failure| !failure.is_sure);
        if is_unsure && self.has_one_to_spare() {
            return Ask::Validate { length: end, again: true };
        }
        Ask::Chain(self.out.keys().copied().chain(self.chain[good..end].iter().copied()).collect())
    }

    /// The shortest length that is known not to be good.
    fn end_of_search(&self, good: usize) -> Option<usize> {
        let bad = self.bad.range(good + 1..).next().map(|(length, _)| *length);
        let whole = self.open.contains_key(&self.chain.len()).then_some(self.chain.len());
        let end = bad.into_iter().chain(whole).min()?;
        let mut open = self.open.range(good + 1..end).map(|(length, _)| *length);
        let first = open.next();
        if open.count() + 1 >= MOST_OPEN { first.or(Some(end)) } else { Some(end) }
    }

    /// The length that halves what is between, where nothing is known to be without an answer.
    fn between(&self, good: usize, end: usize) -> Option<usize> {
        let mut longest = good..good;
        let mut start = good + 1;
        for stop in self.open.range(good + 1..end).map(|(length, _)| *length).chain([end]) {
            if stop.saturating_sub(start) > longest.len() {
                longest = start..stop;
            }
            start = stop + 1;
        }
        (!longest.is_empty()).then(|| longest.start + (longest.len() - 1) / 2)
    }

    /// Whether a second look keeps within 1.5·k·log2(n) + k + 2 validations, with another one for what is left.
    fn has_one_to_spare(&self) -> bool {
        self.paid + 2 <= limit(self.total, self.out.len() + 1)
    }

    /// The answer to [`Ask::Validate`]; whether somebody had to work for it.
    pub fn answered(&mut self, (length, again): (usize, bool), answer: Answer, is_paid: bool) {
        self.paid += usize::from(is_paid);
        match answer {
            Answer::Good => {
                if let Some(failure) = self.bad.remove(&length) {
                    self.flaky.insert(failure.check);
                }
                self.good = self.good.max(Some(length));
            }
            answer if length == 0 => self.base = Some(answer),
            // It has failed once, and that is all there is to know.
            Answer::Bad(_) | Answer::Open(_) if again => {
                if let Some(failure) = self.bad.get_mut(&length) {
                    failure.is_sure = true;
                }
            }
            Answer::Bad(check) => drop(self.bad.insert(length, Failure { check, is_sure: false })),
            Answer::Open(check) => drop(self.open.insert(length, check)),
        }
    }

    /// The answer to [`Ask::Chain`].
    pub fn chained(&mut self, chain: Vec<usize>) {
        let good = self.good.unwrap_or(0);
        let end = self.end_of_search(good).unwrap_or(good);
        let blame = match (self.bad.get(&end), self.open.range(good + 1..=end).next()) {
            (Some(failure), None) => Blame::Breaks(failure.check.clone()),
            (_, Some((_, check))) => Blame::Silences(check.clone()),
            (None, None) => return,
        };
        self.silent = if matches!(blame, Blame::Breaks(_)) { 0 } else { self.silent + 1 };
        self.out.extend(self.chain[good..end].iter().map(|commit| (*commit, blame.clone())));
        self.chain = chain;
        self.bad.clear();
        self.open.clear();
    }

    /// The commits that are good together, in order: exactly these were validated.
    pub fn good(&self) -> &[usize] {
        &self.chain[..self.good.unwrap_or(0)]
    }

    /// Those that apply after them and of which nothing is known.
    pub fn untried(&self) -> &[usize] {
        &self.chain[self.good.unwrap_or(0)..]
    }

    /// Why this commit is left out, if the search has done so.
    pub fn blame(&self, commit: usize) -> Option<&Blame> {
        self.out.get(&commit)
    }

    /// The checks that failed and passed on the same files.
    pub fn flaky(&self) -> impl Iterator<Item = &str> {
        self.flaky.iter().map(String::as_str)
    }
}

/// The most validations for so many culprits among so many commits: 1.5·k·log2(n) + k + 2.
pub fn limit(commits: usize, culprits: usize) -> usize {
    // Whole numbers would round each logarithm; so large that a float is not exact no history is.
    #[allow(clippy::cast_precision_loss, reason = "counts are small")]
    let (n, k) = (commits.max(2) as f64, culprits as f64);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is positive and small")]
    let limit = (1.5 * k * n.log2() + k + 2.0).floor() as usize;
    limit
}
