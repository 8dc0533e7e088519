//! Somebody else, or something else, is at work here.

use std::{fs::File, io::Write};

use super::*;

/// A repository with a checkpoint `saved`, a branch that conflicts with `main`, and nothing uncommitted.
fn with_conflict() -> TestRepo {
    let repo = TestRepo::with_commit();
    repo.git(&["switch", "-q", "-c", "side"]);
    repo.write("file", "side\n");
    repo.commit("Side");
    repo.git(&["switch", "-q", "main"]);
    repo.write("file", "main\n");
    repo.commit("Main");
    repo.checkpoint_ok(&["create", "--name", "saved"]);
    repo
}

#[test]
fn something_of_gits_own_is_in_progress() {
    let rebase = with_conflict();
    assert!(!rebase.git_raw(&["rebase", "side"]).status.success());
    let am = with_conflict();
    let patch = am.git(&["format-patch", "-1", "--stdout", "side"]);
    am.write("../patch", format!("{patch}\n"));
    assert!(!am.git_raw(&["am", "-q", "../patch"]).status.success());
    let bisect = with_conflict();
    bisect.git(&["bisect", "start"]);
    bisect.git(&["bisect", "bad"]);
    for (name, repo) in [("rebase", &rebase), ("am", &am), ("bisect", &bisect)] {
        repo.write("more.txt", "more\n");
        let (state, fingerprint) = (repo.state(), repo.fingerprint());
        let taken = repo.checkpoint_ok(&["create", "--name", "in-between"]);
        state.assert_same(&repo.state());
        fingerprint.assert_same(&repo.fingerprint());
        assert_said(
            &format!("during_{name}"),
            &[
                taken,
                refuse(repo, NEEDS_YOU, &["rollback", "saved", "--yes"]),
                refuse(repo, NEEDS_YOU, &["recover", "side"]),
                refuse(repo, NEEDS_YOU, &["undo", "--yes"]),
                refuse(repo, NEEDS_YOU, &["redo", "--yes"]),
                refuse(repo, REFUSED, &["create", "--commit"]),
                repo.checkpoint_ok(&["status"]),
            ],
        );
    }
}

#[test]
fn a_merge_in_progress_keeps_commits_and_picks_out() {
    let repo = with_conflict();
    assert!(!repo.git_raw(&["merge", "side"]).status.success());
    assert_said(
        "during_merge",
        &[
            refuse(&repo, REFUSED, &["create", "--commit"]),
            refuse(&repo, NEEDS_YOU, &["recover", "side"]),
            repo.checkpoint_ok(&["status"]),
        ],
    );
}

#[test]
fn the_index_is_locked() {
    let repo = busy_repo();
    repo.checkpoint_ok(&["create", "--name", "saved"]);
    repo.write("file", "changed\n");
    let _lock = File::create_new(repo.path().join(".git/index.lock")).expect("the lock is free");
    let refused = refuse(&repo, ENVIRONMENT, &["rollback", "saved", "--yes"]).to_string();
    assert!(repo.exists(".git/index.lock"), "the lock is not ours to remove");
    let age = regex::Regex::new("[0-9]+ seconds old").expect("valid");
    assert_said_text("index_lock", &age.replace(&refused, "<age>"));
    // A checkpoint of the files needs no index lock.
    repo.checkpoint_ok(&["create", "--name", "meanwhile"]);
}

#[test]
fn another_operation_holds_the_lock() {
    let repo = busy_repo();
    repo.checkpoint_ok(&["create", "--name", "saved"]);
    let path = repo.path().join(".git/checkpoint/lock");
    let mut file = File::options().write(true).open(path).expect("a checkpoint was taken");
    file.try_lock().expect("nobody holds it");
    writeln!(file, "{}\ngit checkpoint rollback\n2026-11-21T14:00:00+00:00", std::process::id()).expect("writable");
    let run = refuse(&repo, ENVIRONMENT, &["create"]);
    let process = std::process::id().to_string();
    assert!(run.stderr.contains(&process), "it says who: {run}");
    let text = run.to_string().replace(&process, "<process>");
    assert_said_text("operation_lock", &text);
}

#[test]
fn checkpoints_of_another_branch() {
    let repo = with_conflict();
    repo.git(&["switch", "-q", "side"]);
    repo.checkpoint_ok(&["create", "--name", "of-side"]);
    let of_branch = refuse(&repo, REFUSED, &["rollback", "saved", "--yes"]);
    let undo_there = {
        repo.git(&["switch", "-q", "main"]);
        repo.write("file", "changed\n");
        repo.checkpoint_ok(&["rollback", "saved", "--yes"]);
        repo.git(&["switch", "-q", "side"]);
        refuse(&repo, REFUSED, &["undo", "--yes"])
    };
    repo.git(&["switch", "-q", "--detach"]);
    let detached = [
        refuse(&repo, USAGE, &["rollback", "latest", "--yes"]),
        refuse(&repo, REFUSED, &["rollback", "of-side", "--yes"]),
        refuse(&repo, REFUSED, &["create", "--commit"]),
        repo.checkpoint_ok(&["create", "--name", "of-detached"]),
    ];
    repo.git(&["switch", "-q", "main"]);
    let back = refuse(&repo, REFUSED, &["rollback", "of-detached", "--yes"]);
    assert_said("other_branches", &[&[of_branch, undo_there][..], &detached, &[back]].concat());
}

#[test]
fn nothing_was_interrupted() {
    let repo = busy_repo();
    assert_said(
        "nothing_to_end",
        &[
            refuse(&repo, REFUSED, &["rollback", "--continue"]),
            refuse(&repo, REFUSED, &["rollback", "--abort"]),
            refuse(&repo, REFUSED, &["recover", "--skip"]),
            refuse(&repo, REFUSED, &["undo", "--abort"]),
        ],
    );
}

#[test]
fn a_recover_that_stopped_waits_for_its_end() {
    let repo = with_conflict();
    let stopped = repo.checkpoint(&["recover", "side"]);
    assert_eq!(stopped.code, NEEDS_YOU, "{stopped}");
    assert_harmless(&stopped);
    assert_said(
        "a_stopped_recover",
        &[
            stopped,
            refuse(&repo, NEEDS_YOU, &["recover", "side"]),
            refuse(&repo, NEEDS_YOU, &["rollback", "saved", "--yes"]),
            refuse(&repo, NEEDS_YOU, &["undo", "--yes"]),
            refuse(&repo, NEEDS_YOU, &["recover", "--continue"]),
            repo.checkpoint_ok(&["status"]),
            repo.checkpoint_ok(&["recover", "--abort"]),
        ],
    );
}

#[test]
fn it_is_switched_off() {
    let repo = busy_repo();
    repo.set_var("GIT_CHECKPOINT", "0");
    let refs = repo.refs();
    let runs =
        [repo.checkpoint_ok(&[]), repo.checkpoint_ok(&["rollback", "HEAD", "--yes"]), repo.checkpoint_ok(&["list"])];
    assert_eq!(refs, repo.refs());
    assert_said("switched_off", &runs);
}
