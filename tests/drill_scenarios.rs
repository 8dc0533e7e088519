//! The configured rollback is rehearsed on a copy, with a deliberate break: what is proven, what is not, and what is never run
//! or touched.

mod attacks;
mod table;

use serde_json::Value;

use crate::{jobs::trust, support::TestRepo};

/// A repository with this configuration, which is trusted, and with a little of everything that is not committed.
pub(crate) fn with(config: &str) -> TestRepo {
    let repo = TestRepo::with_commit();
    repo.write(".gitignore", "*.log\n");
    repo.write(".checkpoint.toml", config);
    repo.write("src/one", "one\n");
    repo.write("src/two", "two\n");
    repo.commit("Second");
    repo.write("src/two", "changed\n");
    repo.write("staged", "staged\n");
    repo.git(&["add", "staged"]);
    repo.write("not tracked", "untracked\n");
    repo.write("build.log", "ignored\n");
    trust(&repo);
    repo
}

/// Rehearses one scenario and gives its report; nothing of the user's changes, and nothing is left in the temporary folder.
#[track_caller]
pub(crate) fn rehearse(repo: &TestRepo, scenario: &str) -> Value {
    let before = (repo.state(), repo.refs(), repo.fingerprint());
    let run = repo.checkpoint(&["drill", "--scenario", scenario, "--json"]);
    before.2.assert_same(&repo.fingerprint());
    repo.state().assert_same(&before.0);
    assert_eq!(repo.refs(), before.1);
    assert_eq!(left_over(repo), [""; 0], "{run}");
    let value = run.json();
    let report = value["scenarios"][0].clone();
    assert_eq!(run.code == 0, report["outcome"] == "proven", "{run}");
    assert_eq!(run.code == 0, value["ok"] == true, "{run}");
    report
}

/// What is in the temporary folder.
pub(crate) fn left_over(repo: &TestRepo) -> Vec<String> {
    let entries = std::fs::read_dir(repo.root().join("tmp")).expect("it is there");
    entries.map(|entry| entry.expect("it can be read").file_name().to_string_lossy().into_owned()).collect()
}

/// Every command and check of the rollback, as `how name outcome`.
fn ran(report: &Value) -> Vec<String> {
    let text = |one: &Value, field: &str| one[field].as_str().expect("a text").to_owned();
    let each = report["ran"].as_array().expect("a list").iter();
    each.map(|one| format!("{} | {} | {}", text(one, "how"), text(one, "name"), text(one, "outcome"))).collect()
}

#[track_caller]
fn expect_proven(report: &Value) {
    assert_eq!(report["outcome"], "proven", "{report:#}");
    assert_eq!(report["reasons"], serde_json::json!([]), "{report:#}");
    assert!(report["steps"].as_array().expect("steps").iter().all(|step| step["ok"] == true), "{report:#}");
}

/// The scenario is not proven, for a reason that says all of this.
#[track_caller]
fn expect_failed(report: &Value, words: &[&str]) {
    assert_eq!(report["outcome"], "failed", "{report:#}");
    let reasons = report["reasons"].to_string();
    assert!(words.iter().all(|word| reasons.contains(word)), "{words:?}: {report:#}");
}

/// Steps of every sort, which leave a line in `$FILE` beside the repository, and a check about files.
fn steps(drill: &str, repo_root: &std::path::Path) -> String {
    let told = repo_root.join("told");
    let tell = |word: &str| format!("\"echo {word} $CHECKPOINT_DRILL $(pwd) >> '{}'\"", told.display());
    format!(
        "[rollback]\ndrill = '{drill}'\nbefore = [{{ name = 'stop', run = {} }}]\nafter = [{{ name = 'start', run = {} }}]\n\
         on-verified = [{{ name = 'open', run = {} }}]\non-failure = [{{ name = 'mail', run = {} }}]\n\
         [[check]]\nname = 'files'\non = ['rollback']\nrun = 'test -e file && test \"$CHECKPOINT_DRILL\" = 1'\n\
         [[check]]\nname = 'live'\non = ['rollback']\nisolation = 'none'\nrun = {}\n",
        tell("stop"),
        tell("start"),
        tell("open"),
        tell("mail"),
        tell("live"),
    )
}

