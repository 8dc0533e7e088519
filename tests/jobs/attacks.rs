//! What is damaged, withdrawn or hostile.

use std::path::Path;

use super::{beside, configure, expect_state, job, jobs, pending, ran, runs, tags, trust, wait_for, with_check};
use crate::support::TestRepo;

fn file(id: &str) -> String {
    format!(".git/checkpoint/jobs/{id}/job.json")
}

/// A pending checkpoint with a job that nobody sees to.
fn queued(repo: &TestRepo) -> String {
    let id = pending(repo);
    repo.git(&["config", "checkpoint.backgroundJobs", "1"]);
    let slot = repo.path().join(".git/checkpoint/jobs/slot-0");
    std::fs::create_dir_all(slot.parent().expect("it is in a folder")).expect("writable");
    let held = std::fs::File::create(&slot).expect("writable");
    held.lock().expect("nobody is at work");
    repo.checkpoint_ok(&["jobs", "retry", &id]);
    id
}

#[test]
fn a_file_that_is_damaged_stops_nothing() {
    let repo = with_check("true");
    let good = queued(&repo);
    let text = repo.read_text(file(&good));
    wait_for("its end", || tags(&repo).len() == usize::from(!repo.checkpoint_ok(&["jobs"]).stdout.contains("queued")));
    let damaged: Vec<String> = vec![
        String::new(),
        "{".into(),
        "[".repeat(50_000),
        "x".repeat(3 << 20),
        text.replace(&good, "20261121T140000.000Z-create-ffffff"),
        text.replace("\"commit\": \"", "\"commit\": \"zz"),
        text.replace("\"format\": 1", "\"format\": 99"),
        text.replace("\"queued\"", "\"\\u001b[31m\""),
        "\0\0\0".into(),
    ];
    for text in damaged {
        let id = queued(&repo);
        repo.write(file(&id), &text);
        assert_eq!(job(&repo, &id)["id"], id.as_str());
        repo.checkpoint_ok(&["status"]);
        repo.checkpoint_ok(&["doctor"]);
        expect_state(&repo, &id, "passed");
    }
    // What is no file at all.
    let id = queued(&repo);
    repo.remove(file(&id));
    assert!(repo.command("mkfifo").arg(repo.path().join(file(&id))).status().expect("mkfifo").success());
    repo.write(".git/checkpoint/jobs/not-an-id/job.json", "{}");
    repo.symlink("/etc", ".git/checkpoint/jobs/20261121T140000.000Z-create-eeeeee");
    expect_state(&repo, &id, "passed");
    repo.fsck();
}

#[test]
fn a_job_of_nothing_ends_quietly() {
    let repo = with_check("true");
    let id = queued(&repo);
    repo.git(&["update-ref", "-d", &format!("refs/checkpoint/records/{id}")]);
    let ended = expect_state(&repo, &id, "cancelled");
    assert_eq!(ended["reason"], "its record is gone", "{ended}");
    let id = "20261121T140000.000Z-create-abcdef";
    repo.write(file(id), "damaged");
    wait_for("it is removed", || {
        repo.checkpoint_ok(&["hook", "post-commit"]);
        repo.checkpoint_command(&["job-worker"]).status().expect("it can be run");
        !repo.exists(format!(".git/checkpoint/jobs/{id}"))
    });
}

#[test]
fn texts_of_a_job_are_not_obeyed() {
    let repo = with_check("printf 'a\\033[31mb\\rc\\n'; exit 1");
    let id = queued(&repo);
    let text = repo.read_text(file(&id));
    repo.write(file(&id), text.replace("\"tag\": null", "\"tag\": \"-d \\u001b[2J../../x\""));
    expect_state(&repo, &id, "failed");
    for args in [&["jobs"][..], &["jobs", "show", &id], &["jobs", "logs", &id], &["status"], &["jobs", "--json"]] {
        let run = repo.checkpoint_ok(args);
        assert!(!run.stdout.contains('\x1b') && !run.stderr.contains('\x1b') && !run.stdout.contains('\r'), "{run}");
    }
    assert_eq!(repo.checkpoint_ok(&["jobs", "logs", &id]).stdout, "a\\u{1b}[31mb\\u{d}c\n");
}

#[test]
fn a_clock_that_was_set_back_keeps_nothing_waiting() {
    let repo = with_check("true");
    let id = queued(&repo);
    let text = repo.read_text(file(&id));
    repo.write(file(&id), text.replace("\"next\": null", "\"next\": \"2031-01-01T00:00:00Z\""));
    repo.advance(-86_400 * 400);
    repo.checkpoint_ok(&["hook", "post-commit"]);
    expect_state(&repo, &id, "passed");
    assert_eq!(tags(&repo).len(), 1);
}

