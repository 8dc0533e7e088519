//! Hook files of the user, of every sort, with ours before them.

use super::*;

#[test]
fn the_old_hooks_get_arguments_input_and_their_name_and_give_their_code() {
    let repo = probed();
    if skip_unless(&repo, false) {
        return;
    }
    for event in EVENTS {
        witness(&repo, format!(".git/hooks/{event}"), 0);
    }
    hooks_round_trip(&repo, || {
        assert_eq!(state(&repo, "pre-push"), "chained");
        repo.git(&["commit", "-q", "--allow-empty", "--amend", "-m", "again"]);
        let said = witnessed(&repo);
        assert!(said.starts_with("post-commit|post-commit|\npost-rewrite|post-rewrite|amend|"), "{said}");
        assert!(said.ends_with(&format!("{}\n", repo.rev("HEAD"))), "{said}");
        assert_eq!(events(&repo), ["post-commit", "post-rewrite"]);
        repo.git(&["init", "-q", "--bare", "../remote"]);
        repo.git(&["push", "-q", "../remote", "main"]);
        let shots = arrived(&repo);
        let input = shots[0]["input"].as_str().expect("text");
        assert_eq!(witnessed(&repo), format!("pre-push|pre-push|../remote ../remote|{input}"));
        assert_eq!(input, format!("refs/heads/main {0} refs/heads/main {1}\n", repo.rev("HEAD"), "0".repeat(40)));
    });
}

/// As [`round_trip`], for tests in which git writes: compares the hooks only.
#[track_caller]
fn hooks_round_trip(repo: &TestRepo, between: impl FnOnce()) {
    let before = everything(&repo.path().join(".git/hooks"));
    repo.checkpoint_ok(&["hooks", "install"]);
    between();
    repo.checkpoint_ok(&["hooks", "uninstall"]);
    assert_eq!(everything(&repo.path().join(".git/hooks")), before);
    assert!(!repo.exists(".git/hooks.checkpoint") && !repo.exists(".git/checkpoint/hooks"));
}

#[test]
fn exit_codes_stay_their_own() {
    let repo = probed();
    if skip_unless(&repo, false) {
        return;
    }
    witness(&repo, ".git/hooks/post-checkout", 7);
    witness(&repo, ".git/hooks/post-commit", 9);
    witness(&repo, ".git/hooks/pre-push", 5);
    let without_ours = repo.git_raw(&["switch", "-q", "-c", "before"]).status.code();
    assert_ne!(without_ours, Some(0), "post-checkout's code is that of the checkout");
    hooks_round_trip(&repo, || {
        assert_eq!(repo.git_raw(&["switch", "-q", "-c", "other"]).status.code(), without_ours);
        let direct = repo.command(".git/hooks/post-checkout").args(["a", "b", "1"]).output().expect("it is there");
        assert_eq!(direct.status.code(), Some(7));
        events(&repo);
        repo.git_raw(&["switch", "-q", "-c", "another"]);
        repo.git(&["commit", "-q", "--allow-empty", "-m", "a failing post-commit does not fail the commit"]);
        repo.git(&["init", "-q", "--bare", "../remote"]);
        assert!(!repo.git_raw(&["push", "-q", "../remote", "other"]).status.success(), "the old hook says no");
        assert_eq!(events(&repo), ["post-checkout", "post-commit", "pre-push"]);
    });
}

#[test]
fn other_languages_programs_and_links() {
    let repo = probed();
    if skip_unless(&repo, false) {
        return;
    }
    let log = repo.root().join("witness");
    let python = format!(
        "#!/usr/bin/env python3\nimport os, sys\nopen({:?}, 'a').write(os.path.basename(sys.argv[0]) + '|' + \
         sys.stdin.read())\n",
        log.to_string_lossy()
    );
    hook(&repo, ".git/hooks/pre-push", python);
    fs::copy("/bin/true", repo.path().join(".git/hooks/post-commit")).expect("there is one");
    witness(&repo, "scripts/post-merge", 0);
    repo.symlink("../../scripts/post-merge", ".git/hooks/post-merge");
    // A link inside of the folder, and a hook that finds its library by its own name.
    hook(&repo, ".git/hooks/lib.sh", format!("library() {{ echo \"library $1\" >>'{}'; }}\n", log.display()));
    hook(&repo, ".git/hooks/shared", "#!/bin/sh\n. \"$(dirname \"$0\")/lib.sh\"\nlibrary \"$(basename \"$0\")\"\n");
    repo.symlink("shared", ".git/hooks/post-checkout");
    hook(&repo, ".git/hooks/post-rewrite", "echo no shebang >>../witness; cat >/dev/null\n");
    repo.symlink("nowhere", ".git/hooks/post-applypatch");
    hooks_round_trip(&repo, || {
        repo.git(&["commit", "-q", "--allow-empty", "--amend", "-m", "amended"]);
        assert_eq!(witnessed(&repo), "no shebang\n");
        repo.git(&["switch", "-q", "-c", "other"]);
        assert_eq!(witnessed(&repo), "library post-checkout\n");
        repo.git(&["commit", "-q", "--allow-empty", "-m", "to be merged"]);
        repo.git(&["switch", "-q", "main"]);
        witnessed(&repo);
        repo.git(&["merge", "-q", "other"]);
        assert_eq!(witnessed(&repo), "post-merge|post-merge|0\n");
        repo.git(&["init", "-q", "--bare", "../remote"]);
        repo.git(&["push", "-q", "../remote", "main"]);
        let said = witnessed(&repo);
        assert!(said.starts_with("pre-push|refs/heads/main "), "{said}");
    });
}

