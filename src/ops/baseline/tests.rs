use std::{cell::Cell, time::Duration};

use chrono::DateTime;

use super::*;
use crate::model::{Detail, Kind, Oid, RecordId, Severity, State};

const VALIDATED: Validation = Validation::Validated;
const NO_ANSWER: Validation = Validation::Inconclusive;

fn head(branch: &str) -> Head {
    Head::Branch { name: format!("refs/heads/{branch}").into(), commit: None }
}

fn record(branch: &str, validation: Validation, checks: Vec<CheckResult>) -> Record {
    let at = DateTime::from_timestamp(1_795_269_600, 0).expect("in range");
    let oid = Oid::null(gix::hash::Kind::Sha1);
    Record {
        id: RecordId::new(at, Kind::Create, 1),
        at,
        subject: "checkpoint".into(),
        message: None,
        phase: None,
        state: State { head: head(branch), index: oid, worktree: oid, tip: oid, extras: None },
        skipped: Vec::new(),
        refs: Vec::new(),
        checks,
        artifacts: Vec::new(),
        steps: Vec::new(),
        detail: Detail::Create { tag: None, wanted: None, validation, index_before: None },
    }
}

fn check(name: &str, verdict: Verdict, numbers: &[(&str, f64, &str, Level)]) -> CheckResult {
    let measurement = |(name, value, unit, level): &(&str, f64, &str, Level)| Measurement {
        name: (*name).into(),
        value: *value,
        unit: (*unit).into(),
        limit: None,
        level: *level,
    };
    CheckResult {
        name: name.into(),
        verdict,
        severity: Severity::High,
        took: Duration::ZERO,
        cached: false,
        why: None,
        measurements: numbers.iter().map(measurement).collect(),
    }
}

fn p95(verdict: Verdict, value: f64, level: Level) -> CheckResult {
    check("load", verdict, &[("p95", value, "s", level)])
}

fn wanted(may_be_over: bool) -> Wanted {
    Wanted { check: "load".into(), measurement: "p95".into(), unit: "s".into(), may_be_over }
}

/// The number that is chosen on `main`, and how many records were asked for.
fn chosen(records: &[Record], wanted: &Wanted) -> (Option<f64>, usize) {
    let asked = Cell::new(0);
    let records = records.iter().inspect(|_| asked.set(asked.get() + 1)).cloned().map(Some);
    let chosen = choose(records, &head("main"), std::slice::from_ref(wanted));
    (chosen.get(wanted).copied(), asked.get())
}

