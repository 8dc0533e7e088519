//! `status` works out how the hooks stand without git, and says the same as `hooks status`, which asks git.

use super::*;

/// What both say; they must agree. With the calls of git that `status` has made.
#[track_caller]
fn both(repo: &TestRepo, what: &str) -> (Value, Vec<String>) {
    let asked = repo.checkpoint_ok(&["hooks", "status", "--json"]).json();
    let trace = repo.root().join("trace");
    repo.set_var("GIT_TRACE", &trace);
    let quick = repo.checkpoint_ok(&["status", "--json"]).json();
    let _of_json = fs::remove_file(&trace);
    let text = repo.checkpoint_ok(&["status"]);
    repo.remove_var("GIT_TRACE");
    assert_eq!(quick["hooks"], asked, "{what}");
    let first = asked["state"].as_str().expect("a word");
    assert!(text.stdout.contains("hooks: "), "{first}: {text}");
    let calls = fs::read_to_string(&trace).unwrap_or_default();
    let _none = fs::remove_file(&trace);
    (asked, calls.lines().map(str::to_owned).collect())
}

#[test]
fn status_agrees_with_hooks_status_and_asks_git_nothing() {
    let repo = TestRepo::with_commit();
    let quiet = |what: &str| {
        let (said, calls) = both(&repo, what);
        assert_eq!(calls, [""; 0], "{what}");
        said
    };
    assert_eq!(quiet("nothing is installed")["state"], "absent");
    assert!(!repo.exists(".git/checkpoint"), "nothing is written where nothing was done");
    repo.checkpoint_ok(&["hooks", "install"]);
    assert_eq!(quiet("installed")["state"], "installed");
    assert_eq!(both(&repo.linked_worktree("linked"), "in a linked worktree").0["state"], "installed");
    repo.checkpoint_ok(&["hooks", "uninstall"]);
    assert_eq!(quiet("taken away")["state"], "absent");
    for folder in [".husky/_", "../beside here", "~/hooks"] {
        repo.git(&["config", "core.hooksPath", folder]);
        quiet("a folder that is not there");
        repo.checkpoint_ok(&["hooks", "install"]);
        assert_eq!(quiet(folder)["state"], "installed");
        repo.git(&["config", "--unset", "core.hooksPath"]);
        quiet("another folder than they were installed in");
        repo.checkpoint_ok(&["hooks", "uninstall"]);
    }
}

#[test]
fn settings_of_every_file_of_git_count() {
    let repo = TestRepo::with_commit();
    repo.checkpoint_ok(&["hooks", "install"]);
    for (scope, key, value) in [
        ("--global", "core.hooksPath", "/somewhere/else"),
        ("--global", "core.hooksPath", "~/hooks"),
        ("--local", "core.hooksPath", ""),
        ("--global", "hook.checkpoint-pre-push.enabled", "false"),
        ("--local", "hook.checkpoint-pre-push.event", "pre-commit"),
        ("--global", "hook.lint.command", "true"),
    ] {
        repo.git(&["config", scope, "--add", key, value]);
        both(&repo, &format!("{scope} {key}={value}"));
        repo.git(&["config", scope, "--unset", "--fixed-value", key, value]);
    }
    let file = repo.root().join("included");
    repo.write(&file, "[core]\n\thooksPath = included/hooks\n");
    repo.git(&["config", "include.path", &file.to_string_lossy()]);
    both(&repo, "an included file");
    repo.git(&["config", "--unset", "include.path"]);
    repo.git(&["config", "extensions.worktreeConfig", "true"]);
    repo.git(&["config", "--worktree", "core.hooksPath", "of/the/worktree"]);
    both(&repo, "the worktree's own file");
    repo.git(&["config", "--worktree", "--unset", "core.hooksPath"]);
    // `git -c core.hooksPath=…  checkpoint status`
    repo.set_var("GIT_CONFIG_PARAMETERS", "'core.hookspath'='/for/this/call'");
    both(&repo, "a setting of the call");
    repo.remove_var("GIT_CONFIG_PARAMETERS");
    for (name, value) in [("COUNT", "1"), ("KEY_0", "core.hooksPath"), ("VALUE_0", "/by/variables")] {
        repo.set_var(&format!("GIT_CONFIG_{name}"), value);
    }
    both(&repo, "settings of variables");
}

#[test]
fn another_git_is_noticed() {
    let repo = TestRepo::with_commit();
    repo.checkpoint_ok(&["hooks", "install"]);
    let (before, _) = both(&repo, "the git under test");
    let path = repo
        .command("true")
        .get_envs()
        .find(|(name, _)| *name == "PATH")
        .and_then(|(_, path)| path.map(ToOwned::to_owned));
    let path = path.expect("it is set").into_string().expect("plain");
    let dir = repo.dir("../another git");
    let pretend = |version: &str| {
        let answer = format!("if [ \"$1\" = version ]; then echo 'git version {version}'; exit; fi");
        hook(&repo, "../another git/git", format!("#!/bin/sh\nPATH='{path}'\n{answer}\nexec git \"$@\"\n"));
    };
    pretend("2.40.1");
    repo.set_var("PATH", format!("{}:{path}", dir.display()));
    let said = repo.checkpoint_ok(&["status", "--json"]).json();
    assert_eq!(said["hooks"]["git"], "2.40.1");
    // A script is asked each time, for what it calls may have changed.
    pretend("2.41.1");
    let said = repo.checkpoint_ok(&["status", "--json"]).json();
    assert_eq!(said["hooks"]["git"], "2.41.1");
    repo.remove_var("PATH");
    assert_ne!(before["git"], "2.41.1");
}
