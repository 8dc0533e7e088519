//! Background checks: a pending checkpoint gets its tag when they have passed, whatever happens to who runs them.

#![allow(clippy::disallowed_methods, reason = "a test puts a program of its own before the others on PATH")]

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::support::TestRepo;

mod attacks;
mod command;
mod kill;

/// A repository whose only check runs `command` in the background, and is trusted.
pub(crate) fn with_check(command: &str) -> TestRepo {
    let repo = TestRepo::with_commit();
    configure(&repo, command);
    repo.commit("Configure");
    trust(&repo);
    repo
}

pub(crate) fn configure(repo: &TestRepo, command: &str) {
    let text = "[[check]]\nname = \"heavy\"\nbackground = true\ncache = false\non = [\"checkpoint\"]\n";
    repo.write(".checkpoint.toml", format!("{text}run = '''{command}'''\n"));
}

/// Trusts the configuration as it is.
pub(crate) fn trust(repo: &TestRepo) {
    repo.remove_var("GIT_CHECKPOINT_TRUST");
    let shown = repo.checkpoint_ok(&["trust", "--show", "--json"]).json();
    repo.set_var("GIT_CHECKPOINT_TRUST", shown["hash"].as_str().expect("a hash"));
}

/// A pending checkpoint without a job, as a process leaves it that was killed right after it had saved the state.
pub(crate) fn pending(repo: &TestRepo) -> String {
    let taken = repo.checkpoint_ok(&["create", "--no-verify", "--json"]).json();
    let (id, tag) = (taken["id"].as_str().expect("an id"), taken["tag"].as_str().expect("a tag"));
    let record = format!("refs/checkpoint/records/{id}");
    let text = repo.git(&["cat-file", "-p", &record]);
    let pending: Vec<String> = text
        .lines()
        .map(|line| line.replace("Checkpoint-State: unvalidated", "Checkpoint-State: pending"))
        .map(|line| line.replace("Checkpoint-Tag:", "Checkpoint-Wanted-Tag:"))
        .collect();
    let object = repo.git_with_input(&["hash-object", "-t", "tag", "-w", "--stdin"], pending.join("\n") + "\n");
    repo.git(&["update-ref", &record, &object]);
    repo.git(&["tag", "-d", tag]);
    id.to_owned()
}

/// The jobs, newest first.
#[track_caller]
pub(crate) fn jobs(repo: &TestRepo) -> Vec<Value> {
    repo.checkpoint_ok(&["jobs", "--json"]).json().as_array().expect("a list").clone()
}

#[track_caller]
pub(crate) fn job(repo: &TestRepo, id: &str) -> Value {
    repo.checkpoint_ok(&["jobs", "show", id, "--json"]).json()
}

/// Waits until a job is in this state.
#[track_caller]
pub(crate) fn expect_state(repo: &TestRepo, id: &str, state: &str) -> Value {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let now = job(repo, id);
        if now["state"] == state {
            return now;
        }
        assert!(Instant::now() < deadline, "it should be {state}: {now}");
        std::thread::sleep(Duration::from_millis(30));
    }
}

/// Waits for something.
#[track_caller]
pub(crate) fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until every worker has left.
#[track_caller]
pub(crate) fn nobody_is_at_work(repo: &TestRepo) {
    let slots = || std::fs::read_dir(repo.path().join(".git/checkpoint/jobs")).into_iter().flatten().flatten();
    let is_taken = |entry: std::fs::DirEntry| {
        entry.file_name().to_string_lossy().starts_with("slot-")
            && std::fs::File::open(entry.path()).is_ok_and(|slot| slot.try_lock().is_err())
    };
    wait_for("nobody is at work", || !slots().any(is_taken));
}

/// A file beside the repository.
pub(crate) fn beside(repo: &TestRepo, name: &str) -> PathBuf {
    repo.root().join(name)
}

