//! `git checkpoint assess`: the decision, its reasons and its exit code, through the program.

#![allow(clippy::disallowed_methods, reason = "a signal is sent by `kill`")]

use std::{
    os::unix::process::CommandExt as _,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    check::{RAN, beside, check, configure, configured, runs, trust, verdicts},
    support::{Run, TestRepo},
};

pub(crate) const ON: &str = "on = ['monitor']";

/// A check that is asked about the moment.
pub(crate) fn asked(name: &str, run: &str, severity: &str) -> String {
    check(name, run, &[ON, "isolation = 'none'", &format!("severity = '{severity}'")])
}

fn assess(repo: &TestRepo, code: i32, args: &[&str]) -> Value {
    crate::schema::answers(repo, code, "assess", &[&["assess"], args].concat())
}

/// The decision and its rule.
fn decided(answer: &Value) -> (String, String) {
    let text = |key: &str| answer[key].as_str().expect("text").to_owned();
    (text("decision"), text("rule"))
}

#[test]
fn every_decision_has_its_exit_code() {
    let policy = "[[policy]]\nseverity = 'critical'\naction = 'rollback'\napproval = 'automatic'\n\
                  [[policy]]\ncheck = 'flaky'\naction = 'none'\n\
                  [[policy]]\ntime-to-fix = '1h'\naction = 'rollback'\n\
                  [[policy]]\nfailures = 2\naction = 'rollback'\n";
    let repo = configured(
        &(asked("data", "test ! -e ../data", "critical")
            + &asked("api", "test ! -e ../api", "high")
            + &asked("queue", "test -e ../quiet && exit 125; test ! -e ../queue", "high")
            + &asked("flaky", "test ! -e ../flaky", "high")
            + policy),
    );
    for (broken, args, code, decision, rule) in [
        ("", &[][..], 0, "healthy", "default: every check passes"),
        ("flaky", &[], 0, "healthy", "rule 2 (line 29)"),
        ("api", &[], 10, "fix-forward", "default: a check fails, and no rule is for it"),
        ("api flaky", &[], 10, "fix-forward", "default: a check fails, and no rule is for it"),
        ("api", &["--time-to-fix", "59m"], 10, "fix-forward", "default: a check fails, and no rule is for it"),
        ("api", &["--time-to-fix", "60m"], 11, "rollback-with-approval", "rule 3 (line 32)"),
        ("api queue", &[], 11, "rollback-with-approval", "rule 4 (line 35)"),
        ("data", &[], 12, "rollback-now", "rule 1 (line 25)"),
        ("data api flaky queue", &["--time-to-fix", "2h"], 12, "rollback-now", "rule 1 (line 25)"),
        ("quiet", &[], 13, "inconclusive", "default: a check gives no answer, and none fails"),
        ("quiet flaky", &[], 13, "inconclusive", "default: a check gives no answer, and none fails"),
        ("quiet api", &[], 10, "fix-forward", "default: a check fails, and no rule is for it"),
        ("quiet data", &[], 12, "rollback-now", "rule 1 (line 25)"),
    ] {
        let files: Vec<_> = broken.split_whitespace().map(|name| beside(&repo, name)).collect();
        files.iter().for_each(|file| std::fs::write(file, "").expect("it can be written"));
        let answer = assess(&repo, code, args);
        assert_eq!(decided(&answer), (decision.into(), rule.into()), "{broken} {args:?}\n{answer:#}");
        files.iter().for_each(|file| std::fs::remove_file(file).expect("it is there"));
    }
}

#[test]
fn it_says_what_why_and_what_next() {
    let repo = configured(&(asked("api", "test ! -e ../api", "critical") + &asked("lint", "exit 1", "low")));
    // One after the other, so that their lines are in order.
    repo.git(&["config", "checkpoint.jobs", "1"]);
    insta::assert_snapshot!(repo.checkpoint(&["assess"]));
    std::fs::write(beside(&repo, "api"), "").expect("it can be written");
    let none_is_good = repo.checkpoint(&["assess"]);
    assert!(none_is_good.stderr.contains("`git checkpoint list --all` shows"), "{none_is_good}");
    std::fs::remove_file(beside(&repo, "api")).expect("it is there");
    configure(
        &repo,
        &(asked("api", "test ! -e ../api", "critical") + &check("unit", "true", &["on = ['checkpoint']"])),
    );
    repo.checkpoint_ok(&["create"]);
    std::fs::write(beside(&repo, "api"), "").expect("it can be written");
    let run = repo.checkpoint(&["assess"]);
    let said = "roll back after approval, by default: a critical check fails\n  api (critical) fails, for ";
    assert!(run.code == 11 && run.stdout.contains(said), "{run}");
    assert!(run.stderr.contains("`git checkpoint rollback good` goes back"), "{run}");
    assert_eq!(assess(&repo, 11, &[])["next"], "git checkpoint rollback good");
}

