//! What comes of all numbers of a check together.

use super::Breach;
use crate::model::{Level, Measurement, Verdict};

/// So many numbers are named; the rest is counted.
const NAMED: usize = 3;

/// A number that was compared with its limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// As it is kept with the record.
    pub measurement: Measurement,
    /// Since when it is over a limit that fails; `None` where it is not.
    pub breach: Option<Breach>,
    /// Why its level is not [`Level::Good`], in plain words.
    pub why: Option<String>,
}

/// The verdict of a check that ended with code 0, by its numbers, and why it is that; the worst comes first. A pass has a
/// reason as well where something is warned of.
pub fn verdict(judged: &[Judged]) -> (Verdict, Option<String>) {
    let mut worst: Vec<&Judged> = judged.iter().filter(|judged| judged.measurement.level != Level::Good).collect();
    worst.sort_by_key(|judged| std::cmp::Reverse(rank(judged.measurement.level)));
    let verdict = match worst.first().map(|judged| judged.measurement.level) {
        Some(Level::Fail) => Verdict::Fail,
        Some(Level::Unknown) => Verdict::Inconclusive,
        Some(Level::Warn | Level::Good) | None => Verdict::Pass,
    };
    let mut whys: Vec<&str> = Vec::new();
    for why in worst.iter().filter_map(|judged| judged.why.as_deref()) {
        if !whys.contains(&why) {
            whys.push(why);
        }
    }
    let more = whys.len().saturating_sub(NAMED);
    let mut text = whys[..whys.len() - more].join("; ");
    if more > 0 {
        text.push_str(&format!("; and {more} more"));
    }
    (verdict, (!text.is_empty()).then_some(text))
}

fn rank(level: Level) -> u8 {
    match level {
        Level::Good => 0,
        Level::Warn => 1,
        Level::Unknown => 2,
        Level::Fail => 3,
    }
}
