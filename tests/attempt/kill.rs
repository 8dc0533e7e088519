//! `kill -9` at system calls of the program: before, while and after the command runs, and on the way back.

#![allow(
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "it is told how much to kill, and says when it cannot"
)]

use std::time::{Duration, Instant};

use super::*;

/// The calls that change something.
const CALLS: &str =
    "openat,write,rename,renameat,renameat2,unlink,unlinkat,fsync,fdatasync,link,linkat,mkdir,mkdirat,rmdir,flock";

const MESS: &str = "echo bad > src/kept.txt; rm -r new; git add -A; git commit -qm made; echo more > extra";

/// The calls of a clean run: name and how many of it there were before, and itself.
fn points(repo: &TestRepo, args: &[&str]) -> Vec<(String, usize)> {
    let log = beside(repo, "strace.log");
    let mut command = repo.command("strace");
    command.arg("-o").arg(&log).arg("-e").arg(format!("trace={CALLS}"));
    let Ok(_) = command.arg(env!("CARGO_BIN_EXE_git-checkpoint")).args(args).output() else { return Vec::new() };
    let text = std::fs::read_to_string(&log).unwrap_or_default();
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    let mut points = Vec::new();
    for line in text.lines() {
        let Some((name, rest)) = line.split_once('(') else { continue };
        let number = counts.entry(name.to_owned()).or_default();
        *number += 1;
        let changes = name != "openat" || rest.contains("O_CREAT");
        let speaks = name == "write" && (rest.starts_with("1, ") || rest.starts_with("2, "));
        if changes && !speaks {
            points.push((name.to_owned(), *number));
        }
    }
    points
}

/// Waits until what a killed process has started is gone.
fn settled(repo: &TestRepo, args: &[&str]) -> Run {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let run = repo.checkpoint(args);
        let waits = run.stderr.contains("is tried in this worktree") || run.stderr.contains("was killed, but");
        if !waits || Instant::now() > deadline {
            return run;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Kills it at some calls; `ends` says what `--continue` gives.
fn attack(args: &[&str], is_kept: bool) {
    let clean = messy();
    let points = points(&clean, args);
    if points.is_empty() {
        eprintln!("SKIPPED: no process was killed, for strace is missing");
        return;
    }
    let after = clean.state();
    let wanted = if std::env::var_os("KILL_ALL").is_some() { points.len() } else { 10 };
    let mut ends = std::collections::BTreeMap::<&str, usize>::new();
    for (number, (call, nth)) in points.iter().step_by(points.len().div_ceil(wanted)).enumerate() {
        let at = format!("killed at {call} {nth}");
        let repo = messy();
        let before = repo.state();
        let mut command = repo.command("strace");
        command.args(["-o", "/dev/null", "-e", &format!("trace={call}")]);
        command.args(["-e", &format!("inject={call}:signal=SIGKILL:when={nth}")]);
        command.arg(env!("CARGO_BIN_EXE_git-checkpoint")).args(args).output().expect("it can be run");
        repo.git(&["status"]);
        let next = settled(&repo, &["undo", "--dry-run"]);
        let is_open = next.stderr.contains("has not ended");
        if is_open {
            let (ending, goal) = if number % 2 == 0 {
                ("--abort", &before)
            } else {
                ("--continue", if is_kept { &after } else { &before })
            };
            let ended = settled(&repo, &["try", ending]);
            assert!(ended.code <= 1, "{at}: {ended}");
            let now = repo.state();
            let not_begun = ended.stdout.contains("had not changed anything yet");
            let goal = if not_begun { &before } else { goal };
            // The time of a commit that is made again is another one.
            let (mut goal, mut now) = (goal.clone(), now);
            if ending == "--continue" && is_kept {
                (goal.head, now.head) = (String::new(), String::new());
                goal.status.retain(|line| !line.starts_with('#'));
                now.status.retain(|line| !line.starts_with('#'));
            }
            assert!(goal == now, "{at}, {ending}: {ended}\n{goal:#?}\n{now:#?}");
        } else {
            let now = repo.state();
            assert!(now == before || is_kept, "{at}: {next}\n{now:#?}");
        }
        *ends.entry(if is_open { "open" } else { "closed" }).or_default() += 1;
        let status = repo.checkpoint_ok(&["status", "--json"]).json();
        assert!(status["in_progress"].is_null(), "{at}: {status}");
        assert_eq!(repo.checkpoint(&["create"]).code, 0, "{at}");
        repo.fsck();
    }
    assert!(ends.contains_key("open"), "the dangerous moment was not tried: {ends:?}");
}

#[test]
fn a_try_that_is_put_back() {
    let script = format!("{MESS}; exit 3");
    attack(&["try", "--", "sh", "-c", &script], false);
}

#[test]
fn a_try_that_is_kept() {
    attack(&["try", "--", "sh", "-c", MESS], true);
}

#[test]
fn a_try_file_by_file() {
    let script = "case $1 in *both*) exit 1 ;; *typed*) exit 0 ;; *) echo more >> \"$1\" ;; esac";
    attack(&["try", "--keep-going", "--each", "src", "--", "sh", "-c", script, "sh", "{}"], true);
}
