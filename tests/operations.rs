//! The main job through the binary: save, break, go back, recover, undo, in every sort of state.

use serde_json::Value;

use crate::support::TestRepo;

/// A repository with a state that has everything: staged, unstaged, untracked, ignored, deleted, renamed, a symlink
/// and a mode change.
fn with_everything() -> TestRepo {
    let repo = TestRepo::with_commit();
    repo.write(".gitignore", "*.log\n");
    for name in ["kept", "staged", "both", "deleted", "removed", "moved", "mode", "typed"] {
        repo.write(format!("src/{name}.txt"), format!("{name}\nin its first form\n"));
    }
    repo.commit("Begin");
    repo.write("src/staged.txt", "staged\n");
    repo.write("src/both.txt", "staged form\n");
    repo.git(&["add", "src/staged.txt", "src/both.txt"]);
    repo.write("src/both.txt", "form on disk\n");
    repo.remove("src/deleted.txt");
    repo.git(&["rm", "--quiet", "src/removed.txt"]);
    repo.git(&["mv", "src/moved.txt", "src/moved away.txt"]);
    repo.chmod("src/mode.txt", 0o755);
    repo.remove("src/typed.txt");
    repo.symlink("kept.txt", "src/typed.txt");
    repo.write("new/untracked.txt", "not tracked\n");
    repo.write("build.log", "ignored\n");
    repo
}

/// Breaks everything: commits, edits, staged and untracked files, deletions.
fn break_it(repo: &TestRepo) -> Vec<String> {
    let commit = |path: &str, content: &str, message: &str| {
        repo.write(path, content);
        repo.git(&["add", path]);
        repo.git(&["commit", "--quiet", "--only", "-m", message, "--", path]);
        repo.rev("HEAD")
    };
    let first = commit("good-1.txt", "worth keeping\n", "Good one");
    let bad = commit("src/kept.txt", "broken\n", "Break it");
    let second = commit("good-2.txt", "also worth keeping\n", "Good two");
    repo.write("src/kept.txt", "more broken\n");
    repo.write("src/staged.txt", "staged again\n");
    repo.git(&["add", "src/staged.txt"]);
    repo.write("new/other.txt", "never added\n");
    repo.remove("src/both.txt");
    vec![first, bad, second]
}

fn id(run: &crate::support::Run) -> String {
    run.json()["id"].as_str().expect("every answer has an id").to_owned()
}

#[test]
fn a_checkpoint_changes_nothing_and_git_reads_it() {
    let repo = with_everything();
    let (before, fingerprint) = (repo.state(), repo.fingerprint());
    let taken = repo.checkpoint_ok(&["--json", "-m", "before the storm"]).json();
    fingerprint.assert_same(&repo.fingerprint());
    before.assert_same(&repo.state());

    let tag = taken["tag"].as_str().expect("it has a tag");
    assert_eq!(repo.git(&["cat-file", "-t", &format!("refs/tags/{tag}")]).trim(), "tag");
    let record = format!("refs/checkpoint/records/{}", taken["id"].as_str().expect("an id"));
    assert_eq!(repo.rev(&record), repo.rev(&format!("refs/tags/{tag}")), "one object, two refs");
    assert_eq!(repo.git(&["log", "--format=%s", &format!("{tag}^{{commit}}")]).lines().count(), 4);
    assert!(repo.git(&["tag", "-n", "--list", tag]).contains("before the storm"));
    assert_eq!(repo.git(&["show", &format!("{tag}:new/untracked.txt")]), "not tracked");
    repo.fsck();
}

#[test]
fn rollback_gives_the_state_back_exactly_and_undo_the_mess() {
    let repo = with_everything();
    let saved = repo.state();
    repo.checkpoint_ok(&["create"]);
    break_it(&repo);
    let mess = repo.state();

    let done = repo.checkpoint_ok(&["rollback", "latest", "--yes", "--json"]);
    repo.state().assert_same(&saved);
    let done = done.json();
    assert_eq!(done["verification"], "verified");
    let backup = done["backup"]["branch"].as_str().expect("there is a backup").to_owned();
    assert_eq!(repo.rev(&backup), done["backup"]["commit"].as_str().expect("a commit"));
    assert_eq!(repo.git(&["show", &format!("{backup}:new/other.txt")]), "never added");

    repo.checkpoint_ok(&["undo", "--yes"]);
    repo.state().assert_same(&mess);
    assert!(!repo.refs().iter().any(|name| name.contains(&backup)), "undo takes the backup branch away as well");
    repo.checkpoint_ok(&["redo", "--yes"]);
    repo.state().assert_same(&saved);
    assert!(repo.refs().iter().any(|name| name.contains(&backup)), "redo puts it back");
    repo.fsck();
}

