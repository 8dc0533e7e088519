//! While one is tried, and after its process was killed.

use std::{
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use super::*;

/// A try whose command waits for the file `go` beside the repository, once it has made a file.
fn waiting(repo: &TestRepo, options: &[&str], script: &str) -> Child {
    let (running, go) = (beside(repo, "running"), beside(repo, "go"));
    let wait = format!("touch '{}'; while ! test -e '{}'; do sleep 0.02; done", running.display(), go.display());
    let script = script.replace("WAIT", &wait);
    let place: &[&str] = if options.contains(&"--each") { &["{}"] } else { &[] };
    let args = [&["try"], options, &["--", "sh", "-c", &script, "sh"], place].concat();
    let mut command = repo.checkpoint_command(&args);
    let child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it can be run");
    let deadline = Instant::now() + Duration::from_secs(30);
    while !running.exists() {
        assert!(Instant::now() < deadline, "the command does not run");
        std::thread::sleep(Duration::from_millis(10));
    }
    child
}

fn kill(mut child: Child) {
    child.kill().expect("it can be killed");
    child.wait().expect("it has ended");
}

/// Waits until what a killed process has started is gone.
fn ending(repo: &TestRepo, args: &[&str]) -> Run {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let run = repo.checkpoint(args);
        if !run.stderr.contains("still running") || Instant::now() > deadline {
            return run;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn while_one_is_tried_nothing_else_touches_the_worktree() {
    let repo = messy();
    let mut child = waiting(&repo, &[], "echo half > src/kept.txt; WAIT; exit 3");
    let half = repo.state();
    for args in
        [&["try", "--", "true"][..], &["rollback", "HEAD"], &["undo"], &["try", "--abort"], &["try", "--continue"]]
    {
        let run = repo.checkpoint(args);
        assert_eq!(run.code, 3, "{run}");
        assert!(run.stderr.contains("a command is tried in this worktree"), "{run}");
    }
    // What only saves can be done.
    let saved = repo.checkpoint_ok(&["create"]);
    assert!(saved.stderr.contains("is tried"), "{saved}");
    half.assert_same(&repo.state());
    // Another worktree is none of its business.
    let other = repo.linked_worktree("other");
    other.checkpoint_ok(&["try", "--", "touch", "made"]);
    std::fs::write(beside(&repo, "go"), "").expect("writable");
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
    assert!(repo.read_text("src/kept.txt").contains("first form"));
}

#[test]
fn a_timed_checkpoint_is_not_taken_meanwhile() {
    let repo = TestRepo::with_commit();
    repo.checkpoint_ok(&["start", "phase", "--every", "1h"]);
    let mut child = waiting(&repo, &[], "echo half > file; WAIT; exit 3");
    repo.advance(2 * 3600);
    let before = repo.checkpoint_ok(&["list", "--json"]).json().as_array().map(Vec::len);
    assert_eq!(repo.checkpoint(&["timed"]).code, 0);
    assert_eq!(repo.checkpoint_ok(&["list", "--json"]).json().as_array().map(Vec::len), before);
    assert!(repo.checkpoint_ok(&["status", "--json"]).json()["last_failure"].is_null());
    std::fs::write(beside(&repo, "go"), "").expect("writable");
    child.wait().expect("it ends");
    repo.write("file", "more\n");
    repo.checkpoint(&["timed"]);
    assert_ne!(repo.checkpoint_ok(&["list", "--json"]).json().as_array().map(Vec::len), before);
}

#[test]
fn after_a_kill_abort_puts_everything_back_and_keeps_what_was_there() {
    let repo = messy();
    let before = repo.state();
    kill(waiting(&repo, &[], "echo half > src/kept.txt; rm -r new; git add -A; git commit -qm half; WAIT"));
    let next = ending(&repo, &["undo"]);
    assert_eq!(next.code, 3, "{next}");
    assert!(next.stderr.contains("try --continue") && next.stderr.contains("try --abort"), "{next}");
    repo.write("src/staged.txt", "written after the kill\n");
    let ended = repo.checkpoint_ok(&["try", "--abort", "--json"]).json();
    before.assert_same(&repo.state());
    let saved = ended["saved"].as_str().expect("an id");
    let record = repo.git(&["cat-file", "-p", &format!("refs/checkpoint/records/{saved}")]);
    let made = record.lines().find_map(|line| line.strip_prefix("Checkpoint-Result: ")).expect("a result");
    assert_eq!(repo.git(&["show", &format!("{made}:src/staged.txt")]), "written after the kill");
    repo.checkpoint_ok(&["undo"]);
    assert_eq!(repo.read_text("src/kept.txt"), "half\n");
    repo.fsck();
}

#[test]
fn after_a_kill_continue_runs_it_again_from_the_state_before() {
    let repo = messy();
    let before = repo.state();
    let script = "test ! -e made || exit 9; echo half > made; WAIT; echo whole > made";
    kill(waiting(&repo, &["-m", "Again"], script));
    assert_eq!(repo.read_text("made"), "half\n");
    std::fs::write(beside(&repo, "go"), "").expect("writable");
    let run = ending(&repo, &["try", "--continue", "--json"]);
    assert_eq!((run.code, run.json()["outcome"].as_str()), (0, Some("kept")), "{run}");
    assert_eq!(repo.read_text("made"), "whole\n");
    repo.checkpoint_ok(&["undo"]);
    before.assert_same(&repo.state());
    assert_eq!(repo.checkpoint(&["try", "--continue"]).code, 1, "nothing is left to be gone on with");
    repo.fsck();
}

#[test]
fn a_run_file_by_file_goes_on_with_the_file_that_it_was_at() {
    for (ending_word, code) in [("--continue", 0), ("--abort", 0)] {
        let repo = TestRepo::with_commit();
        for number in 1..=6 {
            repo.write(format!("part/{number}"), "x\n");
        }
        repo.commit("Parts");
        let before = repo.state();
        let script = "echo $1 >> \"$HOME/../ran\"; case $1 in *4) echo half > $1; WAIT ;; esac; rm $1";
        kill(waiting(&repo, &["--each", "part", "--commit"], script));
        std::fs::write(beside(&repo, "go"), "").expect("writable");
        let run = ending(&repo, &["try", ending_word, "--json"]);
        assert_eq!(run.code, code, "{run}");
        if ending_word == "--abort" {
            before.assert_same(&repo.state());
            assert_eq!(repo.git(&["log", "-1", "--format=%s"]), "Parts");
        } else {
            assert_eq!(paths(&run.json(), "kept").len(), 6, "{run}");
            assert_eq!(runs(&repo), 7, "the fourth was begun twice");
            assert!(!repo.exists("part/1") && !repo.exists("part/6"));
            assert_eq!(repo.git(&["log", "--format=%s"]).lines().count(), 8);
            repo.checkpoint_ok(&["undo"]);
            before.assert_same(&repo.state());
        }
        repo.fsck();
    }
}
