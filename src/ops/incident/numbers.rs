//! Measured numbers side by side: when the checkpoint was taken, before the rollback, and after it.

use super::facts::Number;
use crate::{
    model::{Better, CheckResult, Measurement},
    ops::numbers::{Label, Trend, compare},
};

/// The numbers of all three, those that were measured afterwards first.
pub(super) fn side_by_side(
    checkpoint: &[CheckResult],
    before: &[CheckResult],
    after: &[CheckResult],
    better: &dyn Fn(&Label) -> Option<Better>,
) -> Vec<Number> {
    let find = |checks: &[CheckResult], label: &Label| -> Option<Measurement> {
        let check = checks.iter().find(|check| check.name == label.check)?;
        check.measurements.iter().find(|one| one.name == label.name && one.unit == label.unit).cloned()
    };
    let number = |compared: crate::ops::numbers::Compared| {
        let label = compared.label;
        let last = find(after, &label).or_else(|| find(before, &label));
        Number {
            checkpoint: find(checkpoint, &label).map(|one| one.value),
            before: compared.from,
            after: compared.to,
            change_percent: compared.change.map(|change| change * 100.0).filter(|change| change.is_finite()),
            trend: compared.trend.map(Trend::as_str),
            limit: last.as_ref().and_then(|one| one.limit.clone()),
            level: last.map(|one| one.level.as_str()),
            unit: (!label.unit.is_empty()).then_some(label.unit),
            check: label.check,
            name: label.name,
        }
    };
    compare(before, after, better).into_iter().map(number).collect()
}
