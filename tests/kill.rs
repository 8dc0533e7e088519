//! `kill -9` at the system calls of every operation that changes something, and at those of the git that it starts.
//!
//! strace counts the calls of a clean run, and kills at a chosen one in a copy of the same repository. After each
//! kill nothing may be lost, and in two further copies `--continue` has to give exactly the state after the
//! operation, `--abort` exactly the one before it. `KILL_ALL=1` tries every call instead of a few.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::type_complexity,
    reason = "it says what it killed, and is told how much to kill"
)]

mod artifacts;
mod errors;
mod look;
mod phases;
mod points;
mod power;
mod repositories;

use self::{
    look::{Look, Treasure},
    points::{Point, Whom},
    repositories::Case,
};
use crate::support::{Run, TestRepo};

/// How many calls of the program, and how many of its git, are tried for an operation unless `KILL_ALL` is set.
const SPREAD: (usize, usize) = (5, 2);

/// What is there on a clean way, to compare with.
struct Expected {
    before: Look,
    after: Look,
    treasure: Treasure,
}

#[test]
fn create() {
    attack(&repositories::create());
}

#[test]
fn rollback() {
    attack(&repositories::rollback());
}

#[test]
fn rollback_with_commands() {
    attack(&repositories::rollback_with_commands());
}

#[test]
fn undo_with_commands() {
    attack(&repositories::undo_with_commands());
}

#[test]
fn recover() {
    attack(&repositories::recover());
}

#[test]
fn recover_with_a_conflict() {
    attack(&repositories::recover_with_a_conflict());
}

#[test]
fn undo() {
    attack(&repositories::undo());
}

#[test]
fn redo() {
    attack(&repositories::redo());
}

#[test]
fn continuing() {
    attack(&repositories::half_way("--continue"));
}

#[test]
fn aborting() {
    attack(&repositories::half_way("--abort"));
}

#[test]
fn recover_goes_on_after_a_conflict() {
    attack(&repositories::at_a_conflict("--continue"));
}

#[test]
fn recover_is_aborted_at_a_conflict() {
    attack(&repositories::at_a_conflict("--abort"));
}

/// Kills the operation of `case` at many points.
fn attack(case: &Case) {
    if !points::can_trace(&case.repo) {
        return;
    }
    let treasure = Treasure::of(&case.repo);
    let clean = copy(&case.repo, "clean");
    let points = points::of(&clean, &case.args);
    assert!(points.iter().any(|point| point.whom == Whom::Program), "{}: it changes nothing", case.name);
    let done = Look::at(&clean);
    let expected = Expected {
        before: case.before.clone().unwrap_or_else(|| Look::at(&case.repo)),
        after: case.after.clone().unwrap_or(done),
        treasure,
    };
    clean.fsck();
    std::fs::remove_dir_all(clean.path()).expect("it is a copy");
    let chosen = points::spread(&points, SPREAD);
    println!("{}: {} of {} points", case.name, chosen.len(), points.len());
    for (position, point) in chosen.into_iter().enumerate() {
        let crashed = copy(&case.repo, "crashed");
        point.kill(&crashed, &case.args);
        let edited = (position % 4 == 1).then(|| copy(&crashed, "edited"));
        let at = format!("{}, killed at {point}", case.name);
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| inspect(case, &expected, &crashed)));
        if let Err(panic) = result {
            eprintln!("^^^ {at}");
            std::panic::resume_unwind(panic);
        }
        if let Some(edited) = edited {
            edited_meanwhile(case, &edited);
            std::fs::remove_dir_all(edited.path()).expect("it is a copy");
        }
        std::fs::remove_dir_all(crashed.path()).expect("it is a copy");
    }
}

/// The same repository in a new folder of the same world; the time of its files is the same.
fn copy(repo: &TestRepo, name: &str) -> TestRepo {
    let copy = repo.at(repo.root().join(name));
    let source = repo.path().join(".");
    let mut command = repo.command("cp");
    let status = command.arg("-a").arg(source).arg(copy.path()).status().expect("there is a cp");
    assert!(status.success());
    copy
}

