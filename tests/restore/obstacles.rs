//! What no backup holds is never overwritten and never removed.

use super::{in_the_way, restore, restore_after, save};
use crate::support::TestRepo;

/// A state with `path` and a later one without it, where it is ignored.
fn with_target(path: &str) -> (TestRepo, super::Saved) {
    let repo = TestRepo::with_commit();
    repo.write(path, "wanted\n");
    let state = save(&repo);
    repo.remove(path);
    repo.write(".git/info/exclude", "*.log\n/secret\n");
    (repo, state)
}

#[track_caller]
fn assert_in_the_way(repo: &TestRepo, state: &super::Saved, expected: &[&str]) {
    let before = (repo.state(), repo.fingerprint());
    assert_eq!(in_the_way(repo, state), expected);
    let error = restore_after(repo, state, "").expect_err("it is in the way");
    let path = expected[0].split(": ").next().expect("a path");
    assert!(error[0].contains(path) && error[0].contains("in the way"), "{error:?}");
    before.0.assert_same(&repo.state());
    before.1.assert_same(&repo.fingerprint());
}

#[test]
fn an_ignored_file_is_not_overwritten() {
    let (repo, state) = with_target("secret");
    repo.write("secret", "other\n");
    assert_in_the_way(&repo, &state, &["secret: is ignored and not part of the backup"]);
}

#[test]
fn an_ignored_file_that_is_equal_is_accepted() {
    let (repo, state) = with_target("secret");
    repo.write("secret", "wanted\n");
    let written = repo.path().join("secret").metadata().expect("it exists").modified().expect("known");
    restore(&repo, &state);
    assert_eq!(repo.path().join("secret").metadata().expect("it exists").modified().expect("known"), written);
    assert_eq!(save(&repo).index, state.index);
    repo.chmod("secret", 0o755);
    assert_in_the_way(&repo, &state, &["secret: is ignored and not part of the backup"]);
}

#[test]
fn ignored_files_in_a_folder_are_not_removed_for_a_file() {
    let (repo, state) = with_target("thing");
    repo.write("thing/deep/a.log", "ignored\n");
    repo.write("thing/b.log", "ignored\n");
    repo.write("thing/captured", "captured\n");
    assert_in_the_way(
        &repo,
        &state,
        &[
            "thing/b.log: is ignored and not part of the backup",
            "thing/deep/a.log: is ignored and not part of the backup",
        ],
    );
    repo.remove("thing/b.log");
    repo.remove("thing/deep");
    repo.dir("thing/empty/folder");
    restore(&repo, &state);
    assert_eq!(repo.read_text("thing"), "wanted\n");
}

#[test]
fn an_ignored_file_is_not_removed_for_a_folder() {
    let (repo, state) = with_target("secret/deep/file");
    repo.remove("secret");
    repo.write("secret", "ignored\n");
    assert_in_the_way(&repo, &state, &["secret: is ignored and not part of the backup"]);
    repo.remove("secret");
    repo.symlink("/tmp", "secret");
    assert_in_the_way(&repo, &state, &["secret: is ignored and not part of the backup"]);
}

#[test]
fn a_repository_of_its_own_is_not_written_into_or_removed() {
    let (repo, state) = with_target("nested/file");
    repo.remove("nested");
    let nested = repo.at("nested");
    nested.git(&["init", "-q"]);
    nested.write("own", "own\n");
    nested.commit("own");
    assert_in_the_way(&repo, &state, &["nested: is a repository of its own and not part of the backup"]);
    let (repo, state) = with_target("nested");
    let nested = repo.at("nested");
    nested.git(&["init", "-q"]);
    nested.write("own", "own\n");
    assert_in_the_way(&repo, &state, &["nested: is a repository of its own and not part of the backup"]);
}

#[test]
fn a_file_over_the_size_cap_is_not_overwritten() {
    let (repo, state) = with_target("big");
    repo.write("big", vec![b'x'; 2 << 20]);
    let before = repo.fingerprint();
    let error = restore_after(&repo, &state, "").expect_err("it was not captured");
    assert!(error[0].contains("`big` is larger than `capture.max-file-size`"), "{error:?}");
    before.assert_same(&repo.fingerprint());
}

#[test]
fn a_populated_submodule_is_not_removed_for_a_file() {
    let repo = TestRepo::with_commit();
    repo.write("sub", "a file\n");
    repo.commit("a file");
    let state = save(&repo);
    let library = repo.at("../library");
    library.git(&["init", "-q", "-b", "main"]);
    library.write("lib", "one\n");
    library.commit("one");
    repo.git(&["rm", "-q", "sub"]);
    repo.git(&["submodule", "add", "-q", "../library", "sub"]);
    repo.commit("a submodule");
    repo.write("sub/work", "not in any commit\n");
    assert_in_the_way(&repo, &state, &["sub: is a repository of its own and not part of the backup"]);
    assert_eq!(repo.read_text("sub/work"), "not in any commit\n");
}

#[test]
fn ignored_files_stay_when_the_ignore_file_itself_differs() {
    let repo = TestRepo::new();
    repo.write(".gitignore", "*.log\n");
    repo.commit("first");
    repo.write("a.log", "ignored\n");
    let first = save(&repo);
    repo.write(".gitignore", "*.tmp\n");
    repo.remove("a.log");
    repo.commit("second");
    repo.write("b.tmp", "ignored now\n");
    repo.write("dir/c.tmp", "ignored now\n");
    let second = save(&repo);
    restore(&repo, &first);
    assert_eq!(
        (repo.read_text("b.tmp"), repo.read_text("dir/c.tmp")),
        ("ignored now\n".into(), "ignored now\n".into())
    );
    restore(&repo, &second);
    assert_eq!(repo.read_text("b.tmp"), "ignored now\n");
}

#[test]
fn what_is_ignored_there_makes_room_for_a_folder() {
    let repo = TestRepo::new();
    repo.write(".gitignore", "/thing\n/dir/*.log\n");
    repo.write("thing/inside", "tracked all the same\n");
    repo.write("dir", "a file\n");
    repo.git(&["add", "-f", "."]);
    repo.commit("first");
    let first = save(&repo);
    repo.write(".gitignore", "");
    repo.remove("thing");
    repo.remove("dir");
    repo.commit("second");
    repo.write("thing", "untracked\n");
    repo.write("dir/a.log", "untracked\n");
    restore(&repo, &first);
    assert_eq!(
        (repo.read_text("thing/inside"), repo.read_text("dir")),
        ("tracked all the same\n".into(), "a file\n".into())
    );
}

#[test]
fn many_obstacles_are_counted_and_ten_are_named() {
    let repo = TestRepo::with_commit();
    for n in 0..12 {
        repo.write(format!("dir/{n:02}"), "wanted\n");
    }
    let state = save(&repo);
    repo.write(".git/info/exclude", "/dir\n");
    for n in 0..12 {
        repo.write(format!("dir/{n:02}"), "ignored\n");
    }
    let error = restore_after(&repo, &state, "").expect_err("they are in the way");
    assert!(error[0].starts_with("12 paths that no backup holds are in the way: `dir/00` is ignored"), "{error:?}");
    assert!(error[0].ends_with("`dir/09` is ignored and not part of the backup; and 2 more"), "{error:?}");
}
