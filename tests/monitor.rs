//! `git checkpoint monitor`: what samples come to, what is told, and what is rolled back. The clock of a test is fixed, so
//! nobody waits between samples.

#![allow(clippy::disallowed_methods, reason = "a watch is started, to end it by a signal")]

use std::{os::unix::process::CommandExt as _, process::Stdio};

use serde_json::{Value, json};

use crate::{
    assess::{asked, signal, wait_for},
    check::{beside, check, configure, configured, runs, trust},
    support::{Run, TestRepo},
};

/// Fails at those of its runs whose number is among these.
fn at_runs(name: &str, numbers: &str, severity: &str) -> String {
    let run = format!(
        "n=$(cat ../{name} 2>/dev/null || echo 0); n=$((n + 1)); echo $n > ../{name}; \
         case \" {numbers} \" in *\" $n \"*) exit 1 ;; *\" -$n \"*) exit 125 ;; esac"
    );
    asked(name, &run, severity)
}

const UNIT: &str = "[[check]]\nname = 'unit'\nrun = 'true'\non = ['checkpoint']\n";
const AUTOMATIC: &str = "[[policy]]\nseverity = 'critical'\naction = 'rollback'\napproval = 'automatic'\n";

/// Every line that it prints with `--json`, each of which is as the schema says.
#[track_caller]
fn lines(run: &Run) -> Vec<Value> {
    let lines: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    lines.iter().for_each(|line| crate::schema::assert_is(line, "monitor"));
    lines
}

#[track_caller]
fn watched(repo: &TestRepo, code: i32, args: &[&str]) -> Vec<Value> {
    let run = repo.checkpoint(&[&["monitor", "--json"], args].concat());
    assert_eq!(run.code, code, "{run}");
    lines(&run)
}

/// The decisions that were told: after which sample, and which.
fn told(lines: &[Value]) -> String {
    let mut samples = 0;
    let mut told = Vec::new();
    for line in lines {
        match line["event"].as_str() {
            Some("sample") => samples += 1,
            Some("decision") => told.push(format!("{samples} {}", line["decision"].as_str().expect("a word"))),
            _ => {}
        }
    }
    told.join(", ")
}

fn of<'l>(lines: &'l [Value], event: &str) -> Vec<&'l Value> {
    lines.iter().filter(|line| line["event"] == *event).collect()
}

#[test]
fn what_many_samples_come_to() {
    for (fails, code, expected) in [
        ("", 0, ""),
        ("1 2 3 4 5 6 7", 10, "3 fix-forward"),
        ("5 6 7", 10, "7 fix-forward"),
        ("6 7", 0, ""),
        // One that fails now and then.
        ("1 3 5 7", 0, ""),
        ("1 2 4 5 7", 0, ""),
        // No answer is neither good nor bad.
        ("1 -2 3 -4 5 -6 -7", 10, "5 fix-forward"),
        ("-1 -2 -3 -4 -5 -6 -7", 13, "3 inconclusive"),
        ("-5 -6 -7", 13, "7 inconclusive"),
    ] {
        let repo = configured(&at_runs("api", fails, "high"));
        let before = (repo.state(), repo.refs());
        let lines = watched(&repo, code, &["--for", "6m", "--every", "1m"]);
        assert_eq!((told(&lines).as_str(), of(&lines, "sample").len()), (expected, 7), "{fails}");
        let end = lines.last().expect("an end");
        assert_eq!((&end["event"], &end["samples"], &end["stopped"]), (&json!("end"), &json!(7), &json!(false)));
        before.0.assert_same(&repo.state());
        assert_eq!(repo.refs(), before.1);
    }
}

#[test]
fn a_person_reads_a_line_for_each_sample() {
    let repo = configured(
        &(at_runs("api", "2 3 4", "high")
            + &check(
                "load",
                "echo 12 ms",
                &["on = ['monitor']", "measure = { pattern = '(?<p95>\\d+) ms', unit = 'ms' }"],
            )),
    );
    let run = repo.checkpoint(&["monitor", "--for", "4m"]);
    let text: Vec<&str> = run.stdout.lines().map(|line| &line[line.len().min(10)..]).collect();
    let [first, second, third, fourth, decision, because, _, fifth, _] = text[..] else { panic!("{run}") };
    assert_eq!(first, "too few samples  api pass  load pass (p95 12 ms)");
    assert_eq!(second, "too few samples  api fail: it exited with code 1  load pass (p95 12 ms)");
    assert!(third.starts_with("healthy  api fail"), "{run}");
    assert!(fourth.starts_with("fix forward  api fail"), "{run}");
    assert_eq!(decision, "fix forward, by default: a check fails");
    assert!(because.contains("fails, for 2m now: it exited with code 1"), "{run}");
    assert_eq!(fifth, "healthy  api pass  load pass (p95 12 ms)");
    assert!(
        run.code == 0 && run.stdout.ends_with("ended after 5 samples: healthy, by default: every check passes\n"),
        "{run}"
    );
    assert!(run.stderr.contains("running the checks every 1m for 4m; Ctrl-C ends it"), "{run}");
}

