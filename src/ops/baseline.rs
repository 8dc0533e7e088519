//! What the numbers of checks are compared with: those of the last good checkpoint, or of one that was named.
//!
//! The last good one of this branch comes first, since work on a branch is measured against itself; before it has one, the
//! last good one of any branch, for it was begun from there. Checkpoints that were fetched do not count: another machine's
//! times say nothing of this one's.
//!
//! A drift limit could never be met if only what was validated counted, since the first number has nothing to be compared
//! with. So before any was validated, a checkpoint counts whose only trouble was that.

use std::collections::HashMap;

use super::{
    Session,
    select::{newest_checkpoints, select},
};
use crate::{
    config::Check,
    error::Result,
    model::{CheckResult, Head, Level, Measure, Measurement, Record, Validation, Verdict},
};

/// So many checkpoints are looked at, newest first.
const LOOKED_AT: usize = 200;

/// The numbers to compare with. Read once, before the checks run.
#[derive(Debug, Default)]
pub struct Baselines {
    numbers: HashMap<Wanted, f64>,
}

/// The check, the measurement and its unit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Wanted {
    check: String,
    measurement: String,
    unit: String,
    /// Whether a limit may be crossed for a while before the check fails: a number that is warned of then is no good one.
    may_be_over: bool,
}

/// How good a number is to compare with; the least is the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Good,
    GoodElsewhere,
    First,
    FirstElsewhere,
}

impl Baselines {
    /// The number that this measurement is compared with.
    pub fn of(&self, check: &Check, measure: &Measure, measurement: &str) -> Option<f64> {
        self.numbers.get(&Wanted::new(check, measure, measurement)).copied()
    }
}

impl Wanted {
    fn new(check: &Check, measure: &Measure, measurement: &str) -> Self {
        Wanted {
            check: check.name.clone(),
            measurement: measurement.to_owned(),
            unit: measure.unit.clone(),
            may_be_over: measure.sustained.is_some(),
        }
    }

    /// The measurement that a checkpoint has of it.
    fn of<'r>(&self, checks: &'r [CheckResult]) -> Option<&'r Measurement> {
        let mut of_check = checks.iter().filter(|check| check.name == self.check).flat_map(|check| &check.measurements);
        of_check.find(|one| one.name == self.measurement && one.unit == self.unit)
    }

    /// Its number, where that is a good one.
    fn good(&self, checks: &[CheckResult]) -> Option<f64> {
        self.of(checks).filter(|one| !(self.may_be_over && one.level == Level::Warn)).map(|one| one.value)
    }
}

/// Finds what the numbers of these checks are compared with. Where none of them has a drift limit nothing is read; else
/// records are, newest first, until each number is found, and 200 at most.
pub fn gather<'c>(session: &Session, checks: impl IntoIterator<Item = &'c Check>) -> Result<Baselines> {
    let (mut baselines, mut wanted) = (Baselines::default(), Vec::new());
    let measures = checks.into_iter().flat_map(|check| check.measures.iter().map(move |measure| (check, measure)));
    let mut head = None;
    for (check, measure) in measures.filter(|(_, measure)| measure.drift.is_some()) {
        let names = measure.names(&check.name).map(|name| Wanted::new(check, measure, name));
        let Some(against) = &measure.against else {
            wanted.extend(names);
            continue;
        };
        let head = match &head {
            Some(head) => head,
            None => head.insert(session.repo.head()?),
        };
        // What names no checkpoint is nothing to compare with, and the verdict says so.
        let Some(record) = select(session, against, head).ok().and_then(|selected| selected.record) else { continue };
        baselines.numbers.extend(names.filter_map(|name| Some((name.clone(), name.of(&record.checks)?.value))));
    }
    if !wanted.is_empty() {
        baselines.numbers.extend(last_good(session, &wanted)?);
    }
    Ok(baselines)
}

fn last_good(session: &Session, wanted: &[Wanted]) -> Result<HashMap<Wanted, f64>> {
    let (head, foreign) = (session.repo.head()?, session.store().foreign()?);
    // One that cannot be read is told of by whoever lists them.
    let records = newest_checkpoints(session, |_| true)?.filter_map(Result::ok);
    Ok(choose(records.map(|record| (!foreign.contains(&record.id)).then_some(record)), &head, wanted))
}

/// The best numbers of the newest checkpoints, which are asked for until nothing better can come; `None` is one that does
/// not count.
fn choose(newest_first: impl Iterator<Item = Option<Record>>, head: &Head, wanted: &[Wanted]) -> HashMap<Wanted, f64> {
    let mut best: HashMap<&Wanted, (Rank, f64)> = HashMap::new();
    for record in newest_first.take(LOOKED_AT) {
        if let Some(record) = record {
            take_better(&record, head, wanted, &mut best);
        }
        if wanted.iter().all(|wanted| best.get(wanted).is_some_and(|(rank, _)| *rank == Rank::Good)) {
            break;
        }
    }
    best.into_iter().map(|(wanted, (_, value))| (wanted.clone(), value)).collect()
}

/// Takes from a checkpoint what is better to compare with than what newer ones have.
fn take_better<'w>(record: &Record, head: &Head, wanted: &'w [Wanted], best: &mut HashMap<&'w Wanted, (Rank, f64)>) {
    let is_here = record.state.head.branch() == head.branch();
    for wanted in wanted {
        let Some(rank) = rank(record, is_here, &wanted.check) else { continue };
        if best.get(wanted).is_some_and(|(known, _)| *known <= rank) {
            continue;
        }
        if let Some(value) = wanted.good(&record.checks) {
            best.insert(wanted, (rank, value));
        }
    }
}

/// What the numbers of a check in this checkpoint are worth; `None` where they may not be compared with.
fn rank(record: &Record, is_here: bool, check: &str) -> Option<Rank> {
    let passed = |name: &str| record.checks.iter().any(|check| check.name == name && check.verdict == Verdict::Pass);
    let only_lacked_it = || record.checks.iter().all(|check| !check.is_trouble() || lacks_baseline(check));
    match record.validation()? {
        // A check of low severity may have failed in a state that is good.
        Validation::Validated if passed(check) && is_here => Some(Rank::Good),
        Validation::Validated if passed(check) => Some(Rank::GoodElsewhere),
        Validation::Validated | Validation::Inconclusive
            if only_lacked_it() && record.checks.iter().any(|one| one.name == check && lacks_baseline(one)) =>
        {
            Some(if is_here { Rank::First } else { Rank::FirstElsewhere })
        }
        _ => None,
    }
}

/// Whether a check gave no answer only because there was nothing to compare its numbers with.
fn lacks_baseline(check: &CheckResult) -> bool {
    let any = |level| check.measurements.iter().any(|one| one.level == level);
    check.verdict == Verdict::Inconclusive && any(Level::Unknown) && !any(Level::Fail)
}

#[cfg(test)]
mod tests;
