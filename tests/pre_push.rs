//! Real `git push` to a local bare remote, with a hook that calls the program.

use std::path::PathBuf;

use serde_json::Value;

use crate::support::TestRepo;

mod checks;
mod discarded;
mod refs;

/// How a push ended.
pub(crate) struct Pushed {
    pub(crate) code: i32,
    /// Both streams.
    pub(crate) text: String,
}

/// Makes the bare repository `remote.git` beside `repo`, pushes `main` there, and installs the hook.
pub(crate) fn with_remote(repo: &TestRepo) {
    let remote = repo.root().join("remote.git");
    repo.git(&["init", "-q", "--bare", &remote.to_string_lossy()]);
    repo.git(&["remote", "add", "origin", &remote.to_string_lossy()]);
    repo.git(&["push", "-q", "-u", "origin", "main"]);
    install_hook(repo);
}

/// The hook, written by hand.
pub(crate) fn install_hook(repo: &TestRepo) {
    let common = repo.git(&["rev-parse", "--path-format=absolute", "--git-common-dir"]);
    let hook = PathBuf::from(common).join("hooks/pre-push");
    repo.write(&hook, "#!/bin/sh\nexec git-checkpoint hook pre-push \"$@\"\n");
    repo.chmod(&hook, 0o755);
}

/// `git push` with these arguments.
pub(crate) fn push(repo: &TestRepo, args: &[&str]) -> Pushed {
    let output = repo.command("git").arg("push").args(args).output().expect("git can be run");
    let text = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    Pushed { code: output.status.code().unwrap_or(-1), text }
}

/// As [`push`]; it must be stopped by the hook, and the remote must be as it was.
#[track_caller]
fn push_stopped(repo: &TestRepo, args: &[&str]) -> String {
    let before = remote_refs(repo);
    let Pushed { code, text } = push(repo, args);
    assert!(code == 1 && text.contains("error: the push is stopped"), "it was not stopped ({code}):\n{text}");
    assert!(text.contains("--no-verify"), "it does not say how to get past it:\n{text}");
    assert_eq!(before, remote_refs(repo), "{text}");
    text
}

/// As [`push`]; it must succeed.
#[track_caller]
fn push_ok(repo: &TestRepo, args: &[&str]) -> String {
    let Pushed { code, text } = push(repo, args);
    assert_eq!(code, 0, "{text}");
    text
}

fn remote_refs(repo: &TestRepo) -> String {
    let remote = repo.root().join("remote.git");
    repo.git(&["--git-dir", &remote.to_string_lossy(), "for-each-ref", "--format=%(refname) %(objectname)"])
}

/// A repository with a remote and this trusted configuration, which is pushed already.
fn trusted(config: &str) -> TestRepo {
    let repo = TestRepo::with_commit();
    repo.write(".checkpoint.toml", config);
    repo.commit("Configure");
    with_remote(&repo);
    trust(&repo);
    repo
}

/// Trusts the present configuration.
fn trust(repo: &TestRepo) {
    let shown = repo.checkpoint_ok(&["trust", "--show", "--json"]).json();
    repo.set_var("GIT_CHECKPOINT_TRUST", shown["hash"].as_str().expect("a hash"));
}

/// A check that passes where the file `good` says so, and adds a line to `calls` beside the repository.
fn good_check(more: &str) -> String {
    format!(
        "{more}\n[[check]]\nname = \"good\"\non = [\"push\"]\n\
         run = '''echo \"$CHECKPOINT_COMMIT\" >> \"$(dirname \"$HOME\")/calls\"; cat good; grep -q good good'''\n"
    )
}

/// The commits that the check of [`good_check`] has looked at.
fn calls(repo: &TestRepo) -> Vec<String> {
    let calls = std::fs::read_to_string(repo.root().join("calls")).unwrap_or_default();
    calls.lines().map(str::to_owned).collect()
}

/// Commits `good` with this content; the commit's name.
fn commit(repo: &TestRepo, content: &str) -> String {
    repo.write("good", format!("{content}\n"));
    repo.git(&["add", "good"]);
    repo.git(&["commit", "-q", "-m", &format!("Make it {content}")]);
    repo.rev("HEAD")
}

/// What the hook answers with `--json` for these lines of standard input.
#[track_caller]
fn hook_json(repo: &TestRepo, code: i32, lines: &str) -> Value {
    let url = repo.git(&["remote", "get-url", "origin"]);
    let run = repo.checkpoint_with_input(&["--json", "hook", "pre-push", "origin", &url], lines);
    assert_eq!(run.code, code, "{run}");
    run.json()
}

/// Neither a folder nor an entry in git's list is left of private worktrees.
#[track_caller]
fn assert_nothing_left(repo: &TestRepo) {
    let worktrees = repo.git(&["worktree", "list"]);
    let others = worktrees.lines().skip(1).filter(|line| !line.contains("/checkpoint/worktrees/"));
    assert_eq!(others.count(), 0, "{worktrees}");
    let left: Vec<_> = std::fs::read_dir(repo.root().join("tmp")).expect("it is there").flatten().collect();
    assert!(left.is_empty(), "{left:?}");
}
