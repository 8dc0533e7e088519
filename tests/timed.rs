//! Checkpoints that nobody asked for: taken once a slot, in the background, and never in anybody's way.

use std::{
    fs::File,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use crate::{
    phase::{in_phase, status},
    support::TestRepo,
};

const HOUR: i64 = 3600;

/// Puts shims of every hook in, as `git checkpoint hooks install` does.
fn with_hooks(repo: &TestRepo) {
    for event in ["post-commit", "post-merge", "post-checkout", "post-rewrite", "post-applypatch"] {
        let hook = format!(".git/hooks/{event}");
        repo.write(&hook, format!("#!/bin/sh\necho {event} >> .git/fired\nexec git-checkpoint hook {event} \"$@\"\n"));
        repo.chmod(&hook, 0o755);
    }
}

fn checkpoints(repo: &TestRepo) -> Vec<String> {
    let format = "--format=%(contents:trailers:key=Checkpoint-Phase-Event,valueonly)%(contents:subject)";
    let records = repo.git(&["for-each-ref", format, "refs/checkpoint/records/"]);
    records.lines().filter(|line| line.starts_with("timed") || line.contains(" at T+")).map(str::to_owned).collect()
}

/// Waits until so many timed checkpoints are there, and then that no more come.
#[track_caller]
fn expect_timed(repo: &TestRepo, count: usize) {
    let deadline = Instant::now() + Duration::from_secs(20);
    let timed = || checkpoints(repo).iter().filter(|line| line.contains(" at T+")).count();
    while timed() < count && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(timed(), count, "{:?}", checkpoints(repo));
    assert!(!repo.exists(".git/checkpoint/timed-failure.json"), "{}", status(repo));
}

#[track_caller]
fn hook(repo: &TestRepo, event: &str) {
    let run = repo.checkpoint(&["hook", event]);
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (0, "", ""), "{run}");
}

#[test]
fn a_commit_is_followed_by_the_checkpoint_that_is_due() {
    let repo = in_phase(&[]);
    with_hooks(&repo);
    repo.advance(3 * HOUR);
    repo.write("file", "early\n");
    repo.commit("Early");
    expect_timed(&repo, 0);
    repo.advance(HOUR);
    repo.write("file", "due\n");
    repo.write("new", "not committed\n");
    repo.git(&["commit", "-q", "-a", "-m", "Due"]);
    expect_timed(&repo, 1);
    assert_eq!(repo.git(&["show", "phase2-checkpoint-T+4h:new"]), "not committed");
    repo.commit("In the same slot");
    expect_timed(&repo, 1);
    // Missed ones are not made up for.
    repo.advance(20 * HOUR);
    repo.commit("After a long sleep");
    expect_timed(&repo, 2);
    assert_eq!(repo.git(&["tag", "--list", "*T+2*"]), "phase2-checkpoint-T+24h");
    repo.fsck();
}

#[test]
fn a_state_that_is_saved_already_is_not_saved_again() {
    let repo = in_phase(&[]);
    repo.advance(4 * HOUR);
    hook(&repo, "post-checkout");
    let deadline = Instant::now() + Duration::from_secs(20);
    while status(&repo)["due_slot"] != "8h" && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(status(&repo)["due_slot"], "8h", "the slot has passed");
    expect_timed(&repo, 0);
    repo.write("file", "changed\n");
    hook(&repo, "post-commit");
    expect_timed(&repo, 0);
    repo.advance(4 * HOUR);
    hook(&repo, "post-commit");
    expect_timed(&repo, 1);
}

#[test]
fn two_hundred_hooks_at_once_take_one() {
    let repo = in_phase(&[]);
    repo.write("file", "changed\n");
    repo.advance(4 * HOUR);
    let now = repo.now().to_rfc3339();
    let start = |_| -> Child {
        let mut command = repo.checkpoint_command(&["hook", "post-commit"]);
        command.env("GIT_CHECKPOINT_NOW", &now).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the program can be run")
    };
    let hooks: Vec<Child> = (0..200).map(start).collect();
    for child in hooks {
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
    }
    expect_timed(&repo, 1);
    let left = repo.command("find").args([".git", "-name", "*.lock", "-o", "-name", "tmp_*"]).output().expect("find");
    assert_eq!(String::from_utf8_lossy(&left.stdout), "");
    File::open(repo.path().join(".git/checkpoint/lock")).expect("it stays").try_lock().expect("nobody holds it");
}

