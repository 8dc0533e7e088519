//! Hooks in git's configuration (git 2.54 or newer), and the way from one mechanism to the other.

use std::process::Command;

use super::*;

#[test]
fn they_go_to_the_configuration_and_the_old_hooks_are_not_touched() {
    let repo = probed();
    if skip_unless(&repo, true) {
        return;
    }
    for event in EVENTS {
        witness(&repo, format!(".git/hooks/{event}"), 0);
    }
    round_trip(&repo, || {
        assert_eq!(state(&repo, "post-commit"), "installed");
        let hooks = everything(&repo.path().join(".git/hooks"));
        assert_eq!(hooks.len(), EVENTS.len(), "no file of ours is there");
    });
    repo.checkpoint_ok(&["hooks", "install"]);
    repo.git(&["commit", "-q", "--allow-empty", "--amend", "-m", "again"]);
    assert_eq!(events(&repo), ["post-commit", "post-rewrite"]);
    let said = witnessed(&repo);
    assert!(said.starts_with("post-commit|post-commit|\npost-rewrite|post-rewrite|amend|"), "{said}");
}

#[test]
fn places_that_hook_files_cannot_be_put_in_do_not_matter() {
    let repo = probed();
    if skip_unless(&repo, true) {
        return;
    }
    let folder = repo.dir("../global hooks");
    repo.git(&["config", "--global", "core.hooksPath", &folder.to_string_lossy()]);
    repo.checkpoint_ok(&["hooks", "install"]);
    repo.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    assert_eq!(events(&repo), ["post-commit"]);
    assert_eq!(fs::read_dir(folder).expect("it was made").count(), 0);
    let worktree = repo.linked_worktree("linked");
    arrived(&repo);
    worktree.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    assert_eq!(events(&repo), ["post-commit"]);
}

#[test]
fn a_repository_that_was_moved_still_finds_its_shims() {
    let repo = probed();
    if skip_unless(&repo, true) {
        return;
    }
    repo.checkpoint_ok(&["hooks", "install"]);
    let moved = repo.root().join("moved to here");
    fs::rename(repo.path(), &moved).expect("the same file system");
    let repo = repo.at("../moved to here");
    repo.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    assert_eq!(events(&repo), ["post-commit"]);
    repo.remove_var("GIT_CHECKPOINT_PROBE");
    assert!(repo.checkpoint_ok(&["doctor"]).stdout.ends_with("nothing is wrong\n"));
    // And where the shims are gone, git goes on and it is said.
    fs::remove_dir_all(moved.join(".git/checkpoint/hooks")).expect("they were there");
    let output = repo.git_raw(&["commit", "-q", "--allow-empty", "-m", "y"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("its shim post-commit is gone"), "{said}");
    assert_eq!(state(&repo, "post-commit"), "missing");
    repo.checkpoint_ok(&["hooks", "install"]);
    assert_eq!(state(&repo, "post-commit"), "installed");
}

#[test]
fn switched_off_by_somebody_is_told() {
    let repo = probed();
    if skip_unless(&repo, true) {
        return;
    }
    repo.checkpoint_ok(&["hooks", "install"]);
    repo.git(&["config", "--global", "hook.checkpoint-pre-push.enabled", "false"]);
    assert_eq!(state(&repo, "pre-push"), "disabled");
    let run = repo.checkpoint_ok(&["hooks"]);
    assert!(run.stderr.contains("it is switched off in git's configuration"), "{run}");
}

#[test]
fn a_locked_configuration_installs_nothing() {
    let repo = probed();
    if skip_unless(&repo, true) {
        return;
    }
    let before = everything(repo.path());
    repo.write(".git/config.lock", "");
    let run = repo.checkpoint(&["hooks", "install"]);
    assert_eq!(run.code, 4, "{run}");
    repo.remove(".git/config.lock");
    assert_eq!(everything(repo.path()), before);
    assert!(!repo.exists(".git/checkpoint/hooks"));
}

/// The same command with a git that says it is `version`.
fn with_version(repo: &TestRepo, version: &str, args: &[&str]) -> crate::support::Run {
    let mut command = repo.checkpoint_command(args);
    let path = |command: &Command| {
        let mut vars = command.get_envs();
        vars.find(|(name, _)| *name == "PATH").and_then(|(_, path)| path.map(ToOwned::to_owned)).expect("it is set")
    };
    let real = path(&command);
    let dir = repo.dir("../another git");
    let script = format!(
        "#!/bin/sh\nPATH='{}'\nif [ \"$1\" = version ]; then echo 'git version {version}'; exit; fi\nexec git \"$@\"\n",
        real.to_string_lossy()
    );
    hook(repo, "../another git/git", script);
    let mut first = dir.into_os_string();
    first.push(":");
    first.push(real);
    command.env("PATH", first);
    crate::support::Run::of(repo, args, &command.output().expect("the program can be run"))
}

#[test]
fn the_next_install_converts_to_what_git_needs() {
    let repo = probed();
    witness(&repo, ".git/hooks/post-commit", 0);
    let hooks = everything(&repo.path().join(".git/hooks"));
    let config = repo.read_text(".git/config");
    let files = with_version(&repo, "2.47.1", &["hooks", "install"]);
    assert_eq!(files.code, 0, "{files}");
    assert!(repo.exists(".git/hooks.checkpoint/post-commit"));
    let status = with_version(&repo, "2.54.0", &["hooks"]);
    assert!(status.stderr.contains("moves them there"), "{status}");
    let configured = with_version(&repo, "2.54.0", &["hooks", "install"]);
    assert_eq!(configured.code, 0, "{configured}");
    assert_eq!(everything(&repo.path().join(".git/hooks")), hooks, "the files are as they were");
    assert!(repo.read_text(".git/config").contains("[hook \"checkpoint-pre-push\"]"));
    let status = with_version(&repo, "2.47.1", &["hooks"]);
    assert!(status.stderr.contains("at which git 2.47.1 does not look"), "{status}");
    let back = with_version(&repo, "2.47.1", &["hooks", "install"]);
    assert_eq!(back.code, 0, "{back}");
    assert_eq!(repo.read_text(".git/config"), config);
    assert!(repo.exists(".git/hooks.checkpoint/post-commit"));
    assert_eq!(with_version(&repo, "2.54.0", &["hooks", "uninstall"]).code, 0);
    assert_eq!(everything(&repo.path().join(".git/hooks")), hooks);
}

#[test]
fn the_command_stands_before_the_event_at_every_moment() {
    let repo = probed();
    let log = repo.root().join("calls");
    for (args, order) in [
        (
            ["hooks", "install"],
            ["--replace-all hook.checkpoint-pre-push.command", "--replace-all hook.checkpoint-pre-push.event"],
        ),
        (
            ["hooks", "uninstall"],
            ["--unset-all hook.checkpoint-pre-push.event", "--unset-all hook.checkpoint-pre-push.command"],
        ),
    ] {
        repo.set_var("GIT_TRACE", &log);
        assert_eq!(with_version(&repo, "2.54.0", &args).code, 0);
        repo.remove_var("GIT_TRACE");
        let text = fs::read_to_string(&log).expect("git has written it");
        fs::remove_file(&log).expect("it is there");
        let at = |call: &str| text.find(call).unwrap_or_else(|| panic!("{call} is not in {text}"));
        assert!(at(order[0]) < at(order[1]), "{text}");
    }
}
