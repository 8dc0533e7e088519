//! Only what passed its checks gets a tag, and whatever happens to the checks, the state is saved.

use serde_json::Value;

use crate::{
    check::{RAN, beside, check, configure, configured, runs, trust, verdicts},
    support::{Run, TestRepo},
};

mod attacks;
mod commit;
mod kill;
mod numbers;
mod outcome;
mod phases;
mod selectors;

/// A check that passes where `file` says `good`.
fn good() -> String {
    check("unit", "cat file; grep -q good file", &[])
}

/// A repository with [`good`], in a good state.
fn repository() -> TestRepo {
    let repo = TestRepo::with_commit();
    repo.write("file", "good\n");
    configure(&repo, &good());
    repo
}

/// `create --json`, with its exit code.
#[track_caller]
fn taken(repo: &TestRepo, code: i32, args: &[&str]) -> Value {
    let run = repo.checkpoint(&[&["create", "--json"], args].concat());
    assert_eq!(run.code, code, "{run}");
    run.json()
}

fn id(taken: &Value) -> String {
    taken["id"].as_str().expect("an id").to_owned()
}

fn tags(repo: &TestRepo) -> Vec<String> {
    repo.git(&["tag", "--list"]).lines().map(str::to_owned).collect()
}

/// The text of a record.
fn record(repo: &TestRepo, id: &str) -> String {
    repo.git(&["cat-file", "-p", &format!("refs/checkpoint/records/{id}")])
}

/// The state of each checkpoint that `list` shows, newest first.
fn listed(repo: &TestRepo, args: &[&str]) -> String {
    let all = repo.checkpoint_ok(&[&["list", "--json"], args].concat()).json();
    let state = |one: &Value| one["state"].as_str().expect("a state").to_owned();
    all.as_array().expect("a list").iter().map(state).collect::<Vec<_>>().join(" ")
}
