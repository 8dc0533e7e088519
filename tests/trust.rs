//! Nothing of `.checkpoint.toml` runs before a person has agreed to its exact content, and no repository can agree for
//! them. Each test has a command that leaves a mark where it runs.

use std::path::PathBuf;

use crate::{
    pre_push::{Pushed, push},
    support::{Run, TestRepo},
    terminal::{Session, console_text},
};

mod attacks;

/// A configuration whose check leaves the file `ran` beside the repository.
fn config(repo: &TestRepo) -> String {
    format!("[[check]]\nname = \"mark\"\nrun = \"touch '{}'\"\non = [\"push\"]\n", mark(repo).display())
}

fn mark(repo: &TestRepo) -> PathBuf {
    repo.root().join("ran")
}

/// A repository with a remote, the hook, and a configuration that nobody has trusted.
pub(crate) fn untrusted() -> TestRepo {
    let repo = TestRepo::with_commit();
    repo.write(".checkpoint.toml", config(&repo));
    repo.commit("Add a configuration");
    crate::pre_push::with_remote(&repo);
    repo
}

/// Answers the question of `trust` at a terminal; what was shown.
#[track_caller]
pub(crate) fn answer(repo: &TestRepo, key: &str) -> (i32, String) {
    let mut session = Session::start(repo, &["trust"]);
    session.expect("Let these commands run?");
    session.send(key);
    let (code, text) = session.end();
    (code, console_text(&text))
}

fn show(repo: &TestRepo) -> serde_json::Value {
    repo.checkpoint_ok(&["trust", "--show", "--json"]).json()
}

#[track_caller]
fn assert_state(repo: &TestRepo, state: &str) {
    let shown = show(repo);
    assert_eq!(shown["state"], state, "{shown}");
    let status = repo.checkpoint_ok(&["status", "--json"]).json();
    assert_eq!(status["trust"], state, "{status}");
}

/// A push of a new commit goes on without running anything, and says so.
#[track_caller]
fn assert_nothing_runs(repo: &TestRepo) {
    assert!(!mark(repo).exists(), "something ran before");
    repo.git(&["commit", "-q", "--allow-empty", "-m", "Next"]);
    let Pushed { code, text } = push(repo, &["origin", "HEAD"]);
    assert!(!mark(repo).exists(), "a command ran:\n{text}");
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("no check was run"), "{text}");
}

/// A push of a new commit runs the check.
#[track_caller]
fn assert_runs(repo: &TestRepo) {
    let Pushed { code, text } = {
        repo.write("new file", format!("{}\n", repo.now()));
        repo.git(&["add", "new file"]);
        repo.git(&["commit", "-q", "-m", "Next"]);
        push(repo, &["origin", "HEAD"])
    };
    assert_eq!(code, 0, "{text}");
    assert!(mark(repo).exists(), "the check did not run:\n{text}");
    std::fs::remove_file(mark(repo)).expect("it is there");
}

#[test]
fn until_trusted_checkpoints_are_taken_and_nothing_runs() {
    let repo = untrusted();
    for args in [
        &["create", "-m", "one"][..],
        &["create", "--commit"],
        &["status"],
        &["list"],
        &["show"],
        &["trust", "--show"],
        &["trust", "--dry-run"],
        &["init"],
        &["rollback", "HEAD~1", "--yes"],
        &["undo", "--yes"],
        &["drill"],
    ] {
        repo.checkpoint_ok(args);
        assert!(!mark(&repo).exists(), "{args:?} ran a command");
    }
    let taken = repo.checkpoint_ok(&["create", "--json"]).json();
    assert_eq!(taken["state"], "unvalidated");
    assert_state(&repo, "untrusted");
    assert!(repo.checkpoint_ok(&["status"]).stdout.contains("git checkpoint trust"));
    assert_nothing_runs(&repo);
}