/// Everything that must hold after a crash, and after both ways out of it.
fn inspect(case: &Case, expected: &Expected, crashed: &TestRepo) {
    expected.treasure.assert_safe(crashed);
    crashed.git(&["status"]);
    // What starts next waits for what the killed process has started.
    let next = crashed.checkpoint(&["undo", "--dry-run"]);
    if next.stderr.contains("has not ended") {
        assert_eq!(next.code, 3, "{next}");
        assert!(next.stderr.contains("--continue") && next.stderr.contains("--abort"), "{next}");
        for (ending, wanted) in [("--continue", &expected.after), ("--abort", &expected.before)] {
            end(case, (ending, wanted), expected, crashed);
        }
    } else {
        let look = Look::at(crashed);
        if look != expected.before {
            look.assert_same(&expected.after);
        }
    }
    if case.hands_over {
        remove_locks(crashed);
    }
    let taken = crashed.checkpoint(&["create"]);
    assert_eq!(taken.code, 0, "{taken}");
    crashed.fsck();
}

fn end(case: &Case, (ending, wanted): (&str, &Look), expected: &Expected, crashed: &TestRepo) {
    let repo = copy(crashed, "ended");
    let ended = run_ending(case, ending, &repo);
    let stopped = case.stops && ending == "--continue" && ended.code == 3;
    // Killed before its record was published: what it was to do is known to nobody, and it says so.
    let not_begun = ended.stdout.contains("had not changed anything yet");
    let not_done = not_begun && ending == "--continue" && ended.code == 1;
    assert!(not_done || stopped || (ended.code == 0 && !(not_begun && ending == "--continue")), "{ended}");
    let look = Look::at(&repo);
    if look != *wanted && !(not_begun && look == expected.before) {
        eprintln!("{ended}");
        look.assert_same(wanted);
    }
    expected.treasure.assert_safe(&repo);
    let mut left = look::left_over(&repo);
    // Those of a `git cherry-pick` that was killed itself.
    left.retain(|path| !(case.hands_over && matches!(path.as_str(), "packed-refs.lock" | "HEAD.lock")));
    assert_eq!(left, Vec::<String>::new(), "left over after {ended}");
    repo.fsck();
    if case.hands_over {
        remove_locks(&repo);
    }
    let taken = repo.checkpoint(&["create"]);
    assert_eq!(taken.code, 0, "{taken}");
    Look::at(&repo).without_tags().assert_same(&look.without_tags());
    std::fs::remove_dir_all(repo.path()).expect("it is a copy");
}

fn run_ending(case: &Case, ending: &str, repo: &TestRepo) -> Run {
    let mut ended = repo.checkpoint(&[case.command, ending]);
    while ended.code == 4 && case.hands_over {
        assert!(remove_locks(repo), "{ended}");
        ended = repo.checkpoint(&[case.command, ending]);
    }
    ended
}

/// A killed `git cherry-pick` leaves its own locks, which nobody can tell from those of a living one.
fn remove_locks(repo: &TestRepo) -> bool {
    let mut locks = look::left_over(repo);
    locks.retain(|path| path.ends_with(".lock"));
    locks.iter().for_each(|lock| std::fs::remove_file(repo.git_dir().join(lock)).expect("it is there"));
    !locks.is_empty()
}

/// A file that the user changes after the crash is in a record, whatever is done then.
fn edited_meanwhile(case: &Case, repo: &TestRepo) {
    repo.write("src/both.txt", "edited after the crash\n");
    repo.write("src/new after the crash.txt", "made after the crash\n");
    let edit = Treasure::of_files(repo, &["src/both.txt", "src/new after the crash.txt"]);
    for ending in ["--continue", "--abort"] {
        let ended = repo.checkpoint(&[case.command, ending]);
        edit.assert_safe(repo);
        assert_ne!(ended.code, 70, "{ended}");
    }
}
