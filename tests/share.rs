//! `push`, `fetch`, `prune` and `pin`, between real clones and real bare remotes.

use std::path::PathBuf;

use serde_json::Value;

use crate::support::TestRepo;

mod fetch;
mod hostile;
mod prune;
mod push;
mod race;
mod remote_prune;

/// A repository with a bare remote beside it that has `main`.
fn with_remote() -> TestRepo {
    let repo = TestRepo::with_commit();
    repo.git(&["init", "-q", "--bare", &remote_path(&repo).to_string_lossy()]);
    repo.git(&["remote", "add", "origin", "../remote.git"]);
    repo.git(&["push", "-q", "-u", "origin", "main"]);
    repo
}

/// Another person's clone of the remote.
fn clone(repo: &TestRepo) -> TestRepo {
    TestRepo::clone_of(&repo.at(remote_path(repo)))
}

fn remote_path(repo: &TestRepo) -> PathBuf {
    repo.root().join("remote.git")
}

/// The refs of the remote below `prefix`, without it.
#[track_caller]
fn remote_refs(repo: &TestRepo, prefix: &str) -> Vec<String> {
    below(&repo.at(remote_path(repo)), prefix)
}

/// The refs below `prefix`, without it.
#[track_caller]
fn below(repo: &TestRepo, prefix: &str) -> Vec<String> {
    let names = repo.git(&["for-each-ref", "--format=%(refname)", prefix]);
    names.lines().filter_map(|name| name.strip_prefix(prefix)).map(str::to_owned).collect()
}

/// A checkpoint of a changed file, by this name; its record's id.
#[track_caller]
fn save(repo: &TestRepo, name: &str) -> String {
    repo.write("file", format!("{name}\n"));
    let value = repo.checkpoint_ok(&["create", "--name", name, "--json"]).json();
    value["id"].as_str().expect("an id").to_owned()
}

/// Name and reason of what was left out.
fn left_out(value: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let each = value["left_out"].as_array().expect("a list").iter();
    each.map(|left| (text(&left["name"]), text(&left["reason"]))).collect()
}

/// A hook of the remote.
fn remote_hook(repo: &TestRepo, name: &str, script: &str) {
    let hook = remote_path(repo).join("hooks").join(name);
    repo.write(&hook, format!("#!/bin/sh\n{script}\n"));
    repo.chmod(&hook, 0o755);
}

/// Makes a record of another one: its text edited, with a new id. The object; no ref is made.
#[track_caller]
fn forge(repo: &TestRepo, id: &str, edit: impl Fn(String) -> String) -> String {
    let text = repo.git(&["cat-file", "tag", &format!("refs/checkpoint/records/{id}")]);
    repo.git_with_input(&["hash-object", "-t", "tag", "-w", "--literally", "--stdin"], edit(text + "\n"))
}

#[test]
fn the_whole_story_of_two() {
    let ada = with_remote();
    ada.checkpoint_ok(&["start", "phase2"]);
    ada.write("good.txt", "good\n");
    ada.commit("Good work");
    let wanted = save(&ada, "phase-one");
    let saved = ada.state();
    ada.write("bad.txt", "bad\n");
    ada.commit("Broken work");
    ada.write("file", "more that is broken\n");
    let back = ada.checkpoint_ok(&["rollback", "phase-one", "--yes", "--json"]).json();
    ada.git(&["push", "-q"]);
    let pushed = ada.checkpoint_ok(&["push"]);
    assert!(pushed.stdout.contains("3 records, 2 tags, 1 backup, 1 phase"), "{pushed}");

    let bea = clone(&ada);
    assert_eq!(bea.checkpoint_ok(&["list", "--json"]).json().as_array().map(Vec::len), Some(0));
    let fetched = bea.checkpoint_ok(&["fetch"]);
    assert!(fetched.stdout.contains("3 records") && fetched.stderr.is_empty(), "{fetched}");
    let listed = bea.checkpoint_ok(&["list", "--json"]).json();
    assert_eq!(listed[0]["id"].as_str(), Some(wanted.as_str()));
    assert!(bea.checkpoint_ok(&["list"]).stdout.contains("fetched"));
    // The phase goes on here.
    assert_eq!(bea.checkpoint_ok(&["start", "phase2", "--json"]).json()["joined"], true);
    assert_eq!(bea.checkpoint_ok(&["status", "--json"]).json()["phase"], "phase2");
    assert_eq!(bea.checkpoint(&["recover"]).code, 2, "the newest backup of others is not hers");
    bea.checkpoint_ok(&["rollback", "phase-one", "--yes"]);
    assert_eq!((bea.state().files, bea.state().status.len()), (saved.files, saved.status.len()));
    bea.git(&["restore", "."]);
    let recovered = bea.checkpoint_ok(&["recover", back["backup"]["branch"].as_str().expect("a branch"), "--all"]);
    assert!(bea.exists("bad.txt"), "{recovered}");
    bea.checkpoint_ok(&["undo", "--yes"]);
    assert!(!bea.exists("bad.txt"));
    bea.fsck();
    // And back: what Bea did goes to Ada, and nothing that is there already goes twice.
    let again = bea.checkpoint_ok(&["push", "--json"]).json();
    assert!(again["refs"].as_array().is_some_and(|refs| refs.iter().all(|one| one["state"] == "pushed")), "{again}");
    assert_eq!(remote_refs(&ada, "refs/checkpoint/records/"), below(&bea, "refs/checkpoint/records/"));
    let before = ada.state();
    ada.checkpoint_ok(&["fetch"]);
    before.assert_same(&ada.state());
    assert_eq!(below(&ada, "refs/checkpoint/records/"), below(&bea, "refs/checkpoint/records/"));
    assert_eq!(below(&ada, "refs/checkpoint/incoming/"), [""; 0]);
}
