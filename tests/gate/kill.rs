//! `kill -9` while the checks of a checkpoint run: its state is there, and the next call knows what to do.

#![allow(
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "it is told how much to kill, and says when it cannot"
)]

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use super::*;

/// The calls that change something.
const CALLS: &str =
    "openat,write,rename,renameat,renameat2,unlink,unlinkat,fsync,fdatasync,link,linkat,mkdir,mkdirat,rmdir,flock";

/// The calls of a clean run: name and how many of it there were before, and itself.
fn points(repo: &TestRepo) -> Vec<(String, usize)> {
    let log = beside(repo, "strace.log");
    let mut command = repo.command("strace");
    command.arg("-o").arg(&log).arg("-e").arg(format!("trace={CALLS}"));
    let Ok(output) = command.args([env!("CARGO_BIN_EXE_git-checkpoint"), "create"]).output() else { return Vec::new() };
    assert!(output.status.success(), "{output:?}");
    let text = std::fs::read_to_string(&log).expect("it was written");
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    let mut points = Vec::new();
    for line in text.lines() {
        let Some((name, rest)) = line.split_once('(') else { continue };
        let number = counts.entry(name.to_owned()).or_default();
        *number += 1;
        let changes = name != "openat" || rest.contains("O_CREAT");
        if changes {
            points.push((name.to_owned(), *number));
        }
    }
    points
}

fn fresh() -> TestRepo {
    let repo = repository();
    repo.write("file", "good, never committed\n");
    repo.write("new", "not tracked\n");
    repo.git(&["config", "checkpoint.background", "false"]);
    repo
}

#[test]
fn at_any_call_nothing_is_lost() {
    let repo = fresh();
    let points = points(&repo);
    if points.is_empty() {
        eprintln!("SKIPPED: no process was killed, for strace is missing");
        return;
    }
    let step = if std::env::var_os("KILL_ALL").is_some() { 1 } else { points.len().div_ceil(12) };
    let mut ends = std::collections::BTreeMap::<String, usize>::new();
    for (call, nth) in points.iter().step_by(step) {
        let repo = fresh();
        let before = repo.state();
        let mut command = repo.command("strace");
        command.args(["-o", "/dev/null", "-e", &format!("trace={call}")]);
        command.args(["-e", &format!("inject={call}:signal=SIGKILL:when={nth}")]);
        let output = command.args([env!("CARGO_BIN_EXE_git-checkpoint"), "create"]).output().expect("it can be run");
        let at = format!("killed at {call} {nth}");
        assert!(!output.status.success() || output.status.code().is_none(), "{at}: {output:?}");
        before.assert_same(&repo.state());
        repo.fsck();
        let all = repo.checkpoint_ok(&["list", "--all", "--json"]).json();
        let state = all[0]["state"].as_str().unwrap_or("nothing").to_owned();
        assert!(["nothing", "pending", "validated"].contains(&&*state), "{at}: {state}");
        assert_eq!(tags(&repo).len(), usize::from(state == "validated"), "{at}: {state}");
        if state == "pending" {
            let id = id(&all[0]);
            let status = repo.checkpoint_ok(&["status"]);
            assert!(status.stdout.contains("pending"), "{at}: {status}");
            let retried = repo.checkpoint_ok(&["jobs", "retry", &id]);
            assert_eq!((tags(&repo).len(), listed(&repo, &["-n", "1"])), (1, "validated".into()), "{at}: {retried}");
        }
        let next = repo.checkpoint(&["create", "--json"]);
        assert_eq!((next.code, &next.json()["state"]), (0, &"validated".into()), "{at}: {next}");
        assert_eq!(
            repo.git(&["show", &format!("{}:new", next.json()["commit"].as_str().expect("a commit"))]),
            "not tracked"
        );
        let doctor = repo.checkpoint(&["doctor"]);
        assert_ne!(doctor.code, 70, "{at}: {doctor}");
        repo.fsck();
        *ends.entry(state).or_default() += 1;
    }
    assert!(ends.contains_key("pending"), "the dangerous moment was not tried: {ends:?}");
}

/// A repository with a `create` that was killed while its check ran. Nothing is done in the background.
fn killed() -> (TestRepo, String) {
    let repo = TestRepo::with_commit();
    repo.git(&["config", "checkpoint.background", "false"]);
    let (running, go) = (beside(&repo, "running"), beside(&repo, "go"));
    let wait = format!("touch {}; while ! test -e {}; do sleep 0.02; done", running.display(), go.display());
    configure(&repo, &check("unit", &wait, &[]));
    repo.write("new", "x\n");
    let mut command = repo.checkpoint_command(&["create", "--name", "wanted"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it can be run");
    let deadline = Instant::now() + Duration::from_secs(30);
    while !running.exists() {
        assert!(Instant::now() < deadline, "the check does not run");
        std::thread::sleep(Duration::from_millis(10));
    }
    // While it lives, it is known to.
    let id = id(&repo.checkpoint_ok(&["list", "--json"]).json()[0]);
    let jobs = repo.checkpoint_ok(&["jobs", "--json"]).json();
    assert_eq!((&jobs[0]["state"], &jobs[0]["id"]), (&"running".into(), &id.as_str().into()), "{jobs}");
    let status = repo.checkpoint_ok(&["status"]);
    assert!(!status.stderr.contains("has died"), "{status}");
    child.kill().expect("it can be killed");
    child.wait().expect("it has ended");
    std::fs::write(&go, "").expect("writable");
    // What it has started may hold its locks for a moment longer.
    while !repo.checkpoint_ok(&["status"]).stderr.contains("has died") {
        assert!(Instant::now() < deadline, "nobody tells that it has died");
        std::thread::sleep(Duration::from_millis(20));
    }
    (repo, id)
}

#[test]
fn checks_whose_process_died_are_told_of_and_taken_up() {
    let (repo, id) = killed();
    for args in [&["status"][..], &["list"], &["create", "--no-verify", "--name", "next"]] {
        let run = repo.checkpoint_ok(args);
        assert!(run.stderr.contains("has died") && run.stderr.contains(&format!("jobs retry {id}")), "{run}");
    }
    let doctor = repo.checkpoint_ok(&["doctor"]);
    assert!(doctor.stdout.contains("has died"), "{doctor}");
    let retried = repo.checkpoint_ok(&["jobs", "retry", &id]);
    assert_eq!(tags(&repo), ["next", "wanted"], "{retried}");
    let quiet = repo.checkpoint_ok(&["status"]);
    assert!(!quiet.stderr.contains("has died"), "{quiet}");
    repo.fsck();
}

#[test]
fn a_worker_takes_up_what_was_left() {
    let (repo, _id) = killed();
    repo.git(&["config", "checkpoint.background", "true"]);
    let run = repo.checkpoint(&["hook", "post-commit"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run}");
    let deadline = Instant::now() + Duration::from_secs(30);
    while tags(&repo).is_empty() {
        assert!(Instant::now() < deadline, "{}", repo.checkpoint(&["jobs"]));
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!((tags(&repo), listed(&repo, &[])), (vec!["wanted".to_owned()], "validated".into()));
    repo.fsck();
}