#[test]
fn every_step_can_be_undone_in_turn() {
    let repo = with_everything();
    let pictures: Vec<_> = std::iter::once(repo.state())
        .chain(["one", "two", "three"].into_iter().map(|step| {
            repo.checkpoint_ok(&["create", "--name", step]);
            repo.write("new/untracked.txt", step);
            repo.commit(step);
            repo.state()
        }))
        .collect();
    repo.checkpoint_ok(&["rollback", "two", "--yes"]);
    repo.state().assert_same(&pictures[1]);
    repo.checkpoint_ok(&["rollback", "one", "--yes"]);
    repo.state().assert_same(&pictures[0]);
    repo.checkpoint_ok(&["undo", "--yes"]);
    repo.state().assert_same(&pictures[1]);
    repo.checkpoint_ok(&["undo", "--yes"]);
    repo.state().assert_same(&pictures[3]);
    repo.checkpoint_ok(&["redo", "--yes"]);
    repo.state().assert_same(&pictures[1]);
    // A checkpoint is undone by taking its tag away; the state stays in its record.
    repo.checkpoint_ok(&["undo", "--yes"]);
    repo.checkpoint_ok(&["undo", "--yes"]);
    assert!(!repo.refs().iter().any(|name| name.contains("refs/tags/three")));
    repo.checkpoint_ok(&["redo", "--yes"]);
    assert!(repo.refs().iter().any(|name| name.contains("refs/tags/three")));
    repo.fsck();
}

#[test]
fn the_good_commits_come_back_and_those_that_are_here_are_left_out() {
    let repo = with_everything();
    repo.checkpoint_ok(&["create"]);
    let commits = break_it(&repo);
    repo.checkpoint_ok(&["rollback", "latest", "--yes"]);
    let before = repo.state();

    let listed = repo.checkpoint_ok(&["recover", "--json"]).json();
    assert_eq!(listed["candidates"].as_array().map(Vec::len), Some(3));
    assert_eq!(listed["has_uncommitted"], true);

    let done = repo.checkpoint_ok(&["recover", &commits[0], &commits[2], "--json"]).json();
    assert_eq!(done["picked"].as_array().map(Vec::len), Some(2));
    assert_eq!(repo.read_text("good-1.txt"), "worth keeping\n");
    assert_eq!(repo.read_text("src/both.txt"), "form on disk\n", "the user's own changes stay");
    assert_eq!(repo.git(&["log", "--format=%s", "-2"]), "Good two\nGood one");

    let again = repo.checkpoint_ok(&["recover", &commits[0], "--json"]).json();
    assert_eq!(again["left_out"][0]["reason"], "already-applied");
    assert_eq!(again["picked"], Value::Array(vec![]));

    repo.checkpoint_ok(&["undo", "--yes"]);
    repo.state().assert_same(&before);
    repo.fsck();
}

#[test]
fn uncommitted_work_comes_back_staged_and_unstaged_apart() {
    let repo = TestRepo::with_commit();
    repo.write("a.txt", "a\n");
    repo.write("b.txt", "b\n");
    repo.commit("Begin");
    repo.checkpoint_ok(&["create"]);
    repo.write("a.txt", "a staged\n");
    repo.git(&["add", "a.txt"]);
    repo.write("b.txt", "b on disk\n");
    repo.write("c.txt", "untracked\n");
    let work = repo.state();
    repo.checkpoint_ok(&["rollback", "latest", "--yes"]);
    assert!(!repo.exists("c.txt"));
    repo.checkpoint_ok(&["recover", "--uncommitted"]);
    repo.state().assert_same(&work);
}