fn with_steps(drill: &str) -> TestRepo {
    let repo = with("");
    repo.write(".checkpoint.toml", steps(drill, repo.root()));
    trust(&repo);
    repo
}

fn told(repo: &TestRepo) -> Vec<String> {
    if repo.exists("../told") { repo.read_text("../told").lines().map(str::to_owned).collect() } else { Vec::new() }
}

#[test]
fn without_commands_the_files_are_what_is_proven() {
    let repo = with("");
    for scenario in ["bad-commit", "deleted-files"] {
        let report = rehearse(&repo, scenario);
        expect_proven(&report);
        assert_eq!((&report["commands"], &report["ran"]), (&"none".into(), &serde_json::json!([])));
        assert!(report["files"].as_u64().is_some_and(|files| files >= 7), "{report:#}");
        let seconds = &report["seconds"];
        assert!(seconds["back_up"].is_number() && seconds["restore"].is_number(), "{report:#}");
    }
    for (scenario, words) in [
        ("corrupt-artifact", "no artifact with a `path`"),
        ("failing-check", "no check"),
        ("failing-step", "has no command"),
    ] {
        let run = repo.checkpoint(&["drill", "--scenario", scenario]);
        assert!(run.code == 1 && run.stdout.contains(&format!("{scenario}: not applicable: ")), "{run}");
        assert!(run.stdout.contains(words), "{run}");
    }
    let all = repo.checkpoint_ok(&["drill", "--scenario", "all"]);
    assert!(all.stdout.contains("bad-commit: proven") && all.stdout.contains("deleted-files: proven"), "{all}");
    assert_eq!(repo.checkpoint(&["drill", "--scenario", "flood"]).code, 2);
    // Where there is nothing that can break.
    let empty = TestRepo::new();
    for scenario in ["bad-commit", "deleted-files"] {
        assert_eq!(rehearse(&empty, scenario)["outcome"], "not-applicable");
    }
}

#[test]
fn commands_are_stood_in_for_unless_the_configuration_lets_them_run() {
    let repo = with_steps("stand-in");
    let report = rehearse(&repo, "bad-commit");
    expect_proven(&report);
    assert_eq!(
        ran(&report),
        [
            "stood-in | before: stop | done",
            "stood-in | after: start | done",
            "stood-in | on-verified: open | done",
            "run | check: files | pass",
            "stood-in | check: live | pass",
        ]
    );
    assert_eq!((told(&repo), &report["commands"]), (Vec::new(), &"stood-in".into()));
    let run = repo.checkpoint_ok(&["drill", "--scenario", "bad-commit"]);
    assert!(
        run.stdout.contains("stood in for  before: stop") && run.stderr.contains("4 commands were not run"),
        "{run}"
    );

    // The default is the same as the word for it.
    repo.write(".checkpoint.toml", steps("stand-in", repo.root()).replace("drill = 'stand-in'\n", ""));
    trust(&repo);
    expect_proven(&rehearse(&repo, "deleted-files"));
    assert_eq!(told(&repo), [""; 0]);

    let repo = with_steps("run");
    let report = rehearse(&repo, "deleted-files");
    expect_proven(&report);
    assert_eq!((&report["commands"], ran(&report)[0].as_str()), (&"run".into(), "run | before: stop | done"));
    let told = told(&repo);
    let words: Vec<&str> = told.iter().map(|line| line.split(' ').next().expect("a word")).collect();
    // The undo has the same commands around it as the rollback.
    assert_eq!(words, ["stop", "start", "live", "open", "stop", "start", "open"], "{told:?}");
    let in_copy =
        |line: &String| line.contains(" 1 ") && line.contains("git-checkpoint-drill-") && line.ends_with("/copy");
    assert!(told.iter().all(in_copy), "{told:?}");
}