#[test]
fn the_configuration_says_how_often_and_how_many() {
    let monitor = "[monitor]\nevery = '30s'\nfor = '2m'\nmin-samples = 1\nconsecutive = 1\ncool-down = '1m'\n";
    let repo = configured(&(at_runs("api", "2 4 5", "high") + monitor));
    let lines = watched(&repo, 10, &[]);
    assert_eq!(told(&lines), "2 fix-forward", "it works again within the cool-down, which is not told");
    assert_eq!(of(&lines, "sample").len(), 5);
    let repo = configured(&(at_runs("api", "2", "high") + monitor));
    assert_eq!(told(&watched(&repo, 0, &["--for", "3m"])), "2 fix-forward, 4 healthy");
    for (args, said) in [
        (&["--for", "1m", "--every", "1m"][..], "2 samples are taken, every 1m, and it takes 3"),
        (&["--for", "59s", "--every", "1m"], "1 sample is taken, every 1m, and it takes 3"),
        (&["--for", "soon"], "`--for 30m`"),
        (&["--every", "0s"], "`--every 30m`"),
        (&["--to", "latest"], "add `--auto`"),
        (&["--exec", " "], "`--exec` needs a command"),
    ] {
        let repo = configured(&(asked("api", crate::check::RAN, "high")));
        let refused = repo.checkpoint(&[&["monitor"], args].concat());
        assert!(refused.code == 2 && refused.stderr.contains(said), "{refused}");
        assert_eq!(runs(&repo), 0);
    }
}

/// A repository whose newest good checkpoint is `sound`, with a commit since that breaks it.
fn broken(more: &str) -> TestRepo {
    let repo = configured(&(asked("api", "test ! -e broken", "critical") + UNIT + more));
    repo.checkpoint_ok(&["create", "--name", "sound"]);
    repo.write("broken", "");
    repo.commit("Break it");
    repo.write("file", "not committed\n");
    repo
}

#[test]
fn it_rolls_back_once_and_stops() {
    let repo = broken(AUTOMATIC);
    let (bad, good) = (repo.rev("HEAD"), repo.rev("HEAD~1"));
    let lines = watched(&repo, 0, &["--auto", "--for", "1h"]);
    assert_eq!((told(&lines).as_str(), of(&lines, "sample").len()), ("3 rollback-now", 3));
    let rollback = &of(&lines, "rollback")[0]["rollback"];
    assert_eq!(
        (&rollback["verification"], &rollback["to"], &rollback["name"]),
        (&json!("verified"), &json!(good), &json!("sound"))
    );
    assert_eq!(lines.last().expect("an end")["rollback"], *rollback);
    assert_eq!(repo.rev("HEAD"), good);
    assert!(!repo.exists("broken") && repo.read_text("file") == "first\n");
    let backup = rollback["backup"].as_str().expect("a branch");
    assert_eq!(repo.git(&["show", &format!("{backup}:file")]), "not committed");
    assert!(repo.git_raw(&["merge-base", "--is-ancestor", &bad, backup]).status.success());
    let log = repo.checkpoint_ok(&["log", "--json"]).json();
    let rollbacks: Vec<&Value> =
        log.as_array().expect("a list").iter().filter(|one| one["kind"] == "rollback").collect();
    assert_eq!(rollbacks.len(), 1);
    let reason = rollbacks[0]["reason"].as_str().expect("a reason");
    assert!(reason.starts_with("monitor: rule 1 (line 11): api failed 3 times since 2026-"), "{reason}");
    assert_eq!(watched(&repo, 0, &["--auto", "--for", "5m"]).len(), 7, "it is good now");
    repo.checkpoint_ok(&["undo", "--yes"]);
    assert_eq!((repo.rev("HEAD"), repo.read_text("file").as_str()), (bad, "not committed\n"));
    repo.fsck();
}