#[test]
fn a_conflict_stops_as_git_does_and_goes_on_or_back() {
    for ending in ["continue", "skip", "abort", "plain git", "plain abort"] {
        let repo = TestRepo::with_commit();
        repo.write("file.txt", "one\n");
        repo.commit("Begin");
        repo.checkpoint_ok(&["create"]);
        repo.write("before.txt", "applies\n");
        repo.commit("Applies");
        repo.write("file.txt", "theirs\n");
        repo.commit("Conflicts");
        repo.write("after.txt", "applies as well\n");
        repo.commit("Applies after it");
        repo.checkpoint_ok(&["rollback", "latest", "--yes"]);
        repo.write("file.txt", "ours\n");
        repo.commit("Ours");
        let before = repo.state();

        let stopped = repo.checkpoint(&["recover", "--all", "--json"]);
        assert_eq!(stopped.code, 3, "{ending}: {stopped}");
        let recover = id(&stopped);
        assert_eq!(stopped.json()["conflict"][0], "file.txt", "{ending}: {stopped}");
        assert_eq!(stopped.json()["picked"].as_array().map(Vec::len), Some(1), "{ending}: {stopped}");
        assert!(repo.read_text("file.txt").contains("<<<<<<<"), "{ending}");
        assert_eq!(repo.git(&["ls-files", "--unmerged"]).lines().count(), 3, "{ending}");
        assert!(repo.git_dir().join("CHERRY_PICK_HEAD").exists(), "{ending}");
        // A checkpoint of the conflict can be taken; anything that would move the worktree waits.
        assert_eq!(repo.checkpoint(&["rollback", "latest", "--yes"]).code, 3, "{ending}");
        repo.checkpoint_ok(&["create", "--name", &format!("conflict-{}", ending.replace(' ', "-"))]);

        match ending {
            "continue" => {
                assert_eq!(repo.checkpoint(&["recover", "--continue"]).code, 3, "it is not settled yet");
                repo.write("file.txt", "both\n");
                repo.git(&["add", "file.txt"]);
                let done = repo.checkpoint_ok(&["recover", "--continue", "--json"]).json();
                assert_eq!(done["picked"].as_array().map(Vec::len), Some(3));
                assert_eq!(repo.git(&["log", "--format=%s", "-3"]), "Applies after it\nConflicts\nApplies");
            }
            "skip" => {
                let done = repo.checkpoint_ok(&["recover", "--skip", "--json"]).json();
                assert_eq!(done["left_out"][0]["reason"], "skipped");
                assert_eq!(repo.git(&["log", "--format=%s", "-3"]), "Applies after it\nApplies\nOurs");
            }
            "abort" => {
                repo.checkpoint_ok(&["recover", "--abort"]);
                repo.state().assert_same(&before);
            }
            "plain git" => {
                repo.write("file.txt", "both\n");
                repo.git(&["add", "file.txt"]);
                repo.git(&["-c", "core.editor=true", "cherry-pick", "--continue"]);
                // The next operation sees that it has ended.
                repo.checkpoint_ok(&["rollback", "HEAD~1", "--yes"]);
                repo.checkpoint_ok(&["undo", "--yes"]);
            }
            _ => {
                repo.git(&["cherry-pick", "--abort"]);
                repo.checkpoint_ok(&["undo", "--yes", &recover]);
                repo.state().assert_same(&before);
            }
        }
        if ending != "abort" && ending != "plain abort" {
            repo.checkpoint_ok(&["undo", "--yes", &recover]);
            repo.state().assert_same(&before);
        }
        repo.fsck();
    }
}

#[test]
fn uncommitted_work_in_conflict_gets_markers_and_stages() {
    let repo = TestRepo::with_commit();
    repo.write("file.txt", "one\n");
    repo.commit("Begin");
    repo.checkpoint_ok(&["create"]);
    repo.write("file.txt", "theirs\n");
    repo.checkpoint_ok(&["rollback", "latest", "--yes"]);
    repo.write("file.txt", "ours\n");
    repo.commit("Ours");
    let before = repo.state();
    let stopped = repo.checkpoint(&["recover", "--uncommitted", "--json"]);
    assert_eq!(stopped.code, 3, "{stopped}");
    assert!(repo.read_text("file.txt").contains("<<<<<<<"));
    assert_eq!(repo.git(&["ls-files", "--unmerged"]).lines().count(), 3);
    repo.checkpoint_ok(&["undo", "--yes"]);
    repo.state().assert_same(&before);
}

