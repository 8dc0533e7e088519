//! Numbers and limits in plain words.

use super::{Better, Breach, Measure, Number};
use crate::model::TimeLimit;

/// So many digits that matter are shown.
const DIGITS: usize = 6;

/// A number with its unit, as people write it: `2.4 s`, `80%`, `3`.
pub fn amount(value: f64, unit: &str) -> String {
    with_unit(&rounded(value), unit)
}

fn with_unit(number: &str, unit: &str) -> String {
    match unit {
        "" => number.to_owned(),
        "%" => format!("{number}%"),
        unit => format!("{number} {unit}"),
    }
}

fn rounded(value: f64) -> String {
    let exact = value.to_string();
    let scientific = format!("{value:.*e}", DIGITS - 1);
    let rounded: f64 = scientific.parse().unwrap_or(value);
    // Far from one, a row of zeros is harder to read than an exponent.
    if value != 0.0 && !(1e-6..1e15).contains(&value.abs()) {
        return format!("{rounded:e}");
    }
    if exact.bytes().filter(u8::is_ascii_digit).count() <= DIGITS || value.fract() == 0.0 {
        return exact;
    }
    rounded.to_string()
}

impl Measure {
    fn beyond(&self) -> &'static str {
        match self.better {
            Better::Lower => "over",
            Better::Higher => "under",
        }
    }

    /// `p95 is 3.4 s, over the limit of 3 s`
    pub(super) fn over(&self, number: &Number, limit: f64) -> String {
        let (mut value, mut bound) = (rounded(number.value), rounded(limit));
        if value == bound {
            (value, bound) = (number.value.to_string(), limit.to_string());
        }
        let (value, bound) = (with_unit(&value, &self.unit), with_unit(&bound, &self.unit));
        format!("{} is {value}, {} the limit of {bound}", number.name, self.beyond())
    }

    /// `p95 is 2.6 s, 30% over the baseline of 2 s, and 20% is allowed`
    pub(super) fn over_baseline(&self, number: &Number, baseline: f64) -> String {
        let (value, base) = (amount(number.value, &self.unit), amount(baseline, &self.unit));
        let drift = self.drift.map(|drift| drift.to_string()).unwrap_or_default();
        let by = if baseline == 0.0 {
            String::new()
        } else {
            format!("{} ", share((number.value - baseline).abs() / baseline.abs()))
        };
        format!("{} is {value}, {by}{} the baseline of {base}, and {drift} is allowed", number.name, self.beyond())
    }

    /// All limits: `warn above 2 s, fail above 3 s for 5m, fail above 2.4 s for 5m (20% over 2 s)`.
    pub(super) fn limits_in_words(&self, baseline: Option<f64>) -> Option<String> {
        let side = match self.better {
            Better::Lower => "above",
            Better::Higher => "below",
        };
        let lasting = self.sustained.map_or_else(String::new, |least| format!(" for {least}"));
        let of = |value: f64| amount(value, &self.unit);
        let warn = self.warn.map(|limit| format!("warn {side} {}", of(limit)));
        let fail = self.fail.map(|limit| format!("fail {side} {}{lasting}", of(limit)));
        let drift = self.drift.map(|drift| match baseline {
            Some(baseline) => {
                let limit = of(self.drift_limit(baseline, drift));
                format!("fail {side} {limit}{lasting} ({drift} {} {})", self.beyond(), of(baseline))
            }
            None => format!("fail {drift} {} the baseline{lasting}", self.beyond()),
        });
        let all: Vec<_> = [warn, fail, drift].into_iter().flatten().collect();
        (!all.is_empty()).then(|| all.join(", "))
    }
}

/// A fraction as a percentage, with one decimal where it is small.
fn share(fraction: f64) -> String {
    let percent = fraction * 100.0;
    let rounded = if percent < 10.0 { (percent * 10.0).round() / 10.0 } else { percent.round() };
    format!("{}%", self::rounded(rounded))
}

/// What follows the crossing of a limit that has to last.
pub(super) fn not_yet(breach: Breach, least: TimeLimit) -> String {
    let seconds = (breach.seen - breach.since).num_seconds();
    let parts = [(seconds / 3600, 'h'), (seconds / 60 % 60, 'm'), (seconds % 60, 's')];
    let lasted: String =
        parts.iter().filter(|(number, _)| *number > 0).map(|(number, unit)| format!("{number}{unit}")).collect();
    match lasted.as_str() {
        "" => format!(" for the first time; it fails once that has lasted {least}"),
        lasted => format!(" for {lasted} now; it fails once that has lasted {least}"),
    }
}