#[test]
fn a_command_that_fails_makes_the_drill_fail_and_is_named() {
    let repo = with("[rollback]\ndrill = 'run'\nafter = ['true', { name = 'start', run = 'exit 7' }]\n");
    let report = rehearse(&repo, "bad-commit");
    expect_failed(&report, &["after: start", "code 7"]);
    let repo =
        with("[rollback]\ndrill = 'run'\nbefore = [{ name = 'dump', run = 'exit 7' }]\non-verify-failure = 'undo'\n");
    let report = rehearse(&repo, "deleted-files");
    expect_failed(&report, &["before: dump", "code 7"]);
    let repo = with("[[check]]\nname = 'unit'\non = ['rollback']\nrun = 'exit 1'\n");
    expect_failed(&rehearse(&repo, "bad-commit"), &["the check `unit` said fail"]);
    let repo = with("[[check]]\nname = 'unit'\non = ['rollback']\nrun = 'no-such-program'\n");
    expect_failed(&rehearse(&repo, "bad-commit"), &["no-such-program"]);
    // One that harms the state is no proof either.
    let repo = with("[rollback]\ndrill = 'run'\nafter = ['echo harm > src/one']\n");
    expect_failed(&rehearse(&repo, "bad-commit"), &["`src/one` differs"]);
}

#[test]
fn what_commands_write_of_their_own_is_named_and_not_compared() {
    let repo = with(
        "[rollback]\ndrill = 'run'\nbefore = ['echo dumped > dump.sql; echo more >> \"not tracked\"']\n\
         after = ['echo up > up.flag; echo line > own.log']\n\
         [[check]]\nname = 'unit'\non = ['rollback']\nrun = 'echo built > built.log'\n",
    );
    let report = rehearse(&repo, "bad-commit");
    expect_proven(&report);
    assert_eq!(report["made"], serde_json::json!(["built.log", "own.log", "up.flag"]), "{report:#}");
}

#[test]
fn a_state_that_does_not_pass_is_noticed_and_the_policy_acts() {
    for (policy, on) in [("stop", "rollback"), ("undo", "rollback"), ("next-older", "checkpoint', 'rollback")] {
        let repo = with(&format!(
            "[rollback]\non-verify-failure = '{policy}'\nsettle = '1h'\non-failure = [{{ name = 'mail', run = 'true' }}]\n\
             [[check]]\nname = 'unit'\non = ['{on}']\nrun = 'test -e file'\n"
        ));
        let report = rehearse(&repo, "failing-check");
        expect_proven(&report);
        let ran = ran(&report);
        assert!(ran.contains(&"stood-in | on-failure: mail | done".to_owned()), "{policy}: {ran:?}");
        let verdict = if policy == "next-older" { "pass" } else { "fail" };
        assert_eq!(ran.last(), Some(&format!("made-to-fail | check: unit | {verdict}")), "{policy}: {ran:?}");
    }
    // Checkpoints that no check has seen are none that could be gone back to.
    let repo = with(
        "[rollback]\non-verify-failure = 'next-older'\n[[check]]\nname = 'unit'\non = ['rollback']\nrun = 'true'\n",
    );
    expect_failed(&rehearse(&repo, "failing-check"), &["next-older", "unvalidated"]);
    let repo = with(
        "[rollback]\non-verify-failure = 'next-older'\n[[check]]\nname = 'unit'\non = ['rollback']\nrun = 'true'\n\
         [[check]]\nname = 'build'\non = ['checkpoint']\nrun = 'exit 1'\n",
    );
    expect_failed(&rehearse(&repo, "failing-check"), &["the check `build`"]);
    // The one after it does not work either.
    let repo = with(
        "[rollback]\non-verify-failure = 'next-older'\n[[check]]\nname = 'unit'\non = ['checkpoint', 'rollback']\nrun = 'true'\n\
         [[check]]\nname = 'other'\non = ['rollback']\nrun = 'exit 1'\n",
    );
    expect_failed(&rehearse(&repo, "failing-check"), &["the next older good checkpoint", "the check `other`"]);
}