#[test]
fn uncommitted_work_is_not_merged_into_uncommitted_work() {
    let repo = TestRepo::with_commit();
    for path in ["a.txt", "b.txt", "same.txt", "staged.txt"] {
        repo.write(path, "one\n");
    }
    repo.commit("Begin");
    repo.checkpoint_ok(&["create"]);
    for path in ["a.txt", "same.txt", "staged.txt", "new.txt"] {
        repo.write(path, "theirs\n");
    }
    repo.checkpoint_ok(&["rollback", "latest", "--yes"]);
    for (path, text) in [("a.txt", "ours\n"), ("b.txt", "ours\n"), ("new.txt", "ours\n"), ("same.txt", "theirs\n")] {
        repo.write(path, text);
    }
    repo.write("staged.txt", "ours\n");
    repo.git(&["add", "staged.txt"]);
    repo.write("staged.txt", "one\n");
    let before = repo.state();
    let refused = repo.checkpoint(&["recover", "--uncommitted"]);
    assert_eq!(refused.code, 1, "{refused}");
    for path in ["`a.txt`", "`new.txt`", "`staged.txt`"] {
        assert!(refused.stderr.contains(path), "{path}: {refused}");
    }
    assert!(!refused.stderr.contains("same.txt") && !refused.stderr.contains("b.txt"), "{refused}");
    repo.state().assert_same(&before);
    repo.git(&["restore", "--staged", "--worktree", "a.txt", "staged.txt"]);
    repo.remove("new.txt");
    repo.checkpoint_ok(&["recover", "--uncommitted"]);
    assert_eq!((repo.read_text("a.txt"), repo.read_text("b.txt")), ("theirs\n".into(), "ours\n".into()));
    assert_eq!((repo.read_text("same.txt"), repo.read_text("new.txt")), ("theirs\n".into(), "theirs\n".into()));
}

#[test]
fn uncommitted_work_is_not_merged_into_a_conflict() {
    let repo = TestRepo::with_commit();
    repo.write("file.txt", "one\n");
    repo.commit("Begin");
    repo.checkpoint_ok(&["create"]);
    repo.write("file.txt", "theirs\n");
    repo.checkpoint_ok(&["rollback", "latest", "--yes"]);
    repo.write("file.txt", "ours\n");
    repo.commit("Ours");
    assert_eq!(repo.checkpoint(&["recover", "--uncommitted"]).code, 3);
    let stopped = repo.state();
    let again = repo.checkpoint(&["recover", "--uncommitted"]);
    assert_eq!(again.code, 3, "{again}");
    assert!(again.stderr.contains("in conflict") && again.stderr.contains("git add"), "{again}");
    repo.state().assert_same(&stopped);
}

#[test]
fn some_paths_only_leave_all_else() {
    let repo = with_everything();
    repo.checkpoint_ok(&["create"]);
    break_it(&repo);
    let head = repo.rev("HEAD");
    let other = repo.read_text("new/other.txt");
    repo.checkpoint_ok(&["rollback", "latest", "--path", "src", "--yes"]);
    assert_eq!(repo.read_text("src/kept.txt"), "kept\nin its first form\n");
    assert_eq!(repo.read_text("src/both.txt"), "form on disk\n");
    assert_eq!((repo.rev("HEAD"), repo.read_text("new/other.txt")), (head, other));
    assert!(repo.git(&["branch", "--list", "broken-*"]).is_empty(), "the record alone keeps it");
    let from_below = repo.at("src");
    let unknown = from_below.checkpoint(&["rollback", "latest", "--path", "nothing", "--yes"]);
    assert_eq!(unknown.code, 2, "{unknown}");
    let outside = from_below.checkpoint(&["rollback", "latest", "--path", "../../elsewhere", "--yes"]);
    assert_eq!(outside.code, 2, "{outside}");
}

