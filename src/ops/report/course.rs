//! How a measured number went, over checkpoints and rollbacks.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::{
    model::{Better, CheckResult, Detail, Measure, Record, quote_path},
    ops::incident::gather::time,
};

/// One number over time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Course {
    /// The check.
    pub check: String,
    /// The measurement.
    pub name: String,
    /// Its unit.
    pub unit: Option<String>,
    /// `lower` or `higher`: which way it improves, by the configuration of today.
    pub better: Option<&'static str>,
    /// Beyond this it is told.
    pub warn: Option<f64>,
    /// Beyond this its check fails.
    pub fail: Option<f64>,
    /// Each measurement, oldest first.
    pub points: Vec<Point>,
}

/// One measurement.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    /// The record that has it.
    pub id: String,
    /// The tag of the checkpoint, or `before` or `after` a rollback.
    pub name: String,
    /// When.
    pub at: String,
    /// The number.
    pub value: f64,
    /// `good`, `warn`, `fail` or `unknown`.
    pub level: &'static str,
    #[serde(skip)]
    pub(super) moment: DateTime<Utc>,
}

/// Every number of these operations, given newest first, in the order of the newest that has it.
pub(super) fn courses<'m>(
    newest_first: &[&Record],
    measure: &dyn Fn(&str, &str) -> Option<&'m Measure>,
) -> Vec<Course> {
    let mut all: Vec<Course> = Vec::new();
    for record in newest_first {
        // Of one operation the last comes first here; all is turned round in the end.
        for (name, moment, checks) in measured(record).into_iter().rev() {
            for check in checks.iter().rev() {
                for one in check.measurements.iter().rev().filter(|one| one.value.is_finite()) {
                    let unit = (!one.unit.is_empty()).then(|| one.unit.clone());
                    let is_it =
                        |course: &Course| course.check == check.name && course.name == one.name && course.unit == unit;
                    let at = all.iter().position(is_it).unwrap_or_else(|| {
                        all.push(new(check, &one.name, unit, measure(&check.name, &one.name)));
                        all.len() - 1
                    });
                    all[at].points.push(Point {
                        id: record.id.to_string(),
                        name: name.clone(),
                        at: time(moment),
                        value: one.value,
                        level: one.level.as_str(),
                        moment,
                    });
                }
            }
        }
    }
    all.iter_mut().for_each(|course| course.points.reverse());
    all.sort_by(|a, b| (&a.check, &a.name).cmp(&(&b.check, &b.name)));
    all
}

fn new(check: &CheckResult, name: &str, unit: Option<String>, measure: Option<&Measure>) -> Course {
    // Limits are for numbers of this unit only.
    let measure = measure.filter(|measure| measure.unit == unit.as_deref().unwrap_or_default());
    Course {
        check: check.name.clone(),
        name: name.to_owned(),
        unit,
        better: measure.map(|measure| match measure.better {
            Better::Lower => "lower",
            Better::Higher => "higher",
        }),
        warn: measure.and_then(|measure| measure.warn),
        fail: measure.and_then(|measure| measure.fail),
        points: Vec::new(),
    }
}

/// What was measured in the course of an operation and when, in its order.
fn measured(record: &Record) -> Vec<(String, DateTime<Utc>, &[CheckResult])> {
    match &record.detail {
        Detail::Create { .. } => {
            let name = record.tag().map_or_else(|| record.id.to_string(), |tag| quote_path(tag.as_ref()));
            vec![(name, record.at, &record.checks)]
        }
        Detail::Rollback { conduct, .. } => {
            let took: std::time::Duration = record.steps.iter().map(|step| step.took).sum();
            let after = TimeDelta::from_std(took).ok().and_then(|took| record.at.checked_add_signed(took));
            vec![
                ("before".to_owned(), record.at, &conduct.checks_before),
                ("after".to_owned(), after.unwrap_or(record.at), &record.checks),
            ]
        }
        _ => vec![("after".to_owned(), record.at, &record.checks)],
    }
}
