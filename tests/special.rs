//! The main job in repositories that are out of the ordinary.

use std::collections::BTreeSet;

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
fn the_trees_in_a_sparse_index_that_came_back_are_those_of_its_entries() {
    let repo = base();
    for path in ["o/o", "o/p", "o/deep/o", "d/x"] {
        repo.write(path, "x\n");
    }
    repo.commit("folders");
    repo.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "d"]);
    // A commit leaves the trees of all folders in the index.
    repo.write("d/x", "z\n");
    repo.git(&["commit", "-q", "-a", "-m", "in the index"]);
    let names = repo.git(&["ls-tree", "-r", "--name-only", "HEAD"]);
    repo.checkpoint_ok(&["-m", "x"]);
    repo.write("d/x", "y\n");
    back(&repo);
    check_trees(&repo);
    repo.checkpoint_ok(&["undo", "--yes"]);
    check_trees(&repo);
    repo.git(&["commit", "-q", "-a", "-m", "after it"]);
    assert_eq!(repo.git(&["ls-tree", "-r", "--name-only", "HEAD"]), names);
}

/// That every tree that the index knows of has as many files as stand below it.
#[track_caller]
fn check_trees(repo: &TestRepo) {
    let options = gix::index::decode::Options::default();
    let index = gix::index::File::at(repo.path().join(".git/index"), gix::hash::Kind::Sha1, false, options);
    let index = index.expect("the index can be read");
    let mut left: Vec<_> = index.tree().map(|tree| (String::new(), tree)).into_iter().collect();
    while let Some((folder, tree)) = left.pop() {
        let below = index.entries().iter().filter(|entry| entry.path(&index).starts_with(folder.as_bytes())).count();
        if let Some(count) = tree.num_entries {
            assert_eq!(usize::try_from(count).expect("it is small"), below, "`{folder}`");
        }
        let name = |child: &gix::index::extension::Tree| String::from_utf8_lossy(&child.name).into_owned();
        left.extend(tree.children.iter().map(|child| (format!("{folder}{}/", name(child)), child)));
    }
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
fn a_file_that_git_was_told_not_to_look_for_is_brought_back_by_its_path() {
    let repo = base();
    for path in ["c/d", "c/e", "c/f"] {
        repo.write(path, "as saved\n");
    }
    repo.commit("more");
    repo.checkpoint_ok(&["-m", "x"]);
    repo.write("c/d", "later\n");
    repo.commit("later");
    repo.write("c/planned", "x\n");
    repo.git(&["add", "-N", "c/planned"]);
    repo.git(&["update-index", "--skip-worktree", "b", "c/d", "c/e", "c/f"]);
    repo.remove("b");
    repo.remove("c/d");
    repo.remove("c/e");
    let mess = repo.state();
    let said = repo.checkpoint_ok(&["rollback", "latest", "--path", "c/d", "--path", "c/f", "--yes"]);
    assert!(!said.stderr.contains("not the one"), "{said}");
    assert_eq!(repo.read_text("c/d"), "as saved\n");
    assert!(!repo.exists("b") && !repo.exists("c/e"), "not asked for");
    assert_eq!(repo.git(&["ls-files", "-t", "b", "c"]), "S b\nH c/d\nS c/e\nS c/f\nH c/planned");
    assert_eq!(repo.git(&["status", "--porcelain"]), "M  c/d\n A c/planned");
    repo.checkpoint_ok(&["undo", "--yes"]);
    repo.state().assert_same(&mess);
    repo.checkpoint_ok(&["rollback", "latest", "--path", ".", "--yes"]);
    assert_eq!(repo.read_text("c/e"), "as saved\n");
    assert!(repo.exists("b"));
    assert!(!repo.git(&["ls-files", "-t"]).contains("S b"));
    repo.checkpoint_ok(&["undo", "--yes"]);
    repo.state().assert_same(&mess);
    repo.fsck();
}

#[test]
fn a_pipe_in_place_of_a_file_is_named_and_stays() {
    let repo = base();
    repo.checkpoint_ok(&["-m", "x"]);
    repo.remove("a");
    assert!(repo.command("mkfifo").arg("a").status().expect("there is mkfifo").success());
    repo.write("b", "changed\n");
    let refused = repo.checkpoint(&["rollback", "latest", "--yes"]);
    assert_eq!(refused.code, 1, "{refused}");
    assert!(refused.stderr.contains("`a` is in the way") && refused.stderr.contains("pipe"), "{refused}");
    assert_eq!(repo.read_text("b"), "changed\n");
    repo.checkpoint_ok(&["rollback", "latest", "--path", "b", "--yes"]);
    assert_eq!(repo.read_text("b"), "b\n");
    repo.remove("a");
    back(&repo);
    assert_eq!(repo.read_text("a"), "a\n");
}

#[test]
fn files_with_several_names_come_back() {
    let repo = base();
    for path in ["c", "gone"] {
        std::fs::hard_link(repo.path().join("a"), repo.path().join(path)).expect("links can be made");
    }
    repo.commit("links");
    std::fs::hard_link(repo.path().join("b"), repo.path().join("../outside")).expect("links can be made");
    let saved = repo.state();
    repo.checkpoint_ok(&["-m", "x"]);
    for path in ["a", "b"] {
        // In place, so that it has all its names still.
        std::fs::write(repo.path().join(path), "changed\n").expect("it can be written");
    }
    repo.git(&["commit", "-qam", "changed"]);
    std::fs::hard_link(repo.path().join("a"), repo.path().join("untracked")).expect("links can be made");
    let mess = repo.state();
    back(&repo);
    repo.state().assert_same(&saved);
    assert_eq!(repo.read_text("../outside"), "changed\n", "no file is written into");
    repo.checkpoint_ok(&["undo", "--yes"]);
    repo.state().assert_same(&mess);
}

#[test]
fn a_file_comes_back_in_place_of_a_folder_beside_a_submodule_that_moved() {
    let repo = base();
    let module = repo.at("../module");
    module.git(&["init", "-q"]);
    module.write("file", "1\n");
    module.commit("one");
    let url = module.path().to_string_lossy().into_owned();
    repo.git(&["-c", "protocol.file.allow=always", "submodule", "add", "-q", &url, "module"]);
    repo.write("was-folder/x", "x\n");
    repo.commit("module");
    repo.checkpoint_ok(&["-m", "x"]);
    let inside = repo.at("module");
    inside.write("file", "2\n");
    inside.commit("two");
    repo.commit("moved");
    repo.remove("a");
    repo.write("a/in/it", "2\n");
    repo.remove("was-folder");
    repo.write("was-folder", "a file\n");
    let before = repo.state().files;
    back(&repo);
    assert_eq!(repo.read_text("a"), "a\n");
    assert_eq!(repo.read_text("was-folder/x"), "x\n");
    // The submodule's own HEAD is its own.
    assert_eq!(repo.git(&["status", "--porcelain"]), " M module");
    repo.checkpoint_ok(&["undo", "--yes"]);
    assert_eq!(repo.state().files, before);
}

#[test]
fn what_is_only_intended_to_be_added_keeps_its_mode() {
    let repo = base();
    repo.write("script", "#!\n");
    repo.chmod("script", 0o755);
    repo.write("plain", "x\n");
    for path in ["link", "gone", "replaced"] {
        repo.symlink("b", path);
    }
    repo.git(&["add", "-N", "script", "plain", "link", "gone", "replaced"]);
    repo.chmod("script", 0o644);
    repo.remove("gone");
    repo.remove("plain");
    repo.remove("replaced");
    repo.write("replaced", "a file\n");
    let saved = repo.state();
    repo.checkpoint_ok(&["-m", "x"]);
    repo.git(&["rm", "-q", "--cached", "script", "plain", "link", "gone", "replaced"]);
    repo.remove("link");
    repo.write("b", "n\n");
    repo.commit("n");
    let mess = repo.state();
    back(&repo);
    repo.state().assert_same(&saved);
    repo.checkpoint_ok(&["undo", "--yes"]);
    repo.state().assert_same(&mess);
}

#[test]
fn what_the_index_says_of_a_path_is_taken_back_with_it() {
    let repo = base();
    repo.write("d/planned", "x\n");
    repo.git(&["switch", "-q", "-c", "theirs"]);
    for path in ["a", "b"] {
        repo.write(path, "theirs\n");
    }
    repo.git(&["commit", "-q", "-m", "theirs", "a", "b"]);
    repo.git(&["switch", "-q", "main"]);
    for path in ["a", "b"] {
        repo.write(path, "ours\n");
    }
    repo.git(&["commit", "-q", "-m", "ours", "a", "b"]);
    repo.checkpoint_ok(&["create", "--name", "before"]);
    repo.git_raw(&["merge", "-q", "theirs"]);
    repo.git(&["add", "-N", "d"]);
    repo.chmod("d/planned", 0o755);
    for (path, flag) in [("assumed", "--assume-unchanged"), ("skipped", "--skip-worktree")] {
        repo.write(path, "new\n");
        repo.git(&["add", path]);
        repo.git(&["update-index", flag, path]);
    }
    let mess = repo.state();
    repo.checkpoint_ok(&["create", "--name", "conflict"]);

    for (path, left) in [
        ("a", "UU b\nA  assumed\nA  skipped\n A d/planned"),
        ("d", "UU a\nUU b\nA  assumed\nA  skipped\n?? d/"),
        ("assumed", "UU a\nUU b\nA  skipped\n A d/planned"),
        ("skipped", "UU a\nUU b\nA  assumed\n A d/planned"),
        (".", "?? d/"),
    ] {
        let said = repo.checkpoint_ok(&["rollback", "before", "--yes", "--path", path]);
        assert!(said.stdout.contains("verify   ok"), "{path}: {said}");
        let sorted = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
        assert_eq!(sorted(&repo.git(&["status", "--porcelain"])), sorted(left), "{path}");
        assert!(repo.git_dir().join("MERGE_HEAD").exists(), "the merge goes on");
        if path == "." || path == "a" {
            assert_eq!(repo.read_text("a"), "ours\n");
            // And the conflict comes back with its path.
            let said = repo.checkpoint_ok(&["rollback", "conflict", "--yes", "--path", "a"]);
            assert!(said.stdout.contains("verify   ok"), "{path}: {said}");
            assert!(repo.git(&["status", "--porcelain", "a"]).starts_with("UU a"), "{path}");
            repo.checkpoint_ok(&["undo", "--yes"]);
        }
        repo.checkpoint_ok(&["undo", "--yes"]);
        repo.state().assert_same(&mess);
    }
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

#[test]
fn a_branch_that_is_another_name_is_refused() {
    let repo = base();
    repo.git(&["symbolic-ref", "refs/heads/master", "refs/heads/main"]);
    repo.git(&["checkout", "-q", "master"]);
    let (state, refs) = (repo.state(), repo.refs());
    for args in [&["create"][..], &["rollback", "HEAD", "--yes"]] {
        let run = repo.checkpoint(args);
        assert_eq!(run.code, 1, "{run}");
        assert!(run.stderr.contains("git switch main"), "{run}");
    }
    repo.state().assert_same(&state);
    assert_eq!(repo.refs(), refs);
    repo.git(&["switch", "-q", "main"]);
    repo.checkpoint_ok(&["create"]);
}

#[test]
fn the_drill_spares_the_files_that_git_reads() {
    let library = base();
    let repo = TestRepo::clone_of(&library);
    repo.git(&["submodule", "--quiet", "add", &library.path().to_string_lossy(), "sub"]);
    repo.write(".gitattributes", "*.txt text\n");
    repo.write("c/.gitignore", "*.log\n");
    repo.commit("submodule");
    let drilled = repo.checkpoint_ok(&["drill", "--json"]).json();
    assert_eq!(drilled["ok"], true);
}

#[test]
fn the_drill_names_a_path_that_git_cannot_borrow_from() {
    let repo = base().at("two\nlines");
    repo.git(&["init", "-q"]);
    repo.commit("first");
    let run = repo.checkpoint(&["drill"]);
    assert_eq!(run.code, 1, "{run}");
    assert!(run.stderr.contains("line break"), "{run}");
}

#[test]
fn what_had_not_begun_was_not_continued() {
    for (ending, code) in [("--continue", 1), ("--abort", 0)] {
        let repo = base();
        repo.checkpoint_ok(&["-m", "x"]);
        repo.write("a", "theirs\n");
        let theirs = repo.commit("theirs");
        repo.checkpoint_ok(&["rollback", "latest", "--yes"]);
        repo.write("a", "ours\n");
        repo.commit("ours");
        let stopped = repo.checkpoint(&["recover", &theirs]);
        assert_eq!(stopped.code, 3, "{stopped}");
        repo.git(&["cherry-pick", "--abort"]);
        // As if it had been killed before its record was published.
        let folder = std::fs::read_dir(repo.git_dir().join("checkpoint/journal")).expect("there is a journal");
        let path = folder.flatten().next().expect("one worktree has one journal").path();
        let journal = repo.read_text(&path);
        let (start, rest) = journal.split_once("-recover-").expect("the journal names its record");
        repo.write(&path, format!("{start}-recover-zzzzzz{}", &rest[6..]));
        let state = repo.state();
        let ended = repo.checkpoint(&["recover", ending]);
        assert_eq!(ended.code, code, "{ended}");
        assert!(ended.stdout.contains("had not changed anything yet"), "{ended}");
        repo.state().assert_same(&state);
    }
}

#[test]
fn a_branch_that_is_gone_is_not_switched_to() {
    let repo = base();
    repo.checkpoint_ok(&["-m", "x"]);
    let (tag, commit) = (repo.git(&["tag"]), &repo.rev("HEAD")[..10]);
    repo.write("a", "changed\n");
    repo.checkpoint_ok(&["rollback", "latest", "--yes"]);
    repo.git(&["branch", "-m", "trunk"]);
    for args in [&["rollback", &tag, "--yes"][..], &["undo", "--yes"]] {
        let run = repo.checkpoint(args);
        assert_eq!(run.code, 1, "{run}");
        assert!(run.stderr.contains("no branch `main` any more"), "{run}");
        assert!(run.stderr.contains(&format!("git switch -c main {commit}")), "{run}");
    }
    repo.git(&["switch", "-q", "-c", "main", commit]);
    repo.checkpoint_ok(&["undo", "--yes"]);
}

#[test]
fn a_branch_that_another_worktree_has_is_not_moved() {
    let repo = base();
    repo.checkpoint_ok(&["-m", "x"]);
    let tag = repo.git(&["tag"]);
    repo.write("a", "changed\n");
    let other = repo.root().join("other");
    repo.git(&["worktree", "add", "-q", "--force", &other.to_string_lossy(), "main"]);
    repo.checkpoint_ok(&["rollback", &tag, "--yes"]);
    repo.commit("next");
    let (other, state) = (repo.at(&other), repo.state());
    for place in [&repo, &other] {
        let run = place.checkpoint(&["rollback", &tag, "--yes"]);
        assert_eq!(run.code, 1, "{run}");
        assert!(run.stderr.contains("another worktree"), "{run}");
    }
    repo.state().assert_same(&state);
    other.git(&["switch", "-q", "--detach"]);
    repo.checkpoint_ok(&["rollback", &tag, "--yes"]);
}

#[test]
fn a_path_that_is_ignored_by_now_is_taken_back_and_verified() {
    let repo = TestRepo::with_commit();
    repo.write("z/y/x/w", "saved\n");
    repo.checkpoint_ok(&["create"]);
    repo.write(".gitignore", "x\n");
    repo.remove("z/y");
    repo.write("z/y", "a file by now\n");
    let back = repo.checkpoint_ok(&["rollback", "latest", "--yes", "--path", "z/y"]);
    assert!(back.stdout.contains("verify   ok"), "{back}");
    assert_eq!(repo.read_text("z/y/x/w"), "saved\n");
    let refused = repo.checkpoint(&["undo", "--yes"]);
    assert!(refused.code == 1 && refused.stderr.contains("`z/y/x/w` is ignored"), "{refused}");
    repo.remove("z/y");
    repo.checkpoint_ok(&["undo", "--yes"]);
    assert_eq!(repo.read_text("z/y"), "a file by now\n");
}
