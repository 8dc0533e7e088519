//! What the checks say of a state that was gone back to.

use crate::{jobs::trust, support::TestRepo};

/// A repository with a trusted check for rollbacks that passes where the file `good` is there, and a checkpoint without it.
fn with_check(more: &str) -> TestRepo {
    let repo = TestRepo::with_commit();
    let check = "[[check]]\nname = \"works\"\non = [\"rollback\"]\nrun = \"echo looked; test -e good\"\n";
    repo.write(".checkpoint.toml", format!("{check}{more}"));
    trust(&repo);
    repo.write("good", "yes\n");
    repo.checkpoint_ok(&["create", "--name", "works"]);
    repo.remove("good");
    repo.checkpoint_ok(&["create", "--name", "broken"]);
    repo
}

#[test]
fn a_rollback_is_verified_by_what_the_state_says_of_itself() {
    let repo = with_check("");
    let done = repo.checkpoint_ok(&["rollback", "works", "--json"]).json();
    assert_eq!((&done["verification"], &done["checks"][0]["verdict"]), (&"verified".into(), &"pass".into()), "{done}");
    assert!(done["steps"].as_array().expect("steps").iter().any(|step| step["name"] == "checks"), "{done}");
    let id = done["id"].as_str().expect("an id");
    let record = repo.git(&["cat-file", "-p", &format!("refs/checkpoint/records/{id}")]);
    assert!(record.contains("Checkpoint-Check: pass works high "), "{record}");
    assert_eq!(repo.git(&["cat-file", "-p", &format!("refs/checkpoint/files/{id}:logs/works")]), "looked");

    let run = repo.checkpoint(&["rollback", "broken"]);
    assert_eq!(run.code, 1, "{run}");
    assert!(!repo.path().join("good").exists(), "it was gone back to all the same");
    assert!(run.stderr.contains("works fails") && run.stderr.contains("rollback good"), "{run}");
    // It is there already, and still does not work.
    assert_eq!(repo.checkpoint(&["rollback", "broken", "--json"]).json()["verification"], "failed");
    assert_eq!(repo.checkpoint_ok(&["rollback", "broken", "--no-verify", "--json"]).json()["verification"], "verified");
    // The record was replaced; what it is for still works.
    repo.checkpoint_ok(&["undo"]);
    assert!(repo.path().join("good").exists());
    repo.checkpoint_ok(&["undo"]);
    assert!(!repo.path().join("good").exists());
    repo.fsck();
}

#[test]
fn nothing_runs_of_a_configuration_of_then_that_nobody_trusts() {
    let repo = TestRepo::with_commit();
    repo.write(".checkpoint.toml", "[[check]]\nname = \"evil\"\nrun = \"touch $HOME/../ran\"\n");
    repo.commit("Evil");
    repo.write(".checkpoint.toml", "[[check]]\nname = \"fine\"\nrun = \"true\"\n");
    repo.commit("Fine");
    trust(&repo);
    let run = repo.checkpoint(&["rollback", "HEAD~1"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stderr.contains("fine passes"), "{run}");
    assert!(!repo.root().join("ran").exists(), "it ran");
}

#[test]
fn no_answer_is_no_verification_and_heavy_checks_are_not_waited_for() {
    let repo = with_check("[[check]]\nname = \"heavy\"\non = [\"rollback\"]\nrun = \"sleep 600\"\nbackground = true\n");
    repo.checkpoint_ok(&["rollback", "works"]);
    let text = repo.read_text(".checkpoint.toml").replace("test -e good", "exit 125");
    repo.write(".checkpoint.toml", text);
    trust(&repo);
    repo.checkpoint_ok(&["create", "--name", "unclear"]);
    repo.write("more", "x");
    let run = repo.checkpoint(&["rollback", "unclear", "--json"]);
    assert_eq!((run.code, &run.json()["verification"]), (1, &"inconclusive".into()), "{run}");
}