#[test]
fn nothing_is_rolled_back_that_a_rule_does_not_say() {
    let approved = AUTOMATIC.replace("automatic", "required");
    for (policy, args, code, warned) in [
        ("", &["--auto"][..], 11, true),
        (&*approved, &["--auto"], 11, true),
        (AUTOMATIC, &[], 12, false),
        (
            "[[policy]]\nenvironment = 'production'\naction = 'rollback'\napproval = 'automatic'\n",
            &["--auto"],
            10,
            false,
        ),
    ] {
        let repo = broken(policy);
        let before = (repo.state(), repo.refs());
        let run = repo.checkpoint(&[&["monitor", "--for", "1h"], args].concat());
        assert_eq!((run.code, run.stderr.contains("nothing is rolled back")), (code, warned), "{run}");
        before.0.assert_same(&repo.state());
        assert_eq!(repo.refs(), before.1);
    }
}

#[test]
fn no_answer_rolls_nothing_back() {
    let any = "[[policy]]\naction = 'rollback'\napproval = 'automatic'\n";
    let repo = configured(&(at_runs("api", "-1 -2 -3 -4 -5 -6", "critical") + UNIT + any));
    repo.checkpoint_ok(&["create"]);
    repo.write("file", "changed\n");
    let before = repo.state();
    watched(&repo, 13, &["--auto", "--for", "5m"]);
    before.assert_same(&repo.state());
}

#[test]
fn without_a_state_to_go_back_to_it_does_not_begin() {
    let ran = crate::check::RAN;
    let repo = configured(&(asked("api", ran, "critical") + UNIT + AUTOMATIC));
    repo.checkpoint_ok(&["create", "--name", "unchecked", "--no-verify"]);
    let refused = repo.checkpoint(&["monitor", "--auto", "--for", "1h"]);
    assert!(refused.code == 2 && refused.stderr.contains("no checkpoint has passed its checks"), "{refused}");
    assert!(refused.stderr.contains("`--to <state>`"), "{refused}");
    let refused = repo.checkpoint(&["monitor", "--auto", "--to", "nonesuch", "--for", "1h"]);
    assert!(refused.code == 2 && refused.stderr.contains("`nonesuch` is neither"), "{refused}");
    assert_eq!(runs(&repo), 0);
    watched(&repo, 0, &["--auto", "--to", "unchecked", "--for", "5m"]);
}

#[test]
fn it_goes_to_what_was_asked_for_and_past_what_was_taken_since() {
    let repo = broken(AUTOMATIC);
    repo.git(&["tag", "older", "HEAD~2"]);
    let older = repo.rev("older");
    let lines = watched(&repo, 0, &["--auto", "--to", "older", "--for", "1h"]);
    assert_eq!(of(&lines, "rollback")[0]["rollback"]["to"], json!(older));
    // A checkpoint that is taken while the check fails has the failure in it, whatever its own checks say.
    let take = "test ! -e broken || { GIT_CHECKPOINT= git-checkpoint create --name bad-$(date +%N) >&2; exit 1; }";
    let repo = configured(&(asked("api", take, "critical") + UNIT + AUTOMATIC));
    repo.checkpoint_ok(&["create", "--name", "sound"]);
    let good = repo.rev("HEAD");
    repo.write("broken", "");
    repo.commit("Break it");
    let lines = watched(&repo, 0, &["--auto", "--for", "1h"]);
    assert_eq!(of(&lines, "rollback")[0]["rollback"]["to"], json!(good), "{lines:#?}");
}

#[test]
fn a_rollback_that_does_not_help_is_said_and_not_repeated() {
    let still = "[[check]]\nname = 'after'\nrun = 'exit 1'\non = ['rollback']\nisolation = 'none'\n";
    let repo = broken(&(still.to_owned() + AUTOMATIC));
    let lines = watched(&repo, 1, &["--auto", "--for", "1h"]);
    assert_eq!(of(&lines, "rollback")[0]["rollback"]["verification"], "failed");
    // Somebody starts it again and again.
    repo.write("broken", "");
    repo.commit("Break it again");
    let before = repo.state();
    let run = repo.checkpoint(&["monitor", "--auto", "--for", "5m"]);
    assert!(run.code == 12 && run.stderr.matches("within the cool-down").count() == 1, "{run}");
    before.assert_same(&repo.state());
    repo.advance(600);
    watched(&repo, 1, &["--auto", "--for", "5m"]);
    assert!(!repo.exists("broken"));
    // What fails whatever the files are is not mended by going to where one is.
    let repo = configured(&(asked("api", "exit 1", "critical") + UNIT + AUTOMATIC));
    repo.checkpoint_ok(&["create", "--name", "sound"]);
    let run = repo.checkpoint(&["monitor", "--auto", "--for", "5m", "--json"]);
    assert!(run.code == 1 && run.stderr.contains("this is `sound` already"), "{run}");
    assert!(run.stdout.contains("\"error\":\"this is `sound` already"), "the command would be told as well: {run}");
}

