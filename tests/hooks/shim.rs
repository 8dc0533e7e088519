//! The script itself, with programs that are gone, broken, or say no, and with next to nothing on PATH.

use std::os::unix::fs::symlink;

use super::*;

/// A repository whose hooks call the program through a link on PATH, which can be made to be anything.
fn linked() -> TestRepo {
    let repo = TestRepo::with_commit();
    let bin = repo.root().join("bin");
    fs::create_dir(&bin).expect("it is new");
    symlink(env!("CARGO_BIN_EXE_git-checkpoint"), bin.join("git-checkpoint")).expect("the folder is new");
    let path = repo
        .command("git")
        .get_envs()
        .find(|(name, _)| *name == "PATH")
        .and_then(|(_, path)| path.map(ToOwned::to_owned));
    let path = path.expect("every command has it");
    let rest = std::env::split_paths(&path).filter(|dir| !dir.join("git-checkpoint").exists());
    let dirs = [bin].into_iter().chain(rest);
    repo.set_var("PATH", std::env::join_paths(dirs).expect("no separator is in a name"));
    repo.checkpoint_ok(&["hooks", "install"]);
    repo.git(&["init", "-q", "--bare", "../remote"]);
    repo
}

/// What the hooks call from now on.
fn become_program(repo: &TestRepo, script: &str) {
    repo.remove("../bin/git-checkpoint");
    hook(repo, "../bin/git-checkpoint", script);
}

fn shim_path(repo: &TestRepo, event: &str) -> PathBuf {
    let files = repo.path().join(".git/hooks").join(event);
    if files.exists() { files } else { repo.path().join(".git/checkpoint/hooks").join(event) }
}

#[test]
fn the_name_on_path_is_baked_in_not_what_it_leads_to() {
    let repo = linked();
    let shim = fs::read_to_string(shim_path(&repo, "post-commit")).expect("text");
    let expected = format!("program='{}'\n", repo.root().join("bin/git-checkpoint").display());
    assert!(shim.contains(&expected), "{shim}");
}

#[test]
fn the_program_gets_hook_event_arguments_and_input() {
    let repo = linked();
    let log = repo.root().join("log");
    let script = format!("#!/bin/sh\n{{ echo \"$*\"; cat; }} >>'{}'\n", log.display());
    become_program(&repo, &script);
    repo.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    repo.git(&["push", "-q", "../remote", "main"]);
    let said = fs::read_to_string(log).expect("it was called");
    let head = repo.rev("HEAD");
    let zeros = "0".repeat(40);
    let expected = format!(
        "hook post-commit\nhook pre-push ../remote ../remote\nrefs/heads/main {head} refs/heads/main {zeros}\n"
    );
    assert_eq!(said, expected);
}

