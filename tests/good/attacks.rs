//! Flaky checks, checks that do what they like, signals, and branches that move in between.

use std::time::{Duration, Instant};

use super::*;
use crate::{support::Run, terminal::Session};

#[test]
fn a_flaky_check_condemns_nobody_and_is_named() {
    // It fails the first time that it sees the last commit.
    let flaky = format!("{RAN}; test -e file11 || exit 0; mkdir \"$HOME/../seen\" 2>/dev/null && exit 1; exit 0");
    let planted = Planted::new(&check("unit", &flaky, &[]), 12, &[], &[]);
    let answer = planted.recover(0, &["--jobs", "1"]);
    assert_eq!((fates(&answer), &answer["flaky"]), (vec!["picked"; 12], &serde_json::json!(["unit"])));
    assert_eq!(answer["checks"][0]["verdict"], "pass");
    // Who looks again is told as well.
    planted.repo.checkpoint_ok(&["undo"]);
    let run = planted.repo.checkpoint(&["recover", "main..broken", "--good"]);
    assert!(run.code == 0 && run.stderr.contains("the check unit is flaky"), "{run}");
}

/// Checks may take hours, and the reflog says when the branch moved.
#[test]
fn the_reflog_has_the_moment_in_which_the_branch_moved() {
    let planted = Planted::new(&check("unit", "sleep 2", &[]), 1, &[], &[]);
    ["GIT_CHECKPOINT_NOW", "GIT_COMMITTER_DATE"].iter().for_each(|name| planted.repo.remove_var(name));
    let begin = planted.repo.command("date").arg("+%s").output().expect("there is a date").stdout;
    let begin: i64 = String::from_utf8_lossy(&begin).trim().parse().expect("a time");
    planted.recover(0, &["--jobs", "1"]);
    let entry = planted.repo.git(&["reflog", "-1", "--date=unix", "--format=%gd"]);
    let moved: i64 = entry.trim_start_matches("HEAD@{").trim_end_matches('}').parse().expect("a time");
    assert!(moved >= begin + 2, "{entry} began at {begin}");
}

#[test]
fn a_commit_that_silences_the_checks_is_left_out() {
    let config = check("unit", "! test -e bad5 || exit 125", &[]);
    let planted = Planted::new(&config, 12, &[5], &[(7, 5)]);
    let answer = planted.recover(0, &["--jobs", "1"]);
    let found = fates(&answer);
    assert_eq!((found[5], found[7], found[6], found[11]), ("no-answer", "conflicts", "picked", "picked"));
    assert!(answer["fates"][5]["why"].as_str().is_some_and(|why| why.contains("125")), "{answer}");
}

#[test]
fn a_check_that_changes_its_worktree_is_judged_by_what_it_was_given() {
    // It makes things, tracked by nobody, that the next one must not see; and with one commit it changes what is tracked.
    let command = "test ! -e left && touch left && mkdir -p built && if test -e file6; then echo x >> file; fi";
    let planted = Planted::new(&check("unit", command, &[]), 12, &[], &[]);
    let answer = planted.recover(0, &["--jobs", "2"]);
    let found = fates(&answer);
    assert_eq!((found[6], found[5], found[7]), ("no-answer", "picked", "picked"), "{answer}");
    assert!(!planted.repo.exists("left") && planted.repo.read_text("file") == "first\n");
}

#[test]
fn checks_that_have_to_be_alone_are_alone() {
    let alone = "mkdir \"$HOME/../alone\" || exit 1; sleep 0.05; rmdir \"$HOME/../alone\"";
    let beside = "test ! -e \"$HOME/../alone\"";
    let config =
        format!("{}{}{}", no_bad(&[]), check("alone", alone, &["exclusive = true"]), check("beside", beside, &[]));
    let planted = Planted::new(&config, 16, &[9], &[]);
    planted.assert_found(&planted.recover(0, &["--jobs", "4"]), false);
}

