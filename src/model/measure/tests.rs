use super::*;
use crate::model::Verdict;

fn measure(pattern: &str) -> Measure {
    Measure {
        pattern: pattern.parse().expect(pattern),
        unit: "s".into(),
        better: Better::Lower,
        warn: None,
        fail: None,
        drift: None,
        against: None,
        sustained: None,
        samples: 1,
    }
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_269_600 + seconds, 0).expect("in range")
}

fn judged(measure: &Measure, value: f64, baseline: Option<f64>) -> Judged {
    measure.judge(&Number { name: "p95".into(), value }, baseline, None, at(0))
}

#[test]
fn the_value_is_the_median_of_all_matches() {
    let numbers = |pattern: &str, output: &str| measure(pattern).read("load", output.as_bytes());
    let one = |name: &str, value: f64| vec![Number { name: name.into(), value }];
    assert_eq!(numbers(r"(\d+)", "3 1 2"), Ok(one("load", 2.0)));
    assert_eq!(numbers(r"(\d+)", "4 1 2 3"), Ok(one("load", 2.5)));
    assert_eq!(numbers(r"(?<p95>\d+)", "7"), Ok(one("p95", 7.0)));
    let huge = format!("{0} {0}", f64::MAX);
    assert_eq!(numbers(r"(\S+)", &huge), Ok(one("load", f64::MAX)));
    let many = "5\n".repeat(pattern::MAX_SAMPLES + 10);
    assert_eq!(numbers(r"(\d)", &many), Ok(one("load", 5.0)));
}

#[test]
fn without_enough_numbers_there_is_a_reason() {
    let why = |pattern: &str, samples: usize, output: &str| {
        Measure { samples, ..measure(pattern) }.read("load", output.as_bytes()).expect_err(pattern)
    };
    for (pattern, samples, output, expected) in [
        (
            r"took (\d+)",
            1,
            "x\nall done\n",
            "no number: `took (\\d+)` finds none for `load` in the output, which ends with `all done`",
        ),
        (r"took (\d+)", 1, " \n", "no number: `took (\\d+)` finds none for `load` in the output, which is empty"),
        (
            r"a=(?<a>\d)|b=(?<b>\d)",
            1,
            "a=1",
            "no number: `a=(?<a>\\d)|b=(?<b>\\d)` finds none for `b` in the output, which ends with `a=1`",
        ),
        (r"(\d+)", 3, "1 2", "too few numbers: 3 are wanted for `load`, and the output has 2"),
        (r"(\S+)", 1, "1 NaN", "no number: `NaN` is no plain number"),
    ] {
        assert_eq!(why(pattern, samples, output), expected);
    }
}

#[test]
fn limits_are_crossed_on_the_worse_side_only() {
    use Level::{Fail, Good, Warn};
    let limits = |better, warn, fail| Measure { better, warn, fail, ..measure(r"(\d+)") };
    let (lower, higher) = (limits(Better::Lower, Some(2.0), Some(3.0)), limits(Better::Higher, Some(90.0), Some(80.0)));
    for (measure, value, level, why) in [
        (&lower, 1.0, Good, None),
        (&lower, 2.0, Good, None),
        (&lower, 2.4, Warn, Some("p95 is 2.4 s, over the limit of 2 s that is warned of")),
        (&lower, 3.0, Warn, Some("p95 is 3 s, over the limit of 2 s that is warned of")),
        (&lower, 3.4, Fail, Some("p95 is 3.4 s, over the limit of 3 s")),
        (&lower, 3.000_000_000_1, Fail, Some("p95 is 3.0000000001 s, over the limit of 3 s")),
        (&lower, -5.0, Good, None),
        (&higher, 95.0, Good, None),
        (&higher, 90.0, Good, None),
        (&higher, 85.0, Warn, Some("p95 is 85 s, under the limit of 90 s that is warned of")),
        (&higher, 80.0, Warn, Some("p95 is 80 s, under the limit of 90 s that is warned of")),
        (&higher, 79.0, Fail, Some("p95 is 79 s, under the limit of 80 s")),
    ] {
        let judged = judged(measure, value, None);
        assert_eq!((judged.measurement.level, judged.why.as_deref()), (level, why), "{value}");
        assert_eq!(judged.breach.is_some(), level == Fail, "{value}");
    }
    assert_eq!(judged(&lower, 1.0, None).measurement.limit.as_deref(), Some("warn above 2 s, fail above 3 s"));
    assert_eq!(judged(&higher, 1.0, None).measurement.limit.as_deref(), Some("warn below 90 s, fail below 80 s"));
    let none = judged(&measure(r"(\d+)"), 1e9, None);
    assert_eq!((none.measurement.limit, none.measurement.level, none.why), (None, Good, None));
}

