//! Some files of commits, and of work that was never committed.

use super::{broken, files_of, json, message, refused};

#[test]
fn some_files_of_a_commit_come_back() {
    let repo = broken();
    let head = repo.rev("HEAD");
    repo.checkpoint_ok(&["recover", "one", "--path", "src", "--path", ":(exclude)src/b"]);
    assert_eq!(files_of(&repo, "HEAD"), ["A src/a"]);
    assert_eq!(message(&repo, "HEAD"), message(&repo, "one"));
    assert_eq!(
        repo.git(&["log", "-1", "--format=%an %ae %at"]),
        repo.git(&["log", "-1", "--format=%an %ae %at", "one"])
    );
    assert!(!repo.exists("src/b") && !repo.exists("doc/c"));
    repo.checkpoint_ok(&["undo", "--yes"]);
    assert_eq!(repo.rev("HEAD"), head);
    assert!(!repo.exists("src/a"));
}

#[test]
fn pathspecs_are_those_of_git_seen_from_where_they_are_typed() {
    for (here, spec, files) in [
        ("", "*/a", vec!["A src/a"]),
        ("", ":(glob)*/[bc]", vec!["A doc/c", "A src/b"]),
        ("", ":(icase)SRC/A", vec!["A src/a"]),
        ("doc", "c", vec!["A doc/c"]),
        ("doc", ":/src", vec!["A src/a", "A src/b"]),
        ("doc", "../src/b", vec!["A src/b"]),
    ] {
        let repo = broken();
        repo.dir("doc");
        repo.at(here).checkpoint_ok(&["recover", "one", "--path", spec]);
        assert_eq!(files_of(&repo, "HEAD"), files, "{spec} in {here}");
    }
}

#[test]
fn a_commit_of_which_nothing_is_left_is_left_out_and_said() {
    let repo = broken();
    let told = json(&repo, &["recover", "--all", "--path", "doc"]);
    assert_eq!(told["picked"].as_array().map(Vec::len), Some(1), "{told}");
    assert_eq!(told["left_out"][0]["reason"], "other-paths", "{told}");
    assert_eq!(told["left_out"][0]["commit"], repo.rev("two"));
    assert_eq!(files_of(&repo, "HEAD"), ["A doc/c"]);
}

#[test]
fn the_rest_of_a_commit_comes_back_later() {
    let repo = broken();
    repo.checkpoint_ok(&["recover", "one", "--path", "doc", "-x"]);
    repo.write("own", "own\n");
    repo.commit("own");
    repo.checkpoint_ok(&["recover", "one"]);
    assert_eq!(files_of(&repo, "HEAD"), ["A src/a", "A src/b"]);
    let again = json(&repo, &["recover", "one", "--path", "doc"]);
    assert_eq!(again["left_out"][0]["reason"], "already-applied", "{again}");
}

#[test]
fn a_part_that_conflicts_is_settled_as_a_part() {
    let repo = broken();
    repo.write("src/a", "ours\n");
    repo.commit("ours");
    let told = json(&repo, &["recover", "one", "two", "--path", "src", "-x"]);
    assert_eq!(told["stopped_at"], repo.rev("one"), "{told}");
    assert_eq!(told["conflict"], serde_json::json!(["src/a"]));
    repo.write("src/a", "a\n");
    repo.git(&["add", "src/a"]);
    let told = json(&repo, &["recover", "--continue"]);
    let from: Vec<_> = told["picked"].as_array().expect("picks").iter().map(|pick| pick["from"].clone()).collect();
    assert_eq!(from, [repo.rev("one"), repo.rev("two")], "{told}");
    assert_eq!(files_of(&repo, "HEAD~1"), ["M src/a", "A src/b"]);
    assert_eq!(files_of(&repo, "HEAD"), ["M src/a"]);
    assert!(message(&repo, "HEAD").ends_with(&format!("(cherry picked from commit {})\n", repo.rev("two"))));
    assert!(!repo.exists("doc/c"));
    repo.fsck();
}

#[test]
fn uncommitted_work_is_listed_by_file_and_kind() {
    let repo = broken();
    let told = json(&repo, &["recover", "--uncommitted", "--dry-run"]);
    let kinds = serde_json::json!([
        {"path": "doc/c", "kinds": ["unstaged"]},
        {"path": "new/file", "kinds": ["untracked"]},
        {"path": "src/b", "kinds": ["staged", "unstaged"]},
    ]);
    assert_eq!(told["files"], kinds);
    let text = repo.checkpoint(&["recover", "--uncommitted", "--all", "--dry-run"]);
    for line in ["would recover 2 commits", "unstaged   doc/c", "untracked  new/file", "staged, unstaged src/b"] {
        assert!(text.stdout.contains(line), "{line}: {text}");
    }
    assert!(!repo.exists("new/file"));
}

#[test]
fn uncommitted_work_comes_back_file_by_file() {
    let repo = broken();
    repo.checkpoint_ok(&["recover", "--all"]);
    repo.checkpoint_ok(&["recover", "--uncommitted", "--path", "src/b"]);
    assert_eq!(repo.git(&["status", "--porcelain"]), "MM src/b");
    assert_eq!(repo.git(&["show", ":src/b"]), "b, staged");
    repo.checkpoint_ok(&["recover", "--uncommitted", "--path", "new"]);
    assert_eq!(repo.read_text("new/file"), "untracked\n");
    assert_eq!(repo.read_text("doc/c"), "c\n");
    repo.checkpoint_ok(&["undo", "--yes"]);
    assert!(!repo.exists("new/file"));
    assert_eq!(repo.read_text("src/b"), "b, staged\nand more\n");
}

#[test]
fn paths_that_match_nothing_are_refused() {
    let repo = broken();
    refused(&repo, 2, (&["recover", "one", "--path", "nowhere"], "nothing of what was named is in `nowhere`"));
    refused(&repo, 2, (&["recover", "--uncommitted", "--path", "keep"], "nothing of what was named is in `keep`"));
    refused(&repo, 2, (&["recover", "one", "--path", ":(wrong)a"], "git does not take `:(wrong)a` for paths"));
}