#[test]
fn nothing_runs_without_trust_and_without_a_check_there_is_no_answer() {
    let repo = TestRepo::with_commit();
    let none = repo.checkpoint(&["assess"]);
    assert!(none.code == 2 && none.stderr.contains("write a `[[check]]`"), "{none}");
    repo.write(".checkpoint.toml", check("api", RAN, &[ON]));
    for command in ["assess", "monitor"] {
        let untrusted = repo.checkpoint(&[command]);
        assert!(untrusted.code == 2 && untrusted.stderr.contains("`git checkpoint trust`"), "{untrusted}");
    }
    assert_eq!(runs(&repo), 0);
    trust(&repo);
    assess(&repo, 0, &[]);
    repo.write(".checkpoint.toml", check("api", &format!("{RAN} "), &[ON]));
    assert_eq!(repo.checkpoint(&["assess"]).code, 2, "another content is not trusted");
    assert_eq!(runs(&repo), 1);
    configure(&repo, &check("unit", RAN, &["on = ['checkpoint']"]));
    let none = repo.checkpoint(&["assess"]);
    let said = "no check is for `assess` or `monitor`";
    assert!(none.code == 2 && none.stderr.contains(said) && none.stderr.contains("on = [\"monitor\"]"), "{none}");
    crate::schema::answers(&repo, 2, "error", &["assess"]);
    configure(&repo, &check("api", "no-such-command-anywhere", &[ON]));
    let missing = repo.checkpoint(&["assess"]);
    assert!(
        missing.code == 2 && missing.stderr.contains("there is no command `no-such-command-anywhere`"),
        "{missing}"
    );
}

#[test]
fn each_moment_has_its_checks() {
    let told = "test \"$CHECKPOINT_STAGE\" = assess";
    let repo = configured(
        &(check("up", "true", &["on = ['checkpoint']"])
            + &check("once", told, &["on = ['assess']", "needs = ['up']"])
            + &check("both", told, &["on = ['assess', 'monitor']", "background = true"])
            + &check("watched", told, &[ON])
            + &check("other", "exit 1", &["on = ['push']"])),
    );
    assert_eq!(verdicts(&assess(&repo, 0, &[])), "up=pass once=pass both=pass watched=pass");
    configure(&repo, &check("once", "true", &["on = ['assess']"]));
    assess(&repo, 0, &[]);
    let none = repo.checkpoint(&["monitor"]);
    assert!(none.code == 2 && none.stderr.contains("no check is for `monitor`"), "{none}");
}

#[test]
fn it_asks_how_things_are_now_and_changes_nothing() {
    let repo = configured(&check("api", RAN, &[ON]));
    repo.write("file", "changed\n");
    repo.write("new", "x\n");
    let before = (repo.state(), repo.fingerprint(), repo.refs());
    for _ in 0..3 {
        assert_eq!(verdicts(&assess(&repo, 0, &[])), "api=pass", "nothing is known from before");
    }
    assert_eq!(runs(&repo), 3);
    before.0.assert_same(&repo.state());
    before.1.assert_same(&repo.fingerprint());
    assert_eq!(repo.refs(), before.2, "no verdict is kept");
    repo.set_var("GIT_CHECKPOINT", "0");
    std::fs::write(beside(&repo, "ran"), "").expect("it can be written");
    assess(&repo, 0, &[]);
    assert_eq!(runs(&repo), 1, "where the program is switched off, it is no answer not to look");
}

#[test]
fn how_long_it_has_been_failing_is_known_from_call_to_call() {
    let policy = "[[policy]]\nsustained = '5m'\naction = 'rollback'\n";
    let run = "test -e ../quiet && exit 125; test ! -e ../api";
    let repo = configured(&(asked("api", run, "high") + &check("unit", "true", &["on = ['checkpoint']"]) + policy));
    repo.checkpoint_ok(&["create", "--name", "before"]);
    let (api, quiet) = (beside(&repo, "api"), beside(&repo, "quiet"));
    std::fs::write(&api, "").expect("it can be written");
    assess(&repo, 10, &[]);
    repo.advance(290);
    assess(&repo, 10, &[]);
    repo.advance(10);
    let answer = assess(&repo, 11, &[]);
    assert!(answer["because"][0].as_str().is_some_and(|why| why.contains("for 5m2s now")), "{answer}");
    // What is silent does not fail for longer.
    std::fs::write(&quiet, "").expect("it can be written");
    repo.advance(600);
    assess(&repo, 13, &[]);
    std::fs::remove_file(&quiet).expect("it is there");
    assess(&repo, 11, &[]);
    // Once it has passed, the time begins anew.
    std::fs::remove_file(&api).expect("it is there");
    assess(&repo, 0, &[]);
    std::fs::write(&api, "").expect("it can be written");
    assess(&repo, 10, &[]);
    repo.advance(400);
    assess(&repo, 11, &[]);
    // And in another state too.
    repo.write("file", "changed\n");
    repo.checkpoint_ok(&["rollback", "before", "--yes"]);
    assess(&repo, 10, &[]);
    repo.advance(400);
    assess(&repo, 11, &[]);
    repo.write(".git/checkpoint/breaches.json", "{");
    assess(&repo, 10, &[]);
}

