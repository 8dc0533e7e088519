use super::*;
use crate::model::{Action, Approval, Origin, Severity, TimeLimit, built_in_policy};

const RULES: Rules = Rules { min_samples: 3, consecutive: 3, cool_down: Duration::from_secs(600) };

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_269_600 + minute * 60, 0).expect("in range")
}

/// `f` fails, `p` passes, `-` has no answer.
fn fact(name: &str, verdict: char, severity: Severity) -> Fact {
    let verdict = match verdict {
        'f' => Verdict::Fail,
        'p' => Verdict::Pass,
        _ => Verdict::Inconclusive,
    };
    Fact { name: name.into(), verdict, severity, lasting: Duration::ZERO, why: None }
}

/// What is told of a check of high severity, sample by sample, a minute apart: `3 fix-forward` for the third.
fn told(rules: Rules, rows: &[PolicyRow], samples: &str) -> (String, Advice) {
    let mut watch = Watch::new(rules, rows, Circumstance::default());
    let mut told = Vec::new();
    for (minute, verdict) in (0..).zip(samples.chars()) {
        if let Some(event) = watch.sample(at(minute), &[fact("api", verdict, Severity::High)]) {
            told.push(format!("{} {}", minute + 1, event.decision.advice.as_str()));
        }
    }
    (told.join(", "), watch.advice())
}

fn automatic() -> [PolicyRow; 1] {
    let action = Action::Rollback(Approval::Automatic);
    [PolicyRow { action, origin: Origin::File { row: 1, line: 9 }, ..built_in_policy()[3].clone() }]
}

#[test]
fn what_is_told_and_what_holds_at_the_end() {
    use Advice::{FixForward, Healthy, Inconclusive};
    for (samples, expected, end) in [
        ("", "", Inconclusive),
        ("p", "", Inconclusive),
        ("pp", "", Inconclusive),
        ("ppp", "", Healthy),
        ("ff", "", Inconclusive),
        ("fff", "3 fix-forward", FixForward),
        ("pfff", "4 fix-forward", FixForward),
        ("ppppff", "", Healthy),
        // A check that fails now and then.
        ("fpfpfpffpffp", "", Healthy),
        // No answer is neither good nor bad.
        ("f-f-f", "5 fix-forward", FixForward),
        ("f--f", "", Inconclusive),
        ("ffpf-f-p", "", Healthy),
        ("fff---------", "3 fix-forward", FixForward),
        // Nothing is known of what gives no answer any more.
        ("ppp--", "", Healthy),
        ("ppp---", "6 inconclusive", Inconclusive),
        ("---", "3 inconclusive", Inconclusive),
        ("--p--p---p", "9 inconclusive", Healthy),
        // One that works again; for ten minutes nothing is told that is no worse.
        ("fffp", "3 fix-forward", Healthy),
        ("fffppppppppp", "3 fix-forward", Healthy),
        ("fffpppppppppp", "3 fix-forward, 13 healthy", Healthy),
        ("fffpfffpfffpfff", "3 fix-forward", FixForward),
        ("fffp---------", "3 fix-forward, 13 inconclusive", Inconclusive),
    ] {
        assert_eq!(told(RULES, built_in_policy(), samples), (expected.into(), end), "{samples}");
    }
}

#[test]
fn the_numbers_are_those_of_the_configuration() {
    let of = |min_samples, consecutive, samples: &str| {
        told(Rules { min_samples, consecutive, ..RULES }, built_in_policy(), samples).0
    };
    assert_eq!(of(1, 1, "f"), "1 fix-forward");
    assert_eq!(of(5, 1, "ffff"), "");
    assert_eq!(of(5, 1, "fffff"), "5 fix-forward");
    assert_eq!(of(5, 2, "ppppff"), "6 fix-forward");
    assert_eq!(of(1, 4, "fffpffff"), "8 fix-forward");
    assert_eq!(of(5, 1, "f----"), "", "one failure and silence are not five samples");
    assert_eq!(of(5, 1, "f-----"), "6 inconclusive");
    let short = Rules { min_samples: 1, consecutive: 1, cool_down: Duration::from_secs(120) };
    assert_eq!(told(short, built_in_policy(), "fpppp").0, "1 fix-forward, 3 healthy");
    assert_eq!(told(short, built_in_policy(), "fpfpfpfp").0, "1 fix-forward, 4 healthy, 5 fix-forward, 8 healthy");
}

