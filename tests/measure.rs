//! Numbers of checks: what is compared with what, and what people see of it.

use std::time::Duration;

use git_checkpoint::{
    config::{Env, Place, TagKind, Trust},
    git::Repo,
    model::{CheckResult, Detail, Kind, Level, Measurement, Record, RecordId, Severity, Validation, Verdict},
    ops::{Session, baseline},
    store::{Attached, Published},
};
use serde_json::{Value, json};

use crate::support::{TestRepo, answer};

const CONFIG: &str = "[[check]]\nname = 'load'\nrun = 'true'\nmeasure = [\n  \
                      { pattern = 'p95=(?<p95>\\S+)', unit = 's', drift = '20%' },\n  \
                      { pattern = 'rps=(?<rps>\\S+)', better = 'higher', drift = '20%' },\n  \
                      { pattern = 'n=(?<n>\\S+)' },\n]\n";

/// The request to publish a checkpoint whose only check has these numbers: name, value, unit and level.
fn publish(tag: &str, validation: &str, numbers: &[(&str, f64, &str, &str)]) -> String {
    json!({ "tag": tag, "validation": validation, "numbers": numbers }).to_string()
}

#[track_caller]
fn published(repo: &TestRepo, requests: &[String]) -> Vec<String> {
    repo.inside("measure::child", requests)
}

/// A repository with a configuration that is trusted.
fn measured() -> TestRepo {
    configured(CONFIG)
}

fn configured(config: &str) -> TestRepo {
    let repo = TestRepo::with_commit();
    repo.write(".checkpoint.toml", config);
    repo.commit("Configure");
    let shown = repo.checkpoint_ok(&["trust", "--show", "--json"]).json();
    repo.set_var("GIT_CHECKPOINT_TRUST", shown["hash"].as_str().expect("a hash"));
    repo
}

fn baselines(repo: &TestRepo) -> Value {
    serde_json::from_str(&published(repo, &["baselines".into()])[0]).expect("JSON")
}

#[test]
#[ignore = "started by other tests"]
fn child() {
    let mut n = 0;
    answer(|repo, line| {
        n += 1;
        let session = Session::open(&Env::from_process()).expect("it can be opened");
        match line {
            "baselines" => told(repo, &session),
            request => {
                let request = serde_json::from_str(request).expect("the test wrote it");
                let record = record(&session, &request, n);
                let store = session.store();
                let done = store.publish(&record, &Attached::default(), TagKind::Annotated, &session.identity);
                assert!(matches!(done, Ok(Published::Done(_))), "{done:?}");
                record.id.to_string()
            }
        }
    });
}

/// The numbers that each measurement of the configuration would be compared with.
fn told(repo: &Repo, session: &Session) -> String {
    let source = session.config.source.as_ref().expect("there is a configuration");
    let place = Place { top: repo.workdir(), common_dir: repo.common_dir() };
    let trust = Trust::of(&Env::from_process(), &place, &source.text);
    let checks = session.config.checks(trust.consent().expect("it is trusted")).expect("it is this one");
    let found = baseline::gather(session, checks).expect("records can be read");
    let mut all = serde_json::Map::new();
    for check in checks {
        for measure in &check.measures {
            for name in measure.names(&check.name) {
                all.insert(name.to_owned(), json!(found.of(check, measure, name)));
            }
        }
    }
    Value::Object(all).to_string()
}

fn record(session: &Session, request: &Value, n: u32) -> Record {
    let text = |key: &str| request[key].as_str().expect("text").to_owned();
    let at = session.now + chrono::Duration::seconds(n.into());
    let numbers = request["numbers"].as_array().expect("numbers").iter().map(|one| Measurement {
        name: one[0].as_str().expect("a name").to_owned(),
        value: one[1].as_f64().expect("a number"),
        unit: one[2].as_str().expect("a unit").to_owned(),
        limit: Some("fail above 3 s".into()),
        level: Level::from_word(one[3].as_str().expect("a level")).expect("a known one"),
    });
    let validation = Validation::from_word(&text("validation")).expect("a known one");
    let verdict = match validation {
        Validation::Validated => Verdict::Pass,
        Validation::Failed => Verdict::Fail,
        _ => Verdict::Inconclusive,
    };
    let check = CheckResult {
        name: "load".into(),
        verdict,
        severity: Severity::High,
        took: Duration::from_millis(1234),
        cached: false,
        why: (verdict != Verdict::Pass).then(|| "p95 is \x1b[31m4 s".into()),
        measurements: numbers.collect(),
    };
    Record {
        id: RecordId::new(at, Kind::Create, n),
        at,
        subject: "checkpoint".into(),
        message: None,
        phase: None,
        state: session.capture().expect("it can be captured").state,
        skipped: Vec::new(),
        refs: Vec::new(),
        checks: vec![check],
        artifacts: Vec::new(),
        steps: Vec::new(),
        detail: Detail::Create { tag: Some(text("tag").into()), wanted: None, validation, index_before: None },
    }
}

