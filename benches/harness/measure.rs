//! Rounds of two sides in turn, and what they come to.

use std::{
    fmt,
    time::{Duration, Instant},
};

/// What the command line asks for.
pub(crate) struct Plan {
    /// Few rounds, small repositories.
    pub(crate) quick: bool,
    /// Cases without these words in their names are left out.
    pub(crate) only: String,
}

impl Plan {
    /// Whether a case of this name is to be run.
    pub(crate) fn takes(&self, name: &str) -> bool {
        name.contains(&self.only)
    }

    /// How many rounds are measured, for something that takes milliseconds (`short`) or more.
    fn rounds(&self, short: bool) -> usize {
        match (self.quick, short) {
            (true, true) => 15,
            (true, false) => 3,
            (false, true) => 61,
            (false, false) => 9,
        }
    }
}

/// One of two things that are compared.
pub(crate) struct Side<'a> {
    /// Puts everything into the state before the run; not timed.
    pub(crate) prepare: &'a dyn Fn() -> Result<(), String>,
    /// What is timed.
    pub(crate) run: &'a dyn Fn() -> Result<(), String>,
}

/// Nothing to prepare.
pub(crate) const AS_IS: &dyn Fn() -> Result<(), String> = &|| Ok(());

/// One line of the table.
pub(crate) struct Row {
    name: String,
    target: f64,
    result: Result<Numbers, String>,
}

struct Numbers {
    ours: f64,
    theirs: f64,
    unit: &'static str,
    kind: Kind,
    /// Of the pairs, by kind.
    middle: f64,
    lowest: f64,
    highest: f64,
}

/// How two numbers are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Ours divided by theirs.
    Ratio,
    /// Ours without theirs.
    Difference,
}

/// Runs both sides in turn and compares; `target` is the highest ratio of ours to theirs that is good enough.
pub(crate) fn compare(plan: &Plan, name: impl Into<String>, target: f64, ours: &Side<'_>, theirs: &Side<'_>) -> Row {
    let numbers = rounds(plan, ours, theirs).map(|pairs| Numbers::of(&pairs, "ms", Kind::Ratio));
    Row { name: name.into(), target, result: numbers }
}

/// As [`compare`]; `target` is so many milliseconds that ours may take longer.
pub(crate) fn added(plan: &Plan, name: impl Into<String>, target: f64, ours: &Side<'_>, theirs: &Side<'_>) -> Row {
    let numbers = rounds(plan, ours, theirs).map(|pairs| Numbers::of(&pairs, "ms", Kind::Difference));
    Row { name: name.into(), target, result: numbers }
}

/// As [`added`], where theirs would take exactly so many milliseconds.
pub(crate) fn above(plan: &Plan, name: impl Into<String>, target: f64, ours: &Side<'_>, theirs: f64) -> Row {
    let measured = || -> Result<Vec<(f64, f64)>, String> {
        time(ours)?;
        (0..plan.rounds(false)).map(|_| Ok((milliseconds(time(ours)?), theirs))).collect()
    };
    Row { name: name.into(), target, result: measured().map(|pairs| Numbers::of(&pairs, "ms", Kind::Difference)) }
}

fn rounds(plan: &Plan, ours: &Side<'_>, theirs: &Side<'_>) -> Result<Vec<(f64, f64)>, String> {
    // The first round warms the caches and says how many more there are to be.
    let first = (time(ours)?, time(theirs)?);
    let short = first.0 + first.1 < Duration::from_millis(20);
    let mut pairs = Vec::new();
    for _ in 0..plan.rounds(short) {
        pairs.push((milliseconds(time(ours)?), milliseconds(time(theirs)?)));
    }
    Ok(pairs)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn time(side: &Side<'_>) -> Result<Duration, String> {
    (side.prepare)()?;
    let begin = Instant::now();
    (side.run)()?;
    Ok(begin.elapsed())
}

impl Numbers {
    fn of(pairs: &[(f64, f64)], unit: &'static str, kind: Kind) -> Self {
        let compared = sorted(pairs.iter().map(|(ours, theirs)| match kind {
            Kind::Ratio => ours / theirs,
            Kind::Difference => ours - theirs,
        }));
        Numbers {
            ours: median(&sorted(pairs.iter().map(|pair| pair.0))),
            theirs: median(&sorted(pairs.iter().map(|pair| pair.1))),
            unit,
            kind,
            middle: median(&compared),
            lowest: compared[0],
            highest: compared[compared.len() - 1],
        }
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) { f64::midpoint(sorted[middle - 1], sorted[middle]) } else { sorted[middle] }
}

impl Row {
    /// The line above the rows.
    pub(crate) fn heading() -> String {
        let names = ["ours", "theirs", "ratio", "min–max", "target", ""];
        let [ours, theirs, ratio, range, target, verdict] = names;
        format!("{:<52} {ours:>11} {theirs:>11} {ratio:>6} {range:>12} {target:>6}  {verdict}", "").trim_end().into()
    }

    /// A comparison of single measurements, in `unit`.
    pub(crate) fn of_values(name: &str, target: f64, ours: f64, theirs: f64, unit: &'static str) -> Self {
        Row { name: name.into(), target, result: Ok(Numbers::of(&[(ours, theirs)], unit, Kind::Ratio)) }
    }

    /// What cannot be compared here, and why: no failure.
    pub(crate) fn left_out(name: &str, why: &str) -> Self {
        Row { name: name.into(), target: f64::NAN, result: Err(why.into()) }
    }

    /// A case that could not be run, and why.
    pub(crate) fn failed(name: &str, why: &str) -> Self {
        Row { name: name.into(), target: 0.0, result: Err(why.into()) }
    }

    /// Whether there is a result.
    pub(crate) fn ran(&self) -> bool {
        self.result.is_ok() || self.target.is_nan()
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = match &self.result {
            Ok(numbers) => numbers,
            Err(why) => {
                let what = if self.ran() { "left out" } else { "FAILED" };
                return write!(f, "{:<52} {what}: {}", self.name, why.trim_end().replace('\n', "; "));
            }
        };
        let value = |number: f64| format!("{number:.1} {}", numbers.unit);
        let (shown, target, range) = match numbers.kind {
            Kind::Ratio => (
                format!("{:.2}", numbers.middle),
                format!("{:.2}", self.target),
                format!("{:.2}–{:.2}", numbers.lowest, numbers.highest),
            ),
            Kind::Difference => (
                format!("{:+.1}", numbers.middle),
                format!("{:+.0}", self.target),
                format!("{:+.1}–{:+.1}", numbers.lowest, numbers.highest),
            ),
        };
        let verdict = if numbers.middle <= self.target { "ok" } else { "MISSED" };
        write!(
            f,
            "{:<52} {:>11} {:>11} {shown:>6} {range:>12} {target:>6}  {verdict}",
            self.name,
            value(numbers.ours),
            value(numbers.theirs),
        )
    }
}