#[test]
fn those_that_get_past_the_claim_take_one_all_the_same() {
    let repo = in_phase(&[]);
    repo.write("file", "changed\n");
    repo.advance(4 * HOUR);
    let now = repo.now().to_rfc3339();
    let start = |_| repo.checkpoint_command(&["timed"]).env("GIT_CHECKPOINT_NOW", &now).spawn().expect("it can be run");
    let started: Vec<Child> = (0..20).map(start).collect();
    for mut child in started {
        assert!(child.wait().expect("it ends").success());
    }
    expect_timed(&repo, 1);
    assert_eq!(repo.git(&["tag", "--list", "*T+4h*"]), "phase2-checkpoint-T+4h");
}

#[test]
fn a_repository_that_the_variables_name_is_the_one() {
    let repo = in_phase(&[]);
    repo.write("file", "changed\n");
    repo.advance(4 * HOUR);
    std::fs::rename(repo.path().join(".git"), repo.root().join("elsewhere.git")).expect("same file system");
    repo.set_var("GIT_DIR", "../elsewhere.git");
    repo.set_var("GIT_WORK_TREE", ".");
    repo.set_var("GIT_INDEX_FILE", repo.root().join("elsewhere.git/index.lock"));
    hook(&repo, "post-commit");
    repo.remove_var("GIT_INDEX_FILE");
    expect_timed(&repo, 1);
    assert_eq!(repo.git(&["show", "phase2-checkpoint-T+4h:file"]), "changed");
}

#[test]
fn a_rebase_is_followed_by_one_checkpoint() {
    let backends = [&["rebase", "-q", "topic"][..], &["rebase", "-q", "--apply", "topic"]];
    for backend in backends {
        let repo = in_phase(&[]);
        repo.git(&["branch", "topic"]);
        for n in 0..15 {
            repo.write(format!("file{n}"), "x\n");
            repo.commit(&format!("Commit {n}"));
        }
        repo.git(&["switch", "-q", "topic"]);
        repo.write("other", "y\n");
        repo.commit("Other");
        repo.git(&["switch", "-q", "main"]);
        repo.advance(4 * HOUR);
        with_hooks(&repo);
        repo.git(backend);
        assert!(repo.read_text(".git/fired").lines().count() > 1, "hooks ran");
        expect_timed(&repo, 1);
        let saved = repo.git(&["rev-parse", "phase2-checkpoint-T+4h^{commit}"]);
        assert_eq!(saved, repo.rev("HEAD"), "{backend:?}: it is the state after the rebase");
    }
}

#[test]
fn picks_and_patches_are_followed_by_one_checkpoint() {
    let repo = in_phase(&[]);
    repo.git(&["switch", "-q", "-c", "topic"]);
    for n in 0..5 {
        repo.write(format!("file{n}"), "x\n");
        repo.commit(&format!("Commit {n}"));
    }
    let patches = repo.git(&["format-patch", "--stdout", "main"]);
    repo.git(&["switch", "-q", "main"]);
    with_hooks(&repo);
    repo.advance(4 * HOUR);
    repo.git(&["cherry-pick", "main..topic"]);
    expect_timed(&repo, 1);
    assert_eq!(repo.rev("phase2-checkpoint-T+4h^{commit}"), repo.rev("HEAD"));
    repo.git(&["reset", "-q", "--hard", "HEAD~5"]);
    repo.advance(4 * HOUR);
    repo.git_with_input(&["am", "-q"], format!("{patches}\n"));
    expect_timed(&repo, 2);
    assert_eq!(repo.rev("phase2-checkpoint-T+8h^{commit}"), repo.rev("HEAD"));
}

#[test]
fn a_rebase_that_has_stopped_is_not_waited_for_by_the_timer() {
    let repo = in_phase(&[]);
    repo.write("file", "ours\n");
    repo.commit("Ours");
    repo.git(&["switch", "-q", "-c", "topic", "HEAD~"]);
    repo.write("file", "theirs\n");
    repo.commit("Theirs");
    repo.git(&["switch", "-q", "main"]);
    assert!(!repo.git_raw(&["rebase", "-q", "topic"]).status.success());
    repo.advance(4 * HOUR);
    repo.write("list", format!("# repositories that git checkpoint visits, format 1\n{}\n", repo.path().display()));
    let begin = Instant::now();
    repo.checkpoint_ok(&["schedule", "run", "--list", "list"]);
    assert!(begin.elapsed() < Duration::from_secs(20), "it took {:?}", begin.elapsed());
    expect_timed(&repo, 0);
    repo.git(&["rebase", "--abort"]);
    repo.checkpoint_ok(&["schedule", "run", "--list", "list"]);
    expect_timed(&repo, 1);
}