/// How often the checks have written a line to the file `ran`.
pub(crate) fn runs(repo: &TestRepo) -> usize {
    std::fs::read_to_string(beside(repo, "ran")).unwrap_or_default().lines().count()
}

pub(crate) fn ran(repo: &TestRepo) -> String {
    format!("echo $CHECKPOINT_COMMIT >> {}", beside(repo, "ran").display())
}

pub(crate) fn tags(repo: &TestRepo) -> Vec<String> {
    repo.git(&["tag", "--list"]).lines().map(str::to_owned).collect()
}

#[test]
fn the_tag_appears_when_the_checks_have_passed() {
    let repo = with_check("test -f file && test $GIT_CHECKPOINT = 0 && echo looked");
    repo.write("file", "uncommitted\n");
    let before = repo.state();
    let id = pending(&repo);
    assert_eq!(tags(&repo), [""; 0]);
    repo.checkpoint_ok(&["jobs", "retry", &id]);
    let done = expect_state(&repo, &id, "passed");
    assert_eq!((&done["attempts"], &done["checks"][0]["verdict"]), (&1.into(), &"pass".into()), "{done}");
    assert_eq!(tags(&repo), [done["tag"].as_str().expect("a tag")]);
    let record = repo.checkpoint_ok(&["show", "--json"]).json();
    assert_eq!((&record["state"], &record["id"]), (&"validated".into(), &id.as_str().into()), "{record}");
    assert_eq!(repo.git(&["show", &format!("{}:file", tags(&repo)[0])]), "uncommitted");
    assert_eq!(repo.checkpoint_ok(&["jobs", "logs", &id]).stdout, "looked\n");
    assert_eq!(repo.state(), before);
    repo.fsck();
    assert!(repo.checkpoint(&["jobs", "retry", &id]).code == 1, "it is decided");
}

#[test]
fn a_checkpoint_does_not_wait_for_them() {
    let go = "while ! test -e ../go; do sleep 0.02; done";
    let repo = with_check(&go.replace("../go", "$CHECKPOINT_CACHE/go"));
    repo.write("file", "changed\n");
    let taken = repo.checkpoint_ok(&["create", "--name", "wanted", "--json"]);
    assert_eq!(taken.json()["state"], "pending", "{taken}");
    assert!(taken.stderr.contains("`wanted` appears when they have passed"), "{taken}");
    let id = taken.json()["id"].as_str().expect("an id").to_owned();
    assert_eq!(expect_state(&repo, &id, "running")["tag"], "wanted");
    assert_eq!(tags(&repo), [""; 0]);
    repo.write(".git/checkpoint/cache/go", "");
    expect_state(&repo, &id, "passed");
    assert_eq!(tags(&repo), ["wanted"]);
    repo.git(&["config", "checkpoint.background", "false"]);
    repo.write("file", "again\n");
    let here = repo.checkpoint_ok(&["create", "--json"]);
    assert!(here.stderr.contains("ran here: git's configuration says"), "{here}");
    assert_eq!((&here.json()["state"], tags(&repo).len()), (&"validated".into(), 2), "{here}");
    assert_eq!(jobs(&repo).len(), 1, "nobody else is to run them");
    repo.fsck();
}