#[test]
fn where_it_runs_is_said_or_configured() {
    let policy = "[[policy]]\nenvironment = ['production', 'live']\naction = 'rollback'\napproval = 'automatic'\n";
    let repo = configured(&(asked("api", "exit 1", "high") + policy));
    let unknown = assess(&repo, 10, &[]);
    let passed_over = "passed over, as no environment is known: rule 1 (line 7)";
    assert!(unknown["because"].as_array().expect("reasons").contains(&json!(passed_over)), "{unknown}");
    assert_eq!(unknown["environment"], json!(null));
    assess(&repo, 12, &["--environment", "live"]);
    let other = repo.checkpoint(&["assess", "--environment", "prodution"]);
    assert!(other.code == 10 && other.stderr.contains("there are rules for live, production"), "{other}");
    repo.git(&["config", "checkpoint.environment", "production"]);
    assert_eq!(assess(&repo, 12, &[])["environment"], "production");
    assess(&repo, 10, &["--environment", "staging"]);
    for wrong in ["", " ", "a\u{1b}[2Jb"] {
        let refused = repo.checkpoint(&["assess", "--environment", wrong]);
        assert!(refused.code == 2 && !refused.stderr.contains('\u{1b}'), "{refused}");
    }
    for wrong in ["", "soon", "-1h", "45"] {
        let refused = repo.checkpoint(&["assess", &format!("--time-to-fix={wrong}")]);
        assert!(refused.code == 2 && refused.stderr.contains("`--time-to-fix 45m`"), "{refused}");
    }
}

#[test]
fn numbers_decide_as_well() {
    let measure = "measure = { pattern = '(\\d+) ms', unit = 'ms', warn = 2000, fail = 3000 }";
    let repo =
        configured(&check("dashboard", "cat ../ms", &[ON, "isolation = 'none'", "severity = 'critical'", measure]));
    for (printed, code, why) in [
        ("1500 ms", 0, None),
        ("2500 ms", 0, None),
        ("3500 ms", 11, Some("dashboard (critical) fails: dashboard is 3500 ms, over the limit of 3000 ms")),
        ("\u{1b}[2J none", 13, Some("dashboard (critical) gives no answer: no number")),
    ] {
        std::fs::write(beside(&repo, "ms"), printed).expect("it can be written");
        let answer = assess(&repo, code, &[]);
        let said = answer["because"][0].as_str();
        assert!(
            said.is_some() == why.is_some() && said.unwrap_or_default().starts_with(why.unwrap_or_default()),
            "{answer}"
        );
        let text = repo.checkpoint(&["assess"]);
        assert!(!text.stdout.contains('\u{1b}') && !text.stderr.contains('\u{1b}'), "{text}");
    }
}

#[test]
fn mistakes_in_the_policy_are_told_with_their_line() {
    let repo = TestRepo::with_commit();
    let all = "[[policy]]\naction = 'fix-forward'\n\n[[policy]]\nseverity = 'critical'\naction = 'rollback'\n";
    repo.write(".checkpoint.toml", asked("api", "true", "high") + all);
    insta::assert_snapshot!(repo.checkpoint(&["assess"]));
}

#[test]
fn ctrl_c_is_no_decision_and_leaves_nothing_running() {
    let repo = TestRepo::with_commit();
    let pid = beside(&repo, "pid");
    let slow = format!("echo $$ > {0}.new; mv {0}.new {0}; sleep 600 & wait", pid.display());
    configure(&repo, &asked("slow", &slow, "critical"));
    let mut command = repo.checkpoint_command(&["assess", "--json"]);
    let child = command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    wait_for("the check runs", || pid.exists());
    let shell = std::fs::read_to_string(&pid).expect("it is there").trim().to_owned();
    assert!(signal("INT", &format!("-{}", child.id())), "it is there");
    let run = Run::of(&repo, &["assess"], &child.wait_with_output().expect("it ends"));
    assert_eq!((run.code, &run.json()["decision"]), (13, &json!("inconclusive")), "{run}");
    assert!(!signal("0", &shell) && !signal("0", &format!("-{shell}")), "a process is left");
}

/// Waits for something.
#[track_caller]
pub(crate) fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(crate) fn signal(name: &str, pid: &str) -> bool {
    let status = Command::new("kill").args(["-s", name, "--", pid]).stderr(Stdio::null()).status();
    status.expect("there is a kill").success()
}
