//! A worker that is killed leaves nothing that the next call does not put right.

use std::{process::Stdio, time::Duration};

use super::{beside, configure, expect_state, job, pending, ran, runs, tags, trust, wait_for, with_check};
use crate::support::TestRepo;

/// Makes the job of a pending checkpoint due, with nobody at work.
fn due(repo: &TestRepo, id: &str) {
    repo.git(&["config", "checkpoint.backgroundJobs", "1"]);
    // A worker that is started finds the slot taken.
    let slot = repo.path().join(".git/checkpoint/jobs/slot-0");
    std::fs::create_dir_all(slot.parent().expect("it is in a folder")).expect("writable");
    let held = std::fs::File::create(&slot).expect("writable");
    held.lock().expect("nobody is at work");
    repo.checkpoint_ok(&["jobs", "retry", id]);
    drop(held);
}

#[test]
fn a_worker_that_is_killed_at_any_moment_is_followed_by_another() {
    for delay in [0, 5, 15, 30, 60, 100, 150, 220, 300] {
        let repo = with_check("sleep 0.1");
        let id = pending(&repo);
        due(&repo, &id);
        let mut worker = repo.checkpoint_command(&["job-worker"]);
        let mut worker = worker.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it can be run");
        std::thread::sleep(Duration::from_millis(delay));
        worker.kill().expect("it can be killed");
        worker.wait().expect("it has ended");
        // gix locks it for an instant, as git does, and whose it was cannot be seen: messages name it for a person.
        let packed = repo.path().join(".git/packed-refs.lock");
        if packed.exists() {
            std::fs::remove_file(packed).expect("it is a file");
        }
        repo.checkpoint_ok(&["jobs"]);
        let done = expect_state(&repo, &id, "passed");
        assert!(done["attempts"].as_u64().is_some_and(|number| number <= 2), "after {delay} ms: {done}");
        assert_eq!(tags(&repo).len(), 1, "after {delay} ms");
        repo.fsck();
    }
}

#[test]
fn a_process_that_died_is_seen_as_such_and_counts() {
    let repo = TestRepo::with_commit();
    let pid = beside(&repo, "pid");
    configure(&repo, &format!("echo $PPID > {0}.new; mv {0}.new {0}; sleep 600", pid.display()));
    repo.commit("Configure");
    trust(&repo);
    repo.git(&["config", "checkpoint.jobRetries", "2"]);
    let id = pending(&repo);
    due(&repo, &id);
    for attempt in 1..=2 {
        let mut worker = repo.checkpoint_command(&["job-worker"]).spawn().expect("it can be run");
        wait_for("the check runs", || pid.exists());
        worker.kill().expect("it can be killed");
        worker.wait().expect("it has ended");
        std::fs::remove_file(&pid).expect("it is there");
        // Nobody is to take it up while we look.
        repo.git(&["config", "checkpoint.background", "false"]);
        let died = job(&repo, &id);
        assert_eq!((&died["state"], &died["attempts"]), (&"died".into(), &attempt.into()), "{died}");
        let doctor = repo.checkpoint_ok(&["doctor"]);
        assert!(doctor.stdout.contains("has died"), "{doctor}");
        repo.git(&["config", "checkpoint.background", "true"]);
    }
    let done = repo.checkpoint_command(&["job-worker"]).output().expect("it can be run");
    assert!(done.status.success(), "{done:?}");
    let ended = job(&repo, &id);
    assert_eq!((&ended["state"], &ended["attempts"]), (&"inconclusive".into(), &2.into()), "{ended}");
    assert_eq!(repo.checkpoint_ok(&["show", &id, "--json"]).json()["state"], "pending");
    configure(&repo, &ran(&repo));
    trust(&repo);
    repo.checkpoint_ok(&["jobs", "retry", &id]);
    expect_state(&repo, &id, "passed");
    assert_eq!((runs(&repo), tags(&repo).len()), (1, 1));
}

#[test]
fn a_hook_starts_the_worker_that_is_missing() {
    let repo = with_check("true");
    let id = pending(&repo);
    due(&repo, &id);
    let run = repo.checkpoint(&["hook", "post-commit"]);
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (0, "", ""), "{run}");
    wait_for("the tag", || tags(&repo).len() == 1);
    let list = repo.root().join("list");
    std::fs::write(&list, format!("# repositories that git checkpoint visits, format 1\n{}\n", repo.path().display()))
        .expect("writable");
    let id = pending(&repo);
    due(&repo, &id);
    repo.checkpoint_ok(&["schedule", "run", "--list", list.to_str().expect("it is text")]);
    wait_for("the tag", || tags(&repo).len() == 2);
}

#[test]
fn a_worker_that_is_asked_to_stop_leaves_the_job_to_the_next() {
    let repo = TestRepo::with_commit();
    let (pid, go) = (beside(&repo, "pid"), beside(&repo, "go"));
    let command = format!("echo $$ > {0}.new; mv {0}.new {0}; test -e {1} || sleep 600", pid.display(), go.display());
    configure(&repo, &command);
    repo.commit("Configure");
    trust(&repo);
    let id = pending(&repo);
    due(&repo, &id);
    let mut worker = repo.checkpoint_command(&["job-worker"]).spawn().expect("it can be run");
    wait_for("the check runs", || pid.exists());
    let killed = repo.command("kill").args(["-s", "TERM", &worker.id().to_string()]).status().expect("kill");
    assert!(killed.success() && worker.wait().expect("it ends").success());
    let check = std::fs::read_to_string(&pid).expect("it is there");
    wait_for("the check has ended", || !std::path::Path::new(&format!("/proc/{}", check.trim())).exists());
    std::fs::write(&go, "").expect("writable");
    repo.checkpoint_ok(&["jobs"]);
    let done = expect_state(&repo, &id, "passed");
    assert_eq!((&done["attempts"], &done["tries"][0]["end"]), (&2.into(), &"stopped".into()), "{done}");
}
