//! Input that cannot be followed: a clear message, the right code, and nothing changed.

use super::{broken, refused};
use crate::support::TestRepo;

#[test]
fn there_is_no_backup() {
    let repo = TestRepo::with_commit();
    for args in [&["recover"][..], &["recover", "--all"], &["recover", "--uncommitted", "--path", "file"]] {
        refused(&repo, 2, (args, "there is no backup"));
    }
    refused(&repo, 2, (&["recover", "HEAD", "--uncommitted"], "needs a backup"));
}

#[test]
fn there_is_nothing_to_bring_back() {
    let repo = broken();
    repo.checkpoint_ok(&["recover", "--all"]);
    let (head, refs) = (repo.rev("HEAD"), repo.refs());
    let run = repo.checkpoint_ok(&["recover", "--all"]);
    assert!(run.stdout.contains("nothing to bring back"), "{run}");
    repo.git(&["commit", "-q", "--allow-empty", "-m", "empty"]);
    repo.git(&["tag", "empty"]);
    repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    let run = repo.checkpoint_ok(&["recover", "empty"]);
    assert!(run.stdout.contains("it changes nothing") && run.stdout.contains("nothing to bring back"), "{run}");
    assert_eq!(repo.rev("HEAD"), head);
    repo.git(&["tag", "-d", "empty"]);
    assert_eq!(repo.refs(), refs);
}

#[test]
fn merges_and_roots() {
    let repo = broken();
    repo.git(&["switch", "-q", "-c", "side", "two"]);
    repo.git(&["merge", "-q", "--no-ff", "-m", "merge", "one"]);
    repo.git(&["switch", "-q", "-c", "merged", "saved"]);
    repo.write("m", "m\n");
    repo.commit("m");
    repo.git(&["merge", "-q", "--no-ff", "-m", "merge", "one"]);
    repo.git(&["switch", "-q", "main"]);
    refused(&repo, 2, (&["recover", "merged"], "is a merge but no -m option was given"));
    refused(&repo, 2, (&["recover", "merged", "-m", "3"], "does not have parent 3"));
    repo.checkpoint_ok(&["recover", "merged", "-m", "1"]);
    assert_eq!(repo.git(&["show", "--format=", "--name-only", "HEAD"]), "doc/c\nsrc/a\nsrc/b");
    repo.git(&["switch", "-q", "--orphan", "root"]);
    repo.write("rooted", "rooted\n");
    repo.commit("a root");
    repo.git(&["switch", "-q", "main"]);
    repo.checkpoint_ok(&["recover", "root", "--path", "rooted"]);
    assert_eq!(super::files_of(&repo, "HEAD"), ["A rooted"]);
}

#[test]
fn commits_that_are_gone() {
    let repo = broken();
    let gone = repo.rev("two");
    repo.git(&["tag", "-d", "two", "one"]);
    for name in repo.git(&["for-each-ref", "--format=%(refname)", "refs/checkpoint", "refs/heads/*broken*"]).lines() {
        if name != "refs/heads/main" {
            repo.git(&["update-ref", "-d", name]);
        }
    }
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    repo.git(&["gc", "-q", "--prune=now"]);
    refused(&repo, 2, (&["recover", &gone], "is not in this repository"));
    refused(&repo, 2, (&["recover", &gone[..12]], "is neither a backup, nor a commit, nor a range"));
    refused(&repo, 2, (&["recover", &format!("main..{gone}")], "is not in this repository"));
}

#[test]
fn changes_are_kept_and_refused_only_where_paths_overlap() {
    let repo = broken();
    repo.write("file", "mine\n");
    repo.write("mine", "untracked\n");
    repo.checkpoint_ok(&["recover", "one", "--path", "doc"]);
    assert_eq!((repo.read_text("file"), repo.read_text("mine")), ("mine\n".into(), "untracked\n".into()));
    repo.write("src/a", "in the way\n");
    refused(&repo, 1, (&["recover", "one"], "`src/a` is changed here"));
    // What is not asked for is in nobody's way.
    repo.checkpoint_ok(&["recover", "one", "--path", "src/b"]);
    assert_eq!(repo.read_text("src/a"), "in the way\n");
    repo.write("doc/c", "mine too\n");
    refused(&repo, 1, (&["recover", "--uncommitted"], "`doc/c`"));
    repo.checkpoint_ok(&["recover", "--uncommitted", "--path", "new"]);
    assert_eq!((repo.read_text("new/file"), repo.read_text("doc/c")), ("untracked\n".into(), "mine too\n".into()));
}

#[test]
fn what_came_back_elsewhere_is_not_taken_back_under_an_index() {
    let repo = broken();
    repo.git(&["branch", "other", "saved"]);
    let before = repo.rev("other");
    repo.checkpoint_ok(&["recover", "one", "--onto", "other"]);
    let there = repo.rev("other");
    repo.git(&["switch", "-q", "other"]);
    refused(&repo, 1, (&["undo"], "`other` is checked out, and only the branch would move"));
    repo.git(&["switch", "-q", "main"]);
    repo.checkpoint_ok(&["undo"]);
    assert_eq!(repo.rev("other"), before);
    let linked = repo.linked_worktree("linked");
    linked.git(&["switch", "-q", "other"]);
    refused(&repo, 1, (&["redo"], "`other` is checked out, and only the branch would move"));
    assert_eq!(linked.git(&["status", "--porcelain"]), "");
    linked.git(&["switch", "-q", "--detach"]);
    repo.checkpoint_ok(&["redo"]);
    assert_eq!(repo.rev("other"), there);
}