#[test]
fn a_step_that_fails_stops_it_before_anything_is_changed_or_is_noticed_after() {
    let repo = with_steps("stand-in");
    let report = rehearse(&repo, "failing-step");
    expect_proven(&report);
    assert_eq!(ran(&report), ["made-to-fail | before: stop | failed", "stood-in | on-failure: mail | done"]);
    assert_eq!((told(&repo), &report["seconds"]["restore"]), (Vec::new(), &Value::Null));

    for policy in ["stop", "undo", "next-older"] {
        let repo = with(&format!(
            "[rollback]\ndrill = 'run'\non-verify-failure = '{policy}'\nbefore = [{{ run = 'echo x > made', continue-on-error = true }}]\n\
             after = ['true', 'true']\non-failure = [{{ name = 'mail', run = 'true' }}]\n"
        ));
        let report = rehearse(&repo, "failing-step");
        expect_proven(&report);
        assert_eq!(ran(&report)[1], "made-to-fail | after: true | failed", "{policy}: {report:#}");
    }
    let repo = with("[rollback]\ndrill = 'run'\nbefore = ['true']\non-failure = [{ name = 'mail', run = 'exit 9' }]\n");
    expect_proven(&rehearse(&repo, "failing-step"));
}

#[test]
fn an_artifact_is_damaged_and_no_server_is_asked_for_it() {
    let config = |drill: &str| {
        format!(
            "[rollback]\ndrill = '{drill}'\n[[artifact]]\nname = 'db'\npath = 'data.log'\nsave = 'echo $CHECKPOINT_DRILL >> ../told; cp data.log \"$CHECKPOINT_FILE\"'\n\
             [[artifact]]\nname = 'server'\nsave = 'touch ../evil; echo x > \"$CHECKPOINT_FILE\"'\nrestore = 'touch ../evil'\n"
        )
    };
    let repo = with(&config("stand-in"));
    repo.write("data.log", vec![7; 3000]);
    for scenario in ["bad-commit", "deleted-files"] {
        let report = rehearse(&repo, scenario);
        expect_proven(&report);
        assert_eq!(ran(&report)[0], "stood-in | save artifact: db | done");
    }
    let report = rehearse(&repo, "corrupt-artifact");
    expect_proven(&report);
    assert_eq!(ran(&report), ["stood-in | save artifact: db | done", "stood-in | artifact: db | done"]);
    assert!(!repo.exists("../evil") && told(&repo).is_empty());
    assert_eq!(repo.read("data.log"), vec![7; 3000]);

    let repo = with("[[artifact]]\nname = 'db'\npath = 'data.log'\n");
    repo.write("data.log", "");
    let report = rehearse(&repo, "corrupt-artifact");
    expect_proven(&report);
    assert_eq!(ran(&report), ["run | artifact: db | done"]);
    // A command that brings back something else.
    let repo = with(
        "[rollback]\ndrill = 'run'\n[[artifact]]\nname = 'db'\npath = 'data.log'\nrestore = 'test \"$CHECKPOINT_DRILL\" = 1 && echo wrong > data.log'\n",
    );
    repo.write("data.log", "right\n");
    expect_failed(&rehearse(&repo, "corrupt-artifact"), &["data.log"]);
}

#[test]
fn nothing_runs_that_nobody_has_agreed_to_and_nothing_is_proven_then() {
    let repo = with_steps("run");
    repo.write(".checkpoint.toml", format!("{}\n# changed\n", repo.read_text(".checkpoint.toml")));
    for (scenario, steps) in [("bad-commit", true), ("failing-step", false), ("failing-check", false)] {
        let report = rehearse(&repo, scenario);
        assert_eq!(
            (&report["outcome"], &report["commands"]),
            (&"inconclusive".into(), &"untrusted".into()),
            "{report:#}"
        );
        assert_eq!(!report["steps"].as_array().expect("a list").is_empty(), steps, "{report:#}");
        assert_eq!(report["ran"], serde_json::json!([]));
    }
    let run = repo.checkpoint(&["drill", "--scenario", "all"]);
    assert!(
        run.code == 1 && run.stderr.contains("nobody has agreed") && run.stderr.contains("checkpoint trust"),
        "{run}"
    );
    assert_eq!(told(&repo), [""; 0]);
    let listed = repo.checkpoint_ok(&["drill", "--list"]).stdout;
    assert!(listed.contains("0 of 4 proven"), "{listed}");
}
