//! Bad input, bad repositories and bad company: every refusal says what, why and what next, has the documented exit
//! code, and changes nothing.
//!
//! What the program says is kept in `tests/snapshots`; `INSTA_UPDATE=always cargo test refusals` writes it anew.

#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]

use crate::support::{Fingerprint, Run, TestRepo};

mod busy;
mod configuration;
mod damage;
mod files;
mod hostile;
mod json;
mod names;
mod phases;
mod places;
mod recovering;
mod selectors;

/// Exit codes, as documented.
const REFUSED: i32 = 1;
const USAGE: i32 = 2;
const NEEDS_YOU: i32 = 3;
const ENVIRONMENT: i32 = 4;

/// Runs the program, which must fail with `code`, say what to do next, and leave HEAD, index, files and refs alone.
#[track_caller]
fn refuse(repo: &TestRepo, code: i32, args: &[&str]) -> Run {
    let (state, fingerprint, refs) = (repo.state(), repo.fingerprint(), repo.refs());
    let run = fail(repo, code, args);
    fingerprint.assert_same(&repo.fingerprint());
    state.assert_same(&repo.state());
    assert_eq!(refs, repo.refs(), "refs changed: {run}");
    run
}

/// As [`refuse`], where git itself cannot look at the repository: every file stays as it is.
#[track_caller]
fn refuse_blind(repo: &TestRepo, code: i32, args: &[&str]) -> Run {
    let parts = ["", ".git/refs", ".git/objects"];
    let files = || parts.map(|part| Fingerprint::of_folder(&repo.path().join(part)));
    let before = files();
    let run = fail(repo, code, args);
    before.iter().zip(&files()).for_each(|(before, after)| before.assert_same(after));
    run
}

#[track_caller]
fn fail(repo: &TestRepo, code: i32, args: &[&str]) -> Run {
    let run = repo.checkpoint(args);
    assert_eq!(run.code, code, "{run}");
    assert!(run.stderr.contains("error: "), "it does not say what failed: {run}");
    assert!(run.stderr.contains("hint: ") || run.stderr.contains("try '--help'"), "it does not say what next: {run}");
    assert_harmless(&run);
    run
}

/// Neither stream has a character that a terminal obeys or that reorders what is around it.
#[track_caller]
fn assert_harmless(run: &Run) {
    let obeyed = |c: char| c.is_control() && c != '\n' && c != '\t';
    let reorders = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let found = run.stdout.chars().chain(run.stderr.chars()).find(|c| obeyed(*c) || reorders(*c));
    assert_eq!(found, None, "a terminal would obey this: {run}");
}

/// Compares with what was said before; `name` is the snapshot's file.
#[track_caller]
fn assert_said(name: &str, runs: &[Run]) {
    let text = runs.iter().map(Run::to_string).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(name, text);
}

/// Two commits, and every sort of uncommitted work.
fn busy_repo() -> TestRepo {
    let repo = TestRepo::with_commit();
    repo.write("other.txt", "other\n");
    repo.commit("Begin");
    repo.write("file", "staged\n");
    repo.git(&["add", "file"]);
    repo.write("file", "not staged\n");
    repo.write("new.txt", "not tracked\n");
    repo
}

/// As [`assert_said`], of text that is free already of what differs from run to run.
#[track_caller]
fn assert_said_text(name: &str, text: &str) {
    insta::assert_snapshot!(name, text);
}
