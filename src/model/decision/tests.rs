use proptest::prelude::*;

use super::{
    Action::{FixForward, None as Nothing, Rollback},
    Advice::{Healthy, Inconclusive as Unknown, RollbackNow, RollbackWithApproval},
    Approval::{Automatic, Required},
    Severity::{Critical, High, Low, Medium},
    Verdict::{Fail, Inconclusive, Pass},
    *,
};

const ANY: PolicyRow = built_in((None, None, None), FixForward, "a check fails");

fn fact(name: &str, verdict: Verdict, severity: Severity) -> Fact {
    Fact { name: name.into(), verdict, severity, lasting: Duration::ZERO, why: None }
}

fn lasting(minutes: u64, fact: Fact) -> Fact {
    Fact { lasting: Duration::from_secs(minutes * 60), ..fact }
}

fn row(number: usize, action: Action) -> PolicyRow {
    PolicyRow { action, origin: Origin::File { row: number, line: number * 10 }, ..ANY }
}

fn around(estimate: Option<u32>, environment: Option<&str>) -> Circumstance {
    Circumstance { time_to_fix: estimate.map(Elapsed::from_minutes), environment: environment.map(str::to_owned) }
}

#[test]
fn the_built_in_rows_decide_where_the_file_has_none() {
    let (none, hour) = (around(None, None), around(Some(60), None));
    let table: [(&[Fact], &Circumstance, Advice, &str); 16] = [
        (&[], &none, Unknown, "default: no check was run"),
        (&[fact("a", Pass, High)], &none, Healthy, "default: every check passes"),
        (&[fact("a", Pass, High)], &hour, Healthy, "default: every check passes"),
        (&[fact("a", Fail, Low)], &hour, Healthy, "default: every check passes that matters"),
        (&[fact("a", Inconclusive, Low)], &none, Healthy, "default: every check passes that matters"),
        (&[fact("a", Fail, Medium)], &none, Advice::FixForward, "default: a check fails"),
        (&[fact("a", Fail, High)], &none, Advice::FixForward, "default: a check fails"),
        (&[fact("a", Fail, High)], &around(Some(29), None), Advice::FixForward, "default: a check fails"),
        (&[fact("a", Fail, Medium)], &hour, RollbackWithApproval, "default: to mend it takes 30m or longer"),
        (
            &[lasting(60, fact("a", Fail, High))],
            &none,
            RollbackWithApproval,
            "default: a check of high severity has been failing for 1h",
        ),
        (&[lasting(59, fact("a", Fail, High))], &none, Advice::FixForward, "default: a check fails"),
        (&[lasting(60, fact("a", Fail, Medium))], &none, Advice::FixForward, "default: a check fails"),
        (&[fact("a", Fail, Critical)], &none, RollbackWithApproval, "default: a critical check fails"),
        (&[fact("a", Inconclusive, Critical)], &hour, Unknown, "default: a check gives no answer, and none fails"),
        (
            &[fact("a", Inconclusive, Critical), fact("b", Fail, High)],
            &none,
            Advice::FixForward,
            "default: a check fails",
        ),
        (
            &[fact("a", Pass, High), fact("b", Inconclusive, Medium)],
            &none,
            Unknown,
            "default: a check gives no answer, and none fails",
        ),
    ];
    for (facts, around, advice, rule) in table {
        let decision = decide(facts, around, built_in_policy());
        assert_eq!((decision.advice, decision.rule.to_string().as_str()), (advice, rule), "{facts:?} {around:?}");
    }
}

#[test]
fn the_first_row_that_matches_decides() {
    let rows = [
        PolicyRow { severity: Some(Critical), environments: vec!["production".into()], ..row(1, Rollback(Automatic)) },
        PolicyRow { severity: Some(Critical), ..row(2, Rollback(Required)) },
        PolicyRow { failures: Some(2), sustained: Some(TimeLimit::from_minutes(5)), ..row(3, Rollback(Required)) },
        PolicyRow { time_to_fix: Some(Elapsed::from_minutes(60)), ..row(4, Rollback(Required)) },
        PolicyRow { checks: vec!["lint".into()], ..row(5, Nothing) },
        PolicyRow { severity: Some(High), ..row(6, FixForward) },
    ];
    let none = around(None, None);
    let (a, b) = (fact("a", Fail, High), fact("b", Fail, Medium));
    let table: [(&[Fact], Circumstance, Advice, &str); 12] = [
        (&[fact("a", Fail, Critical)], around(None, Some("production")), RollbackNow, "rule 1 (line 10)"),
        (&[fact("a", Fail, Critical)], around(None, Some("staging")), RollbackWithApproval, "rule 2 (line 20)"),
        (&[fact("a", Fail, Critical)], none.clone(), RollbackWithApproval, "rule 2 (line 20)"),
        (
            &[fact("a", Inconclusive, Critical)],
            around(None, Some("production")),
            Unknown,
            "default: a check gives no answer, and none fails",
        ),
        (&[lasting(5, a.clone()), lasting(6, b.clone())], none.clone(), RollbackWithApproval, "rule 3 (line 30)"),
        (&[lasting(5, a.clone()), lasting(4, b.clone())], none.clone(), Advice::FixForward, "rule 6 (line 60)"),
        (std::slice::from_ref(&b), around(Some(60), None), RollbackWithApproval, "rule 4 (line 40)"),
        (
            std::slice::from_ref(&b),
            around(Some(59), None),
            Advice::FixForward,
            "default: a check fails, and no rule is for it",
        ),
        (&[fact("lint", Fail, Low)], none.clone(), Healthy, "rule 5 (line 50)"),
        (&[fact("lint", Fail, High)], none.clone(), Healthy, "rule 5 (line 50)"),
        (&[fact("lint", Fail, High), a.clone()], none.clone(), Advice::FixForward, "rule 6 (line 60)"),
        (
            &[fact("lint", Fail, High), fact("x", Inconclusive, High)],
            none,
            Unknown,
            "default: a check gives no answer, and none fails",
        ),
    ];
    for (facts, around, advice, rule) in table {
        let decision = decide(facts, &around, &rows);
        assert_eq!((decision.advice, decision.rule.to_string().as_str()), (advice, rule), "{facts:?} {around:?}");
    }
}

