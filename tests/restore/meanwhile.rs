//! Somebody else saves files while git writes: a smudge filter is run in just that moment.

use super::{Request, Saved, ask, restore, restore_after, save};
use crate::support::TestRepo;

/// The first state is saved; in the second, writing it back runs `meanwhile` in the worktree.
fn two_states(meanwhile: &str) -> (TestRepo, Saved) {
    let repo = TestRepo::new();
    repo.write(".git/info/attributes", "*.s filter=meanwhile\n");
    for path in ["a.s", "b", "dir/c", "dir/gone", "was-folder/x", "was-file"] {
        repo.write(path, "first\n");
    }
    repo.commit("first");
    let first = save(&repo);
    for path in ["a.s", "b", "dir/c"] {
        repo.write(path, "second\n");
    }
    repo.write("extra/more", "second\n");
    repo.remove("dir/gone");
    repo.remove("was-folder");
    repo.write("was-folder", "second\n");
    repo.remove("was-file");
    repo.write("was-file/x", "second\n");
    // A capture runs the filter too, with the real index.
    let smudge = format!("case \"$GIT_INDEX_FILE\" in *checkpoint*) {{ {meanwhile}; }} >&2 ;; esac; cat");
    repo.git(&["config", "filter.meanwhile.smudge", &smudge]);
    (repo, first)
}

#[test]
fn what_is_saved_while_git_writes_is_not_overwritten() {
    for (meanwhile, path) in [
        ("echo saved > b", "b"),
        ("printf 'SECOND\\n' > b", "b"),
        ("echo saved > dir/new && mv dir/new dir/c", "dir/c"),
        ("chmod +x dir/c", "dir/c"),
        ("ln -sf /nowhere dir/c", "dir/c"),
        ("echo saved > a.s", "a.s"),
        ("echo saved > dir/gone", "dir/gone"),
        ("echo saved > extra/more", "extra/more"),
        ("echo saved > was-folder", "was-folder"),
        ("echo saved > was-file/x", "was-file/x"),
        ("echo saved > was-file/y", "was-file"),
    ] {
        let (repo, first) = two_states(meanwhile);
        let expected = two_states(meanwhile).0;
        let mut shell = expected.command("sh");
        let ran = shell.args(["-c", meanwhile]).current_dir(expected.path()).status().expect("there is a shell");
        assert!(ran.success());
        let error = restore_after(&repo, &first, "").expect_err("somebody saved a file");
        assert!(error[0].contains(&format!("`{path}` changed")), "{meanwhile}: {error:?}");
        assert_eq!(repo.state().files, expected.state().files, "{meanwhile}");
        assert_eq!(repo.read(".git/index").len(), expected.read(".git/index").len());
        assert!(!repo.exists(".git/checkpoint-files") && !repo.exists(".git/checkpoint-rescued"));
        assert!(!repo.exists(".git/index.lock") && !repo.exists(".git/checkpoint-index"));
    }
}

#[test]
fn a_file_that_is_removed_meanwhile_is_written_all_the_same() {
    let (repo, first) = two_states("rm -f b extra/more; rm -rf was-file");
    let clean = two_states(":").0;
    restore(&clean, &first);
    restore(&repo, &first);
    repo.state().assert_same(&clean.state());
}

#[test]
fn what_is_written_to_another_name_of_a_file_is_noticed() {
    for meanwhile in ["printf 'SECOND\\n' > ../link", "echo more >> ../link"] {
        let (repo, first) = two_states(meanwhile);
        std::fs::hard_link(repo.path().join("b"), repo.path().join("../link")).expect("links can be made");
        std::fs::hard_link(repo.path().join("b"), repo.path().join("b2")).expect("links can be made");
        let error = restore_after(&repo, &first, "").expect_err("somebody saved a file");
        assert!(error[0].contains("`b` changed") || error[0].contains("`b2` changed"), "{meanwhile}: {error:?}");
        assert!(["SECOND\n", "second\nmore\n"].contains(&repo.read_text("b").as_str()), "{meanwhile}");
        assert_eq!(repo.read_text("dir/c"), "second\n");
    }
}

/// An editor that has the file open does not care for its name.
#[test]
fn what_is_written_to_an_open_file_while_others_are_exchanged_is_noticed_or_there() {
    let script = "sh ../writer >>b 2>/dev/null & sleep 0.05";
    let (repo, first) = two_states(script);
    repo.write("../writer", "i=0; while [ $i -lt 400 ]; do echo $i; sleep 0.001; i=$((i + 1)); done");
    let error = restore_after(&repo, &first, "").expect_err("it is written to all the time");
    assert!(error[0].contains("`b` changed"), "{error:?}");
    let size = repo.read("b").len();
    std::thread::sleep(std::time::Duration::from_millis(100));
    assert!(repo.read("b").len() > size, "what is written arrives in the worktree's file");
}

#[test]
fn attributes_of_the_target_are_in_force_when_its_files_are_written() {
    let repo = TestRepo::new();
    repo.write(".gitattributes", "*.txt text eol=crlf\n");
    repo.write("dir/.gitattributes", "*.txt -text\n");
    repo.write("a.txt", "one\r\n");
    repo.write("dir/b.txt", "one\n");
    repo.commit("first");
    let (first, picture) = (save(&repo), repo.state());
    repo.remove("dir/.gitattributes");
    repo.write(".gitattributes", "*.bin -diff\n");
    repo.write("a.txt", "two\n");
    repo.write("dir/b.txt", "two\r\n");
    repo.commit("second");
    let (second, later) = (save(&repo), repo.state());
    restore(&repo, &first);
    repo.state().assert_same(&picture);
    restore(&repo, &second);
    repo.state().assert_same(&later);
}

#[test]
fn what_an_exchange_that_was_killed_has_of_no_backup_is_kept_and_told() {
    let (repo, _) = two_states(":");
    let area = ".git/checkpoint-files";
    repo.write(format!("{area}/new/b"), "first\n");
    repo.write(format!("{area}/new/dir/half"), "half a fi");
    assert_eq!(ask(&repo, &Request::RemoveStaleLock), Ok(None));
    assert!(!repo.exists(area) && !repo.exists(".git/checkpoint-rescued"), "nothing of the worktree was in it yet");
    for round in [1, 2] {
        repo.write(format!("{area}/begun"), "");
        repo.write(format!("{area}/new/b"), "first\n");
        repo.write(format!("{area}/new/dir/c"), format!("saved meanwhile, {round}\n"));
        repo.write(format!("{area}/old/a.s"), "first\n");
        repo.symlink("/nowhere", format!("{area}/old/link"));
        assert_eq!(ask(&repo, &Request::RemoveStaleLock), Ok(None));
        assert!(!repo.exists(area));
    }
    let kept = ".git/checkpoint-rescued";
    assert_eq!(repo.read_text(format!("{kept}/dir/c")), "saved meanwhile, 1\n");
    assert_eq!(repo.read_text(format!("{kept}/dir/c.2")), "saved meanwhile, 2\n");
    assert!(!repo.exists(format!("{kept}/b")) && !repo.exists(format!("{kept}/a.s")));
    let told = repo.checkpoint_ok(&["status"]);
    assert!(told.stderr.contains("checkpoint-rescued"), "{told}");
    repo.remove(kept);
    assert!(!repo.checkpoint_ok(&["status"]).stderr.contains("rescued"));
}
