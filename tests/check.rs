//! `git checkpoint check`, and how checks run: through the program, on real repositories.

use std::{path::PathBuf, time::Instant};

use serde_json::Value;

use crate::support::{Run, TestRepo};

mod cache;
mod command;
mod order;
mod place;
mod refused;
mod tampering;

/// One `[[check]]` with more keys, each on a line.
pub(crate) fn check(name: &str, run: &str, more: &[&str]) -> String {
    format!("[[check]]\nname = \"{name}\"\nrun = '''{run}'''\n{}\n", more.join("\n"))
}

/// A repository with this configuration, committed and trusted.
pub(crate) fn configured(config: &str) -> TestRepo {
    let repo = TestRepo::with_commit();
    configure(&repo, config);
    repo
}

/// Commits this configuration and trusts it.
pub(crate) fn configure(repo: &TestRepo, config: &str) {
    repo.write(".checkpoint.toml", config);
    repo.commit("Configure");
    trust(repo);
}

/// Trusts the configuration as it is.
pub(crate) fn trust(repo: &TestRepo) {
    repo.remove_var("GIT_CHECKPOINT_TRUST");
    let shown = repo.checkpoint_ok(&["trust", "--show", "--json"]).json();
    repo.set_var("GIT_CHECKPOINT_TRUST", shown["hash"].as_str().expect("a hash"));
}

/// A file beside the repository.
pub(crate) fn beside(repo: &TestRepo, name: &str) -> PathBuf {
    repo.root().join(name)
}

/// A command that adds a line to the file `ran` beside the repository.
pub(crate) const RAN: &str = "echo \"$CHECKPOINT_TREE\" >> \"$HOME/../ran\"";

/// How often [`RAN`] was run.
pub(crate) fn runs(repo: &TestRepo) -> usize {
    std::fs::read_to_string(beside(repo, "ran")).unwrap_or_default().lines().count()
}

/// `check --json`, with its exit code.
#[track_caller]
pub(crate) fn answer(repo: &TestRepo, code: i32, args: &[&str]) -> Value {
    let run = repo.checkpoint(&[&["check", "--json"], args].concat());
    assert_eq!(run.code, code, "{run}");
    run.json()
}

/// `unit=pass lint=fail*`: name and verdict of each check, with a star where it was known before.
pub(crate) fn verdicts(answer: &Value) -> String {
    let one = |check: &Value| {
        let star = if check["cached"] == true { "*" } else { "" };
        format!("{}={}{star}", check["name"].as_str().expect("a name"), check["verdict"].as_str().expect("a verdict"))
    };
    answer["checks"].as_array().expect("checks").iter().map(one).collect::<Vec<_>>().join(" ")
}

/// Why the first check has no pass.
pub(crate) fn why(answer: &Value) -> String {
    answer["checks"][0]["why"].as_str().unwrap_or_default().to_owned()
}

/// How long it takes; in seconds.
fn seconds(of: impl FnOnce()) -> f64 {
    let start = Instant::now();
    of();
    start.elapsed().as_secs_f64()
}