#[test]
fn what_is_worse_does_not_wait() {
    let rules = Rules { min_samples: 1, consecutive: 2, ..RULES };
    let mut watch = Watch::new(rules, built_in_policy(), Circumstance::default());
    let mut sample = |minute, high, critical| {
        let facts = [fact("api", high, Severity::High), fact("data", critical, Severity::Critical)];
        watch.sample(at(minute), &facts).map(|event| (event.before.as_str(), event.decision.advice.as_str()))
    };
    assert_eq!(sample(0, 'f', 'p'), None);
    assert_eq!(sample(1, 'f', 'f'), Some(("healthy", "fix-forward")));
    assert_eq!(sample(2, 'f', 'f'), Some(("fix-forward", "rollback-with-approval")));
    assert_eq!(sample(3, 'f', 'p'), None, "better news can wait");
    assert_eq!(sample(11, 'f', 'p'), None);
    assert_eq!(sample(12, 'f', 'p'), Some(("rollback-with-approval", "fix-forward")));
}

#[test]
fn checks_that_fail_in_turn_do_not_add_up() {
    let mut watch = Watch::new(RULES, built_in_policy(), Circumstance::default());
    for minute in 0..20 {
        let (one, other) = if minute % 2 == 0 { ('f', 'p') } else { ('p', 'f') };
        let facts = [fact("one", one, Severity::Critical), fact("other", other, Severity::Critical)];
        assert_eq!(watch.sample(at(minute), &facts), None);
    }
}

#[test]
fn a_rollback_needs_failures_and_not_silence() {
    let rows = automatic();
    let run = |samples: &str| {
        let mut watch = Watch::new(RULES, &rows, Circumstance::default());
        let step = |(minute, verdict)| {
            let _told = watch.sample(at(minute), &[fact("api", verdict, Severity::High)]);
            if watch.is_to_roll_back() { 'R' } else { '.' }
        };
        (0..).zip(samples.chars()).map(step).collect::<String>()
    };
    for (samples, expected) in [
        ("fff", "..R"),
        ("f-f-f", "....R"),
        ("fff-", "..R."),
        ("fff-f", "..R.R"),
        ("------", "......"),
        ("f-----------", "............"),
        ("fffp", "..R."),
        ("fpfpfp", "......"),
    ] {
        assert_eq!(run(samples), expected, "{samples}");
    }
    // A time that goes on while nothing is heard is no evidence.
    let last = [PolicyRow { sustained: Some(TimeLimit::from_minutes(5)), ..rows[0].clone() }];
    let mut watch = Watch::new(RULES, &last, Circumstance::default());
    for minute in 0..10 {
        let verdict = if minute < 4 { 'f' } else { '-' };
        let lasting = Duration::from_secs(60 * u64::try_from(minute.min(3)).expect("small"));
        let _told = watch.sample(at(minute), &[Fact { lasting, ..fact("api", verdict, Severity::High) }]);
        assert!(!watch.is_to_roll_back(), "minute {minute}");
    }
}

#[test]
fn a_clock_that_is_set_back_keeps_nobody_quiet() {
    let rules = Rules { min_samples: 1, consecutive: 1, ..RULES };
    let mut watch = Watch::new(rules, built_in_policy(), Circumstance::default());
    assert!(watch.sample(at(100), &[fact("api", 'f', Severity::High)]).is_some());
    assert!(watch.sample(at(50), &[fact("api", 'p', Severity::High)]).is_some());
}

#[test]
fn the_reason_is_one_line() {
    let rows = automatic();
    let mut watch = Watch::new(RULES, &rows, Circumstance::default());
    for (minute, verdict) in (0..).zip("pfff".chars()) {
        let _told = watch.sample(at(minute), &[fact("api", verdict, Severity::High)]);
    }
    let decision = watch.standing().expect("it is decided");
    let time = |at: DateTime<Utc>| at.format("%H:%M").to_string();
    assert_eq!(watch.in_words(decision, &time), "rule 1 (line 9): api failed 3 times since 14:01");
    assert_eq!(watch.samples(), 4);
}