#[test]
fn nobody_waits_for_it() {
    let repo = in_phase(&[]);
    with_hooks(&repo);
    repo.advance(4 * HOUR);
    repo.write("file", "changed\n");
    // What runs in the background waits for this.
    let lock = File::options().write(true).open(repo.path().join(".git/checkpoint/lock")).expect("it is there");
    lock.lock().expect("it is free");
    let begin = Instant::now();
    let mut shell = repo.command("sh");
    shell.args(["-c", "git commit -q -a -m Changed 2>&1 | cat"]);
    assert!(shell.output().expect("sh can be run").status.success());
    assert!(begin.elapsed() < Duration::from_secs(8), "it took {:?}", begin.elapsed());
    lock.unlock().expect("it was locked");
    expect_timed(&repo, 1);
}

#[test]
fn what_is_switched_off_or_in_no_phase_does_nothing() {
    let repo = TestRepo::with_commit();
    let before = repo.git_dir_fingerprint();
    hook(&repo, "post-commit");
    hook(&repo, "post-something-new");
    before.assert_same(&repo.git_dir_fingerprint());
    hook(&repo.at("sub/folder"), "post-merge");
    let nowhere = repo.at("../nowhere");
    hook(&nowhere, "post-commit");
    repo.checkpoint_ok(&["start", "phase2"]);
    repo.write("file", "changed\n");
    repo.advance(4 * HOUR);
    repo.set_var("GIT_CHECKPOINT", "0");
    hook(&repo, "post-commit");
    expect_timed(&repo, 0);
    repo.remove_var("GIT_CHECKPOINT");
    repo.git(&["switch", "-q", "-c", "other"]);
    hook(&repo, "post-commit");
    repo.git(&["switch", "-q", "--detach"]);
    hook(&repo, "post-commit");
    expect_timed(&repo, 0);
    assert!(!repo.exists(".git/checkpoint/timed-claim"), "it was not even looked at");
}

#[test]
fn commits_of_this_program_are_not_followed_by_one() {
    let repo = in_phase(&[]);
    with_hooks(&repo);
    repo.advance(4 * HOUR);
    repo.write("file", "changed\n");
    repo.checkpoint_ok(&["create", "--commit", "-m", "By hand"]);
    assert_eq!(repo.read_text(".git/fired"), "post-commit\n", "the hook ran");
    expect_timed(&repo, 0);
}

#[test]
fn a_failure_is_told_by_status_until_it_works_again() {
    let repo = in_phase(&[]);
    repo.write("file", "changed\n");
    repo.advance(4 * HOUR);
    repo.write(".checkpoint.toml", "[captrue]\n");
    hook(&repo, "post-commit");
    let failure = repo.path().join(".git/checkpoint/timed-failure.json");
    let deadline = Instant::now() + Duration::from_secs(20);
    while !failure.exists() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    repo.remove(".checkpoint.toml");
    let said = status(&repo);
    assert_eq!(said["last_failure"]["message"], "`.checkpoint.toml` is not valid", "{said}");
    assert_eq!((&said["last_failure"]["times"], &said["due_slot"]), (&1.into(), &"4h".into()));
    let run = repo.checkpoint_ok(&["status"]);
    assert!(
        run.stderr.contains("the last timed checkpoint failed") && run.stderr.contains("did you mean `capture`?"),
        "{run}"
    );
    repo.advance(61);
    hook(&repo, "post-commit");
    expect_timed(&repo, 1);
}

#[test]
fn a_tag_that_cannot_be_signed_is_told() {
    let repo = in_phase(&[]);
    repo.git(&["config", "tag.gpgSign", "true"]);
    repo.git(&["config", "gpg.program", "false"]);
    repo.write("file", "changed\n");
    repo.advance(4 * HOUR);
    repo.checkpoint_ok(&["timed"]);
    assert_eq!(repo.git(&["tag", "--list", "*T+4h"]), "");
    assert_eq!(repo.checkpoint_ok(&["show", "T+4h", "--json"]).json()["timed"], true, "it is saved");
    let said = status(&repo)["last_failure"]["message"].to_string();
    assert!(said.contains("could not be signed"), "{said}");
}

#[test]
fn a_clock_that_jumps_loses_no_checkpoint_and_takes_none_twice() {
    let repo = in_phase(&[]);
    repo.write("file", "1\n");
    repo.advance(4 * HOUR);
    hook(&repo, "post-commit");
    expect_timed(&repo, 1);
    // Back a little.
    repo.advance(-HOUR / 2);
    repo.write("file", "2\n");
    hook(&repo, "post-commit");
    repo.advance(HOUR);
    hook(&repo, "post-commit");
    expect_timed(&repo, 1);
    // Years ahead, and back.
    repo.advance(30_000 * HOUR);
    hook(&repo, "post-commit");
    expect_timed(&repo, 2);
    repo.advance(-30_000 * HOUR);
    repo.advance(4 * HOUR);
    repo.write("file", "3\n");
    hook(&repo, "post-commit");
    expect_timed(&repo, 3);
    assert_eq!(repo.git(&["tag", "--list", "*T+8h"]), "phase2-checkpoint-T+8h");
    hook(&repo, "post-commit");
    expect_timed(&repo, 3);
}

