//! `recover`: what it brings back, what it says beforehand, and that the result is git's.

mod bad;
mod conflicts;
mod hooks;
mod in_the_way;
pub(crate) mod manner;
mod notes;
mod origin;
mod parts;

use crate::support::{Run, TestRepo};

/// A repository that was rolled back to `saved`; the backup has `one` (three files), `two` (on top of one of them) and
/// work that was never committed.
fn broken() -> TestRepo {
    let repo = TestRepo::with_commit();
    repo.write("keep", "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
    repo.commit("keep");
    repo.checkpoint_ok(&["create", "--name", "saved"]);
    repo.write("src/a", "a\n");
    repo.write("src/b", "b\n");
    repo.write("doc/c", "c\n");
    repo.commit("one\n\nwith a body\n");
    repo.git(&["tag", "one"]);
    repo.write("src/a", "a\nmore\n");
    repo.write("keep", "1\n2\n3\n4\n5\n6\n7\n8\nnine\n");
    repo.commit("two");
    repo.git(&["tag", "two"]);
    repo.write("src/b", "b, staged\n");
    repo.git(&["add", "src/b"]);
    repo.write("src/b", "b, staged\nand more\n");
    repo.write("doc/c", "c, unstaged\n");
    repo.write("new/file", "untracked\n");
    repo.checkpoint_ok(&["rollback", "saved", "--yes"]);
    repo
}

/// The files of a commit, by name and status.
fn files_of(repo: &TestRepo, commit: &str) -> Vec<String> {
    let said = repo.git(&["show", "--format=", "--name-status", commit]);
    said.lines().map(|line| line.replace('\t', " ")).collect()
}

fn json(repo: &TestRepo, args: &[&str]) -> serde_json::Value {
    repo.checkpoint(&[args, &["--json"]].concat()).json()
}

/// Fails with `code` and says `text`; nothing is changed.
#[track_caller]
fn refused(repo: &TestRepo, code: i32, (args, text): (&[&str], &str)) -> Run {
    let (state, fingerprint, refs) = (repo.state(), repo.fingerprint(), repo.refs());
    let run = repo.checkpoint(args);
    assert_eq!(run.code, code, "{run}");
    assert!(run.stderr.contains(text), "it does not say `{text}`: {run}");
    fingerprint.assert_same(&repo.fingerprint());
    state.assert_same(&repo.state());
    assert_eq!(refs, repo.refs(), "{run}");
    run
}

/// Installs a hook that runs this line.
fn hook(repo: &TestRepo, name: &str, line: &str) {
    let path = format!(".git/hooks/{name}");
    repo.write(&path, format!("#!/bin/sh\n{line}\n"));
    repo.chmod(&path, 0o755);
}

/// The message of a commit, byte for byte.
fn message(repo: &TestRepo, commit: &str) -> String {
    let output = repo.git_raw(&["cat-file", "commit", commit]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_once("\n\n").map_or(String::new(), |(_, message)| message.to_owned())
}
