//! To another state and back: everything that git can tell is as it was.

use super::{restore, save};
use crate::support::{Picture, TestRepo};

/// Every path that does not exist and every size and time that is not known costs a `git status` the reading of a file.
fn unknown_stats(repo: &TestRepo) -> usize {
    repo.git(&["ls-files", "--debug"]).matches("mtime: 0:0").count()
}

/// Takes the state before and after `change` and goes back and forth between both.
#[track_caller]
fn assert_round_trip(repo: &TestRepo, change: impl FnOnce(&TestRepo)) {
    let (first, first_state) = (repo.state(), save(repo));
    change(repo);
    let (second, second_state) = (repo.state(), save(repo));
    assert_ne!(first, second, "the change changes something");
    for _ in 0..2 {
        restore(repo, &first_state);
        first.assert_same(&repo.state());
        assert_same_state(repo, &first_state);
        restore(repo, &second_state);
        second.assert_same(&repo.state());
        assert_same_state(repo, &second_state);
    }
    repo.fsck();
}

#[track_caller]
fn assert_same_state(repo: &TestRepo, state: &super::Saved) {
    assert_eq!(save(repo).without_tip(), state.without_tip());
}

fn project() -> TestRepo {
    let repo = TestRepo::new();
    repo.write(".gitignore", "*.log\n/cache/\n");
    for path in ["a", "b", "src/one", "src/two", "src/deep/three", "doc/x"] {
        repo.write(path, format!("{path}\n"));
    }
    repo.write("run", "#!/bin/sh\n");
    repo.chmod("run", 0o755);
    repo.symlink("a", "link");
    repo.commit("first");
    repo.write("notes.log", "ignored\n");
    repo.write("cache/data", "ignored\n");
    repo
}

#[test]
fn staged_unstaged_and_untracked_stay_apart() {
    let repo = project();
    repo.write("a", "staged\n");
    repo.git(&["add", "a"]);
    repo.write("a", "staged and changed\n");
    repo.write("b", "unstaged\n");
    repo.write("new", "untracked\n");
    repo.write("added", "staged, new\n");
    repo.git(&["add", "added"]);
    repo.remove("src/one");
    repo.git(&["rm", "-q", "src/two"]);
    repo.git(&["rm", "-q", "--cached", "doc/x"]);
    assert_round_trip(&repo, |repo| {
        repo.commit("everything");
        repo.write("b", "changed again\n");
        repo.git(&["mv", "src/deep/three", "three"]);
        repo.chmod("run", 0o644);
        repo.remove("link");
        repo.symlink("b", "link");
        repo.write("other/new", "untracked\n");
    });
}

#[test]
fn files_and_folders_take_each_others_place() {
    let repo = project();
    assert_round_trip(&repo, |repo| {
        repo.remove("src");
        repo.write("src", "a file now\n");
        repo.remove("a");
        repo.write("a/inside", "a folder now\n");
        repo.remove("link");
        repo.write("link/inside", "a folder now\n");
        repo.remove("doc");
        repo.symlink("src", "doc");
    });
}

#[test]
fn branches_and_a_detached_and_an_unborn_head() {
    let repo = project();
    assert_round_trip(&repo, |repo| {
        repo.git(&["checkout", "-q", "--detach"]);
        repo.write("a", "detached\n");
        repo.commit("detached");
    });
    let repo = TestRepo::new();
    repo.write("new", "untracked\n");
    repo.write("staged", "staged\n");
    repo.git(&["add", "staged"]);
    assert_round_trip(&repo, |repo| drop(repo.commit("first")));
}

#[test]
fn line_ends_and_filters_come_out_as_git_writes_them() {
    let repo = TestRepo::new();
    repo.write(".gitattributes", "*.crlf text eol=crlf\n*.up filter=up\n*.lf text eol=lf\n");
    repo.git(&["config", "filter.up.clean", "tr A-Z a-z"]);
    repo.git(&["config", "filter.up.smudge", "tr a-z A-Z"]);
    repo.write("x.crlf", "one\r\ntwo\r\n");
    repo.write("x.up", "UPPER\n");
    repo.write("x.lf", "one\n");
    repo.commit("first");
    assert_round_trip(&repo, |repo| {
        repo.write("x.crlf", "one\r\ntwo\r\nthree\r\n");
        repo.write("x.up", "OTHER\n");
        repo.write("new.crlf", "new\r\n");
        repo.write("new.up", "NEW\n");
    });
}

