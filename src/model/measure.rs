//! Numbers in what a check printed: how they are found, what they are compared with, and what comes of it.
//!
//! Claims need evidence: no number, too few of them, or nothing to compare one with is no pass.

mod judged;
mod pattern;
mod words;

use std::str::FromStr;

use chrono::{DateTime, Utc};

pub use self::{
    judged::{Judged, verdict},
    pattern::Pattern,
    words::amount,
};
use super::{Level, Measurement, Selector, TimeLimit};

/// Why a number with a drift limit and nothing to compare it with says nothing.
pub const NO_BASELINE: &str = "no baseline yet: this run is the first that was measured; the next is compared with it";

/// One `measure` of a check: a pattern, and what its numbers are compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// Finds the numbers, and names them.
    pub pattern: Pattern,
    /// Their unit, for people; empty where there is none.
    pub unit: String,
    /// Which way they improve.
    pub better: Better,
    /// Beyond this it is told.
    pub warn: Option<f64>,
    /// Beyond this the check fails.
    pub fail: Option<f64>,
    /// Worse than the baseline by more than this, the check fails.
    pub drift: Option<Percent>,
    /// Whose numbers are the baseline; those of the last good checkpoint where it is `None`.
    pub against: Option<Selector>,
    /// How long `fail` or `drift` has to be crossed, measurement after measurement, before the check fails.
    pub sustained: Option<TimeLimit>,
    /// The least number of matches; the value is the median of all of them.
    pub samples: usize,
}

/// Which way a number improves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Better {
    /// Less is better: a time, a size.
    #[default]
    Lower,
    /// More is better: a rate, a coverage.
    Higher,
}

impl Better {
    /// Whether `value` is worse than `limit`; as good is not worse.
    pub fn is_worse(self, value: f64, limit: f64) -> bool {
        match self {
            Better::Lower => value > limit,
            Better::Higher => value < limit,
        }
    }
}

/// A part of something, zero or more.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Percent(f64);

impl Percent {
    /// As a fraction: 0.2 for 20%.
    pub fn fraction(self) -> f64 {
        self.0 / 100.0
    }
}

impl FromStr for Percent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.trim().strip_suffix('%').map(str::trim_end);
        let number = number.filter(|number| number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'));
        match number.and_then(|number| number.parse::<f64>().ok()) {
            Some(number) if number.is_finite() => Ok(Percent(number)),
            _ => Err(format!("`{text}` is no percentage; write it as `20%`")),
        }
    }
}

impl std::fmt::Display for Percent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}%", self.0)
    }
}

/// A number that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Number {
    /// The measurement's name.
    pub name: String,
    /// The number; finite.
    pub value: f64,
}

/// A limit that is crossed, measurement after measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breach {
    /// When it was first seen to be.
    pub since: DateTime<Utc>,
    /// When it was last seen to be.
    pub seen: DateTime<Utc>,
}

impl Measure {
    /// The names of its measurements in this check.
    pub fn names<'m>(&'m self, check: &'m str) -> impl Iterator<Item = &'m str> {
        self.pattern.names().map(move |name| name.unwrap_or(check))
    }

    /// What decides which numbers are read from an output, on one line: where it changes, numbers that were kept are of
    /// another sort. The limits do not belong to it, for kept numbers can be compared with new ones.
    pub fn reading(&self) -> String {
        format!("{:?} {:?} {}", self.pattern.as_str(), self.unit, self.samples)
    }

    /// The numbers in what the check printed, each the median of its matches; or why there are none to rely on.
    ///
    /// The time it takes is bounded: only the last 10 MiB of the output and the first 100,000 numbers are looked at.
    pub fn read(&self, check: &str, output: &[u8]) -> Result<Vec<Number>, String> {
        let found = self.pattern.find(output).map_err(|why| format!("no number: {why}"))?;
        let mut numbers = Vec::with_capacity(found.len());
        for found in found {
            let name = found.name.unwrap_or(check);
            let count = found.values.len();
            match median(found.values) {
                Some(value) if count >= self.samples => numbers.push(Number { name: name.to_owned(), value }),
                Some(_) => {
                    let wanted = self.samples;
                    return Err(format!(
                        "too few numbers: {wanted} are wanted for `{name}`, and the output has {count}"
                    ));
                }
                None => {
                    let end = pattern::end_of(output);
                    let end = end.map_or_else(|| "which is empty".into(), |end| format!("which ends with `{end}`"));
                    let pattern = self.pattern.shown();
                    return Err(format!("no number: `{pattern}` finds none for `{name}` in the output, {end}"));
                }
            }
        }
        Ok(numbers)
    }

