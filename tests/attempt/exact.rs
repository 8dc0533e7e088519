//! The state before is back byte by byte, whatever the command did.

use super::*;

/// Whatever a command does, the state before is back, and all that it made is with the record.
fn comes_back(script: &str) {
    let repo = messy();
    let before = repo.state();
    let run = try_sh(&repo, &[], &format!("{script}\nexit 3"));
    assert_eq!(run.code, 1, "{script}: {run}");
    assert!(run.stdout.contains("the command exited with code 3; the state before it is back"), "{run}");
    without_ignored(&before).assert_same(&without_ignored(&repo.state()));
    repo.fsck();
    let status = repo.checkpoint_ok(&["status", "--json"]).json();
    assert!(status["in_progress"].is_null(), "{script}: {status}");
    assert_eq!(log(&repo), [("try".to_owned(), false)], "{script}");
}

#[test]
fn after_files_were_written_moved_and_deleted() {
    comes_back(
        "echo x > src/kept.txt; rm -r new; mv src/mode.txt other; chmod +x src/staged.txt; echo y > y; mkdir d; echo z > d/z",
    );
}

#[test]
fn after_all_was_deleted() {
    comes_back("rm -rf src new file .gitignore; echo '*' > .gitignore");
}

#[test]
fn after_a_file_became_a_folder_and_a_folder_a_file() {
    comes_back("rm -r src; echo 'a file now' > src; rm file; mkdir file; echo in > file/in");
}

#[test]
fn after_commits() {
    comes_back("git add -A; git commit -qm one; echo more > file; git commit -qam two");
}

#[test]
fn after_a_reset() {
    comes_back("git commit -qam one; git reset -q --hard HEAD~2");
}

#[test]
fn after_a_stash() {
    comes_back("git stash -q -u");
}

#[test]
fn after_a_clean() {
    comes_back("git reset -q --hard; git clean -fdq");
}

#[test]
fn after_another_branch_was_checked_out() {
    comes_back("git stash -q -u; git switch -qc other; echo x > x; git add x; git commit -qm x");
}

#[test]
fn after_head_was_detached() {
    comes_back("git commit -qam one; git switch -q --detach");
}

#[test]
fn after_the_branch_was_renamed_or_deleted() {
    comes_back("git branch -m renamed");
    comes_back("git switch -qc other; git branch -q -D main");
}

#[test]
fn after_the_index_was_removed() {
    comes_back("rm .git/index; git add -A");
}

#[test]
fn after_a_merge_or_a_rebase_that_stopped() {
    let script = "git stash -q -u; git switch -qc other HEAD~1; echo theirs > file; git commit -qam theirs; git switch -q main; \
                  echo ours > file; git commit -qam ours;";
    comes_back(&format!("{script} git merge -q other"));
    comes_back(&format!("{script} git rebase -q other"));
    comes_back(&format!("{script} git cherry-pick other"));
}

#[test]
fn after_a_bisect_was_begun() {
    comes_back("git stash -q -u; git bisect start; git bisect bad; git bisect good HEAD~1");
}

#[test]
fn bytes_that_git_would_not_give_back_are_back() {
    let repo = TestRepo::with_commit();
    repo.write(".gitattributes", "*.txt text=auto eol=lf\n");
    repo.write("lines.txt", "one\r\ntwo\r\n");
    repo.commit("Begin");
    repo.write("lines.txt", "one\r\ntwo\r\n");
    repo.git(&["status"]);
    let before = repo.state();
    assert_eq!(repo.read("lines.txt"), b"one\r\ntwo\r\n");
    tried(&repo, 1, &[], "rm lines.txt; echo x > file; exit 1");
    before.assert_same(&repo.state());
    tried(&repo, 1, &[], "echo other > lines.txt; exit 1");
    before.assert_same(&repo.state());
}

#[test]
fn before_the_first_commit() {
    let repo = TestRepo::new();
    repo.write("staged", "x\n");
    repo.git(&["add", "staged"]);
    repo.write("new", "y\n");
    let before = repo.state();
    tried(&repo, 1, &[], "git commit -qm first; rm new; exit 1");
    before.assert_same(&repo.state());
    repo.fsck();
}

#[test]
fn what_it_made_is_brought_back_by_undo() {
    let repo = messy();
    let before = repo.state();
    let script = "git commit -qam made; echo more >> src/kept.txt; rm new/untracked.txt; echo x > extra";
    let done = tried(&repo, 1, &[], &format!("{script}; exit 1"));
    before.assert_same(&repo.state());
    repo.checkpoint_ok(&["undo"]);
    assert_eq!((repo.read_text("extra").as_str(), repo.exists("new/untracked.txt")), ("x\n", false));
    assert_eq!(repo.git(&["log", "-1", "--format=%s"]), "made");
    assert_eq!(repo.git(&["show", &format!("{}:extra", done["result"].as_str().expect("a commit"))]), "x");
    repo.checkpoint_ok(&["redo"]);
    before.assert_same(&repo.state());
}

#[test]
fn other_refs_stay_and_are_told() {
    let repo = messy();
    repo.git(&["branch", "mine", "HEAD~1"]);
    let mine = repo.rev("mine");
    let done = tried(&repo, 1, &[], "git branch -D mine; git tag made; exit 1");
    let others: Vec<_> = done["other_refs"].as_array().expect("refs").iter().map(|one| &one["name"]).collect();
    assert_eq!(others, ["refs/heads/mine", "refs/tags/made"]);
    // Also where its reflog is gone, what the branch had is kept.
    let id = done["id"].as_str().expect("an id");
    let kept = repo.git(&["rev-list", "--parents", "-1", &format!("refs/checkpoint/files/{id}")]);
    assert!(kept.contains(&mine), "{kept} has no {mine}");
}

#[test]
fn a_nested_repository_that_it_made_stays_and_is_named() {
    let repo = messy();
    let before = repo.state();
    let done = tried(&repo, 1, &[], "git init -q nested; echo mine > nested/mine; exit 1");
    assert_eq!(done["left"], serde_json::json!([{"path": "nested", "reason": "nested-repository"}]), "{done}");
    assert_eq!(repo.read_text("nested/mine"), "mine\n");
    repo.remove("nested");
    before.assert_same(&repo.state());

    let run = try_sh(&repo, &[], "rm -r src; git init -q src; echo mine > src/mine; exit 1");
    assert_eq!(run.code, 1, "{run}");
    // git takes its file for one of this repository, so it is with what was made; what git does not see stays.
    assert!(run.stderr.contains("stays on disk: src/.git"), "{run}");
    let made =
        run.stderr.split(' ').nth(run.stderr.split(' ').position(|word| word.ends_with("diff")).unwrap_or(0) + 2);
    let made = made.expect("it is said").trim_end_matches('`');
    assert_eq!(repo.git(&["show", &format!("{made}:src/mine")]), "mine");
    repo.remove("src/.git");
    before.assert_same(&repo.state());
}

#[test]
fn what_is_in_the_way_stops_it_and_is_lost_as_little_as_anything() {
    let repo = messy();
    let before = repo.state();
    let run = try_sh(
        &repo,
        &[],
        "rm new/untracked.txt; mkdir new/untracked.txt; echo mine > new/untracked.txt/a.log; exit 1",
    );
    assert_eq!(run.code, 1, "{run}");
    if repo.exists("new/untracked.txt/a.log") {
        assert!(run.stderr.contains("try --abort"), "{run}");
        repo.remove("new/untracked.txt");
        repo.checkpoint_ok(&["try", "--abort"]);
    }
    before.assert_same(&repo.state());
}
