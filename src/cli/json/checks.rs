//! What checks said, as JSON.

use std::path::Path;

use serde::Serialize;

use crate::{
    check::{Checked, Validated},
    model::{self, CheckResult},
    ops::{numbers, show::Log},
};

/// What one check said.
#[derive(Serialize)]
pub(in crate::cli) struct Check {
    name: String,
    verdict: &'static str,
    seconds: f64,
    cached: bool,
    severity: &'static str,
    why: Option<String>,
    measurements: Vec<Measurement>,
    log: Option<String>,
}

/// A number that a check printed.
#[derive(Serialize)]
pub(in crate::cli) struct Measurement {
    name: String,
    value: f64,
    unit: Option<String>,
    limit: Option<String>,
    level: &'static str,
}

/// A number in two checkpoints.
#[derive(Serialize)]
pub(in crate::cli) struct Compared {
    check: String,
    name: String,
    unit: Option<String>,
    from: Option<f64>,
    to: Option<f64>,
    change_percent: Option<f64>,
    trend: Option<&'static str>,
}

pub(in crate::cli) fn compared(numbers: &[numbers::Compared]) -> Vec<Compared> {
    let value = |one: &numbers::Compared| Compared {
        check: one.label.check.clone(),
        name: one.label.name.clone(),
        unit: (!one.label.unit.is_empty()).then(|| one.label.unit.clone()),
        from: one.from,
        to: one.to,
        change_percent: one.change.map(|change| change * 100.0).filter(|percent| percent.is_finite()),
        trend: one.trend.map(numbers::Trend::as_str),
    };
    numbers.iter().map(value).collect()
}

/// What a check said; `log` is where its output is, if it is kept on this machine.
fn check_value(check: &CheckResult, log: Option<&Path>) -> Check {
    let CheckResult { name, verdict, severity, took, cached, why, measurements } = check;
    Check {
        name: name.clone(),
        verdict: verdict.as_str(),
        seconds: took.as_secs_f64(),
        cached: *cached,
        severity: severity.as_str(),
        why: why.clone(),
        measurements: measurements.iter().map(measurement).collect(),
        log: log.map(super::path),
    }
}

/// What a check said whose output is not kept.
pub(in crate::cli) fn said_value(check: &CheckResult) -> Check {
    check_value(check, None)
}

/// The same of a check whose output is kept with its record.
pub(in crate::cli) fn kept_check_value(check: &CheckResult, log: Option<&Log>) -> Check {
    Check { log: log.map(|log| log.revision.clone()), ..check_value(check, None) }
}

/// What checks said, with where their output is.
pub(in crate::cli) fn validated(validated: &Validated) -> Vec<Check> {
    checked(&validated.checks)
}

/// The same of any checks.
pub(in crate::cli) fn checked(checked: &[Checked]) -> Vec<Check> {
    checked.iter().map(|one| check_value(&one.result, one.log.as_deref())).collect()
}

fn measurement(measurement: &model::Measurement) -> Measurement {
    let model::Measurement { name, value, unit, limit, level } = measurement;
    Measurement {
        name: name.clone(),
        value: *value,
        unit: (!unit.is_empty()).then(|| unit.clone()),
        limit: limit.clone(),
        level: level.as_str(),
    }
}