    /// Compares a number with the limits. `breaching` is since when it was over them until now; what is true of it from
    /// now on comes with the answer.
    pub fn judge(
        &self,
        number: &Number,
        baseline: Option<f64>,
        breaching: Option<Breach>,
        now: DateTime<Utc>,
    ) -> Judged {
        let baseline = baseline.filter(|baseline| baseline.is_finite());
        let over_fail = self.fail.filter(|limit| self.better.is_worse(number.value, *limit));
        let drifted = baseline.filter(|baseline| self.has_drifted(number.value, *baseline));
        let breach = (over_fail.is_some() || drifted.is_some()).then(|| Breach::go_on(breaching, now));
        let crossed = over_fail
            .map(|limit| self.over(number, limit))
            .or_else(|| drifted.map(|baseline| self.over_baseline(number, baseline)));
        let (level, why) = match (crossed, breach, self.sustained) {
            (Some(crossed), Some(breach), Some(least)) if !breach.has_lasted(least) => {
                self.not_yet(number, baseline, crossed + &words::not_yet(breach, least))
            }
            (Some(crossed), ..) => (Level::Fail, Some(crossed)),
            (None, ..) => self.below(number, baseline),
        };
        let measurement = Measurement {
            name: number.name.clone(),
            value: number.value,
            unit: self.unit.clone(),
            limit: self.limits_in_words(baseline),
            level,
        };
        Judged { measurement, breach, why }
    }

    /// What is to be said where a limit is crossed that has to be crossed for longer.
    fn not_yet(&self, number: &Number, baseline: Option<f64>, why: String) -> (Level, Option<String>) {
        match self.below(number, baseline) {
            unknown @ (Level::Unknown, _) => unknown,
            _ => (Level::Warn, Some(why)),
        }
    }

    /// What is to be said where no limit is crossed that fails.
    fn below(&self, number: &Number, baseline: Option<f64>) -> (Level, Option<String>) {
        if self.drift.is_some() && baseline.is_none() {
            let why = self.against.as_ref().map_or_else(
                || NO_BASELINE.to_owned(),
                |against| format!("no baseline: `{against}` has no measurement `{}` of this check", number.name),
            );
            return (Level::Unknown, Some(why));
        }
        match self.warn.filter(|limit| self.better.is_worse(number.value, *limit)) {
            Some(limit) => (Level::Warn, Some(format!("{} that is warned of", self.over(number, limit)))),
            None => (Level::Good, None),
        }
    }

    /// The worst value that is no drift.
    fn drift_limit(&self, baseline: f64, drift: Percent) -> f64 {
        let room = baseline.abs() * drift.fraction();
        match self.better {
            Better::Lower => baseline + room,
            Better::Higher => baseline - room,
        }
    }

    fn has_drifted(&self, value: f64, baseline: f64) -> bool {
        let Some(drift) = self.drift else { return false };
        let limit = self.drift_limit(baseline, drift);
        // A value that is exactly the limit for people is not over it for the last bit of a sum.
        let is_limit = (value - limit).abs() <= limit.abs() * 1e-12;
        !is_limit && self.better.is_worse(value, limit)
    }
}

impl Breach {
    /// It is so at `now` as well.
    pub fn go_on(before: Option<Breach>, now: DateTime<Utc>) -> Self {
        // A clock that was set back makes a new beginning: nothing lasts since the future.
        let since = before.map(|breach| breach.since).filter(|since| *since <= now).unwrap_or(now);
        Breach { since, seen: now }
    }

    fn has_lasted(self, least: TimeLimit) -> bool {
        (self.seen - self.since).to_std().is_ok_and(|lasted| lasted >= least.duration())
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    Some(if values.len() % 2 == 1 { upper } else { values[middle - 1] / 2.0 + upper / 2.0 })
}

#[cfg(test)]
mod tests;