#[test]
fn numbers_are_compared_with_the_last_good_ones() {
    let repo = measured();
    assert_eq!(baselines(&repo), json!({ "p95": null, "rps": null, "n": null }));
    published(
        &repo,
        &[
            publish("a", "inconclusive", &[("p95", 1.0, "s", "unknown"), ("rps", 50.0, "", "unknown")]),
            publish(
                "b",
                "validated",
                &[("p95", 2.0, "s", "good"), ("rps", 60.0, "req", "good"), ("n", 1.0, "", "good")],
            ),
            publish("c", "failed", &[("p95", 9.0, "s", "fail"), ("rps", 1.0, "", "good")]),
        ],
    );
    // `n` has no drift limit, so nothing is looked for; the unit of `rps` was another in `b`.
    assert_eq!(baselines(&repo), json!({ "p95": 2.0, "rps": 50.0, "n": null }));
    repo.git(&["switch", "-qc", "work"]);
    assert_eq!(baselines(&repo)["p95"], 2.0, "a new branch begins with what it came from");
    repo.advance(60);
    published(&repo, &[publish("d", "validated", &[("p95", 4.0, "s", "good")])]);
    assert_eq!(baselines(&repo)["p95"], 4.0);
    repo.git(&["switch", "-q", "main"]);
    assert_eq!(baselines(&repo)["p95"], 2.0, "the other branch goes on with its own");
}

#[test]
fn what_was_fetched_or_undone_is_nothing_to_compare_with() {
    let repo = measured();
    let numbers = |value: f64| [("p95", value, "s", "good")];
    let ids = published(
        &repo,
        &[
            publish("a", "validated", &numbers(1.0)),
            publish("b", "validated", &numbers(2.0)),
            publish("c", "validated", &numbers(3.0)),
        ],
    );
    let object = repo.rev(&format!("refs/checkpoint/records/{}", ids[2]));
    repo.git(&["update-ref", &format!("refs/checkpoint/fetched/origin/{}", ids[2]), &object]);
    assert_eq!(baselines(&repo)["p95"], 2.0);
    repo.advance(60);
    repo.checkpoint_ok(&["undo", &ids[1], "--yes"]);
    assert_eq!(baselines(&repo)["p95"], 1.0);
}

#[test]
fn a_baseline_can_be_named() {
    let repo = configured(&CONFIG.replace("unit = 's',", "unit = 's', against = 'release',"));
    let requests = [
        publish("release", "unvalidated", &[("p95", 1.5, "s", "warn")]),
        publish("later", "validated", &[("p95", 2.0, "s", "good"), ("rps", 3.0, "", "good")]),
    ];
    assert_eq!(baselines(&repo)["p95"], Value::Null, "there is no such checkpoint");
    published(&repo, &requests);
    assert_eq!(baselines(&repo), json!({ "p95": 1.5, "rps": 3.0, "n": null }));
}

#[test]
fn what_people_see() {
    let repo = measured();
    published(
        &repo,
        &[
            publish("a", "validated", &[("p95", 2.0, "s", "good"), ("rps", 50.0, "", "good")]),
            publish("b", "validated", &[("p95", 1.0, "s", "good"), ("rps", 50.0, "", "good"), ("n", 3.0, "", "good")]),
            publish("c", "failed", &[("p95", 4.0, "s", "fail"), ("rps", 40.0, "", "warn")]),
        ],
    );
    repo.advance(10);
    insta::assert_snapshot!(repo.checkpoint(&["show", "c"]));
    insta::assert_snapshot!(repo.checkpoint(&["list", "--all"]));
    insta::assert_snapshot!(repo.checkpoint(&["diff", "a", "c"]));
    insta::assert_snapshot!(repo.checkpoint(&["diff", "b", "c", "--name-status"]));
    repo.set_var("LC_ALL", "C.UTF-8");
    assert!(!repo.checkpoint_ok(&["list", "--all"]).stdout.contains('█'), "TERM is dumb");
    repo.set_var("TERM", "xterm");
    let listed = repo.checkpoint_ok(&["list", "--all"]).stdout;
    assert!(listed.contains("load p95  ▃▁█  4 s") && listed.contains("load n     ▅"), "{listed}");
}

