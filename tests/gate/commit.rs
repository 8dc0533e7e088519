//! `create --commit`: the checks come first, and without their pass nothing is committed.

use super::*;

fn hook(repo: &TestRepo, name: &str, script: &str) {
    let path = repo.git_dir().join("hooks").join(name);
    repo.write(&path, format!("#!/bin/sh\n{script}\n"));
    repo.chmod(&path, 0o755);
}

#[test]
fn what_passes_is_committed_and_tagged() {
    let repo = repository();
    repo.write("file", "good too\n");
    repo.write("new", "x\n");
    let before = repo.rev("HEAD");
    let said = taken(&repo, 0, &["--commit", "-m", "Stabilize"]);
    assert_eq!((&said["state"], verdicts(&said)), (&"validated".into(), "unit=pass".into()));
    assert_eq!(repo.rev("HEAD~1"), before);
    assert_eq!(
        (repo.git(&["log", "-1", "--format=%s"]), repo.git(&["status", "--porcelain"])),
        ("Stabilize".into(), String::new())
    );
    assert_eq!(repo.rev(&format!("{}^{{commit}}", tags(&repo)[0])), repo.rev("HEAD"));
    repo.checkpoint_ok(&["undo", "--yes"]);
    assert_eq!(repo.rev("HEAD"), before);
    assert_eq!(repo.read_text("file"), "good too\n");
    repo.fsck();
}

#[test]
fn what_fails_is_not_committed_but_saved() {
    let repo = repository();
    repo.write("file", "bad\n");
    repo.write("new", "x\n");
    hook(&repo, "pre-commit", "touch \"$HOME/../hooked\"");
    let before = (repo.state(), repo.fingerprint());
    let said = taken(&repo, 1, &["--commit"]);
    before.0.assert_same(&repo.state());
    before.1.assert_same(&repo.fingerprint());
    assert_eq!((&said["state"], tags(&repo).len()), (&"failed".into(), 0));
    assert!(!beside(&repo, "hooked").exists(), "git was asked to commit");
    assert_eq!(repo.git(&["show", &format!("{}:file", said["commit"].as_str().expect("a commit"))]), "bad");
    repo.remove_var("GIT_CHECKPOINT_TRUST");
    let held = repo.checkpoint(&["create", "--commit"]);
    assert!(held.code == 2 && held.stderr.contains("git checkpoint trust"), "{held}");
    before.0.assert_same(&repo.state());
    let said = taken(&repo, 0, &["--commit", "--no-verify"]);
    assert_eq!(said["state"], "unvalidated");
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    repo.fsck();
}

#[test]
fn a_commit_hook_that_changes_files_makes_void_what_was_said() {
    let repo = repository();
    hook(&repo, "pre-commit", "echo 'bad by a hook' > file; git add file");
    repo.write("new", "x\n");
    let run = repo.checkpoint(&["create", "--commit", "--json"]);
    let said = run.json();
    assert_eq!(
        (run.code, &said["state"], verdicts(&said)),
        (1, &"inconclusive".into(), "unit=inconclusive".into()),
        "{run}"
    );
    assert!(said["checks"][0]["why"].as_str().is_some_and(|why| why.contains("file")), "{run}");
    assert_eq!((tags(&repo).len(), repo.git(&["show", "HEAD:file"])), (0, "bad by a hook".into()));
    repo.fsck();
}

#[test]
fn a_commit_hook_that_says_no_leaves_everything() {
    let repo = repository();
    hook(&repo, "pre-commit", "echo no; exit 1");
    repo.write("new", "x\n");
    let before = (repo.state(), repo.refs());
    let run = repo.checkpoint(&["create", "--commit"]);
    assert!(run.code == 1 && run.stderr.contains("git did not commit"), "{run}");
    before.0.assert_same(&repo.state());
    let branches =
        |refs: &[String]| refs.iter().filter(|name| !name.contains("refs/notes")).cloned().collect::<Vec<_>>();
    assert_eq!(branches(&before.1), branches(&repo.refs()));
}

#[test]
fn an_edit_while_the_checks_run_is_not_committed_as_validated() {
    let repo = configured(&check("unit", "echo edited >> file", &[]));
    repo.write("new", "x\n");
    let head = repo.rev("HEAD");
    let said = taken(&repo, 1, &["--commit"]);
    assert_eq!((&said["state"], repo.rev("HEAD"), tags(&repo).len()), (&"inconclusive".into(), head, 0));
    assert_eq!(repo.read_text("file"), "first\nedited\n");
}
