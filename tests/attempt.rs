//! `git checkpoint try`: what a command does stays if the checks pass, and is taken back exactly if not.

use serde_json::Value;

use crate::{
    check::{beside, check, configured, runs},
    support::{Picture, Run, TestRepo},
};

mod each;
mod ends;
mod exact;
mod interrupted;
mod kept;
mod kill;
mod random;

/// Everything that can be different: staged, unstaged, untracked, ignored, deleted, renamed, a link, modes.
fn messy() -> TestRepo {
    let repo = TestRepo::with_commit();
    repo.write(".gitignore", "*.log\n");
    for name in ["kept", "staged", "both", "deleted", "removed", "moved", "mode", "typed"] {
        repo.write(format!("src/{name}.txt"), format!("{name}\nin its first form\n"));
    }
    repo.commit("Begin");
    repo.write("src/staged.txt", "staged\n");
    repo.write("src/both.txt", "staged form\n");
    repo.git(&["add", "src/staged.txt", "src/both.txt"]);
    repo.write("src/both.txt", "form on disk\n");
    repo.remove("src/deleted.txt");
    repo.git(&["rm", "--quiet", "src/removed.txt"]);
    repo.git(&["mv", "src/moved.txt", "src/moved away.txt"]);
    repo.chmod("src/mode.txt", 0o755);
    repo.remove("src/typed.txt");
    repo.symlink("kept.txt", "src/typed.txt");
    repo.write("new/untracked.txt", "not tracked\n");
    repo.symlink("nowhere", "new/link");
    repo.write("build.log", "ignored\n");
    repo
}

/// `try … -- sh -c <script>`.
fn try_sh(repo: &TestRepo, options: &[&str], script: &str) -> Run {
    repo.checkpoint(&[&["try"], options, &["--", "sh", "-c", script]].concat())
}

/// The same with `--json`, and its exit code.
#[track_caller]
fn tried(repo: &TestRepo, code: i32, options: &[&str], script: &str) -> Value {
    let run = try_sh(repo, &[options, &["--json"]].concat(), script);
    assert_eq!(run.code, code, "{run}");
    run.json()
}

/// What a state has, but for ignored files.
fn without_ignored(state: &Picture) -> Picture {
    let mut state = state.clone();
    state.status.retain(|line| !line.starts_with('!'));
    state.files.retain(|path, _| !path.ends_with(".log"));
    state
}

/// The paths with this outcome.
fn paths(tried: &Value, outcome: &str) -> Vec<String> {
    let each = tried["each"].as_array().expect("a run file by file");
    let path = |one: &Value| one["path"].as_str().expect("a path").to_owned();
    each.iter().filter(|one| one["outcome"] == outcome).map(path).collect()
}

fn log(repo: &TestRepo) -> Vec<(String, bool)> {
    let all = repo.checkpoint_ok(&["log", "--json"]).json();
    let one = |one: &Value| (one["kind"].as_str().expect("a kind").to_owned(), one["undone"] == true);
    all.as_array().expect("a list").iter().map(one).collect()
}