#[test]
fn from_a_linked_worktree_and_a_subfolder() {
    let main = TestRepo::with_commit();
    main.write("dir/file.txt", "one\n");
    main.commit("Begin");
    let linked = main.linked_worktree("linked");
    let untouched = main.state();
    let (linked_dir, saved) = (linked.at("dir"), linked.state());
    linked_dir.checkpoint_ok(&["create"]);
    linked.write("dir/file.txt", "broken\n");
    linked.write("dir/new.txt", "new\n");
    linked.commit("Break it");
    let mess = linked.state();
    linked_dir.checkpoint_ok(&["rollback", "latest", "--yes"]);
    linked.state().assert_same(&saved);
    linked_dir.checkpoint_ok(&["undo", "--yes"]);
    linked.state().assert_same(&mess);
    main.state().assert_same(&untouched);
}

#[test]
fn without_a_commit_and_detached() {
    let unborn = TestRepo::new();
    unborn.write("a.txt", "a\n");
    unborn.git(&["add", "a.txt"]);
    unborn.write("b.txt", "b\n");
    let saved = unborn.state();
    unborn.checkpoint_ok(&["create"]);
    unborn.write("a.txt", "broken\n");
    unborn.commit("First");
    let mess = unborn.state();
    unborn.checkpoint_ok(&["rollback", "latest", "--yes"]);
    unborn.state().assert_same(&saved);
    unborn.checkpoint_ok(&["undo", "--yes"]);
    unborn.state().assert_same(&mess);

    let detached = with_everything();
    detached.git(&["switch", "--quiet", "--detach"]);
    let saved = detached.state();
    detached.checkpoint_ok(&["create"]);
    break_it(&detached);
    let mess = detached.state();
    detached.checkpoint_ok(&["rollback", "latest", "--yes"]);
    detached.state().assert_same(&saved);
    detached.checkpoint_ok(&["undo", "--yes"]);
    detached.state().assert_same(&mess);
    detached.fsck();
}

#[test]
fn a_merge_with_conflicts_is_saved_and_comes_back_with_its_stages() {
    let repo = TestRepo::with_commit();
    repo.write("file.txt", "one\n");
    repo.commit("Begin");
    repo.git(&["switch", "--quiet", "-c", "side"]);
    repo.write("file.txt", "side\n");
    repo.commit("Side");
    repo.git(&["switch", "--quiet", "main"]);
    repo.write("file.txt", "main\n");
    repo.commit("Main");
    assert!(!repo.git_raw(&["merge", "side"]).status.success());
    let merging = repo.state();
    repo.checkpoint_ok(&["create"]);
    repo.git(&["merge", "--abort"]);
    repo.git(&["branch", "--quiet", "-D", "side"]);
    let aborted = repo.state();
    repo.checkpoint_ok(&["rollback", "latest", "--yes"]);
    repo.state().assert_same(&merging);
    assert!(repo.git_dir().join("MERGE_HEAD").exists());
    repo.checkpoint_ok(&["undo", "--yes"]);
    repo.state().assert_same(&aborted);
    assert!(!repo.git_dir().join("MERGE_HEAD").exists());
    repo.fsck();
}

#[test]
fn commit_mode_commits_on_the_branch_and_is_undone_without_touching_files() {
    let repo = with_everything();
    let before = repo.state();
    let taken = repo.checkpoint_ok(&["create", "--commit", "-m", "stabilize: all of it", "--json"]).json();
    assert_eq!(repo.rev("HEAD"), taken["commit"].as_str().expect("a commit"));
    assert_eq!(repo.git(&["log", "-1", "--format=%s"]), "stabilize: all of it");
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    repo.checkpoint_ok(&["undo", "--yes"]);
    repo.state().assert_same(&before);
    repo.checkpoint_ok(&["redo", "--yes"]);
    assert_eq!(repo.rev("HEAD"), taken["commit"].as_str().expect("a commit"));

    repo.write("src/kept.txt", "again\n");
    repo.write(".git/hooks/pre-commit", "#!/bin/sh\nexit 1\n");
    repo.chmod(".git/hooks/pre-commit", 0o755);
    let (before, refused) = (repo.state(), repo.checkpoint(&["create", "--commit"]));
    assert_eq!(refused.code, 1, "{refused}");
    repo.state().assert_same(&before);
    repo.checkpoint_ok(&["create", "--commit", "--no-verify"]);
}

