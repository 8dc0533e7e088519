//! What nobody has saved is never overwritten, whoever makes the picks.

use super::{broken, hook, refused};
use crate::support::TestRepo;

/// As [`broken`], with `cfg` that git ignores here and that the commit `adds` has; `one` conflicts.
fn ignored() -> TestRepo {
    let repo = broken();
    repo.git(&["switch", "-q", "-c", "topic", "two"]);
    repo.write("cfg", "of theirs\n");
    repo.commit("adds");
    repo.git(&["tag", "adds"]);
    repo.git(&["switch", "-q", "main"]);
    repo.write(".git/info/exclude", "cfg\n");
    repo.write("cfg", "precious\n");
    repo
}

#[test]
fn an_ignored_file_stops_what_git_would_pick_over_it() {
    for setting in ["hook", "edit", "conflict"] {
        let repo = ignored();
        let mut args = vec!["recover", "saved..adds"];
        match setting {
            "hook" => hook(&repo, "post-commit", "exit 0"),
            "edit" => args.push("--edit"),
            _ => {
                repo.write("doc/c", "ours\n");
                repo.commit("ours");
            }
        }
        repo.set_var("GIT_EDITOR", "true");
        refused(&repo, 1, (&args, "`cfg` is in the way"));
        // Nothing is begun, and what is not in the way comes back.
        repo.remove("cfg");
        assert_eq!(repo.checkpoint(&args).code, if setting == "conflict" { 3 } else { 0 });
    }
}

#[test]
fn a_file_that_came_while_it_was_stopped_is_seen_before_git_goes_on() {
    for ending in ["--continue", "--skip"] {
        let repo = ignored();
        repo.remove("cfg");
        repo.write("doc/c", "ours\n");
        repo.commit("ours");
        assert_eq!(repo.checkpoint(&["recover", "one", "adds"]).code, 3);
        repo.write("doc/c", "settled\n");
        repo.git(&["add", "doc/c"]);
        repo.write("cfg", "precious\n");
        let run = repo.checkpoint(&["recover", ending]);
        assert!(run.code == 1 && run.stderr.contains("`cfg` is in the way"), "{run}");
        assert_eq!(repo.read_text("cfg"), "precious\n");
        repo.remove("cfg");
        repo.checkpoint_ok(&["recover", ending]);
        assert_eq!(repo.read_text("cfg"), "of theirs\n");
        repo.fsck();
    }
}

#[test]
fn a_file_where_a_folder_is_to_be_and_a_folder_where_a_file_is_to_be() {
    let repo = broken();
    repo.write("doc", "mine\n");
    refused(&repo, 1, (&["recover", "one"], "`doc`"));
    refused(&repo, 1, (&["recover", "one", "--path", "doc"], "`doc`"));
    repo.checkpoint_ok(&["recover", "one", "--path", "src"]);
    repo.checkpoint_ok(&["undo", "--yes"]);
    refused(&repo, 1, (&["recover", "--uncommitted", "--path", "doc"], "`doc`"));
    repo.remove("doc");
    repo.write("src/a/inside", "mine\n");
    refused(&repo, 1, (&["recover", "one"], "`src/a/inside`"));
    repo.remove("src/a");
    repo.symlink("keep", "doc");
    refused(&repo, 1, (&["recover", "one"], "`doc`"));
}