#[test]
fn drift_is_away_from_the_baseline_in_the_worse_direction() {
    use Level::{Fail, Good, Unknown};
    let drift = |better, drift: &str| Measure { better, drift: drift.parse().ok(), ..measure(r"(\d+)") };
    let (lower, higher) = (drift(Better::Lower, "20%"), drift(Better::Higher, "20%"));
    let strict = drift(Better::Lower, "0%");
    for (measure, baseline, value, level, why) in [
        (&lower, Some(2.0), 2.4, Good, None),
        (&lower, Some(0.1), 0.12, Good, None),
        (&lower, Some(2.0), 2.6, Fail, Some("p95 is 2.6 s, 30% over the baseline of 2 s, and 20% is allowed")),
        (&lower, Some(3.0), 3.7, Fail, Some("p95 is 3.7 s, 23% over the baseline of 3 s, and 20% is allowed")),
        // An improvement is no drift, however large.
        (&lower, Some(2.0), 0.0, Good, None),
        (&lower, Some(2.0), -9.0, Good, None),
        (&higher, Some(100.0), 900.0, Good, None),
        (&higher, Some(100.0), 80.0, Good, None),
        (&higher, Some(100.0), 75.0, Fail, Some("p95 is 75 s, 25% under the baseline of 100 s, and 20% is allowed")),
        // No part of zero is anything: whatever is worse has drifted.
        (&lower, Some(0.0), 0.0, Good, None),
        (&lower, Some(0.0), 1.0, Fail, Some("p95 is 1 s, over the baseline of 0 s, and 20% is allowed")),
        (&lower, Some(0.0), -1.0, Good, None),
        (&higher, Some(0.0), -1.0, Fail, Some("p95 is -1 s, under the baseline of 0 s, and 20% is allowed")),
        (&lower, Some(-10.0), -9.0, Good, None),
        (&lower, Some(-10.0), -7.0, Fail, Some("p95 is -7 s, 30% over the baseline of -10 s, and 20% is allowed")),
        (&strict, Some(2.0), 2.0, Good, None),
        (&strict, Some(2.0), 2.01, Fail, Some("p95 is 2.01 s, 0.5% over the baseline of 2 s, and 0% is allowed")),
        (&lower, None, 2.0, Unknown, Some(NO_BASELINE)),
        (&lower, Some(f64::NAN), 2.0, Unknown, Some(NO_BASELINE)),
        (&lower, Some(f64::INFINITY), 2.0, Unknown, Some(NO_BASELINE)),
    ] {
        let judged = judged(measure, value, baseline);
        assert_eq!((judged.measurement.level, judged.why.as_deref()), (level, why), "{baseline:?} {value}");
    }
    let limit = |baseline| judged(&lower, 1.0, baseline).measurement.limit;
    assert_eq!(limit(Some(2.0)).as_deref(), Some("fail above 2.4 s (20% over 2 s)"));
    assert_eq!(limit(None).as_deref(), Some("fail 20% over the baseline"));
    let named = Measure { against: "v1".parse().ok(), ..lower };
    let why = judged(&named, 1.0, None).why;
    assert_eq!(why.as_deref(), Some("no baseline: `v1` has no measurement `p95` of this check"));
}

#[test]
fn a_limit_that_fails_counts_though_there_is_no_baseline() {
    let both = Measure { fail: Some(3.0), warn: Some(1.0), drift: "20%".parse().ok(), ..measure(r"(\d+)") };
    for (value, level) in [(0.5, Level::Unknown), (2.0, Level::Unknown), (4.0, Level::Fail)] {
        assert_eq!(judged(&both, value, None).measurement.level, level, "{value}");
    }
    let lasting = Measure { sustained: "5m".parse().ok(), ..both };
    assert_eq!(judged(&lasting, 4.0, None).measurement.level, Level::Unknown);
}