#[test]
fn where_nothing_was_measured_nothing_more_is_shown() {
    let repo = TestRepo::with_commit();
    repo.checkpoint_ok(&["create"]);
    repo.write("file", "changed\n");
    repo.checkpoint_ok(&["create"]);
    assert_eq!(repo.checkpoint_ok(&["list", "--all"]).stdout.lines().count(), 2);
    let shown = repo.checkpoint_ok(&["show"]).stdout;
    assert!(!shown.contains("checks") && !shown.contains("numbers"), "{shown}");
    let difference = repo.checkpoint_ok(&["diff", "latest~1", "latest"]).stdout;
    assert!(difference.ends_with("+changed\n"), "{difference}");
    assert_eq!(repo.checkpoint_ok(&["diff", "--json", "latest~1", "latest"]).json()["numbers"], json!([]));
}

#[test]
fn the_answers_have_the_numbers() {
    let repo = measured();
    published(
        &repo,
        &[
            publish("a", "validated", &[("p95", 2.0, "s", "good"), ("n", 0.0, "", "good")]),
            publish("b", "failed", &[("p95", 4.0, "s", "fail"), ("rps", 7.5, "", "good"), ("n", 1.0, "", "good")]),
        ],
    );
    let schema = |name: &str, args: &[&str]| crate::schema::answers(&repo, 0, name, args);
    let check = json!({
        "name": "load", "verdict": "fail", "seconds": 1.234, "cached": false, "severity": "high",
        "why": "p95 is \u{1b}[31m4 s", "log": null,
        "measurements": [
            { "name": "p95", "value": 4.0, "unit": "s", "limit": "fail above 3 s", "level": "fail" },
            { "name": "rps", "value": 7.5, "unit": null, "limit": "fail above 3 s", "level": "good" },
            { "name": "n", "value": 1.0, "unit": null, "limit": "fail above 3 s", "level": "good" },
        ],
    });
    assert_eq!(schema("show", &["show", "b"])["checks"], json!([check]));
    assert_eq!(schema("list", &["list", "--all"])[0]["checks"], json!([check]));
    let numbers = schema("diff", &["diff", "a", "b"])["numbers"].clone();
    let row = |name: &str, unit: Value, values: [Value; 2], change: Value, trend: Value| {
        json!({ "check": "load", "name": name, "unit": unit, "from": values[0], "to": values[1],
                "change_percent": change, "trend": trend })
    };
    let expected = json!([
        row("p95", json!("s"), [json!(2.0), json!(4.0)], json!(100.0), json!("worse")),
        row("n", Value::Null, [json!(0.0), json!(1.0)], Value::Null, json!("worse")),
        row("rps", Value::Null, [Value::Null, json!(7.5)], Value::Null, Value::Null),
    ]);
    assert_eq!(numbers, expected);
    assert_eq!(schema("diff", &["diff", "a"])["numbers"], json!([]), "the working state now was not measured");
}

#[test]
fn a_measure_that_cannot_work_is_a_usage_error_before_anything_runs() {
    let repo = TestRepo::with_commit();
    let ran = repo.root().join("ran");
    for (measure, line) in [
        ("{ pattern = '(' }", "line 4"),
        ("{ pattern = 'p95: [0-9.]+' }", "line 4"),
        ("{ pattern = '(\\d)', fail = nan }", "line 4"),
        ("[\n{ pattern = '(\\d)' },\n{ pattern = 'x(\\d)' }]", "line 6"),
    ] {
        let command = format!("touch {}; echo 1", ran.display());
        repo.write(".checkpoint.toml", format!("[[check]]\nname = 'a'\nrun = '{command}'\nmeasure = {measure}\n"));
        for args in [&["create"][..], &["list"], &["trust", "--show"]] {
            let run = repo.checkpoint(args);
            assert!(run.code == 2 && run.stderr.contains(line), "{args:?} {measure}: {run}");
        }
    }
    assert!(!ran.exists(), "a command was run");
    assert!(repo.refs().iter().all(|name| !name.contains("checkpoint")), "something was saved");
}
