//! What passes becomes a checkpoint, and can be taken back as one.

use super::*;

#[test]
fn what_passes_is_a_checkpoint_and_undo_goes_back() {
    let repo = configured(&check("unit", "grep -q good file", &[]));
    repo.write("file", "good\n");
    repo.write("mine", "never committed\n");
    let before = repo.state();
    let done = tried(&repo, 0, &["-m", "Better"], "echo better >> file; echo new > new");
    assert_eq!((&done["outcome"], &done["exit"]["code"]), (&"kept".into(), &0.into()), "{done}");
    assert_eq!(done["checks"][0]["verdict"], "pass");
    let listed = repo.checkpoint_ok(&["list", "--json"]).json();
    assert_eq!((&listed[0]["id"], &listed[0]["state"]), (&done["checkpoint"], &"validated".into()), "{listed}");
    assert_eq!(listed[0]["subject"], "Better");
    let after = repo.state();
    assert_eq!(repo.read_text("file"), "good\nbetter\n");

    repo.checkpoint_ok(&["undo"]);
    before.assert_same(&repo.state());
    assert!(repo.git(&["tag"]).is_empty(), "the tag goes with it");
    assert_eq!(repo.checkpoint_ok(&["list", "--json"]).json(), serde_json::json!([]));
    repo.checkpoint_ok(&["redo"]);
    after.assert_same(&repo.state());
    assert_eq!(repo.git(&["tag"]), done["tag"].as_str().expect("a tag"));
    repo.fsck();
}

#[test]
fn a_check_that_fails_puts_everything_back() {
    let repo = configured(&check("unit", "cat file; grep -q good file", &[]));
    repo.write("file", "good\n");
    let before = repo.state();
    let run = try_sh(&repo, &[], "echo bad > file; echo made it bad");
    assert_eq!(run.code, 1, "{run}");
    assert!(run.stderr.contains("made it bad") && run.stdout.contains("unit does not pass"), "{run}");
    before.assert_same(&repo.state());
    assert!(repo.git(&["tag"]).is_empty());
    let id = repo.checkpoint_ok(&["log", "--json"]).json()[0]["id"].as_str().expect("an id").to_owned();
    let show = |name: &str| repo.git(&["show", &format!("refs/checkpoint/files/{id}:logs/{name}")]);
    assert_eq!((show("+command"), show("unit")), ("made it bad".into(), "bad".into()));
    let record = repo.git(&["cat-file", "-p", &format!("refs/checkpoint/records/{id}")]);
    assert!(record.contains("Checkpoint-Fate: put-back") && record.contains("Checkpoint-Check: fail unit"), "{record}");
}

#[test]
fn a_check_without_an_answer_puts_everything_back() {
    let repo = configured(&check("unit", "exit 125", &[]));
    let before = repo.state();
    let done = tried(&repo, 1, &[], "echo x > x");
    assert_eq!((&done["outcome"], &done["checks"][0]["verdict"]), (&"put-back".into(), &"inconclusive".into()));
    before.assert_same(&repo.state());
}

#[test]
fn without_trust_nothing_is_run_unless_no_check_decides() {
    let repo = configured(&check("unit", "true", &[]));
    repo.remove_var("GIT_CHECKPOINT_TRUST");
    let before = repo.state();
    let run = try_sh(&repo, &[], "echo x > x");
    assert_eq!(run.code, 2, "{run}");
    before.assert_same(&repo.state());
    assert_eq!(repo.checkpoint_ok(&["log", "--json"]).json(), serde_json::json!([]));
    tried(&repo, 0, &["--no-verify"], "echo x > x");
    assert!(repo.exists("x"));
}

#[test]
fn only_some_checks_decide_and_others_are_not_run() {
    let both = [check("unit", "true", &[]), check("slow", "echo ran >> \"$HOME/../ran\"; false", &[])].concat();
    let repo = configured(&both);
    let done = tried(&repo, 0, &["--only", "unit"], "echo x > x");
    assert_eq!(runs(&repo), 0);
    let state = &repo.checkpoint_ok(&["list", "--json"]).json()[0]["state"];
    assert_eq!((&done["outcome"], state), (&"kept".into(), &"unvalidated".into()), "some checks are not all");
    let run = try_sh(&repo, &["--only", "nonesuch"], "true");
    assert_eq!(run.code, 2, "{run}");
}

#[test]
fn heavy_checks_leave_it_pending_or_are_waited_for() {
    let config = [check("quick", "true", &[]), check("heavy", "grep -q good file", &["background = true"])].concat();
    let repo = configured(&config);
    repo.git(&["config", "checkpoint.background", "false"]);
    repo.write("file", "good\n");
    let before = repo.state();
    let done = tried(&repo, 1, &["--wait"], "echo bad > file");
    assert_eq!(done["outcome"], "put-back", "{done}");
    before.assert_same(&repo.state());
    // Without, it stays; its checkpoint does not.
    let run = try_sh(&repo, &[], "echo bad > file");
    assert_eq!((repo.read_text("file").as_str(), run.code), ("bad\n", 1), "{run}");
    assert!(repo.git(&["tag"]).is_empty(), "{run}");
}

#[test]
fn a_commit_is_made_of_what_the_command_did() {
    let repo = configured(&check("unit", "test ! -e bad", &[]));
    let done = tried(&repo, 0, &["--commit", "-m", "Do it\n\nAs said"], "echo x > x; rm file");
    assert_eq!(repo.git(&["log", "-1", "--format=%B"]), "Do it\n\nAs said\n");
    assert_eq!(repo.git(&["show", "--name-status", "--format=", "HEAD"]), "D\tfile\nA\tx");
    assert_eq!(done["head"], repo.rev("HEAD").as_str());
    let before = repo.state();
    tried(&repo, 1, &["--commit"], "echo x > bad");
    before.assert_same(&repo.state());

    repo.checkpoint_ok(&["undo", repo.checkpoint_ok(&["log", "--json"]).json()[2]["id"].as_str().expect("an id")]);
    assert!(repo.exists("file") && !repo.exists("x"));
    repo.write("dirty", "x\n");
    let run = try_sh(&repo, &["--commit"], "true");
    assert!(run.code == 1 && run.stderr.contains("not committed"), "{run}");
}

#[test]
fn a_hook_that_does_not_let_it_be_committed_puts_it_back() {
    let repo = TestRepo::with_commit();
    repo.write(".git/hooks/pre-commit", "#!/bin/sh\necho no >&2\nexit 1\n");
    repo.chmod(".git/hooks/pre-commit", 0o755);
    let before = repo.state();
    let run = try_sh(&repo, &["--commit"], "echo x > x");
    assert_eq!(run.code, 1, "{run}");
    before.assert_same(&repo.state());
    tried(&repo, 0, &["--commit", "--no-verify"], "echo x > x");
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
}

#[test]
fn that_it_failed_before_is_said_where_it_is_known() {
    let repo = configured(&check("unit", "grep -q good file", &[]));
    repo.write("other", "x\n");
    let run = try_sh(&repo, &[], "echo y > other");
    assert!(!run.stderr.contains("failed before"), "{run}");
    assert_eq!(repo.checkpoint(&["check"]).code, 1);
    let run = try_sh(&repo, &[], "echo z > other");
    assert!(run.code == 1 && run.stderr.contains("failed before"), "{run}");
}