#[test]
fn a_crossing_fails_once_it_has_lasted() {
    use Level::{Fail, Good, Warn};
    let lasting =
        Measure { fail: Some(3.0), drift: "50%".parse().ok(), sustained: "5m".parse().ok(), ..measure(r"(\d+)") };
    let mut breach = None;
    for (seconds, value, level, why) in [
        (0, 2.0, Good, None),
        (60, 4.0, Warn, Some("p95 is 4 s, over the limit of 3 s for the first time; it fails once that has lasted 5m")),
        (120, 3.5, Warn, Some("p95 is 3.5 s, over the limit of 3 s for 1m now; it fails once that has lasted 5m")),
        // Another limit that fails goes on with it; coming back under all of them ends it.
        (359, 3.1, Warn, Some("p95 is 3.1 s, over the limit of 3 s for 4m59s now; it fails once that has lasted 5m")),
        (360, 3.1, Fail, Some("p95 is 3.1 s, over the limit of 3 s")),
        (400, 4.0, Fail, Some("p95 is 4 s, over the limit of 3 s")),
        (401, 2.9, Good, None),
        (
            402,
            4.0,
            Warn,
            Some("p95 is 4 s, over the limit of 3 s for the first time; it fails once that has lasted 5m"),
        ),
        (9999, 4.0, Fail, Some("p95 is 4 s, over the limit of 3 s")),
        // A clock that was set back proves nothing.
        (0, 4.0, Warn, Some("p95 is 4 s, over the limit of 3 s for the first time; it fails once that has lasted 5m")),
    ] {
        let judged = lasting.judge(&Number { name: "p95".into(), value }, Some(2.0), breach, at(seconds));
        assert_eq!((judged.measurement.level, judged.why.as_deref()), (level, why), "{seconds}");
        breach = judged.breach;
    }
    let limit = judged(&lasting, 1.0, Some(2.0)).measurement.limit;
    assert_eq!(limit.as_deref(), Some("fail above 3 s for 5m, fail above 3 s for 5m (50% over 2 s)"));
}

#[test]
fn the_worst_number_decides() {
    let one = |level, why: &str| Judged {
        measurement: Measurement { name: "n".into(), value: 1.0, unit: String::new(), limit: None, level },
        breach: None,
        why: (!why.is_empty()).then(|| why.to_owned()),
    };
    let (good, warn) = (one(Level::Good, ""), one(Level::Warn, "w"));
    let (unknown, fail) = (one(Level::Unknown, "u"), one(Level::Fail, "f"));
    for (judged, expected) in [
        (vec![], (Verdict::Pass, None)),
        (vec![good.clone()], (Verdict::Pass, None)),
        (vec![good, warn.clone()], (Verdict::Pass, Some("w"))),
        (vec![warn.clone(), unknown.clone()], (Verdict::Inconclusive, Some("u; w"))),
        (vec![unknown.clone(), unknown.clone()], (Verdict::Inconclusive, Some("u"))),
        (vec![warn, unknown, fail.clone()], (Verdict::Fail, Some("f; u; w"))),
        (
            vec![fail, one(Level::Fail, "g"), one(Level::Fail, "h"), one(Level::Fail, "i")],
            (Verdict::Fail, Some("f; g; h; and 1 more")),
        ),
    ] {
        let (verdict, why) = verdict(&judged);
        assert_eq!((verdict, why.as_deref()), expected);
    }
}

#[test]
fn amounts_are_written_as_people_do() {
    for (value, unit, text) in [
        (2.4, "s", "2.4 s"),
        (80.0, "%", "80%"),
        (3.0, "", "3"),
        (0.1 + 0.2, "s", "0.3 s"),
        (123_456_789.0, "B", "123456789 B"),
        (1_234.567_89, "", "1234.57"),
        (-0.5, "", "-0.5"),
        (1e300, "", "1e300"),
        (1.5e-9, "s", "1.5e-9 s"),
        (0.0, "s", "0 s"),
    ] {
        assert_eq!(amount(value, unit), text);
    }
}

#[test]
fn numbers_that_were_kept_belong_to_a_way_of_reading() {
    let one = measure(r"(\d+)");
    assert_eq!(one.reading(), Measure { fail: Some(1.0), ..one.clone() }.reading());
    assert_ne!(one.reading(), measure(r"(\d)").reading());
    assert_ne!(one.reading(), Measure { samples: 2, ..one.clone() }.reading());
    assert_ne!(one.reading(), Measure { unit: "ms".into(), ..one.clone() }.reading());
    assert_eq!(measure("a\nb(\\d+)").reading().lines().count(), 1);
}
