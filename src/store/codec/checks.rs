//! What the checks said, and the numbers that they printed.
//!
//! ```text
//! Checkpoint-Check: fail unit high 1.234 it exited with code 1
//! Checkpoint-Check: pass lint low 0.410 cached
//! Checkpoint-Measure: load p95 warn 2.4 s warn above 2 s, fail above 3 s
//! ```
//!
//! A line that only a later version understands is left out: the state in the record must be found again whatever is
//! said of it.

use std::time::Duration;

use super::trailers::{Reader, Writer, quote, unquote};
use crate::model::{CheckResult, Level, Measurement, Severity, Verdict};

/// The trailers that what was said goes to: of a check, and of its numbers.
pub(super) struct Names {
    check: &'static str,
    measure: &'static str,
}

/// Of the state that the operation made or took.
pub(super) const AFTER: Names = Names { check: "Check", measure: "Measure" };

/// Of the state before it.
pub(super) const BEFORE: Names = Names { check: "Check-Before", measure: "Measure-Before" };

const CACHED: &str = "cached";
const NOTHING: &str = "-";

pub(super) fn write(names: &Names, checks: &[CheckResult], out: &mut Writer) {
    for check in checks {
        let CheckResult { name, verdict, severity, took, cached, why, measurements } = check;
        let seconds = took.as_millis();
        let mut line = format!(
            "{} {name} {} {}.{:03} {}",
            verdict.as_str(),
            severity.as_str(),
            seconds / 1000,
            seconds % 1000,
            if *cached { CACHED } else { NOTHING }
        );
        if let Some(why) = why {
            line.push(' ');
            line.push_str(&quote(why.as_bytes()));
        }
        out.add(names.check, line);
        for Measurement { name: of, value, unit, limit, level } in measurements {
            let unit = if unit.is_empty() { NOTHING } else { unit };
            let mut line = format!("{name} {of} {} {value} {unit}", level.as_str());
            if let Some(limit) = limit {
                line.push(' ');
                line.push_str(&quote(limit.as_bytes()));
            }
            out.add(names.measure, line);
        }
    }
}

pub(super) fn read(names: &Names, reader: &Reader<'_>) -> Vec<CheckResult> {
    let mut checks: Vec<CheckResult> = reader.all(names.check).filter_map(check).collect();
    for (name, measurement) in reader.all(names.measure).filter_map(measure) {
        if let Some(check) = checks.iter_mut().find(|check| check.name == name) {
            check.measurements.push(measurement);
        }
    }
    checks
}

fn check(line: &str) -> Option<CheckResult> {
    let mut words = line.splitn(6, ' ');
    let verdict = Verdict::from_word(words.next()?)?;
    let name = words.next()?.to_owned();
    let severity = Severity::from_word(words.next()?)?;
    let (seconds, millis) = words.next()?.split_once('.')?;
    let took = Duration::from_secs(seconds.parse().ok()?) + Duration::from_millis(millis.parse().ok()?);
    let cached = words.next()? == CACHED;
    Some(CheckResult { name, verdict, severity, took, cached, why: text(words.next())?, measurements: Vec::new() })
}

fn measure(line: &str) -> Option<(&str, Measurement)> {
    let mut words = line.splitn(6, ' ');
    let (check, name) = (words.next()?, words.next()?.to_owned());
    let level = Level::from_word(words.next()?)?;
    let value = words.next()?.parse().ok().filter(|value: &f64| value.is_finite())?;
    let unit = words.next().filter(|unit| *unit != NOTHING).unwrap_or_default().to_owned();
    Some((check, Measurement { name, value, unit, limit: text(words.next())?, level }))
}

/// What was quoted at the end of a line, if anything was; `None` if it cannot be read.
fn text(rest: Option<&str>) -> Option<Option<String>> {
    rest.map(|rest| String::from_utf8(unquote(rest).ok()?.into()).ok()).map_or(Some(None), |text| text.map(Some))
}
