//! The main job in repositories that are out of the ordinary.

use crate::support::{Run, TestRepo};

/// A repository whose one commit has `a` and `b`.
fn base() -> TestRepo {
    let repo = TestRepo::new();
    repo.write("a", "a\n");
    repo.write("b", "b\n");
    repo.commit("base");
    repo
}

#[track_caller]
fn back(repo: &TestRepo) -> Run {
    repo.checkpoint_ok(&["rollback", "latest", "--yes"])
}

#[test]
fn a_sparse_index_comes_back_whatever_git_makes_of_it() {
    let repo = base();
    repo.write("o/o", "o\n");
    repo.write("o/deep/o", "o\n");
    repo.write("d/x", "x\n");
    repo.commit("folders");
    repo.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "d"]);
    assert!(!repo.exists("o"));
    let saved = repo.state();
    repo.checkpoint_ok(&["-m", "x"]);
    repo.write("d/x", "y\n");
    let mess = repo.state();
    back(&repo);
    repo.state().assert_same(&saved);
    repo.checkpoint_ok(&["undo", "--yes"]);
    repo.state().assert_same(&mess);
    repo.git(&["sparse-checkout", "disable"]);
    assert!(repo.exists("o/o"));
    back(&repo);
    assert!(!repo.exists("o/o"));
}

#[test]
fn a_file_that_git_was_told_not_to_look_for_comes_back() {
    let repo = base();
    let saved = repo.state();
    repo.checkpoint_ok(&["-m", "x"]);
    repo.git(&["update-index", "--skip-worktree", "b"]);
    repo.remove("b");
    let mess = repo.state();
    back(&repo);
    repo.state().assert_same(&saved);
    repo.checkpoint_ok(&["undo", "--yes"]);
    repo.state().assert_same(&mess);
    repo.fsck();
}

#[test]
fn a_file_that_was_not_on_disk_goes_again() {
    let repo = base();
    repo.write("c/d", "d\n");
    repo.commit("more");
    repo.git(&["update-index", "--skip-worktree", "b", "c/d"]);
    repo.remove("b");
    repo.remove("c");
    let saved = repo.state();
    repo.checkpoint_ok(&["-m", "x"]);
    repo.git(&["update-index", "--no-skip-worktree", "b", "c/d"]);
    repo.write("b", "n\n");
    repo.write("c/d", "d\n");
    repo.commit("n");
    let mess = repo.state();
    back(&repo);
    repo.state().assert_same(&saved);
    repo.checkpoint_ok(&["undo", "--yes"]);
    repo.state().assert_same(&mess);
    repo.checkpoint_ok(&["redo", "--yes"]);
    repo.write("b", "on disk again, and changed\n");
    let mess = repo.state();
    back(&repo);
    repo.state().assert_same(&saved);
    repo.checkpoint_ok(&["undo", "--yes"]);
    repo.state().assert_same(&mess);
    repo.fsck();
}

#[test]
fn what_a_partial_clone_lacks_is_fetched() {
    let source = base();
    source.write("a", "second\n");
    source.commit("second");
    source.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", source.path().display());
    let clone = source.root().join("partial");
    source.git(&["clone", "-q", "--filter=blob:none", &url, &clone.to_string_lossy()]);
    let clone = source.at(&clone);
    clone.checkpoint_ok(&["rollback", "HEAD~1", "--yes"]);
    assert_eq!(clone.read_text("a"), "a\n");
    assert_eq!(clone.git(&["status", "--porcelain"]), "");
}
