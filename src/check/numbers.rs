//! What the numbers of a check come to, once its command has ended with code 0.

use chrono::{DateTime, Utc};

use super::Breaches;
use crate::{
    config::Check,
    model::{Judged, Measure, Measurement, Number, Verdict, verdict_of},
};

/// The number that a measurement is compared with: of this check, by this measure, of this name.
pub type Baselines<'b> = &'b dyn Fn(&Check, &Measure, &str) -> Option<f64>;

/// The numbers, the verdict, and why it is that; a pass has a reason too where something is warned of.
pub type Answer = (Vec<Measurement>, Verdict, Option<String>);

/// Reads the numbers in the output of a check that ended with code 0, and compares them with their limits. A check without
/// measures has passed.
///
/// Where a number cannot be read the answer is inconclusive and has no measurements, unless another number fails: that is
/// known whatever the missing one would have been.
pub fn judge(
    check: &Check,
    output: &[u8],
    baselines: Baselines<'_>,
    breaches: &mut Breaches,
    now: DateTime<Utc>,
) -> Answer {
    let read = |measure: &Measure| measure.read(&check.name, output);
    judge_read(check, &read, (baselines, now), breaches)
}

/// As [`judge`], of numbers that are known already.
pub fn judge_known(
    check: &Check,
    numbers: &[(String, f64)],
    baselines: Baselines<'_>,
    breaches: &mut Breaches,
    now: DateTime<Utc>,
) -> Answer {
    let read = |measure: &Measure| measure.names(&check.name).map(|name| known(numbers, name)).collect();
    judge_read(check, &read, (baselines, now), breaches)
}

fn known(numbers: &[(String, f64)], name: &str) -> Result<Number, String> {
    let found = numbers.iter().find(|(known, value)| known == name && value.is_finite());
    found
        .map(|(name, value)| Number { name: name.clone(), value: *value })
        .ok_or_else(|| format!("no number: none is known for `{name}`"))
}

