//! A phase after a crash at its beginning, at its end, or while a checkpoint of it was taken.

use super::{SPREAD, copy, points};
use crate::{phase::status, support::TestRepo};

const HOUR: i64 = 3600;

/// Kills `args` at points of it in copies of `repo`, and shows each copy to `inspect`.
pub(super) fn at_points(repo: &TestRepo, args: &[&str], inspect: impl Fn(&TestRepo)) {
    if !points::can_trace(repo) {
        return;
    }
    let clean = copy(repo, "clean");
    let all = points::of(&clean, args);
    assert!(all.len() > 10, "it changes something");
    inspect(&clean);
    for point in points::spread(&all, (2 * SPREAD.0, SPREAD.1)) {
        let crashed = copy(repo, "crashed");
        point.kill(&crashed, args);
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| inspect(&crashed)));
        if let Err(panic) = result {
            eprintln!("^^^ {args:?}, killed at {point}");
            std::panic::resume_unwind(panic);
        }
        std::fs::remove_dir_all(crashed.path()).expect("it is a copy");
    }
}

#[test]
fn start() {
    let repo = TestRepo::with_commit();
    repo.write("file", "changed\n");
    at_points(&repo, &["start", "phase2"], |repo| {
        repo.checkpoint_ok(&["create"]);
        let again = repo.checkpoint(&["start", "phase2"]);
        assert!(again.code == 0 || again.stderr.contains("in the phase `phase2` already"), "{again}");
        let said = status(repo);
        assert_eq!((&said["phase"], &said["due_slot"]), (&"phase2".into(), &"4h".into()), "{said}");
        repo.checkpoint_ok(&["finish"]);
        repo.fsck();
    });
}

#[test]
fn finish() {
    let repo = crate::phase::in_phase(&[]);
    repo.write("file", "changed\n");
    repo.advance(5 * HOUR);
    at_points(&repo, &["finish"], |repo| {
        let again = repo.checkpoint(&["finish"]);
        assert!(again.code == 0 || again.stderr.contains("is in no phase"), "{again}");
        assert!(status(repo)["phase"].is_null());
        assert!(repo.git(&["tag", "--list", "*complete-T+4h"]).contains("phase2-complete-T+4h"));
        repo.checkpoint_ok(&["start", "phase3"]);
        repo.fsck();
    });
}

#[test]
fn timed() {
    let repo = crate::phase::in_phase(&[]);
    repo.write("file", "changed\n");
    repo.advance(5 * HOUR);
    at_points(&repo, &["timed"], |repo| {
        repo.checkpoint_ok(&["timed"]);
        let said = status(repo);
        assert_eq!((&said["due_slot"], &said["last_failure"]), (&"8h".into(), &serde_json::Value::Null), "{said}");
        let saved = repo.checkpoint_ok(&["show", "T+4h", "--json"]).json();
        assert_eq!(repo.git(&["show", &format!("{}:file", saved["commit"].as_str().expect("an id"))]), "changed");
        repo.fsck();
    });
}
