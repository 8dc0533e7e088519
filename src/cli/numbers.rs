//! What checks said and measured, as text for people.

use crate::{
    model::{CheckResult, amount},
    ops::numbers::{Compared, Label, Series},
    ui::{sparkline, table},
};

/// So many checkpoints have room beside each other; the newest count.
const WIDTH: usize = 60;

/// One line for each check: verdict, name, how much it matters, how long it took, and what there is to say.
pub(super) fn checks(checks: &[CheckResult]) -> String {
    let row = |check: &CheckResult| {
        let cached = check.cached.then_some("cached");
        let said: Vec<&str> = cached.into_iter().chain(check.why.as_deref()).collect();
        vec![
            check.verdict.as_str().to_owned(),
            check.name.clone(),
            check.severity.as_str().to_owned(),
            amount(check.took.as_secs_f64(), "s"),
            said.join("; "),
        ]
    };
    table(checks.iter().map(row).collect())
}

/// One line for each number; `None` where there is none.
pub(super) fn measurements(checks: &[CheckResult]) -> Option<String> {
    let row = |check: &CheckResult| {
        let row = |one: &crate::model::Measurement| {
            vec![
                label(&check.name, &one.name),
                amount(one.value, &one.unit),
                one.level.as_str().to_owned(),
                one.limit.clone().unwrap_or_default(),
            ]
        };
        check.measurements.iter().map(row).collect::<Vec<_>>()
    };
    let rows: Vec<_> = checks.iter().flat_map(row).collect();
    (!rows.is_empty()).then(|| table(rows))
}

/// One line for each number that is compared: before, after, the change, and whether that is good.
pub(super) fn compared(compared: &[Compared]) -> String {
    let row = |one: &Compared| {
        let value = |value: Option<f64>| value.map_or_else(|| "-".into(), |value| amount(value, &one.label.unit));
        vec![
            label(&one.label.check, &one.label.name),
            value(one.from),
            value(one.to),
            one.change.map(percent).unwrap_or_default(),
            one.trend.map_or("", |trend| trend.as_str()).to_owned(),
        ]
    };
    table(compared.iter().map(row).collect())
}

/// One line for each number: its course, the newest value, and the lowest and the highest.
pub(super) fn courses(series: &[Series], blocks: bool) -> String {
    let row = |one: &Series| {
        let Label { check, name, unit } = &one.label;
        let shown = &one.values[one.values.len().saturating_sub(WIDTH)..];
        let mut known: Vec<f64> = shown.iter().flatten().copied().collect();
        let newest = known.last().map(|value| amount(*value, unit)).unwrap_or_default();
        known.sort_unstable_by(f64::total_cmp);
        let range = match (known.first(), known.last()) {
            (Some(low), Some(high)) if low < high => format!("from {} to {}", amount(*low, unit), amount(*high, unit)),
            _ => String::new(),
        };
        vec![label(check, name), sparkline(shown, blocks), newest, range]
    };
    table(series.iter().map(row).collect())
}

/// The check and the measurement; a check's only number has its name.
fn label(check: &str, name: &str) -> String {
    if check == name { check.to_owned() } else { format!("{check} {name}") }
}

/// `+20%`, `-0.5%`, `0%`
fn percent(change: f64) -> String {
    let percent = change * 100.0;
    let rounded = if percent.abs() < 10.0 { (percent * 10.0).round() / 10.0 } else { percent.round() };
    let sign = if rounded > 0.0 { "+" } else { "" };
    format!("{sign}{}", amount(rounded + 0.0, "%"))
}

/// What stands below a title.
pub(super) fn indented(text: &str, blanks: usize) -> String {
    text.lines().map(|line| format!("{:blanks$}{line}", "")).collect::<Vec<_>>().join("\n")
}