#[test]
fn a_failure_is_told_once_and_leaves_no_tag() {
    let repo = with_check("echo broken; exit 3");
    let bin = beside(&repo, "bin");
    let said = beside(&repo, "said");
    repo.write(bin.join("notify-send"), format!("#!/bin/sh\nprintf '%s\\n' \"$@\" >> '{}'\n", said.display()));
    repo.chmod(bin.join("notify-send"), 0o755);
    let path = repo.command("sh").args(["-c", "printf %s \"$PATH\""]).output().expect("there is a shell").stdout;
    repo.set_var("PATH", format!("{}:{}", bin.display(), String::from_utf8_lossy(&path)));
    let id = pending(&repo);
    repo.checkpoint_ok(&["jobs", "retry", &id]);
    wait_for("a notice", || said.exists());
    let told = repo.checkpoint_ok(&["status"]);
    assert!(told.stderr.contains("ended, failed: heavy: it exited with code 3"), "{told}");
    assert!(told.stdout.contains("is failed"), "{told}");
    let again = repo.checkpoint_ok(&["status"]);
    assert!(!again.stderr.contains("ended, failed"), "{again}");
    assert_eq!(expect_state(&repo, &id, "failed")["checks"][0]["verdict"], "fail");
    assert_eq!(tags(&repo), [""; 0]);
    assert_eq!(repo.checkpoint_ok(&["show", &id, "--json"]).json()["state"], "failed");
    let said = std::fs::read_to_string(said).expect("it was called");
    assert_eq!(said.lines().nth(1), Some("--"), "nothing of a text is an option: {said}");
    assert!(said.contains("is failed") && said.contains("heavy: it exited with code 3"), "{said}");
    // It can be switched off.
    std::fs::remove_file(beside(&repo, "said")).expect("it is there");
    repo.git(&["config", "checkpoint.notify", "false"]);
    let id = pending(&repo);
    repo.checkpoint_ok(&["jobs", "retry", &id]);
    wait_for("the end", || repo.exists(".git/checkpoint/jobs/unheard"));
    assert!(!beside(&repo, "said").exists());
}

#[test]
fn no_answer_is_asked_for_again_later_and_not_for_ever() {
    let repo = with_check("exit 125");
    let id = pending(&repo);
    repo.checkpoint_ok(&["jobs", "retry", &id]);
    let waiting = expect_state(&repo, &id, "waiting");
    assert_eq!(waiting["attempts"], 1, "{waiting}");
    assert!(
        waiting["next"].is_string() && waiting["reason"].as_str().is_some_and(|why| why.contains("125")),
        "{waiting}"
    );
    assert_eq!(repo.checkpoint_ok(&["show", &id, "--json"]).json()["state"], "pending");
    let status = repo.checkpoint_ok(&["status", "--json"]).json();
    assert_eq!((&status["jobs"][0]["state"], &status["jobs"][0]["id"]), (&"waiting".into(), &id.as_str().into()));
    // Whoever asks by hand has all attempts before them.
    repo.git(&["config", "checkpoint.jobRetries", "1"]);
    repo.checkpoint_ok(&["jobs", "cancel", &id]);
    repo.checkpoint_ok(&["jobs", "retry", &id]);
    let ended = expect_state(&repo, &id, "inconclusive");
    assert_eq!(ended["attempts"], 2, "{ended}");
    assert_eq!(repo.checkpoint_ok(&["show", &id, "--json"]).json()["state"], "inconclusive");
    assert_eq!(tags(&repo), [""; 0]);
    // What was nobody's fault can be asked again. A worker that is about to leave has the consent of its own
    // environment, to the content that was.
    nobody_is_at_work(&repo);
    configure(&repo, "true");
    trust(&repo);
    repo.checkpoint_ok(&["jobs", "retry", &id]);
    let passed = expect_state(&repo, &id, "passed");
    assert!(passed["notes"][0].as_str().is_some_and(|note| note.contains("have changed")), "{passed}");
    assert_eq!(tags(&repo).len(), 1);
    repo.fsck();
}

#[test]
fn what_cannot_be_in_the_background_is_done_here() {
    let repo = with_check("true");
    repo.git(&["config", "checkpoint.background", "false"]);
    let id = pending(&repo);
    let here = repo.checkpoint_ok(&["jobs", "retry", &id]);
    assert!(here.stderr.contains("run here: git's configuration says"), "{here}");
    assert!(here.stdout.contains("is passed"), "{here}");
    assert_eq!(tags(&repo).len(), 1);
    // Where its own folder cannot be had at all.
    repo.remove(".git/checkpoint/jobs");
    repo.write(".git/checkpoint/jobs", "in the way\n");
    repo.git(&["config", "--unset", "checkpoint.background"]);
    let id = pending(&repo);
    let here = repo.checkpoint_ok(&["jobs", "retry", &id]);
    assert!(here.stderr.contains("run here: "), "{here}");
    assert_eq!(tags(&repo).len(), 2);
    assert_eq!(repo.checkpoint_ok(&["show", &id, "--json"]).json()["state"], "validated");
    repo.checkpoint_ok(&["status"]);
}