#[test]
fn picks_go_onto_a_branch_that_is_not_checked_out() {
    let repo = with_everything();
    repo.git(&["branch", "release"]);
    repo.checkpoint_ok(&["create"]);
    let commits = break_it(&repo);
    let before = repo.state();
    let done = repo.checkpoint_ok(&["recover", &commits[0], "--onto", "release", "--json"]).json();
    repo.state().assert_same(&before);
    assert_eq!(repo.rev("release"), done["head"].as_str().expect("a commit"));
    assert_eq!(repo.git(&["log", "-1", "--format=%s", "release"]), "Good one");
    repo.checkpoint_ok(&["undo", "--yes"]);
    repo.state().assert_same(&before);
    assert_eq!(repo.git(&["log", "-1", "--format=%s", "release"]), "Begin");
}

#[test]
fn a_dry_run_writes_nothing_at_all() {
    let repo = with_everything();
    repo.checkpoint_ok(&["create"]);
    let commits = break_it(&repo);
    repo.checkpoint_ok(&["rollback", "latest", "--yes"]);
    let (state, everything) = (repo.state(), repo.git_dir_fingerprint());
    for args in [
        vec!["create", "--dry-run"],
        vec!["rollback", "HEAD", "--dry-run"],
        vec!["recover", &commits[0], "--dry-run"],
        vec!["undo", "--dry-run"],
    ] {
        repo.checkpoint_ok(&args);
        everything.assert_same(&repo.git_dir_fingerprint());
    }
    repo.state().assert_same(&state);
}

#[test]
fn the_drill_passes_here_and_anywhere_and_leaves_nothing() {
    let repo = with_everything();
    let (state, everything) = (repo.state(), repo.git_dir_fingerprint());
    let drilled = repo.checkpoint_ok(&["drill", "--json"]).json();
    assert_eq!((&drilled["ok"], &drilled["copy"]), (&Value::Bool(true), &Value::Bool(true)));
    everything.assert_same(&repo.git_dir_fingerprint());
    repo.state().assert_same(&state);

    let outside = repo.root().join("outside");
    std::fs::create_dir_all(&outside).expect("a folder");
    let drilled = repo.checkpoint_ok(&["-C", outside.to_str().expect("UTF-8"), "drill", "--json"]).json();
    assert_eq!((&drilled["ok"], &drilled["copy"]), (&Value::Bool(true), &Value::Bool(false)));
    assert_eq!(std::fs::read_dir(&outside).expect("a folder").count(), 0);
}

#[test]
fn records_are_named_by_their_beginning_and_go_back_to_the_state_before() {
    let repo = with_everything();
    repo.checkpoint_ok(&["create"]);
    break_it(&repo);
    let mess = repo.state();
    let rolled_back = id(&repo.checkpoint_ok(&["rollback", "latest", "--yes", "--json"]));
    repo.checkpoint_ok(&["rollback", &rolled_back, "--yes"]);
    repo.state().assert_same(&mess);
    let ambiguous = repo.checkpoint(&["show", &rolled_back[..6]]);
    assert_eq!(ambiguous.code, 2, "{ambiguous}");
}

#[test]
fn a_change_within_the_second_is_saved_although_its_time_was_set_back() {
    let repo = TestRepo::with_commit();
    repo.write("file.txt", "AAAA\n");
    let set_back = |repo: &TestRepo| {
        let file = std::fs::File::options().write(true).open(repo.path().join("file.txt")).expect("it is there");
        file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_577_836_800)).expect("a time");
    };
    set_back(&repo);
    repo.git(&["add", "file.txt"]);
    repo.write("file.txt", "BBBB\n");
    set_back(&repo);
    repo.checkpoint_ok(&["create", "--name", "saved"]);
    assert_eq!(repo.git(&["show", "saved:file.txt"]), "BBBB");
}

#[test]
fn an_undo_names_the_commits_it_takes_off_the_branch() {
    let repo = with_everything();
    repo.checkpoint_ok(&["create"]);
    break_it(&repo);
    repo.checkpoint_ok(&["rollback", "latest", "--yes"]);
    repo.write("later.txt", "made after the rollback\n");
    let later = repo.commit("Made after the rollback");
    let undone = repo.checkpoint_ok(&["undo", "--yes"]);
    assert!(undone.stdout.contains("Made after the rollback"), "{undone}");
    repo.checkpoint_ok(&["redo", "--yes"]);
    assert_eq!(repo.rev("HEAD"), later);
}
