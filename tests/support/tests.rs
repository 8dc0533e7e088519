//! The helpers tell the truth: they notice what they are for.

use super::{TestRepo, filtered};

#[test]
fn a_repository_is_the_same_on_every_run() {
    let (one, two) = (TestRepo::with_commit(), TestRepo::with_commit());
    assert_eq!(one.rev("HEAD"), two.rev("HEAD"));
    one.state().assert_same(&two.state());
    assert_eq!(one.git(&["log", "-1", "--format=%an %ce %ct"]), "Ada Author carl@example.com 1795269603");
    assert_eq!(TestRepo::sha256().rev("HEAD").len(), 64);
    one.fsck();
}

#[test]
fn a_picture_shows_each_kind_of_change() {
    let changes: [fn(&TestRepo); 9] = [
        |repo| repo.write("file", "other\n"),
        |repo| repo.write("new", ""),
        |repo| repo.remove("file"),
        |repo| repo.chmod("file", 0o755),
        |repo| repo.symlink("nowhere", "link"),
        |repo| drop(repo.git(&["switch", "-q", "-c", "topic"])),
        |repo| drop(repo.git(&["rm", "-q", "--cached", "file"])),
        |repo| drop(repo.git(&["update-index", "--assume-unchanged", "file"])),
        |repo| drop(repo.at("nested").git(&["init", "-q"])),
    ];
    for (n, change) in changes.iter().enumerate() {
        let repo = TestRepo::with_commit();
        let before = repo.state();
        before.assert_same(&repo.state());
        change(&repo);
        assert_ne!(before, repo.state(), "change {n}");
    }
}

#[test]
fn a_fingerprint_shows_a_file_that_was_written_again() {
    let repo = TestRepo::with_commit();
    let (before, state) = (repo.fingerprint(), repo.state());
    before.assert_same(&repo.fingerprint());
    repo.remove("file");
    repo.write("file", "first\n");
    assert_eq!(state.files, repo.state().files);
    assert_ne!(before, repo.fingerprint());
}

#[test]
fn linked_worktrees_and_clones_share_the_world() {
    let repo = TestRepo::with_commit();
    let (linked, clone) = (repo.linked_worktree("topic"), TestRepo::clone_of(&repo));
    assert!(linked.state().head.starts_with("refs/heads/topic "));
    assert!(clone.git(&["remote", "-v"]).contains("repo"));
    assert_eq!(clone.root(), repo.root());
    assert_ne!(linked.git_dir(), repo.git_dir());
}

#[test]
#[should_panic(expected = "the repository is damaged")]
fn a_damaged_repository_is_noticed() {
    let repo = TestRepo::with_commit();
    let blob = repo.rev("HEAD:file");
    let (folder, name) = blob.split_at(2);
    repo.remove(format!(".git/objects/{folder}/{name}"));
    repo.fsck();
}

#[test]
fn what_differs_from_run_to_run_is_filtered() {
    for (text, expected) in [
        ("id 20261121T143000.123Z-create-9f3a2c.", "id <id>."),
        ("tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904", "tree <oid>"),
        ("at 4b825dc, 1048576 bytes, defaced", "at <oid>, 1048576 bytes, defaced"),
        ("main-broken-20261121-143000", "main-broken-<date>-<time>"),
        ("2026-11-21T14:30:00Z 2026-11-21 14:30 2026-11-21 14:30:01 +0000", "<time> <time> <time>"),
        (r#"{"seconds": 0.25,"elapsed_seconds":30}"#, r#"{"seconds": <seconds>,"elapsed_seconds":<seconds>}"#),
        ("took 12 ms, T+4h", "took <seconds>, T+4h"),
    ] {
        assert_eq!(filtered(text), expected);
    }
}