#[test]
fn no_command_runs_without_the_consent_of_that_moment() {
    let repo = TestRepo::with_commit();
    configure(&repo, &ran(&repo));
    repo.commit("Configure");
    trust(&repo);
    let id = queued(&repo);
    configure(&repo, &format!("touch {}", beside(&repo, "evil").display()));
    let waiting = expect_state(&repo, &id, "waiting");
    assert!(waiting["reason"].as_str().is_some_and(|why| why.contains("not trusted")), "{waiting}");
    assert_eq!(waiting["attempts"], 0, "{waiting}");
    assert!(repo.checkpoint_ok(&["doctor"]).stdout.contains("not trusted"));
    assert!(!beside(&repo, "evil").exists() && runs(&repo) == 0);
    // What is trusted then is run then, and the job says that it is something else.
    trust(&repo);
    repo.advance(31 * 60);
    let done = expect_state(&repo, &id, "passed");
    assert!(done["notes"][0].as_str().is_some_and(|note| note.contains("have changed")), "{done}");
    assert!(beside(&repo, "evil").exists() && runs(&repo) == 0);
}

#[test]
fn consent_by_hand_sets_what_waits_going() {
    let repo = TestRepo::with_commit();
    configure(&repo, &ran(&repo));
    repo.commit("Configure");
    let id = queued(&repo);
    expect_state(&repo, &id, "waiting");
    let (code, text) = crate::trust::answer(&repo, "y");
    assert!(code == 0 && text.contains("1 background job waited for that"), "{text}");
    wait_for("the tag", || tags(&repo).len() == 1);
}

#[test]
fn an_undo_cancels_the_job() {
    let repo = TestRepo::with_commit();
    let pid = beside(&repo, "pid");
    configure(&repo, &format!("echo $$ > {0}.new; mv {0}.new {0}; sleep 600", pid.display()));
    repo.commit("Configure");
    trust(&repo);
    let id = pending(&repo);
    repo.checkpoint_ok(&["jobs", "retry", &id]);
    wait_for("the check runs", || pid.exists());
    repo.checkpoint_ok(&["undo", "--yes"]);
    let ended = expect_state(&repo, &id, "cancelled");
    assert_eq!(ended["reason"], "the checkpoint was taken back", "{ended}");
    assert_gone(&pid);
    assert_eq!(tags(&repo), [""; 0]);
    // One that was not begun as well.
    let id = queued(&repo);
    repo.checkpoint_ok(&["undo", "--yes", &id]);
    assert_eq!(job(&repo, &id)["state"], "cancelled");
    assert_eq!(tags(&repo), [""; 0]);
}

#[test]
fn cancelling_leaves_no_process() {
    let repo = TestRepo::with_commit();
    let (pid, inner) = (beside(&repo, "pid"), beside(&repo, "inner"));
    let command = format!(
        "trap \"\" TERM; sh -c \"trap : TERM; echo \\$\\$ > {1}; sleep 600\" & while ! test -s {1}; do sleep 0.01; done; \
         echo $$ > {0}.new; mv {0}.new {0}; sleep 600",
        pid.display(),
        inner.display()
    );
    configure(&repo, &command);
    repo.commit("Configure");
    trust(&repo);
    let id = pending(&repo);
    repo.checkpoint_ok(&["jobs", "retry", &id]);
    wait_for("the check runs", || pid.exists());
    let planned = repo.checkpoint_ok(&["jobs", "cancel", &id, "--dry-run"]);
    assert!(planned.stdout.starts_with("would"), "{planned}");
    assert_eq!(job(&repo, &id)["state"], "running");
    let done = repo.checkpoint_ok(&["jobs", "cancel", "--all"]);
    assert!(done.stdout.contains("stays pending"), "{done}");
    assert_eq!(job(&repo, &id)["state"], "cancelled");
    for file in [&pid, &inner] {
        assert_gone(file);
    }
    assert_eq!(repo.checkpoint_ok(&["show", &id, "--json"]).json()["state"], "pending");
    let again = repo.checkpoint_ok(&["jobs", "cancel", &id]);
    assert!(again.stdout.contains("had ended, cancelled"), "{again}");
    // The worker goes on with others, and a person can ask for it after all.
    configure(&repo, "true");
    trust(&repo);
    repo.checkpoint_ok(&["jobs", "retry", "--all"]);
    expect_state(&repo, &id, "passed");
    assert_eq!(tags(&repo).len(), 1);
}

#[test]
fn what_has_ended_is_forgotten_in_time() {
    let repo = with_check("true");
    let old = pending(&repo);
    repo.checkpoint_ok(&["jobs", "retry", &old]);
    expect_state(&repo, &old, "passed");
    // The clock of a worker that has not ended is that of its beginning.
    wait_for("the worker ends", || !repo.exists(".git/checkpoint/jobs/due"));
    repo.advance(15 * 86_400);
    let new = pending(&repo);
    repo.checkpoint_ok(&["jobs", "retry", &new]);
    expect_state(&repo, &new, "passed");
    assert_eq!(jobs(&repo).len(), 1, "{:?}", jobs(&repo));
    assert_eq!(repo.checkpoint_ok(&["show", &old, "--json"]).json()["state"], "validated", "the record stays");
    assert_eq!(tags(&repo).len(), 2);
}

/// The process whose number is in the file has ended, or is an entry that nobody has reaped.
#[track_caller]
fn assert_gone(file: &Path) {
    let pid = std::fs::read_to_string(file).expect("it has said its number");
    let stat = || std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    wait_for("it has ended", || stat().rsplit(')').next().is_none_or(|rest| rest.is_empty() || rest.starts_with(" Z")));
}