fn judge_read(
    check: &Check,
    read: &dyn Fn(&Measure) -> Result<Vec<Number>, String>,
    against: (Baselines<'_>, DateTime<Utc>),
    breaches: &mut Breaches,
) -> Answer {
    let (mut judged, mut missing): (Vec<Judged>, Vec<String>) = (Vec::new(), Vec::new());
    for measure in &check.measures {
        let numbers = match read(measure) {
            Ok(numbers) => numbers,
            Err(why) => {
                missing.push(why);
                continue;
            }
        };
        for number in numbers {
            let (baselines, now) = against;
            let baseline = measure.drift.and_then(|_| baselines(check, measure, &number.name));
            let one = measure.judge(&number, baseline, breaches.get(&check.name, &number.name), now);
            breaches.set(&check.name, &number.name, one.breach);
            judged.push(one);
        }
    }
    let (verdict, why) = verdict_of(&judged);
    let measurements = judged.into_iter().map(|judged| judged.measurement).collect();
    match (missing.is_empty(), verdict) {
        (true, _) => (measurements, verdict, why),
        (false, Verdict::Fail) => {
            (measurements, verdict, Some(why.into_iter().chain(missing).collect::<Vec<_>>().join("; ")))
        }
        // What was only half measured must never be what others are compared with.
        (false, _) => (Vec::new(), Verdict::Inconclusive, Some(missing.join("; "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{Config, Consent},
        model::{Level, NO_BASELINE},
    };

    fn check(measure: &str) -> Check {
        let text = format!("[[check]]\nname = 'load'\nrun = 'true'\nmeasure = {measure}\n");
        let config = Config::parse(&text).expect(measure);
        config.checks(&Consent::for_tests(text.as_bytes())).expect("trusted")[0].clone()
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_269_600, 0).expect("in range")
    }

    fn answer(check: &Check, output: &str, baseline: Option<f64>) -> (Vec<(String, f64, Level)>, Verdict, String) {
        let baselines = |_: &Check, _: &Measure, _: &str| baseline;
        let (measured, verdict, why) = judge(check, output.as_bytes(), &baselines, &mut Breaches::default(), now());
        let known: Vec<_> = measured.iter().map(|one| (one.name.clone(), one.value)).collect();
        if measured.len() == check.measures.iter().flat_map(|measure| measure.names("load")).count() {
            let again = judge_known(check, &known, &baselines, &mut Breaches::default(), now());
            assert_eq!(again, (measured.clone(), verdict, why.clone()), "what is known is judged alike");
        }
        let measured = measured.into_iter().map(|one| (one.name, one.value, one.level)).collect();
        (measured, verdict, why.unwrap_or_default())
    }

    #[test]
    fn the_numbers_decide() {
        use Level::{Fail, Good, Unknown, Warn};
        use Verdict::{Fail as Failed, Inconclusive, Pass};
        let two = "[{ pattern = 'p95=(?<p95>\\S+)', unit = 's', warn = 2, fail = 3 }, { pattern = 'n=(?<n>\\d+)', drift = '20%' }]";
        let check = check(two);
        let rows =
            |p95: (f64, Level), n: (f64, Level)| vec![("p95".to_owned(), p95.0, p95.1), ("n".to_owned(), n.0, n.1)];
        for (output, baseline, expected, verdict, why) in [
            ("p95=1 n=10", Some(10.0), rows((1.0, Good), (10.0, Good)), Pass, ""),
            (
                "p95=2.5 n=10",
                Some(10.0),
                rows((2.5, Warn), (10.0, Good)),
                Pass,
                "p95 is 2.5 s, over the limit of 2 s that is warned of",
            ),
            ("p95=1 n=10", None, rows((1.0, Good), (10.0, Unknown)), Inconclusive, NO_BASELINE),
            (
                "p95=1 n=13",
                Some(10.0),
                rows((1.0, Good), (13.0, Fail)),
                Failed,
                "n is 13, 30% over the baseline of 10, and 20% is allowed",
            ),
            (
                "p95=1",
                Some(10.0),
                vec![],
                Inconclusive,
                "no number: `n=(?<n>\\d+)` finds none for `n` in the output, which ends with `p95=1`",
            ),
            (
                "p95=4",
                None,
                vec![("p95".to_owned(), 4.0, Fail)],
                Failed,
                "p95 is 4 s, over the limit of 3 s; no number: `n=(?<n>\\d+)` finds none for `n` in the output, which ends with `p95=4`",
            ),
        ] {
            let got = answer(&check, output, baseline);
            assert_eq!((got.0, got.1, got.2.as_str()), (expected, verdict, why), "{output}");
        }
    }

    #[test]
    fn a_check_without_measures_has_passed() {
        let none = Check { measures: Vec::new(), ..check("{ pattern = '(\\d)' }") };
        assert_eq!(answer(&none, "x", None), (vec![], Verdict::Pass, String::new()));
    }

    #[test]
    fn nothing_is_asked_for_a_baseline_where_there_is_no_drift() {
        let check = check("{ pattern = '(\\d)', fail = 3 }");
        let never = |_: &Check, _: &Measure, _: &str| -> Option<f64> { panic!("it was asked") };
        assert_eq!(judge(&check, b"1", &never, &mut Breaches::default(), now()).1, Verdict::Pass);
    }

    #[test]
    fn known_numbers_that_are_not_all_there_are_no_pass() {
        let check = check("{ pattern = '(?<a>\\d) (?<b>\\d)' }");
        let baselines = |_: &Check, _: &Measure, _: &str| None;
        for known in [vec![], vec![("a".to_owned(), 1.0)], vec![("a".to_owned(), 1.0), ("b".to_owned(), f64::NAN)]] {
            let (measured, verdict, why) = judge_known(&check, &known, &baselines, &mut Breaches::default(), now());
            assert_eq!((measured.len(), verdict), (0, Verdict::Inconclusive), "{known:?} {why:?}");
        }
    }

    #[test]
    fn what_is_over_is_remembered_from_one_run_to_the_next() {
        let check = check("{ pattern = '(\\d)', fail = 3, for = '5m' }");
        let baselines = |_: &Check, _: &Measure, _: &str| None;
        let mut breaches = Breaches::default();
        let mut run = |output: &str, minutes: i64| {
            let now = now() + chrono::Duration::minutes(minutes);
            judge(&check, output.as_bytes(), &baselines, &mut breaches, now).1
        };
        let said: Vec<_> = [("4", 0), ("5", 4), ("4", 5), ("1", 6), ("4", 7)].map(|(n, at)| run(n, at)).into();
        use Verdict::{Fail, Pass};
        assert_eq!(said, [Pass, Pass, Fail, Pass, Pass]);
        assert!(breaches.get("load", "load").is_some());
    }
}