#[test]
fn the_command_gets_the_decision_on_its_input() {
    let hostile = "printf '\\033[2J\"; touch pwned; $(touch pwned) `touch pwned`\\n'; exit 1";
    let exec = "[monitor]\nexec = 'cat >> ../told'\n";
    let measure = "measure = { pattern = '(\\d+) items' }";
    let number = "printf '\\033[2J\"; touch pwned; $(touch pwned) `touch pwned`\\n'";
    let config =
        asked("api", hostile, "high") + &check("load", number, &["on = ['monitor']", "isolation = 'none'", measure]);
    let repo = configured(&(config + exec));
    let lines = watched(&repo, 10, &["--for", "5m"]);
    let told = std::fs::read_to_string(beside(&repo, "told")).expect("it was told");
    let values: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(
        values.iter().collect::<Vec<_>>(),
        of(&lines, "decision"),
        "what is printed and what is told are the same"
    );
    values.iter().for_each(|value| crate::schema::assert_is(value, "monitor"));
    assert_eq!((&values[0]["decision"], &values[0]["before"]), (&json!("fix-forward"), &json!("healthy")));
    assert!(values[0]["checks"][1]["why"].as_str().is_some_and(|why| why.contains("touch pwned")), "{told}");
    assert!(!repo.exists("pwned") && !beside(&repo, "pwned").exists());
    // What is typed counts instead.
    let typed = repo.checkpoint(&["monitor", "--for", "5m", "--exec", "wc -l > ../typed"]);
    assert!(typed.code == 10 && !typed.stdout.contains('\u{1b}') && !typed.stderr.contains('\u{1b}'), "{typed}");
    assert_eq!(std::fs::read_to_string(beside(&repo, "typed")).expect("it was told").trim(), "1");
    assert_eq!(std::fs::read_to_string(beside(&repo, "told")).expect("it is there"), told);
}

#[test]
fn the_command_is_told_of_a_rollback_and_that_it_works_again() {
    let repo = broken(&(AUTOMATIC.to_owned() + "[monitor]\nexec = 'cat >> ../told'\n"));
    watched(&repo, 0, &["--auto", "--for", "1h"]);
    let told = std::fs::read_to_string(beside(&repo, "told")).expect("it was told");
    let value: Value = serde_json::from_str(&told).expect("one decision");
    assert_eq!((&value["decision"], &value["rollback"]["verification"]), (&json!("rollback-now"), &json!("verified")));
    let monitor = "[monitor]\nmin-samples = 1\nconsecutive = 1\ncool-down = '1s'\n";
    let repo = configured(&(at_runs("api", "2 3", "high") + monitor));
    watched(&repo, 0, &["--for", "5m", "--exec", "grep -o '\"decision\":\"[a-z-]*\"' >> ../told"]);
    let told = std::fs::read_to_string(beside(&repo, "told")).expect("it was told");
    assert_eq!(told, "\"decision\":\"fix-forward\"\n\"decision\":\"healthy\"\n");
}

#[test]
fn a_command_that_fails_or_hangs_does_not_stop_the_watch() {
    let pid = "echo $$ > ../pid; sleep 600 & wait";
    for (exec, said) in [
        ("echo no route; exit 3", "it exited with code 3: no route"),
        ("no-such-command-anywhere", "it exited with code 127"),
        (pid, "it was ended after 1s"),
        ("kill -9 $$", "signal 9 ended it"),
        ("printf '\\033[2J'; exit 1", "\\u{1b}[2J"),
    ] {
        let repo = configured(&(asked("api", "exit 1", "high") + "[monitor]\nexec-timeout = '1s'\n"));
        let run = repo.checkpoint(&["monitor", "--for", "5m", "--exec", exec]);
        assert!(run.code == 10 && run.stderr.contains(said), "{exec}: {run}");
        assert!(run.stdout.contains("ended after 6 samples: fix forward"), "{run}");
        assert!(!run.stderr.contains('\u{1b}'), "{run}");
        if exec == pid {
            let shell = std::fs::read_to_string(beside(&repo, "pid")).expect("it was run").trim().to_owned();
            assert!(!signal("0", &shell) && !signal("0", &format!("-{shell}")), "a process is left");
        }
    }
}