#[test]
fn only_pre_push_may_say_no() {
    let repo = linked();
    become_program(&repo, "#!/bin/sh\necho failing >&2\nexit 1\n");
    for args in [
        &["commit", "-q", "--allow-empty", "-m", "x"][..],
        &["commit", "-q", "--allow-empty", "--amend", "-m", "y"],
        &["switch", "-q", "-c", "other"],
    ] {
        let output = repo.git_raw(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {output:?}");
    }
    assert!(!repo.git_raw(&["push", "-q", "../remote", "main"]).status.success());
    repo.git(&["push", "-q", "--no-verify", "../remote", "main"]);
    repo.set_var("GIT_CHECKPOINT", "0");
    repo.git(&["push", "-q", "../remote", "main:switched-off"]);
}

#[test]
fn a_program_that_is_gone_is_said_and_stops_nothing() {
    let repo = linked();
    for broken in [None, Some("#!/nowhere/interpreter\n")] {
        match broken {
            None => repo.remove("../bin/git-checkpoint"),
            Some(script) => hook(&repo, "../bin/git-checkpoint", script),
        }
        let output = repo.git_raw(&["push", "-q", "../remote", &format!("main:refs/heads/x{}", broken.is_some())]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert_eq!(said.matches("nothing is saved or checked here (pre-push)").count(), 1, "{said}");
        let output = repo.git_raw(&["switch", "-q", "-C", "side"]);
        assert_eq!(output.status.code(), Some(0));
        // A rebase calls post-commit for every commit; it says it at the end only.
        repo.git(&["commit", "-q", "--allow-empty", "-m", "one"]);
        repo.git(&["commit", "-q", "--allow-empty", "-m", "two"]);
        let output = repo.git_raw(&["rebase", "-q", "--force-rebase", "HEAD~2"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.matches("(post-commit)").count() == 0, "{said}");
    }
}

#[test]
fn where_the_program_is_gone_the_old_hook_still_runs() {
    let repo = TestRepo::with_commit();
    if skip_unless(&repo, false) {
        return;
    }
    witness(&repo, ".git/hooks/pre-push", 0);
    witness(&repo, ".git/hooks/post-commit", 0);
    repo.checkpoint_ok(&["hooks", "install"]);
    for event in EVENTS {
        let path = format!(".git/hooks/{event}");
        let text = repo.read_text(&path);
        let at = text.lines().find(|line| line.starts_with("program=")).expect("it is there").to_owned();
        repo.write(&path, text.replace(&at, "program='/nowhere/git-checkpoint'"));
    }
    repo.set_var("PATH", "/usr/bin:/bin");
    repo.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    repo.git(&["init", "-q", "--bare", "../remote"]);
    repo.git(&["push", "-q", "../remote", "main"]);
    let said = witnessed(&repo);
    assert!(
        said.starts_with("post-commit|post-commit|\npre-push|pre-push|../remote ../remote|refs/heads/main "),
        "{said}"
    );
}

#[test]
fn it_works_with_nothing_on_path_and_in_other_shells() {
    let repo = probed();
    repo.checkpoint_ok(&["hooks", "install"]);
    let mut shells = vec!["/bin/sh"];
    shells.extend(
        ["/bin/dash", "/bin/bash", "/bin/busybox", "/bin/ksh", "/bin/zsh"]
            .into_iter()
            .filter(|shell| Path::new(shell).exists()),
    );
    for shell in shells {
        for (event, input) in [("post-commit", ""), ("pre-push", "a b c d\n\nlast, no line end")] {
            let mut command = repo.command(shell);
            if shell.ends_with("busybox") {
                command.arg("sh");
            }
            command.arg(shim_path(&repo, event)).args(["one", "two words", "*"]).env("PATH", "/nonesuch");
            let output = crate::support::with_input(&mut command, input.as_bytes());
            assert!(output.status.success() && output.stderr.is_empty(), "{shell}: {output:?}");
            let shots = arrived(&repo);
            assert_eq!(shots[0]["args"], serde_json::json!(["one", "two words", "*"]), "{shell}");
            assert_eq!(shots[0]["input"], input, "{shell}");
        }
    }
}

#[test]
fn the_input_reaches_both_byte_for_byte() {
    let repo = probed();
    if skip_unless(&repo, false) {
        return;
    }
    let log = repo.root().join("input");
    hook(&repo, ".git/hooks/pre-push", format!("#!/bin/sh\ncat >'{}'\n", log.display()));
    repo.checkpoint_ok(&["hooks", "install"]);
    for input in [&b""[..], b"\n\n\n", b"x", b"refs/heads/\xfc\xff 1 %s \\n $HOME `x` 2\n", &b"line\n".repeat(50_000)] {
        let mut command = repo.command(".git/hooks/pre-push");
        let output = crate::support::with_input(command.args(["r", "u"]), input);
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        assert_eq!(fs::read(&log).expect("it was called"), input);
        let shot = &arrived(&repo)[0];
        assert_eq!(shot["input"].as_str(), Some(&*String::from_utf8_lossy(input)));
    }
}

#[test]
fn the_shim_is_a_script_that_shells_can_read() {
    let shim = Path::new(env!("CARGO_MANIFEST_DIR")).join("hooks/shim");
    let text = fs::read(&shim).expect("it is there");
    assert!(text.starts_with(b"#!/bin/sh\n# git-checkpoint shim ") && !text.contains(&b'\r'));
    let repo = TestRepo::new();
    for shell in ["/bin/sh", "/bin/bash", "/bin/dash"] {
        if Path::new(shell).exists() {
            let output = repo.command(shell).arg("-n").arg(&shim).output().expect("it is there");
            assert!(output.status.success() && output.stderr.is_empty(), "{shell}: {output:?}");
        }
    }
}

#[test]
fn the_steps_of_a_rebase_do_not_start_the_program() {
    let repo = probed();
    witness(&repo, ".git/hooks/post-commit", 0);
    repo.checkpoint_ok(&["hooks", "install"]);
    repo.git(&["switch", "-q", "-c", "topic"]);
    repo.commit("Topic");
    repo.git(&["switch", "-q", "main"]);
    for n in 0..3 {
        repo.write(format!("file{n}"), "x\n");
        repo.commit(&format!("Commit {n}"));
    }
    arrived(&repo);
    witnessed(&repo);
    repo.git(&["rebase", "-q", "topic"]);
    assert_eq!(events(&repo), ["post-rewrite"]);
    assert_eq!(witnessed(&repo).lines().count(), 3, "the user's own hook has its calls");
    repo.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    assert_eq!(events(&repo), ["post-commit"]);
}