#[test]
fn a_file_with_lf_where_crlf_is_wanted_keeps_it() {
    let repo = TestRepo::new();
    repo.write(".gitattributes", "*.txt text=auto eol=crlf\n");
    repo.write("sub/.gitattributes", "*.lf text eol=lf\n");
    for name in ["lf.txt", "sub/lf.txt", "sub/a.lf"] {
        repo.write(name, "one\ntwo\n");
    }
    repo.write("crlf.txt", "one\r\ntwo\r\n");
    repo.commit("As it is stored");
    assert_round_trip(&repo, |repo| {
        for name in ["lf.txt", "sub/lf.txt", "sub/a.lf", "crlf.txt"] {
            repo.write(name, "mess\n");
        }
        repo.commit("Mess");
    });
}

/// A file is written without git only where git would write the bytes of its blob.
#[test]
fn every_mixture_of_rules_and_settings_comes_out_as_git_writes_it() {
    let contents: [(&str, &[u8]); 5] = [
        ("lf.txt", b"one\ntwo\n"),
        ("crlf.txt", b"one\r\ntwo\r\n"),
        ("mixed.txt", b"one\r\ntwo\n"),
        ("id.txt", b"$Id$\n"),
        ("binary.txt", b"one\n\0\r\ntwo\n"),
    ];
    let rules = [
        "",
        "* text",
        "* text=auto",
        "* -text",
        "* binary",
        "* text eol=crlf",
        "* text=auto eol=lf",
        "* text=auto eol=crlf",
        "* eol=crlf",
        "* crlf",
        "* -crlf",
        "* crlf=input",
        "* ident",
        "* filter=nobody",
        "*.txt text\nlf.txt eol=crlf\n*.txt ident",
    ];
    let settings = [
        &[][..],
        &[("core.autocrlf", "true")],
        &[("core.autocrlf", "input")],
        &[("core.eol", "crlf")],
        &[("core.eol", "lf"), ("core.autocrlf", "true")],
        &[("filter.other.smudge", "cat"), ("core.eol", "native")],
    ];
    let repo = TestRepo::new();
    for (number, rule) in rules.iter().enumerate() {
        for setting in settings {
            for (key, value) in setting {
                repo.git(&["config", key, value]);
            }
            repo.write(".gitattributes", format!("{rule}\n"));
            repo.write("sub/.gitattributes", if number % 2 == 0 { "" } else { "*.txt -text\n" });
            for (name, content) in contents {
                repo.write(name, content);
                repo.write(format!("sub/{name}"), content);
            }
            repo.commit("As it is stored");
            // As git writes them.
            for (name, _) in contents {
                repo.remove(name);
                repo.remove(format!("sub/{name}"));
            }
            repo.git(&["checkout", "-f", "."]);
            let (before, saved) = (repo.state(), save(&repo));
            for (name, _) in contents {
                repo.write(name, "another\n");
                repo.remove(format!("sub/{name}"));
            }
            restore(&repo, &saved);
            before.assert_same(&repo.state());
            for (key, _) in setting {
                repo.git(&["config", "--unset", key]);
            }
        }
    }
}

