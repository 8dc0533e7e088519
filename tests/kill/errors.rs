//! What is said after an error is so: everything is as before, or it is done, or it stopped half-way and both ways lead out.

use super::{
    copy,
    look::{Look, Treasure},
    points, repositories,
    repositories::Case,
};
use crate::support::{Run, TestRepo};

/// Calls that fail, and how.
const FAILURES: [(&str, &str); 3] = [("fsync", "EIO"), ("renameat", "ENOSPC"), ("rename", "ENOSPC")];

#[test]
fn a_rollback_of_the_index_alone() {
    fail_everywhere(&repositories::staged_only(), 1);
}

#[test]
fn a_rollback_to_a_merge_in_progress() {
    fail_everywhere(&repositories::merging(), 1);
}

#[test]
fn a_rollback_of_everything() {
    fail_everywhere(&repositories::rollback(), 3);
}

#[test]
fn a_rollback_whose_backup_has_a_name_that_is_taken() {
    fail_everywhere(&repositories::with_a_taken_name(), 1);
}

#[test]
fn a_rollback_with_commands() {
    fail_everywhere(&repositories::rollback_with_commands(), 3);
}

#[test]
fn a_recover() {
    fail_everywhere(&repositories::recover(), 2);
}

#[test]
fn a_recover_onto_another_branch() {
    fail_everywhere(&repositories::onto_another(), 1);
}

#[test]
fn an_undo() {
    fail_everywhere(&repositories::undo(), 3);
}

#[test]
fn an_undo_of_a_checkpoint() {
    fail_everywhere(&repositories::undo_of_a_checkpoint(), 1);
}

/// Lets every `step`-th of these calls fail, each in a copy of its own; every one with `KILL_ALL`.
fn fail_everywhere(case: &Case, step: usize) {
    if !points::can_trace(&case.repo) {
        return;
    }
    let step = if std::env::var_os("KILL_ALL").is_some() { 1 } else { step };
    let (before, treasure) = (Look::at(&case.repo), Treasure::of(&case.repo));
    let clean = copy(&case.repo, "clean");
    clean.checkpoint_ok(&case.args);
    let after = Look::at(&clean);
    let mut failed = 0;
    for (call, error) in FAILURES {
        for nth in (1..).step_by(step) {
            let repo = copy(&case.repo, "failed");
            let Some(run) = fail(&repo, &case.args, (call, error, nth)) else {
                std::fs::remove_dir_all(repo.path()).expect("it is a copy");
                break;
            };
            failed += 1;
            let said = std::panic::AssertUnwindSafe(|| assert_so(case, (&before, &after), &repo, &run));
            if let Err(panic) = std::panic::catch_unwind(said) {
                eprintln!("^^^ {}, {call} number {nth} fails with {error}:\n{run}", case.name);
                std::panic::resume_unwind(panic);
            }
            treasure.assert_safe(&repo);
            repo.fsck();
            std::fs::remove_dir_all(repo.path()).expect("it is a copy");
        }
    }
    assert!(failed > 3, "{}: too few calls to fail", case.name);
}

/// Runs the program with a call that fails; `None` if there are not so many.
fn fail(repo: &TestRepo, args: &[&str], (call, error, nth): (&str, &str, usize)) -> Option<Run> {
    let log = repo.root().join("calls");
    let mut command = repo.command("strace");
    command.arg("-o").arg(&log).arg("-e").arg(format!("trace={call}"));
    command.arg("-e").arg(format!("inject={call}:error={error}:when={nth}"));
    let output = command.arg(env!("CARGO_BIN_EXE_git-checkpoint")).args(args).output().expect("strace was found");
    let log = std::fs::read(&log).expect("strace has written it");
    String::from_utf8_lossy(&log).contains("(INJECTED)").then(|| Run::of(repo, args, &output))
}

fn assert_so(case: &Case, (before, after): (&Look, &Look), repo: &TestRepo, run: &Run) {
    let says = |words: &str| run.stderr.contains(words);
    if run.code == 0 || says("is done, but") {
        assert!(!says("nothing was changed") && !says("half-way"), "it says two things");
        Look::at(repo).assert_same(after);
    } else if says("stopped half-way") {
        assert!(!says("nothing was changed"), "it says two things");
        for (ending, wanted) in [("--abort", before), ("--continue", after)] {
            let ended = copy(repo, "ended");
            ended.checkpoint_ok(&[case.command, ending]);
            Look::at(&ended).assert_same(wanted);
            std::fs::remove_dir_all(ended.path()).expect("it is a copy");
        }
    } else {
        assert_ne!(run.code, 70, "{run}");
        Look::at(repo).assert_same(before);
        let records = |repo: &TestRepo| repo.git(&["for-each-ref", "--format=%(refname)", "refs/checkpoint/records"]);
        assert_eq!(records(repo), records(&case.repo), "nothing was done, and so there is no record of it");
        let next = repo.checkpoint(&[case.command, "--abort"]);
        assert!(next.code == 1, "nothing was interrupted: {next}");
    }
}
