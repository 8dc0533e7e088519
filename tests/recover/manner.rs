//! Options of git's: the result is that of `git cherry-pick` with the same.

use super::{broken, json, message, refused};
use crate::support::TestRepo;

/// Whether `git merge-tree` has `-X`.
pub(crate) fn git_takes_options_in_memory(repo: &TestRepo) -> bool {
    let version = repo.git(&["version"]);
    let numbers: Vec<u32> = version.split(['.', ' ']).filter_map(|word| word.parse().ok()).collect();
    numbers.get(..2) >= Some(&[2, 44][..])
}

/// What `git cherry-pick` makes of it here: tree and message; HEAD is put back.
fn by_git(repo: &TestRepo, options: &[&str], commit: &str) -> (String, String) {
    let before = repo.rev("HEAD");
    repo.git(&[&["cherry-pick"], options, &[commit]].concat());
    let made = (repo.rev("HEAD^{tree}"), message(repo, "HEAD"));
    repo.git(&["reset", "-q", "--hard", &before]);
    made
}

#[test]
fn messages_are_those_of_git_whatever_they_end_with() {
    let repo = broken();
    let sign_off = "Signed-off-by: Test <test@example.com>";
    let own = repo.git(&["var", "GIT_COMMITTER_IDENT"]);
    let own = format!("Signed-off-by: {}", own.rsplit_once("> ").map_or("", |(who, _)| who).to_owned() + ">");
    let texts = [
        "subject".to_owned(),
        "subject\n\nbody".to_owned(),
        format!("subject\n\nbody\n\n{sign_off}"),
        format!("subject\n\n{own}"),
        format!("subject\n\n{own}\nReviewed-by: X <x@y>"),
        "subject\n\nKey: value\n folded\nother: thing".to_owned(),
        "subject\n\nNot a: trailer\nbecause of this line".to_owned(),
        format!("subject\n\none\ntwo\n{sign_off}"),
        "subject\n\n(cherry picked from commit 1111111111111111111111111111111111111111)".to_owned(),
        "Key: value".to_owned(),
        own.clone(),
        "subject\n\nbody\n\n\n\nmore   \n\n\n".to_owned(),
        "subject\n\nbody\n# no comment\n".to_owned(),
        "subject\n\nKey:value\n---\nbelow: it\n".to_owned(),
        "subject\n\nKey: value\n\n# comment\n".to_owned(),
    ];
    let mut commits = Vec::new();
    repo.git(&["switch", "-q", "--detach", "one"]);
    for (number, text) in texts.iter().enumerate() {
        repo.write(format!("file {number}"), "x\n");
        repo.git(&["add", "-A"]);
        repo.git(&["commit", "-q", "--cleanup=verbatim", "-m", text]);
        commits.push(repo.rev("HEAD"));
    }
    repo.git(&["switch", "-q", "main"]);
    for cleanup in ["", "verbatim", "strip"] {
        if !cleanup.is_empty() {
            repo.git(&["config", "commit.cleanup", cleanup]);
        }
        for options in [&["-x"][..], &["-s"], &["-x", "--signoff"]] {
            let onto = repo.rev("HEAD");
            for (commit, text) in commits.iter().zip(&texts) {
                let git = by_git(&repo, options, commit);
                repo.checkpoint_ok(&[&["recover", "--keep-redundant", commit], options].concat());
                assert_eq!((repo.rev("HEAD^{tree}"), message(&repo, "HEAD")), git, "{options:?} {cleanup} {text:?}");
                repo.git(&["reset", "-q", "--hard", &onto]);
            }
        }
    }
}

