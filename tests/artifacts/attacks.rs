//! A disk without room, and files that change while they are looked at.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use super::{engine::Engine, *};

/// A very small disk for the objects, where the machine lets us; then the program, and once more.
const SMALL: &str = "mv .git/objects old && mkdir .git/objects && mount -t tmpfs -o size=\"$1\" none .git/objects \
    && cp -a old/. .git/objects && shift && \"$@\" && exec \"$@\"";

fn on_a_small_disk(repo: &TestRepo, size: &str) -> Option<Run> {
    let can_mount = repo.command("unshare").args(["-m", "true"]).output().is_ok_and(|output| output.status.success());
    if !can_mount {
        return None;
    }
    let mut command = repo.command("unshare");
    command.args(["-m", "sh", "-ec", SMALL, "sh", size, env!("CARGO_BIN_EXE_git-checkpoint"), "create"]);
    Some(Run::of(repo, &["create"], &command.output().expect("it was found")))
}

#[test]
fn what_has_no_room_is_refused_before_anything_is_written() {
    let repo = with_file(noise(6 << 20, 1));
    let Some(run) = on_a_small_disk(&repo, "3m") else { return };
    assert_eq!(run.code, 4, "{run}");
    assert!(run.stderr.contains("no room for the artifact `data/db`") && run.stderr.contains("6 MiB"), "{run}");
    assert!(run.stderr.contains("free some space"), "{run}");
}

#[test]
fn what_is_there_already_needs_no_room() {
    let repo = with_file(noise(6 << 20, 1));
    let Some(run) = on_a_small_disk(&repo, "8m") else { return };
    assert_eq!((run.code, run.stdout.matches("with the artifact db").count()), (0, 2), "{run}");
}

#[test]
fn a_file_that_is_written_to_all_the_time_is_not_copied() {
    let repo = with_file(noise(6 << 20, 1));
    let (path, ends) = (repo.path().join("data/db"), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = std::fs::OpenOptions::new().append(true).open(&path).expect("it is there");
            while !ends.load(Ordering::Relaxed) {
                std::io::Write::write_all(&mut file, b"more").expect("there is room");
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            refused(&repo, &["was written to while", "`save`"])
        }));
        ends.store(true, Ordering::Relaxed);
        run.expect("it was refused");
    });
    saved(&repo);
}

#[test]
fn a_file_that_changes_after_it_was_saved_is_not_replaced() {
    let repo = with_file("first\n");
    let first = saved(&repo);
    repo.write("data/db", "second\n");
    let second = saved(&repo);
    repo.write("data/db", "third, in no record\n");
    let answer = Engine::of(&repo).ask(&[format!("resume {first} {second}")]).remove(0);
    assert!(answer.contains("has changed since it was saved"), "{answer}");
    assert_eq!(repo.read_text("data/db"), "third, in no record\n");
    assert_nothing_left(&repo);
    // What somebody left under the name that an exchange uses is not ours to remove.
    repo.write("data/db", "second\n");
    repo.write("data/.db.checkpoint-old", "in no record either\n");
    let answer = Engine::of(&repo).ask(&[format!("resume {first} {second}")]).remove(0);
    assert!(answer.contains("is not saved") && answer.contains(".db.checkpoint-old"), "{answer}");
    assert_eq!(repo.read_text("data/.db.checkpoint-old"), "in no record either\n");
    assert_eq!(repo.read_text("data/db"), "second\n");
}
