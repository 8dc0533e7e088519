//! The numbers of checkpoints side by side: two of them compared, or many in a row.

use crate::model::{Better, CheckResult, Measurement, Record};

/// What a number is: of which check, its name and its unit. Numbers of another unit are others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The check.
    pub check: String,
    /// The measurement.
    pub name: String,
    /// Its unit; empty where there is none.
    pub unit: String,
}

/// One number in two checkpoints.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// What it is.
    pub label: Label,
    /// In the first; `None` where it was not measured.
    pub from: Option<f64>,
    /// In the second.
    pub to: Option<f64>,
    /// By which part of the first it is more (or, below zero, less); `None` where one is missing or the first is zero.
    pub change: Option<f64>,
    /// Whether that is good; `None` where one is missing, or nothing says which way it improves.
    pub trend: Option<Trend>,
}

/// Whether a change is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trend {
    /// It is.
    Better,
    /// It is not.
    Worse,
    /// There is none.
    Same,
}

impl Trend {
    /// The word for people and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Trend::Better => "better",
            Trend::Worse => "worse",
            Trend::Same => "same",
        }
    }
}

/// One number in many checkpoints.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What it is.
    pub label: Label,
    /// Oldest first, one for each checkpoint in which anything was measured; `None` where this was not.
    pub values: Vec<Option<f64>>,
}

impl Label {
    fn new(check: &CheckResult, one: &Measurement) -> Self {
        Label { check: check.name.clone(), name: one.name.clone(), unit: one.unit.clone() }
    }
}

fn labelled(checks: &[CheckResult]) -> impl Iterator<Item = (Label, f64)> {
    checks.iter().flat_map(|check| check.measurements.iter().map(|one| (Label::new(check, one), one.value)))
}

/// The numbers of two checkpoints: those of the first in its order, then those that only the second has. `better` says which
/// way a number improves, if that is known.
pub fn compare(from: &[CheckResult], to: &[CheckResult], better: impl Fn(&Label) -> Option<Better>) -> Vec<Compared> {
    let second: Vec<_> = labelled(to).collect();
    let mut pairs: Vec<(Label, Option<f64>, Option<f64>)> = Vec::new();
    for (label, value) in labelled(from) {
        let other = second.iter().find(|(known, _)| *known == label).map(|(_, value)| *value);
        pairs.push((label, Some(value), other));
    }
    for (label, value) in second {
        if !pairs.iter().any(|(known, ..)| *known == label) {
            pairs.push((label, None, Some(value)));
        }
    }
    let compared = |(label, from, to): (Label, Option<f64>, Option<f64>)| {
        let both = from.zip(to);
        let change = both.map(|(from, to)| (to - from) / from.abs()).filter(|change| change.is_finite());
        let trend = both.and_then(|(from, to)| trend(from, to, better(&label)));
        Compared { label, from, to, change, trend }
    };
    pairs.into_iter().map(compared).collect()
}

fn trend(from: f64, to: f64, better: Option<Better>) -> Option<Trend> {
    if from == to {
        return Some(Trend::Same);
    }
    Some(if better?.is_worse(to, from) { Trend::Worse } else { Trend::Better })
}

/// Whether any check has measured something.
pub fn has_numbers(record: &Record) -> bool {
    record.checks.iter().any(|check| !check.measurements.is_empty())
}

/// Every number of these checkpoints, given newest first, in the order of the newest that has it.
pub fn series<'r>(newest_first: impl IntoIterator<Item = &'r Record>) -> Vec<Series> {
    let measured: Vec<&Record> = newest_first.into_iter().filter(|record| has_numbers(record)).collect();
    let mut all: Vec<Series> = Vec::new();
    for (age, record) in measured.iter().enumerate() {
        let place = measured.len() - 1 - age;
        for (label, value) in labelled(&record.checks) {
            let at = all.iter().position(|series| series.label == label).unwrap_or_else(|| {
                all.push(Series { label, values: vec![None; measured.len()] });
                all.len() - 1
            });
            all[at].values[place] = Some(value);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Level, Severity, Verdict};

    fn check(name: &str, numbers: &[(&str, f64, &str)]) -> CheckResult {
        let measurement = |(name, value, unit): &(&str, f64, &str)| Measurement {
            name: (*name).into(),
            value: *value,
            unit: (*unit).into(),
            limit: None,
            level: Level::Good,
        };
        CheckResult {
            name: name.into(),
            verdict: Verdict::Pass,
            severity: Severity::High,
            took: std::time::Duration::ZERO,
            cached: false,
            why: None,
            measurements: numbers.iter().map(measurement).collect(),
        }
    }

    #[test]
    fn two_checkpoints_are_compared() {
        use Trend::{Better as Improved, Same, Worse};
        let from = [check("load", &[("p95", 2.0, "s"), ("n", 0.0, ""), ("t", 3.0, "s"), ("gone", 1.0, "")])];
        let to = [check("load", &[("new", 1.0, ""), ("p95", 2.5, "s"), ("n", 4.0, ""), ("t", 3.0, "ms")])];
        let row = |name: &str, unit: &str, from, to, change, trend| Compared {
            label: Label { check: "load".into(), name: name.into(), unit: unit.into() },
            from,
            to,
            change,
            trend,
        };
        let rows = |better: Option<Better>, p95: Option<Trend>, n: Option<Trend>| {
            let expected = [
                row("p95", "s", Some(2.0), Some(2.5), Some(0.25), p95),
                row("n", "", Some(0.0), Some(4.0), None, n),
                row("t", "s", Some(3.0), None, None, None),
                row("gone", "", Some(1.0), None, None, None),
                row("new", "", None, Some(1.0), None, None),
                row("t", "ms", None, Some(3.0), None, None),
            ];
            assert_eq!(compare(&from, &to, |_| better), expected);
        };
        rows(Some(Better::Lower), Some(Worse), Some(Worse));
        rows(Some(Better::Higher), Some(Improved), Some(Improved));
        rows(None, None, None);
        let same = compare(&from, &from, |_| None);
        assert!(same.iter().all(|one| one.trend == Some(Same)), "{same:?}");
        assert_eq!((same[0].change, same[1].change), (Some(0.0), None));
        assert_eq!(compare(&[], &[check("unit", &[])], |_| None), []);
        let negative = compare(&[check("a", &[("x", -2.0, "")])], &[check("a", &[("x", -1.0, "")])], |_| None);
        assert_eq!(negative[0].change, Some(0.5));
    }
}