#[test]
fn the_reasons_are_told() {
    let rows = [
        PolicyRow { environments: vec!["production".into()], ..row(1, Rollback(Automatic)) },
        PolicyRow { time_to_fix: Some(Elapsed::from_minutes(60)), ..row(2, Rollback(Required)) },
        row(3, FixForward),
    ];
    let facts = [
        Fact { why: Some("it exited with code 7".into()), ..lasting(6, fact("api", Fail, Critical)) },
        fact("queue", Fail, High),
        fact("web", Pass, High),
    ];
    let said = |around: &Circumstance| decide(&facts, around, &rows).because;
    let api = "api (critical) fails, for 6m now: it exited with code 7".to_owned();
    let queue = "queue (high) fails".to_owned();
    assert_eq!(
        said(&around(None, None)),
        [
            api.clone(),
            queue.clone(),
            "passed over, as no environment is known: rule 1 (line 10)".into(),
            "passed over, as no time to fix was given: rule 2 (line 20)".into()
        ]
    );
    assert_eq!(
        said(&around(None, Some("production"))),
        [api.clone(), queue.clone(), "the environment is production".into()]
    );
    assert_eq!(
        said(&around(Some(90), Some("staging"))),
        [api, queue, "to mend it takes 90m, and 1h is too long".into()]
    );
    let decision = decide(&facts, &Circumstance::default(), &rows);
    assert_eq!(decision.failing, ["api", "queue"]);
}

#[test]
fn a_row_that_never_decides_is_known() {
    let both = |name: &str| PolicyRow { environments: vec!["a".into(), "b".into()], checks: vec![name.into()], ..ANY };
    let table = [
        (ANY, ANY, true),
        (ANY, PolicyRow { severity: Some(Critical), ..ANY }, true),
        (PolicyRow { severity: Some(Critical), ..ANY }, ANY, false),
        (ANY, PolicyRow { severity: Some(Low), ..ANY }, false),
        (ANY, PolicyRow { checks: vec!["a".into()], ..ANY }, false),
        (PolicyRow { severity: Some(Low), ..ANY }, PolicyRow { checks: vec!["a".into()], ..ANY }, true),
        (both("x"), PolicyRow { environments: vec!["b".into()], ..both("x") }, true),
        (PolicyRow { environments: vec!["b".into()], ..both("x") }, both("x"), false),
        (both("x"), PolicyRow { environments: Vec::new(), ..both("x") }, false),
        (both("x"), both("y"), false),
        (PolicyRow { failures: Some(2), ..ANY }, PolicyRow { failures: Some(3), ..ANY }, true),
        (PolicyRow { failures: Some(2), ..ANY }, ANY, false),
        (
            PolicyRow { sustained: Some(TimeLimit::from_minutes(5)), ..ANY },
            PolicyRow { sustained: Some(TimeLimit::from_minutes(4)), ..ANY },
            false,
        ),
        (
            PolicyRow { time_to_fix: Some(Elapsed::from_minutes(30)), ..ANY },
            PolicyRow { time_to_fix: Some(Elapsed::from_minutes(60)), ..ANY },
            true,
        ),
    ];
    for (first, second, expected) in table {
        assert_eq!(first.covers(&second), expected, "{first:?} {second:?}");
    }
    for (number, row) in built_in_policy().iter().enumerate() {
        assert!(!built_in_policy()[..number].iter().any(|before| before.covers(row)), "{row:?}");
    }
}