#[test]
fn undo_leaves_it_alone() {
    let repo = in_phase(&[]);
    repo.write("file", "mine\n");
    repo.checkpoint_ok(&["create", "--name", "mine"]);
    repo.advance(4 * HOUR);
    repo.write("file", "later\n");
    hook(&repo, "post-commit");
    expect_timed(&repo, 1);
    repo.checkpoint_ok(&["undo", "--yes"]);
    assert_eq!(repo.git(&["tag", "--list", "mine"]), "");
    assert_eq!(repo.git(&["tag", "--list", "*T+4h"]), "phase2-checkpoint-T+4h");
    // Named, it is taken back like any other.
    let listed = repo.checkpoint_ok(&["list", "--json"]).json();
    let timed = listed.as_array().and_then(|all| all.iter().find(|one| one["timed"] == true)).expect("it is listed");
    repo.checkpoint_ok(&["undo", "--yes", timed["id"].as_str().expect("an id")]);
    assert_eq!(repo.git(&["tag", "--list", "*T+4h"]), "");
}

#[test]
fn linked_worktrees_includes_and_a_hooks_environment() {
    let repo = TestRepo::with_commit();
    let linked = repo.linked_worktree("topic");
    linked.checkpoint_ok(&["start", "phase2"]);
    with_hooks(&repo);
    repo.advance(4 * HOUR);
    repo.write("file", "not in the phase\n");
    repo.commit("Elsewhere");
    expect_timed(&repo, 0);
    linked.write("file", "in the phase\n");
    linked.write("left.txt", "not added\n");
    let run = linked.git_raw(&["commit", "-q", "-a", "-m", "In it"]);
    assert!(run.status.success(), "{run:?}");
    expect_timed(&repo, 1);
    assert_eq!(linked.git(&["show", "phase2-checkpoint-T+4h:left.txt"]), "not added");
    // The phase is named in a file that the configuration includes.
    let repo = in_phase(&[]);
    repo.git(&["config", "--unset", "branch.main.checkpointPhase"]);
    repo.git(&["config", "--file", ".git/more", "branch.main.checkpointPhase", "phase2"]);
    repo.git(&["config", "include.path", "more"]);
    repo.write("file", "changed\n");
    repo.advance(4 * HOUR);
    hook(&repo, "post-commit");
    expect_timed(&repo, 1);
}

#[test]
fn nothing_is_saved_while_an_operation_is_half_done() {
    let repo = in_phase(&[]);
    repo.write("file", "ours\n");
    repo.commit("Ours");
    repo.git(&["switch", "-q", "-c", "topic", "HEAD~"]);
    repo.write("file", "theirs\n");
    repo.commit("Theirs");
    repo.git(&["switch", "-q", "main"]);
    assert_eq!(repo.checkpoint(&["recover", "main..topic", "--all"]).code, 3);
    repo.advance(4 * HOUR);
    assert_eq!(repo.checkpoint(&["timed"]).code, 3);
    assert!(repo.exists(".git/checkpoint/timed-failure.json"));
    repo.checkpoint_ok(&["recover", "--abort"]);
    repo.checkpoint_ok(&["timed"]);
    expect_timed(&repo, 1);
}

#[test]
fn the_end_of_a_phase_that_came_from_elsewhere_is_noticed() {
    let repo = in_phase(&[]);
    let clone = TestRepo::clone_of(&repo);
    clone.git(&["fetch", "-q", "origin", "refs/checkpoint/phases/*:refs/checkpoint/phases/*"]);
    clone.checkpoint_ok(&["start", "phase2"]);
    repo.checkpoint_ok(&["finish"]);
    clone.git(&["fetch", "-q", "--force", "origin", "refs/checkpoint/phases/*:refs/checkpoint/phases/*"]);
    clone.write("file", "changed\n");
    clone.advance(4 * HOUR);
    clone.checkpoint_ok(&["timed"]);
    expect_timed(&clone, 0);
    let notes = clone.read_text(".git/checkpoint/phases.json");
    assert!(notes.contains("\"ended\":true"), "hooks look no more: {notes}");
    assert!(clone.checkpoint_ok(&["status"]).stdout.contains("which has ended"));
    clone.checkpoint_ok(&["finish"]);
    assert!(status(&clone)["phase"].is_null());
}