/// Starts a recover whose check waits in the midst of it, until it is there.
fn waiting(planted: &Planted) -> std::process::Child {
    let mut command = planted.repo.checkpoint_command(&["recover", "main..broken", "--good", "--jobs", "2"]);
    let child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn();
    let since = Instant::now();
    while !planted.repo.root().join("waits").exists() {
        assert!(since.elapsed() < Duration::from_secs(60), "it never came to the check");
        std::thread::sleep(Duration::from_millis(20));
    }
    child.expect("it can be run")
}

const WAITS: &str = "test -e file3 || exit 0; touch \"$HOME/../waits\"; n=0; while test ! -e \"$HOME/../go\" && test $n -lt 600; do sleep 0.1; n=$((n+1)); done; ! test -e bad6";

#[test]
fn ctrl_c_and_kill_leave_everything_as_it_was() {
    for signal in ["INT", "TERM", "KILL"] {
        let planted = Planted::new(&check("unit", WAITS, &[]), 8, &[6], &[]);
        let repo = &planted.repo;
        let (state, refs) = (repo.state(), repo.git(&["for-each-ref", "refs/heads", "refs/checkpoint"]));
        let child = waiting(&planted);
        repo.git(&["log", "-1"]);
        let killed = repo.command("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
        assert!(killed.is_ok_and(|status| status.success()));
        let output = child.wait_with_output().expect("it ends");
        let run = Run::of(repo, &["recover"], &output);
        if signal == "KILL" {
            assert_eq!(run.code, -1);
        } else {
            assert!(run.code == 1 && run.stderr.contains("it was stopped"), "{signal}: {run}");
        }
        state.assert_same(&repo.state());
        assert_eq!(refs, repo.git(&["for-each-ref", "refs/heads", "refs/checkpoint"]));
        // Nothing is busy, and what was found out is known.
        repo.write("../go", "");
        planted.assert_found(&planted.recover(0, &[]), false);
        repo.fsck();
    }
}

/// While the checks run, something is done that the result may not go onto.
fn refused_after(change: impl FnOnce(&TestRepo)) -> Planted {
    let planted = Planted::new(&check("unit", WAITS, &[]), 8, &[6], &[]);
    let repo = &planted.repo;
    let child = waiting(&planted);
    change(repo);
    let state = repo.state();
    repo.write("../go", "");
    let output = child.wait_with_output().expect("it ends");
    let run = Run::of(repo, &["recover"], &output);
    assert!(run.code == 1 && run.stderr.contains("the branch has moved while the checks ran"), "{run}");
    state.assert_same(&repo.state());
    planted
}

#[test]
fn a_branch_that_moves_meanwhile_is_left_alone() {
    let planted = refused_after(|repo| {
        repo.git(&["commit", "-q", "--allow-empty", "-m", "meanwhile"]);
        repo.checkpoint_ok(&["create"]);
    });
    assert_eq!(planted.repo.checkpoint_ok(&["log", "--json"]).json().as_array().map(Vec::len), Some(1));
}

#[test]
fn another_branch_at_the_same_commit_is_another_branch() {
    let planted = refused_after(|repo| drop(repo.git(&["checkout", "-q", "-b", "elsewhere"])));
    assert_eq!(planted.repo.rev("elsewhere"), planted.repo.rev("main"));
}

#[test]
fn a_person_sees_the_plan_and_may_say_no() {
    let planted = Planted::new(&no_bad(&[]), 8, &[6], &[]);
    let repo = &planted.repo;
    let (state, refs) = (repo.state(), repo.refs().len());
    let mut session = Session::start(repo, &["recover", "main..broken", "--good", "--jobs", "1"]);
    session.expect("breaks unit");
    session.expect("Bring them back?");
    session.send("n");
    session.expect("nothing was changed");
    state.assert_same(&repo.state());
    // Only the notes came.
    assert_eq!(repo.refs().len(), refs + 1);
    let mut session = Session::start(repo, &["recover", "main..broken", "--good"]);
    session.expect("Bring them back?");
    session.send("y");
    session.expect("recovered 7 commits");
}