#[test]
fn options_of_the_merge_settle_conflicts_as_in_git() {
    let repo = broken();
    repo.write("doc/c", "ours\n");
    repo.commit("ours");
    for (option, text) in [("ours", "ours\n"), ("theirs", "c\n")] {
        let git = by_git(&repo, &["-X", option], "one");
        repo.checkpoint_ok(&["recover", "one", "-X", option]);
        assert_eq!((repo.rev("HEAD^{tree}"), message(&repo, "HEAD")), git);
        assert_eq!(repo.read_text("doc/c"), text);
        repo.checkpoint_ok(&["undo", "--yes"]);
    }
    if git_takes_options_in_memory(&repo) {
        assert_eq!(json(&repo, &["recover", "one", "-X", "ours", "--dry-run"])["conflicts"], serde_json::json!([]));
    } else {
        refused(&repo, 4, (&["recover", "one", "-X", "ours", "--dry-run"], "this git cannot say beforehand"));
    }
    for unknown in ["our", "find-renames=half", ""] {
        refused(&repo, 2, (&["recover", "one", "-X", unknown], "is no option of git's merge"));
    }
}

#[test]
fn options_are_kept_across_a_conflict() {
    let repo = broken();
    repo.write("doc/c", "ours\n");
    repo.write("src/a", "ours\n");
    repo.commit("ours");
    assert_eq!(repo.checkpoint(&["recover", "one", "two", "-x", "--signoff"]).code, 3);
    repo.write("doc/c", "settled\n");
    repo.write("src/a", "a\n");
    repo.git(&["add", "-A"]);
    repo.checkpoint_ok(&["recover", "--continue"]);
    for (made, from) in [("HEAD~1", "one"), ("HEAD", "two")] {
        let text = message(&repo, made);
        assert!(text.contains(&format!("\n(cherry picked from commit {})\nSigned-off-by: ", repo.rev(from))), "{text}");
    }
}

#[test]
fn the_message_is_edited_by_gits_editor() {
    let repo = broken();
    repo.set_var("GIT_EDITOR", "sed -i '1s/$/, edited/'");
    let git = by_git(&repo, &["-e", "-x"], "one");
    let told = json(&repo, &["recover", "one", "two", "-e", "-x"]);
    assert_eq!(told["picked"].as_array().map(Vec::len), Some(2), "{told}");
    assert_eq!((repo.rev("HEAD~1^{tree}"), message(&repo, "HEAD~1")), git);
    assert_eq!(repo.git(&["log", "-2", "--format=%s"]), "two, edited\none, edited");
    repo.checkpoint_ok(&["undo", "--yes"]);
    assert_eq!(repo.rev("HEAD"), repo.rev("saved^0"));
    // Without an editor that works, git stops, and so does this.
    repo.set_var("GIT_EDITOR", "false");
    let run = repo.checkpoint(&["recover", "one", "-e"]);
    assert_eq!(run.code, 3, "{run}");
    repo.set_var("GIT_EDITOR", "true");
    repo.checkpoint_ok(&["recover", "--continue"]);
    assert_eq!(repo.git(&["log", "-1", "--format=%s"]), "one");
    refused(&repo, 2, (&["recover", "two", "-e", "--onto", "saved"], "is not a local branch"));
    repo.git(&["branch", "other", "saved"]);
    refused(&repo, 2, (&["recover", "two", "-e", "--onto", "other"], "`--edit` needs the branch checked out"));
}

#[test]
fn another_branch_gets_the_same_without_being_checked_out() {
    let repo = broken();
    let git = by_git(&repo, &["-x", "-s"], "one");
    repo.git(&["branch", "other"]);
    repo.write("own", "own\n");
    repo.commit("own");
    repo.checkpoint_ok(&["recover", "one", "-x", "-s", "--onto", "other"]);
    assert_eq!((repo.rev("other^{tree}"), message(&repo, "other")), git);
    assert!(!repo.exists("doc/c"));
}

#[test]
fn merge_drivers_are_run() {
    let repo = broken();
    repo.git(&["config", "merge.both.driver", "cat %A %B >%A.both && mv %A.both %A"]);
    repo.write(".gitattributes", "doc/c merge=both\n");
    repo.write("doc/c", "ours\n");
    repo.commit("ours");
    let git = by_git(&repo, &[], "one");
    repo.checkpoint_ok(&["recover", "one"]);
    assert_eq!((repo.rev("HEAD^{tree}"), message(&repo, "HEAD")), git);
    assert_eq!(repo.read_text("doc/c"), "ours\nc\n");
}
