//! `git checkpoint culprit`: what it finds is what `git bisect run` finds, and the user's checkout is not touched.

use serde_json::Value;

use crate::{
    check::{RAN, check, configure, runs},
    good::{Dice, Planted, no_bad},
    schema::assert_is,
    support::TestRepo,
};

mod alike;
mod ends;

/// `culprit --json`, with its exit code; the answer is as described.
#[track_caller]
fn culprit(repo: &TestRepo, code: i32, args: &[&str]) -> Value {
    let run = repo.checkpoint(&[&["culprit", "--json"], args].concat());
    assert_eq!(run.code, code, "{run}");
    assert_is(&run.json(), "culprit");
    run.json()
}

/// What `git bisect run` says with the same command: the commit, or the commits that it may be, in order of their names.
fn bisect(repo: &TestRepo, (good, bad): (&str, &str), command: &str) -> Vec<String> {
    let other = repo.linked_worktree("bisect");
    other.git(&["bisect", "start", bad, good, "--"]);
    let output = other.git_raw(&["bisect", "run", "sh", "-c", command]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let is_name = |line: &&str| line.len() == 40 && line.bytes().all(|byte| byte.is_ascii_hexdigit());
    let found = said.lines().find_map(|line| line.strip_suffix(" is the first bad commit"));
    let mut all: Vec<String> = match found {
        Some(name) => vec![name.to_owned()],
        None => said
            .lines()
            .skip_while(|line| !line.contains("could be any of"))
            .filter(is_name)
            .map(str::to_owned)
            .collect(),
    };
    assert!(!all.is_empty(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    other.git(&["bisect", "reset"]);
    all.sort_unstable();
    all
}

/// The commit, or the commits that it may be, in order of their names.
fn found(answer: &Value) -> Vec<String> {
    let name = |value: &Value| value.as_str().expect("a name").to_owned();
    let mut all: Vec<String> = match &answer["commit"] {
        Value::Null => answer["candidates"].as_array().expect("commits").iter().map(name).collect(),
        commit => vec![name(commit)],
    };
    all.sort_unstable();
    all
}
