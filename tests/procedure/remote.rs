//! The branch at its remote is moved along, the backup before it, and never over commits that are nowhere else.

use crate::support::TestRepo;

/// A clone whose remote has its two commits, with a checkpoint at the first one.
fn with_remote() -> (TestRepo, TestRepo) {
    let origin = TestRepo::with_commit();
    origin.git(&["config", "receive.denyCurrentBranch", "ignore"]);
    let repo = TestRepo::clone_of(&origin);
    repo.checkpoint_ok(&["create", "--name", "sound"]);
    repo.write("file", "bad\n");
    repo.commit("Bad");
    repo.git(&["push", "-q", "origin", "main"]);
    repo.write("untracked", "secret\n");
    (origin, repo)
}

#[test]
fn the_backup_goes_first_and_only_what_was_committed() {
    let (origin, repo) = with_remote();
    let (good, bad) = (repo.rev("HEAD~1"), repo.rev("HEAD"));
    let plan = repo.checkpoint_ok(&["rollback", "sound", "--push", "--dry-run"]);
    assert_eq!(origin.rev("main"), bad, "{plan}");
    let done = repo.checkpoint_ok(&["rollback", "sound", "--push", "--json"]).json();
    assert_eq!(origin.rev("main"), good);
    let branch = done["backup"]["branch"].as_str().expect("a backup");
    assert_eq!(origin.rev(branch), bad, "what was never committed stays here");
    let last = done["steps"].as_array().and_then(|steps| steps.last()).expect("steps");
    assert_eq!((&last["name"], &last["outcome"]), (&"push".into(), &"done".into()), "{done}");
    assert_eq!(repo.git(&["show", &format!("{branch}:untracked")]), "secret");
}

#[test]
fn commits_of_others_that_are_nowhere_else_stop_it_before_it_begins() {
    let (origin, repo) = with_remote();
    let other = TestRepo::clone_of(&origin);
    other.write("theirs", "work\n");
    other.commit("Work of somebody else");
    other.git(&["push", "-q", "origin", "main"]);
    let (theirs, before, refs) = (other.rev("HEAD"), repo.state(), repo.refs());
    let run = repo.checkpoint(&["rollback", "sound", "--push"]);
    assert_eq!(run.code, 1, "{run}");
    assert!(run.stderr.contains("Work of somebody else") && run.stderr.contains("git fetch origin"), "{run}");
    before.assert_same(&repo.state());
    assert_eq!(repo.refs(), refs);
    assert_eq!(origin.rev("main"), theirs);
    // In an emergency the files come back first, and the remote is left alone all the same.
    let run = repo.checkpoint(&["rollback", "sound", "--push", "--emergency", "--json"]);
    assert_eq!((run.code, &run.json()["verification"]), (1, &"verified".into()), "{run}");
    assert_eq!(repo.read_text("file"), "first\n");
    assert_eq!(origin.rev("main"), theirs);
}

#[test]
fn a_lease_that_does_not_hold_moves_nothing() {
    let (origin, repo) = with_remote();
    // Somebody pushes between the look and the push: the hook of this repository stands for them.
    origin.git(&["branch", "theirs", "main"]);
    let other = TestRepo::clone_of(&origin);
    other.write("theirs", "work\n");
    let theirs = other.commit("Theirs");
    other.git(&["push", "-q", "origin", "HEAD:theirs"]);
    let hook = format!(
        "#!/bin/sh\nread -r line\ncase $line in *refs/heads/broken-*) git update-ref refs/heads/main {theirs};; esac\n"
    );
    origin.write(".git/hooks/post-receive", hook);
    origin.chmod(".git/hooks/post-receive", 0o755);
    let run = repo.checkpoint(&["rollback", "sound", "--push", "--json"]);
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(origin.rev("main"), theirs);
    assert_eq!(run.json()["verification"], "verified", "what was done here stands");
    let last = run.json()["steps"].as_array().and_then(|steps| steps.last().cloned()).expect("steps");
    assert_eq!(last["outcome"], "failed");
}

#[test]
fn the_configuration_can_want_it_and_the_call_can_refuse() {
    let (origin, repo) = with_remote();
    let bad = repo.rev("HEAD");
    repo.write(".checkpoint.toml", "[rollback]\npush = 'with-lease'\n");
    repo.checkpoint_ok(&["rollback", "sound", "--no-push"]);
    assert_eq!(origin.rev("main"), bad);
    repo.checkpoint_ok(&["undo"]);
    repo.checkpoint_ok(&["rollback", "sound", "--path", "file"]);
    assert_eq!(origin.rev("main"), bad, "some files only are no move of the branch");
    repo.checkpoint_ok(&["undo"]);
    assert_eq!(repo.checkpoint(&["rollback", "sound", "--path", "file", "--push"]).code, 2);
    repo.checkpoint_ok(&["rollback", "sound"]);
    assert_eq!(origin.rev("main"), repo.rev("HEAD"));
}

#[test]
fn a_remote_that_does_not_answer_stops_it_before_it_begins() {
    let (origin, repo) = with_remote();
    repo.git(&["remote", "set-url", "origin", "/nowhere/at/all"]);
    let before = repo.state();
    let run = repo.checkpoint(&["rollback", "sound", "--push"]);
    assert_eq!(run.code, 4, "{run}");
    before.assert_same(&repo.state());
    drop(origin);
}
