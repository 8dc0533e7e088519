//! Checks at the beginning, in the course and at the end of a phase.

use super::*;

const HOUR: i64 = 3600;

fn status(repo: &TestRepo) -> Value {
    repo.checkpoint_ok(&["status", "--json"]).json()
}

#[test]
fn a_phase_begins_in_whatever_state() {
    let repo = repository();
    repo.write("file", "bad\n");
    let started = repo.checkpoint(&["start", "phase2", "--json"]);
    assert_eq!(started.code, 0, "{started}");
    assert_eq!(started.json()["checkpoint"]["state"], "failed");
    assert!(started.stderr.contains("there is no tag"), "{started}");
    assert_eq!((status(&repo)["phase"].as_str(), tags(&repo).len()), (Some("phase2"), 0));
    repo.checkpoint_ok(&["undo", "--yes"]);
    assert_eq!(status(&repo)["phase"], Value::Null);
    let started = repo.checkpoint_ok(&["start", "phase2", "--no-verify", "--json"]).json();
    assert_eq!((&started["checkpoint"]["state"], tags(&repo).len()), (&"unvalidated".into(), 1));
    repo.fsck();
}

#[test]
fn a_phase_does_not_end_in_a_bad_state() {
    let repo = repository();
    repo.checkpoint_ok(&["start", "phase2"]);
    repo.advance(5 * HOUR);
    repo.write("file", "bad\n");
    let run = crate::schema::answers(&repo, 1, "finish", &["finish"]);
    assert_eq!((&run["ended"], &run["checkpoint"]["state"]), (&false.into(), &"failed".into()));
    assert_eq!(status(&repo)["phase"], "phase2", "it goes on");
    assert_eq!(tags(&repo), ["phase2-checkpoint-T+0m"]);
    let said = repo.checkpoint(&["finish"]);
    assert!(said.code == 1 && said.stderr.contains("finish --no-verify"), "{said}");
    repo.remove_var("GIT_CHECKPOINT_TRUST");
    let refs = repo.refs();
    let untrusted = repo.checkpoint(&["finish"]);
    assert!(untrusted.code == 2 && untrusted.stderr.contains("git checkpoint trust"), "{untrusted}");
    assert_eq!((refs, status(&repo)["phase"].as_str()), (repo.refs(), Some("phase2")));
    let ended = repo.checkpoint_ok(&["finish", "--no-verify", "--json"]).json();
    assert_eq!((&ended["ended"], &ended["checkpoint"]["tag"]), (&true.into(), &"phase2-complete-T+4h".into()));
    assert_eq!(status(&repo)["phase"], Value::Null);
    repo.fsck();
}

#[test]
fn a_phase_ends_in_a_good_state_that_was_looked_at() {
    let repo = repository();
    repo.checkpoint_ok(&["start", "phase2"]);
    repo.write("file", "good end\n");
    let ended = repo.checkpoint_ok(&["finish", "--json"]).json();
    assert_eq!(verdicts(&ended["checkpoint"]), "unit=pass");
    assert_eq!((&ended["checkpoint"]["state"], status(&repo)["phase"].as_str()), (&"validated".into(), None));
    // What changes while the checks run was not looked at.
    configure(&repo, &check("unit", "echo edited >> file", &[]));
    repo.checkpoint_ok(&["start", "phase3", "--no-verify"]);
    let run = repo.checkpoint(&["finish", "--json"]);
    assert_eq!((run.code, &run.json()["ended"]), (1, &false.into()), "{run}");
    assert!(run.stderr.contains("file"), "{run}");
}

#[test]
fn a_timed_checkpoint_is_saved_whatever_its_checks_say() {
    let repo = repository();
    repo.checkpoint_ok(&["start", "phase2"]);
    repo.advance(4 * HOUR);
    repo.write("file", "bad\n");
    let first = repo.checkpoint(&["timed"]);
    assert_eq!(listed(&repo, &["--all"]), "failed validated", "{first}");
    let all = repo.checkpoint_ok(&["list", "--all", "--json"]).json();
    assert_eq!((&all[0]["timed"], &all[0]["slot"]), (&true.into(), &"4h".into()));
    assert_eq!(tags(&repo), ["phase2-checkpoint-T+0m"]);
    assert_eq!(status(&repo)["due_slot"], "8h", "the slot has passed");
    let said = repo.checkpoint_ok(&["status"]);
    assert!(said.stdout.contains("failed (unit: it exited with code 1)"), "{said}");
    repo.checkpoint(&["timed"]);
    assert_eq!(listed(&repo, &["--all"]), "failed validated");
    // Nobody has agreed to the commands by then.
    repo.remove_var("GIT_CHECKPOINT_TRUST");
    repo.advance(4 * HOUR);
    repo.write("file", "good again\n");
    repo.checkpoint(&["timed"]);
    assert_eq!(listed(&repo, &["--all"]), "unvalidated failed validated");
    assert_eq!(tags(&repo), ["phase2-checkpoint-T+0m"]);
    let said = repo.checkpoint_ok(&["status"]);
    assert!(said.stdout.contains("git checkpoint trust"), "{said}");
    assert_eq!(status(&repo)["due_slot"], "12h");
    repo.fsck();
}

#[test]
fn a_timed_checkpoint_whose_checks_cannot_be_run_says_so() {
    let repo = configured(&check("unit", "no-such-command", &[]));
    repo.checkpoint_ok(&["start", "phase2", "--no-verify"]);
    repo.advance(4 * HOUR);
    repo.write("file", "changed\n");
    repo.checkpoint(&["timed"]);
    assert_eq!(listed(&repo, &[]), "unvalidated unvalidated", "the state is saved");
    let failure = status(&repo)["last_failure"].to_string();
    assert!(failure.contains("no-such-command"), "{failure}");
    assert_eq!(tags(&repo), ["phase2-checkpoint-T+0m"]);
}