#[test]
fn a_yes_is_for_this_content_and_a_change_is_shown() {
    let repo = untrusted();
    let (code, text) = answer(&repo, "n");
    assert_eq!(code, 1, "{text}");
    assert_state(&repo, "untrusted");
    let (code, text) = answer(&repo, "y");
    assert_eq!(code, 0, "{text}");
    let hash = show(&repo)["hash"].as_str().expect("a hash").to_owned();
    assert!(text.contains("| name = \"mark\"") && text.contains("mark (on push): touch"), "{text}");
    assert!(text.contains(&hash), "{text}");
    assert_state(&repo, "trusted");
    assert_runs(&repo);
    assert!(repo.checkpoint_ok(&["trust"]).stdout.contains("trusted already"));

    let first = repo.read_text(".checkpoint.toml");
    repo.write(".checkpoint.toml", first.replace("touch", "touch -- "));
    repo.commit("Change it");
    assert_state(&repo, "changed");
    assert_nothing_runs(&repo);
    let shown = repo.checkpoint_ok(&["trust", "--show"]).stdout;
    assert!(shown.contains("  - run = \"touch '") && shown.contains("  + run = \"touch -- "), "{shown}");
    let changes = show(&repo)["changes"].clone();
    assert_eq!(changes.as_array().expect("lines").iter().filter(|line| line["status"] == "+").count(), 1, "{changes}");
    let (code, text) = answer(&repo, "y");
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("against what was trusted last") && text.contains("  - run = \"touch '"), "{text}");
    assert_state(&repo, "trusted");

    // What was trusted once is not asked again: a branch may have an older file.
    repo.write(".checkpoint.toml", &first);
    assert_state(&repo, "trusted");
    let again = repo.checkpoint_ok(&["trust", "--revoke", "--dry-run"]);
    assert!(again.stdout.contains("would revoke: 2"), "{again}");
    assert_state(&repo, "trusted");
    assert!(repo.checkpoint_ok(&["trust", "--revoke"]).stdout.contains("revoked: 2"));
    assert_state(&repo, "untrusted");
    assert!(repo.checkpoint_ok(&["trust", "--revoke"]).stdout.contains("revoked: 0"));
}

#[test]
fn no_terminal_is_never_a_yes() {
    let repo = untrusted();
    let runs: Vec<Run> = vec![
        repo.checkpoint(&["trust"]),
        repo.checkpoint_with_input(&["trust"], "y\ny\nyes\n"),
        repo.checkpoint(&["trust", "--json"]),
    ];
    let hash = show(&repo)["hash"].as_str().expect("a hash").to_owned();
    for run in &runs {
        assert_eq!(run.code, 1, "{run}");
        assert!(run.stderr.contains(&format!("GIT_CHECKPOINT_TRUST={hash}")), "{run}");
    }
    assert_eq!(repo.checkpoint(&["trust", "--yes"]).code, 2, "there is no such option");
    // At a terminal, JSON asks nothing.
    let (code, text) = Session::start(&repo, &["trust", "--json"]).end();
    assert_eq!(code, 1, "{text}");
    assert_state(&repo, "untrusted");
    assert_nothing_runs(&repo);
}

#[test]
fn the_variable_agrees_to_one_content_exactly() {
    let repo = untrusted();
    let hash = show(&repo)["hash"].as_str().expect("a hash").to_owned();
    let sum = repo.command("sha256sum").arg(".checkpoint.toml").output().expect("sha256sum can be run");
    assert!(String::from_utf8_lossy(&sum.stdout).starts_with(&hash), "it is what sha256sum prints");
    let upper = hash.to_uppercase();
    for wrong in ["1", "yes", &hash[..63], &format!("{hash}0"), &format!(" {hash}"), &format!("{hash}\n"), &upper] {
        repo.set_var("GIT_CHECKPOINT_TRUST", wrong);
        assert_state(&repo, "untrusted");
        assert!(show(&repo)["why"].as_str().is_some_and(|why| why.contains("GIT_CHECKPOINT_TRUST")));
    }
    assert_nothing_runs(&repo);
    repo.set_var("GIT_CHECKPOINT_TRUST", &hash);
    assert_state(&repo, "trusted");
    assert_runs(&repo);
    repo.write(".checkpoint.toml", format!("{}\n", config(&repo)));
    assert_state(&repo, "untrusted");
}

#[test]
fn trust_is_for_a_repository_with_all_its_worktrees_and_for_no_clone() {
    let repo = untrusted();
    assert_eq!(answer(&repo, "y").0, 0);
    let linked = repo.linked_worktree("linked");
    assert_state(&linked, "trusted");
    let clone = TestRepo::clone_of(&repo);
    assert_state(&clone, "untrusted");
    let copy = repo.root().join("copy");
    repo.command("cp").arg("-r").arg(repo.path()).arg(&copy).status().expect("cp can be run");
    assert_state(&repo.at(&copy), "untrusted");
}

#[test]
fn what_needs_no_trust_asks_for_none() {
    let repo = TestRepo::with_commit();
    let run = repo.checkpoint(&["trust"]);
    assert!(run.code == 1 && run.stderr.contains("git checkpoint init"), "{run}");
    assert!(repo.checkpoint_ok(&["status", "--json"]).json()["trust"].is_null());
    repo.write(".checkpoint.toml", "[tag]\nkind = \"none\"\n");
    assert_state(&repo, "not-needed");
    repo.checkpoint_ok(&["trust"]);
    repo.write(".checkpoint.toml", "[[check]]\nname = \"a\"\nrnu = \"b\"\n");
    let run = repo.checkpoint(&["trust"]);
    assert!(run.code == 2 && run.stderr.contains("did you mean `run`?"), "{run}");
    // Consent can be taken back whatever the file looks like by now.
    repo.checkpoint_ok(&["trust", "--revoke"]);
}