#[test]
fn the_newest_good_number_of_this_branch_comes_first() {
    use Level::{Fail, Good, Unknown, Warn};
    use Verdict::{Fail as Failed, Inconclusive, Pass};
    let good = |branch: &str, value| record(branch, VALIDATED, vec![p95(Pass, value, Good)]);
    let first = |branch: &str, value| record(branch, NO_ANSWER, vec![p95(Inconclusive, value, Unknown)]);
    for (name, records, expected, asked) in [
        ("nothing", vec![], None, 0),
        ("the newest", vec![good("main", 2.0), good("main", 1.0)], Some(2.0), 1),
        ("this branch's, though it is older", vec![good("other", 2.0), good("main", 1.0)], Some(1.0), 2),
        ("another branch's", vec![good("other", 2.0), good("other", 1.0)], Some(2.0), 2),
        ("a good one before the first", vec![first("main", 3.0), good("other", 1.0)], Some(1.0), 2),
        ("the first", vec![first("main", 3.0)], Some(3.0), 1),
        ("this branch's first", vec![first("other", 3.0), first("main", 4.0)], Some(4.0), 2),
        ("another branch's first", vec![first("other", 3.0)], Some(3.0), 1),
        (
            "not what failed",
            vec![record("main", Validation::Failed, vec![p95(Failed, 9.0, Fail)]), good("main", 1.0)],
            Some(1.0),
            2,
        ),
        (
            "not what was not validated",
            vec![record("main", Validation::Unvalidated, vec![p95(Pass, 9.0, Good)])],
            None,
            1,
        ),
        ("not what is pending", vec![record("main", Validation::Pending, vec![p95(Pass, 9.0, Good)])], None, 1),
        (
            "what is warned of is good",
            vec![record("main", VALIDATED, vec![p95(Pass, 2.5, Warn)]), good("main", 1.0)],
            Some(2.5),
            1,
        ),
        (
            "not the first beside a check that failed",
            vec![record("main", Validation::Failed, vec![p95(Inconclusive, 3.0, Unknown), check("unit", Failed, &[])])],
            None,
            1,
        ),
        (
            "not the first beside a check without an answer",
            vec![record("main", NO_ANSWER, vec![p95(Inconclusive, 3.0, Unknown), check("unit", Inconclusive, &[])])],
            None,
            1,
        ),
        (
            "the first beside another first",
            vec![record(
                "main",
                NO_ANSWER,
                vec![
                    p95(Inconclusive, 3.0, Unknown),
                    check("size", Inconclusive, &[("size", 1.0, "B", Unknown)]),
                    check("unit", Pass, &[]),
                ],
            )],
            Some(3.0),
            1,
        ),
        (
            "not a check without an answer for another reason",
            vec![record("main", NO_ANSWER, vec![p95(Inconclusive, 3.0, Good)])],
            None,
            1,
        ),
    ] {
        assert_eq!(chosen(&records, &wanted(false)), (expected, asked), "{name}");
    }
}

#[test]
fn a_check_of_low_severity_counts_by_its_own_verdict() {
    let low = |check: CheckResult| CheckResult { severity: Severity::Low, ..check };
    let failed = record("main", VALIDATED, vec![low(p95(Verdict::Fail, 9.0, Level::Fail))]);
    assert_eq!(chosen(std::slice::from_ref(&failed), &wanted(false)).0, None);
    let first = record("main", VALIDATED, vec![low(p95(Verdict::Inconclusive, 3.0, Level::Unknown))]);
    assert_eq!(chosen(&[failed, first], &wanted(false)).0, Some(3.0));
}

#[test]
fn a_number_that_is_over_its_limit_for_a_while_is_no_good_one() {
    let record = |value, level| record("main", VALIDATED, vec![p95(Verdict::Pass, value, level)]);
    let records = [record(9.0, Level::Warn), record(2.0, Level::Good)];
    assert_eq!(chosen(&records, &wanted(true)).0, Some(2.0));
}

#[test]
fn another_name_or_unit_is_another_number() {
    let other = |check_name: &str, name: &str, unit: &str| {
        record("main", VALIDATED, vec![check(check_name, Verdict::Pass, &[(name, 1.0, unit, Level::Good)])])
    };
    let records = [other("size", "p95", "s"), other("load", "p50", "s"), other("load", "p95", "ms")];
    assert_eq!(chosen(&records, &wanted(false)), (None, 3));
}

#[test]
fn no_more_is_read_than_is_needed() {
    let good = || record("main", VALIDATED, vec![p95(Verdict::Pass, 1.0, Level::Good)]);
    let plain = || record("main", VALIDATED, Vec::new());
    let many: Vec<_> = (0..LOOKED_AT + 10).map(|_| plain()).chain([good()]).collect();
    assert_eq!(chosen(&many, &wanted(false)), (None, LOOKED_AT));
    let many: Vec<_> = [plain(), good()].into_iter().chain((0..50).map(|_| good())).collect();
    assert_eq!(chosen(&many, &wanted(false)), (Some(1.0), 2));
    // What does not count is passed over, and costs a look all the same.
    let foreign = (0..LOOKED_AT).map(|_| None).chain([Some(good())]);
    assert!(choose(foreign, &head("main"), &[wanted(false)]).is_empty());
}