#[test]
fn twenty_at_once_are_each_run_once() {
    let repo = TestRepo::with_commit();
    configure(&repo, &ran(&repo));
    repo.commit("Configure");
    trust(&repo);
    let ids: Vec<String> = (0..20)
        .map(|n| {
            repo.write("file", format!("{n}\n"));
            pending(&repo)
        })
        .collect();
    let start = |id: &String| repo.checkpoint_command(&["jobs", "retry", id]).spawn().expect("it can be run");
    let started: Vec<_> = ids.iter().map(start).collect();
    for mut child in started {
        assert!(child.wait().expect("it ends").success());
    }
    for id in &ids {
        assert_eq!(expect_state(&repo, id, "passed")["attempts"], 1);
    }
    let text = std::fs::read_to_string(beside(&repo, "ran")).expect("they ran");
    let mut commits: Vec<&str> = text.lines().collect();
    commits.sort_unstable();
    commits.dedup();
    assert_eq!((runs(&repo), commits.len()), (20, 20));
    wait_for("the worker ends", || !repo.exists(".git/checkpoint/jobs/due"));
    assert_eq!(tags(&repo).len(), 20);
    repo.fsck();
}

#[test]
fn workers_at_once_never_run_one_job() {
    let repo = TestRepo::with_commit();
    let (gate, clash) = (beside(&repo, "gate"), beside(&repo, "clash"));
    // A second one on the same commit would find the folder there.
    let only = format!("mkdir {0}.$CHECKPOINT_COMMIT || touch {1}; sleep 0.2", gate.display(), clash.display());
    configure(&repo, &only);
    repo.commit("Configure");
    trust(&repo);
    repo.git(&["config", "checkpoint.backgroundJobs", "4"]);
    let ids: Vec<String> = (0..6)
        .map(|n| {
            repo.write("file", format!("{n}\n"));
            pending(&repo)
        })
        .collect();
    for id in &ids {
        repo.checkpoint_ok(&["jobs", "retry", id]);
    }
    let workers: Vec<_> =
        (0..8).map(|_| repo.checkpoint_command(&["job-worker"]).spawn().expect("it can be run")).collect();
    for id in &ids {
        expect_state(&repo, id, "passed");
    }
    for mut worker in workers {
        assert!(worker.wait().expect("it ends").success());
    }
    assert!(!clash.exists(), "a job was run twice");
    assert_eq!(tags(&repo).len(), 6);
}

#[test]
fn what_the_checks_that_were_waited_for_printed_is_in_the_record_too() {
    let repo = TestRepo::with_commit();
    let quick = "[[check]]\nname = \"quick\"\nrun = \"echo said quickly\"\n";
    let heavy = "[[check]]\nname = \"heavy\"\nrun = \"echo said slowly\"\nbackground = true\n";
    repo.write(".checkpoint.toml", format!("{quick}{heavy}"));
    trust(&repo);
    let taken = repo.checkpoint_ok(&["create", "--json"]).json();
    assert_eq!(taken["state"], "pending", "{taken}");
    let id = taken["id"].as_str().expect("an id");
    expect_state(&repo, id, "passed");
    for (check, said) in [("quick", "said quickly"), ("heavy", "said slowly")] {
        let log = repo.git(&["cat-file", "-p", &format!("refs/checkpoint/files/{id}:logs/{check}")]);
        assert_eq!(log, said, "{check}");
    }
    repo.fsck();
}
