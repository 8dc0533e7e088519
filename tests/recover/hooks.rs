//! Hooks, as `git cherry-pick` calls them.

use super::{broken, hook, json, message};
use crate::support::TestRepo;

const ALL: [&str; 9] = [
    "pre-commit",
    "prepare-commit-msg",
    "commit-msg",
    "post-commit",
    "post-checkout",
    "post-rewrite",
    "post-merge",
    "applypatch-msg",
    "pre-merge-commit",
];

fn log_all(repo: &TestRepo, folder: &str) {
    for name in ALL {
        let path = format!("{folder}/{name}");
        repo.write(&path, format!("#!/bin/sh\necho \"{name} ${{2-}} $(git log -1 --format=%s)\" >>.git/log\n"));
        repo.chmod(&path, 0o755);
    }
}

fn logged(repo: &TestRepo) -> String {
    let text = if repo.exists(".git/log") { repo.read_text(".git/log") } else { String::new() };
    repo.write(".git/log", "");
    text
}

#[test]
fn those_are_called_that_git_calls() {
    for configured in [false, true] {
        let repo = broken();
        log_all(&repo, if configured { ".githooks" } else { ".git/hooks" });
        if configured {
            repo.write(".git/info/exclude", ".githooks\n");
            repo.git(&["config", "core.hooksPath", ".githooks"]);
        }
        for options in [&[][..], &["-x", "--signoff"], &["--edit"]] {
            repo.set_var("GIT_EDITOR", "true");
            let before = repo.rev("HEAD");
            logged(&repo);
            repo.git(&[&["cherry-pick"], options, &["one", "two"]].concat());
            let (git, made) = (logged(&repo), message(&repo, "HEAD"));
            repo.git(&["reset", "-q", "--hard", &before]);
            logged(&repo);
            repo.checkpoint_ok(&[&["recover", "--all"], options].concat());
            assert_eq!(logged(&repo), git, "{options:?}");
            assert_eq!(message(&repo, "HEAD"), made);
            assert!(git.contains("prepare-commit-msg") && git.contains("post-commit"), "{git}");
            repo.checkpoint_ok(&["undo", "--yes"]);
            assert_eq!(repo.rev("HEAD"), before);
        }
    }
}

#[test]
fn a_hook_changes_the_message_as_in_git() {
    let repo = broken();
    hook(&repo, "prepare-commit-msg", r#"echo "changed by the hook" >>"$1""#);
    let before = repo.rev("HEAD");
    repo.git(&["cherry-pick", "one"]);
    let git = message(&repo, "HEAD");
    repo.git(&["reset", "-q", "--hard", &before]);
    repo.checkpoint_ok(&["recover", "one"]);
    assert_eq!(message(&repo, "HEAD"), git);
    assert!(git.contains("changed by the hook"));
}

#[test]
fn a_hook_that_refuses_stops_at_that_commit() {
    let repo = broken();
    hook(
        &repo,
        "prepare-commit-msg",
        r#"if grep -q "^two" "$1" && [ ! -e .git/allowed ]; then echo "not two" >&2; exit 1; fi"#,
    );
    for ending in ["--continue", "--skip", "--abort"] {
        let before = repo.rev("HEAD");
        let told = json(&repo, &["recover", "--all"]);
        assert_eq!(told["stopped_at"], repo.rev("two"), "{told}");
        assert_eq!(told["conflict"], serde_json::json!([]), "{told}");
        assert!(told["said"].as_str().is_some_and(|said| said.contains("not two")), "{told}");
        assert_eq!(repo.git(&["log", "-1", "--format=%s"]), "one");
        // It refuses again; nothing is lost by asking.
        let run = repo.checkpoint(&["recover", "--continue"]);
        assert_eq!(run.code, 3, "{run}");
        repo.write(".git/allowed", "");
        repo.checkpoint_ok(&["recover", ending]);
        std::fs::remove_file(repo.path().join(".git/allowed")).expect("it is there");
        let expected = match ending {
            "--continue" => "two",
            "--skip" => "one",
            _ => "keep",
        };
        assert_eq!(repo.git(&["log", "-1", "--format=%s"]), expected, "{ending}");
        assert_eq!(repo.git(&["status", "--porcelain"]), "");
        if ending != "--abort" {
            repo.checkpoint_ok(&["undo", "--yes"]);
        }
        assert_eq!(repo.rev("HEAD"), before);
    }
}

#[test]
fn staged_changes_are_not_mixed_into_what_git_picks() {
    let repo = broken();
    hook(&repo, "post-commit", "true");
    repo.write("keep", "staged\n");
    repo.git(&["add", "keep"]);
    super::refused(&repo, 1, (&["recover", "one"], "there are staged changes that git would mix"));
    repo.git(&["restore", "--staged", "keep"]);
    repo.checkpoint_ok(&["recover", "one"]);
    assert_eq!(repo.read_text("keep"), "staged\n");
}

#[test]
fn merges_and_others_are_handed_over_together() {
    let repo = broken();
    repo.git(&["switch", "-q", "-c", "side", "saved"]);
    repo.write("side", "side\n");
    repo.commit("side");
    repo.git(&["switch", "-q", "-c", "topic", "one"]);
    repo.git(&["merge", "-q", "--no-ff", "-m", "merge", "side"]);
    repo.write("after", "after\n");
    repo.commit("after");
    repo.git(&["switch", "-q", "main"]);
    hook(&repo, "post-commit", "git log -1 --format=%s >>.git/log");
    let told = json(&repo, &["recover", "topic~2..topic", "-m", "2", "-x"]);
    let from: Vec<_> = told["picked"].as_array().expect("picks").iter().map(|pick| pick["from"].clone()).collect();
    assert!(from.contains(&repo.rev("topic").into()) && from.contains(&repo.rev("topic~1").into()), "{told}");
    assert!(repo.read_text(".git/log").contains("merge\nafter\n"));
    assert!(message(&repo, "HEAD").contains(&format!("(cherry picked from commit {})", repo.rev("topic"))));
    repo.fsck();
}

#[test]
fn our_own_hook_is_no_reason_to_hand_over() {
    let repo = broken();
    repo.checkpoint_ok(&["hooks", "install"]);
    repo.write("keep", "staged\n");
    repo.git(&["add", "keep"]);
    repo.checkpoint_ok(&["recover", "one"]);
    assert_eq!(repo.git(&["diff", "--cached", "--name-only"]), "keep");
    // What stood there before it is called by it, and counts.
    repo.checkpoint_ok(&["hooks", "uninstall"]);
    hook(&repo, "post-commit", "echo called >>.git/log");
    repo.checkpoint_ok(&["hooks", "install"]);
    repo.git(&["restore", "--staged", "keep"]);
    repo.git(&["restore", "keep"]);
    repo.checkpoint_ok(&["recover", "two"]);
    assert_eq!(repo.read_text(".git/log"), "called\n");
}