#[test]
fn each_decision_has_an_exit_code_of_its_own() {
    let all = [Healthy, Advice::FixForward, RollbackWithApproval, RollbackNow, Unknown];
    assert_eq!(all.map(Advice::exit_code), [0, 10, 11, 12, 13]);
}

fn severity() -> impl Strategy<Value = Severity> {
    prop_oneof![Just(Low), Just(Medium), Just(High), Just(Critical)]
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![Just(Pass), Just(Fail), Just(Inconclusive)]
}

fn facts() -> impl Strategy<Value = Vec<Fact>> {
    let one = (verdict(), severity(), 0_u64..120);
    prop::collection::vec(one, 0..5).prop_map(|all| {
        let fact = |(number, (verdict, severity, minutes)): (usize, (Verdict, Severity, u64))| {
            lasting(minutes, fact(&format!("c{number}"), verdict, severity))
        };
        all.into_iter().enumerate().map(fact).collect()
    })
}

fn circumstance() -> impl Strategy<Value = Circumstance> {
    (prop::option::of(0_u32..120), prop::option::of(prop_oneof![Just("prod"), Just("dev")]))
        .prop_map(|(estimate, environment)| around(estimate, environment))
}

fn rows() -> impl Strategy<Value = Vec<PolicyRow>> {
    let action = prop_oneof![Just(Rollback(Automatic)), Just(Rollback(Required)), Just(FixForward), Just(Nothing)];
    let which = (prop::option::of(severity()), prop::collection::vec(prop_oneof![Just("c0"), Just("c1")], 0..2));
    let when = (prop::option::of(1_u64..90), prop::option::of(0_u32..90), prop::option::of(1_usize..3));
    let one = (which, when, any::<bool>(), action).prop_map(
        |((severity, checks), (sustained, estimate, failures), is_prod, action)| PolicyRow {
            severity,
            checks: checks.into_iter().map(str::to_owned).collect(),
            sustained: sustained.map(TimeLimit::from_minutes),
            failures,
            time_to_fix: estimate.map(Elapsed::from_minutes),
            environments: if is_prod { vec!["prod".into()] } else { Vec::new() },
            ..row(1, action)
        },
    );
    prop::collection::vec(one, 0..5)
}

proptest! {
    #[test]
    fn more_failures_never_give_a_milder_decision(facts in facts(), around in circumstance(), which in 0_usize..5) {
        let before = decide(&facts, &around, built_in_policy()).advice;
        let mut worse = facts;
        if let Some(fact) = worse.get_mut(which) {
            fact.verdict = Fail;
            prop_assert!(decide(&worse, &around, built_in_policy()).advice >= before);
        }
    }

    #[test]
    fn nothing_is_rolled_back_without_a_person_who_wrote_so(facts in facts(), around in circumstance()) {
        prop_assert!(decide(&facts, &around, built_in_policy()).advice < RollbackNow);
    }

    #[test]
    fn no_answer_is_neither_health_nor_failure(facts in facts(), around in circumstance(), rows in rows()) {
        let of = |facts: &[Fact]| decide(facts, &around, &rows);
        let as_passed: Vec<Fact> = facts.iter().cloned().map(|fact| Fact {
            verdict: if fact.verdict == Inconclusive { Pass } else { fact.verdict },
            ..fact
        }).collect();
        let (decision, without) = (of(&facts), of(&as_passed));
        let is_open = facts.iter().any(|fact| fact.verdict == Inconclusive && fact.severity > Low);
        // Whatever decides, no answer adds nothing to it but that it is no health.
        match without.advice {
            Healthy if is_open => prop_assert_eq!(decision.advice, Unknown),
            Healthy => prop_assert_eq!(decision.advice, Healthy),
            _ => prop_assert_eq!((decision.advice, &decision.rule), (without.advice, &without.rule)),
        }
        if facts.iter().all(|fact| fact.verdict != Fail) {
            prop_assert!(decision.advice <= Unknown);
        }
    }

    #[test]
    fn what_covers_a_row_matches_wherever_that_does(
        facts in facts(), around in circumstance(), first in rows(), second in rows(),
    ) {
        let all: Vec<&Fact> = facts.iter().collect();
        for (first, second) in first.iter().zip(&second).filter(|(first, second)| first.covers(second)) {
            if matches!(second.matches(&all, &around), Match::Yes(_)) {
                prop_assert!(matches!(first.matches(&all, &around), Match::Yes(_)), "{:?} {:?}", first, second);
            }
        }
    }

    #[test]
    fn health_has_no_failure_that_was_not_let_pass(facts in facts(), around in circumstance(), rows in rows()) {
        let decision = decide(&facts, &around, &rows);
        let has_none = rows.iter().all(|row| row.action != Nothing);
        let fails = facts.iter().any(|fact| fact.verdict == Fail && fact.severity > Low);
        prop_assert!(!(decision.advice <= Unknown && has_none && fails), "{:?}", decision);
        prop_assert_eq!(decision.failing.is_empty(), decision.advice <= Unknown);
    }
}