#[test]
fn a_merge_in_progress_can_be_continued() {
    let repo = project();
    repo.git(&["checkout", "-q", "-b", "topic"]);
    repo.write("a", "topic\n");
    repo.remove("b");
    repo.write("both", "topic\n");
    repo.write("clean", "topic\n");
    repo.commit("topic");
    repo.git(&["checkout", "-q", "main"]);
    repo.write("a", "main\n");
    repo.write("b", "main\n");
    repo.write("both", "main\n");
    repo.commit("main");
    assert!(!repo.git_raw(&["merge", "topic"]).status.success());
    let before = merge_files(&repo);
    assert_round_trip(&repo, |repo| drop(repo.git(&["merge", "--abort"])));
    assert_eq!(merge_files(&repo), Vec::<String>::new());
    let repo_state = {
        assert!(!repo.git_raw(&["merge", "topic"]).status.success());
        save(&repo)
    };
    repo.git(&["merge", "--abort"]);
    restore(&repo, &repo_state);
    assert_eq!(merge_files(&repo), before);
    repo.git(&["checkout", "--theirs", "a", "both"]);
    repo.git(&["add", "-A"]);
    repo.git(&["commit", "-q", "--no-edit"]);
    assert_eq!(repo.git(&["rev-list", "--count", "--merges", "HEAD"]), "1");
}

#[test]
fn a_sequence_of_picks_can_be_continued() {
    let repo = project();
    repo.git(&["checkout", "-q", "-b", "topic"]);
    for n in 0..3 {
        repo.write("a", format!("topic {n}\n"));
        repo.write(format!("file{n}"), "topic\n");
        repo.commit(&format!("topic {n}"));
    }
    repo.git(&["checkout", "-q", "main"]);
    repo.write("a", "main\n");
    repo.commit("main");
    assert!(!repo.git_raw(&["cherry-pick", "main..topic"]).status.success());
    let state = save(&repo);
    let before = merge_files(&repo);
    assert!(before.iter().any(|name| name == "sequencer/todo"), "{before:?}");
    repo.git(&["cherry-pick", "--abort"]);
    restore(&repo, &state);
    assert_eq!(merge_files(&repo), before);
    repo.git(&["cherry-pick", "--abort"]);
    assert_eq!(repo.git(&["log", "-1", "--format=%s"]), "main");
}

fn merge_files(repo: &TestRepo) -> Vec<String> {
    let names = [
        "MERGE_HEAD",
        "MERGE_MSG",
        "MERGE_MODE",
        "AUTO_MERGE",
        "CHERRY_PICK_HEAD",
        "REVERT_HEAD",
        "SQUASH_MSG",
        "sequencer/todo",
        "sequencer/head",
        "sequencer/abort-safety",
    ];
    names.iter().filter(|name| repo.git_dir().join(name).exists()).map(|name| (*name).to_owned()).collect()
}

#[test]
fn flags_of_the_index_are_kept() {
    let repo = project();
    repo.write("intended", "not yet staged\n");
    repo.git(&["add", "-N", "intended"]);
    repo.git(&["update-index", "--assume-unchanged", "a"]);
    repo.git(&["update-index", "--skip-worktree", "b"]);
    assert_round_trip(&repo, |repo| {
        repo.git(&["update-index", "--no-assume-unchanged", "a"]);
        repo.git(&["update-index", "--no-skip-worktree", "b"]);
        repo.write("src/one", "changed\n");
        repo.commit("next");
    });
}

#[test]
fn a_sparse_checkout_stays_sparse() {
    let repo = project();
    repo.git(&["sparse-checkout", "set", "src"]);
    assert!(!repo.exists("doc/x"));
    assert_round_trip(&repo, |repo| {
        repo.write("src/one", "changed\n");
        repo.write("src/new", "new\n");
        repo.write("doc/x", "outside, on disk all the same\n");
    });
    let repo = project();
    repo.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "src"]);
    assert_round_trip(&repo, |repo| {
        repo.write("src/one", "changed\n");
        repo.git(&["add", "-A"]);
        repo.write("src/one", "changed again\n");
    });
}

#[test]
fn every_kind_of_index_is_read() {
    for settings in [&["core.splitIndex"][..], &["core.untrackedCache"], &["index.skipHash"], &["feature.manyFiles"]] {
        let repo = project();
        for name in settings {
            repo.git(&["config", name, "true"]);
        }
        repo.git(&["update-index", "--index-version", "4"]);
        repo.git(&["status"]);
        assert_round_trip(&repo, |repo| {
            repo.write("a", "changed\n");
            repo.write("new", "new\n");
            repo.git(&["add", "new"]);
        });
    }
}