#[test]
fn the_command_of_the_file_needs_consent() {
    let repo = configured(&asked("api", "exit 1", "high"));
    repo.write(".checkpoint.toml", asked("api", "exit 1", "high") + "[monitor]\nexec = 'touch ../told'\n");
    assert_eq!(repo.checkpoint(&["monitor", "--for", "5m"]).code, 2);
    let shown = repo.checkpoint_ok(&["trust", "--show", "--json"]).json();
    let command = json!({ "name": "monitor.exec", "on": ["monitor"], "run": "touch ../told" });
    assert!(shown["commands"].as_array().expect("a list").contains(&command), "{shown}");
    assert!(!beside(&repo, "told").exists());
    trust(&repo);
    assert_eq!(repo.checkpoint(&["monitor", "--for", "5m"]).code, 10);
    assert!(beside(&repo, "told").exists());
}

#[test]
fn a_file_that_changes_meanwhile_changes_nothing() {
    let change = "echo '# more' >> .checkpoint.toml; echo '[[check]]' >> .checkpoint.toml";
    let repo = configured(&(asked("api", change, "high")));
    let run = repo.checkpoint(&["monitor", "--for", "5m"]);
    assert!(run.code == 0 && run.stderr.matches(".checkpoint.toml has changed").count() == 1, "{run}");
    assert_eq!(repo.checkpoint(&["monitor", "--for", "5m"]).code, 2, "that file cannot be used");
}

#[test]
fn a_repository_that_cannot_be_read_is_no_answer() {
    let hide = "n=$(cat ../n 2>/dev/null || echo 0); echo $((n + 1)) > ../n; test $n -lt 3 || mv .git/HEAD ../HEAD";
    let repo = configured(&asked("api", hide, "high"));
    let lines = watched(&repo, 13, &["--for", "9m"]);
    let samples = of(&lines, "sample");
    assert_eq!((told(&lines).as_str(), samples.len()), ("7 inconclusive", 10));
    assert!(samples[9]["error"].is_string() && samples[9]["checks"] == json!([]), "{}", samples[9]);
}

#[test]
fn a_long_watch_does_not_fill_the_disk() {
    let repo = configured(&asked("api", "echo it works; test -e nothing", "high"));
    let lines = watched(&repo, 10, &["--for", "30m"]);
    assert_eq!(of(&lines, "sample").len(), 31);
    let kept = std::fs::read_dir(repo.git_dir().join("checkpoint/logs")).expect("there are logs").count();
    assert!((1..=22).contains(&kept), "{kept} folders");
    let log = of(&lines, "sample")[30]["checks"][0]["log"].as_str().expect("a log");
    assert!(std::fs::read_to_string(log).is_ok_and(|text| text == "it works\n"), "the last one is there");
}

#[test]
fn ctrl_c_ends_it_with_what_holds() {
    for (run, samples, code) in [("exit 1", 2, 10), ("true", 2, 0), ("echo $$ > ../pid; sleep 600 & wait", 0, 13)] {
        let repo = configured(&(asked("api", run, "high") + "[monitor]\nmin-samples = 2\nconsecutive = 2\n"));
        let out = beside(&repo, "out");
        let mut command = repo.checkpoint_command(&["monitor", "--every", "1s", "--json"]);
        // Here time passes by itself.
        command.env_remove("GIT_CHECKPOINT_NOW").process_group(0);
        let file = std::fs::File::create(&out).expect("it can be made");
        let mut child = command.stdout(file).stderr(Stdio::null()).spawn().expect("it runs");
        let text = || std::fs::read_to_string(&out).unwrap_or_default();
        wait_for("the samples", || match samples {
            0 => beside(&repo, "pid").exists(),
            _ => text().matches("\"sample\":").count() >= samples,
        });
        assert!(signal("INT", &format!("-{}", child.id())), "it is there");
        let status = child.wait().expect("it ends");
        assert_eq!(status.code(), Some(code), "{run}: {}", text());
        let last: Value = serde_json::from_str(text().lines().last().expect("an end")).expect("JSON");
        assert_eq!((&last["event"], &last["stopped"]), (&json!("end"), &json!(true)), "{run}");
        if let Ok(shell) = std::fs::read_to_string(beside(&repo, "pid")) {
            assert!(!signal("0", shell.trim()), "a process is left");
        }
    }
}

#[test]
fn where_the_program_is_switched_off_nothing_is_rolled_back() {
    let repo = broken(AUTOMATIC);
    repo.set_var("GIT_CHECKPOINT", "0");
    let run = repo.checkpoint(&["monitor", "--auto", "--for", "5m"]);
    assert!(run.code == 0 && run.stderr.contains("switched off"), "{run}");
    assert_eq!(repo.checkpoint(&["monitor", "--for", "5m"]).code, 12, "to look is no change");
    configure(&repo, &asked("api", "true", "high"));
}