#[test]
fn a_hook_that_git_ignores_stays_ignored() {
    let repo = probed();
    if skip_unless(&repo, false) {
        return;
    }
    witness(&repo, ".git/hooks/post-commit", 0);
    repo.chmod(".git/hooks/post-commit", 0o640);
    repo.git(&["config", "advice.ignoredHook", "false"]);
    hooks_round_trip(&repo, || {
        repo.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
        assert_eq!((witnessed(&repo).as_str(), events(&repo)), ("", vec!["post-commit".to_owned()]));
    });
}

#[test]
fn an_old_hook_that_does_not_read_its_input_makes_no_noise() {
    let repo = probed();
    if skip_unless(&repo, false) {
        return;
    }
    hook(&repo, ".git/hooks/pre-push", "#!/bin/sh\nexec <&-\nexit 0\n");
    repo.checkpoint_ok(&["hooks", "install"]);
    repo.git(&["init", "-q", "--bare", "../remote"]);
    for number in 0..400 {
        repo.write(format!(".git/refs/heads/branch-with-a-rather-long-name-{number:0100}"), repo.rev("HEAD") + "\n");
    }
    let output = repo.git_raw(&["push", "-q", "../remote", "--all"]);
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let shots = arrived(&repo);
    assert_eq!(shots[0]["input"].as_str().map(|input| input.lines().count()), Some(401));
}

#[test]
fn a_hook_put_in_our_place_is_told_and_chained_by_the_next_install() {
    let repo = probed();
    if skip_unless(&repo, false) {
        return;
    }
    hook(&repo, ".git/hooks/post-commit", "#!/bin/sh\n# the oldest\n");
    repo.checkpoint_ok(&["hooks", "install"]);
    repo.remove(".git/hooks/post-commit");
    witness(&repo, ".git/hooks/post-commit", 0);
    let before = repo.read(".git/hooks/post-commit");
    assert_eq!(state(&repo, "post-commit"), "replaced");
    let run = repo.checkpoint_ok(&["hooks"]);
    assert!(run.stderr.contains("post-commit: another hook stands in the place of ours"), "{run}");
    repo.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    assert!(events(&repo).is_empty());
    repo.checkpoint_ok(&["hooks", "install"]);
    witnessed(&repo);
    repo.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    assert_eq!(events(&repo), ["post-commit"]);
    assert_eq!(witnessed(&repo), "post-commit|post-commit|\n");
    // The oldest is not lost either, though nobody has run it since it was replaced.
    repo.checkpoint_ok(&["hooks", "uninstall"]);
    assert_eq!(repo.read(".git/hooks/post-commit"), before);
    assert_eq!(repo.read_text(".git/hooks.checkpoint/post-commit.1"), "#!/bin/sh\n# the oldest\n");
}

#[test]
fn what_replaced_ours_stays_when_it_is_uninstalled_and_the_older_one_is_named() {
    let repo = probed();
    if skip_unless(&repo, false) {
        return;
    }
    hook(&repo, ".git/hooks/post-commit", "#!/bin/sh\n# the older one\n");
    repo.checkpoint_ok(&["hooks", "install"]);
    repo.remove(".git/hooks/post-commit");
    hook(&repo, ".git/hooks/post-commit", "#!/bin/sh\n# the newer one\n");
    let run = repo.checkpoint_ok(&["hooks", "uninstall"]);
    assert!(run.stderr.contains(".git/hooks.checkpoint/post-commit"), "{run}");
    assert_eq!(repo.read_text(".git/hooks/post-commit"), "#!/bin/sh\n# the newer one\n");
    assert_eq!(repo.read_text(".git/hooks.checkpoint/post-commit"), "#!/bin/sh\n# the older one\n");
    assert!(repo.checkpoint_ok(&["hooks"]).stdout.contains("not installed"));
    // It is nobody's business any more, and stays where it is.
    repo.checkpoint_ok(&["hooks", "install"]);
    assert!(repo.exists(".git/hooks.checkpoint.2/post-commit"));
    repo.checkpoint_ok(&["hooks", "uninstall"]);
    assert_eq!(repo.read_text(".git/hooks/post-commit"), "#!/bin/sh\n# the newer one\n");
    assert_eq!(repo.read_text(".git/hooks.checkpoint/post-commit"), "#!/bin/sh\n# the older one\n");
}

#[test]
fn a_shim_of_another_version_is_told_and_replaced() {
    let repo = probed();
    if skip_unless(&repo, false) {
        return;
    }
    witness(&repo, ".git/hooks/post-commit", 0);
    repo.checkpoint_ok(&["hooks", "install"]);
    let current = repo.read_text(".git/hooks/post-commit");
    repo.write(".git/hooks/post-commit", current.replace("git-checkpoint shim 1", "git-checkpoint shim 0"));
    assert_eq!(state(&repo, "post-commit"), "outdated");
    repo.checkpoint_ok(&["hooks", "install"]);
    assert_eq!(repo.read_text(".git/hooks/post-commit"), current);
    repo.remove(".git/hooks/pre-push");
    assert_eq!(state(&repo, "pre-push"), "missing");
    repo.checkpoint_ok(&["hooks", "install"]);
    assert_eq!(state(&repo, "pre-push"), "installed");
}