#[test]
fn linked_worktrees_and_sha256_are_no_exception() {
    let repo = project();
    let linked = repo.linked_worktree("topic");
    let main_before = repo.state();
    assert_round_trip(&linked, |repo| {
        repo.write("a", "changed\n");
        repo.commit("topic");
        repo.write("new", "new\n");
    });
    main_before.assert_same(&repo.state());
    assert_round_trip(&TestRepo::sha256(), |repo| {
        repo.write("file", "changed\n");
        repo.write("new/file", "new\n");
        repo.git(&["add", "new"]);
    });
}

#[test]
fn a_submodule_is_left_at_its_commit() {
    let repo = project();
    let library = repo.at("../library");
    library.git(&["init", "-q", "-b", "main"]);
    library.write("lib", "one\n");
    library.commit("one");
    repo.git(&["submodule", "add", "-q", "../library", "sub"]);
    repo.commit("with a submodule");
    assert_round_trip(&repo, |repo| {
        repo.write("a", "changed\n");
        repo.write("sub.txt", "beside it\n");
    });
    assert_eq!(repo.read_text("sub/lib"), "one\n");
}

#[test]
fn files_that_are_equal_are_not_written_and_the_index_knows_them() {
    let repo = project();
    let state = save(&repo);
    repo.write("a", "changed\n");
    repo.write("src/new", "new\n");
    repo.write("b", "staged\n");
    repo.git(&["add", "b"]);
    let staged = save(&repo);
    let times = |paths: &[&str]| -> Vec<_> {
        let time =
            |path: &&str| repo.path().join(path).symlink_metadata().expect("it exists").modified().expect("known");
        paths.iter().map(time).collect()
    };
    let equal = ["src/one", "src/two", "src/deep/three", "doc/x", "run", "link", "notes.log"];
    let before = times(&equal);
    restore(&repo, &state);
    assert_eq!(times(&equal), before);
    assert_eq!(unknown_stats(&repo), 0, "{}", repo.git(&["ls-files", "--debug"]));
    restore(&repo, &staged);
    assert_eq!(times(&equal), before);
    assert_eq!(unknown_stats(&repo), 1, "only `a`, whose file is not what is in the index");
}

#[test]
fn random_states_are_restored_exactly() {
    for seed in 1..=8_u64 {
        let repo = project();
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut known: Vec<(Picture, super::Saved)> = Vec::new();
        for _ in 0..5 {
            for _ in 0..4 {
                change(&repo, &mut random);
            }
            known.push((repo.state(), save(&repo)));
        }
        for _ in 0..8 {
            let (picture, state) = &known[random.below(known.len())];
            restore(&repo, state);
            picture.assert_same(&repo.state());
        }
        repo.fsck();
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }
}

fn change(repo: &TestRepo, random: &mut Random) {
    let paths = ["a", "b", "src/one", "src/two", "src", "new", "doc/x", "doc", "run", "link", "src/new", "ü \"x\""];
    let path = paths[random.below(paths.len())];
    let full = repo.path().join(path);
    let data = full.symlink_metadata();
    match random.below(10) {
        0..=3 => {
            if data.as_ref().is_ok_and(|data| data.is_dir() || data.is_symlink()) {
                repo.remove(path);
            }
            let parent = full.parent().expect("it is below the top");
            if parent.is_dir() || !parent.exists() {
                repo.write(path, format!("{}\n", random.below(1000)));
            }
        }
        4 if data.is_ok() => repo.remove(path),
        5 if data.is_ok_and(|data| data.is_file()) => repo.chmod(path, [0o644, 0o755][random.below(2)]),
        6 => drop(repo.git_raw(&["add", "-A", "--", path])),
        7 => drop(repo.git(&["add", "-A"])),
        8 => drop(repo.git_raw(&["rm", "-q", "-r", "--cached", "--", path])),
        9 => drop(repo.commit("next")),
        _ => {}
    }
}
