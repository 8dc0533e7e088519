//! Hooks: whatever was there goes on as it did, git calls the program as well, and uninstalling leaves no trace.
//!
//! `GIT_CHECKPOINT_PROBE` makes the shims call the hidden command that writes down what arrived, so what is tested is
//! the way from git through the shim to the program. Tests of hook files are for git before 2.54, those of the
//! configuration for later ones; `.ci/newer-git` builds one of these for `TEST_GIT`.

#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]
#![allow(clippy::disallowed_methods, reason = "whoever runs the tests says how much to do, and with what")]

mod chained;
mod configured;
mod kill;
mod managers;
mod places;
mod quick;
mod shim;

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::support::TestRepo;

const EVENTS: [&str; 6] = ["post-commit", "post-merge", "post-checkout", "post-rewrite", "post-applypatch", "pre-push"];

/// A repository in which what the shims call is written down.
fn probed() -> TestRepo {
    let repo = TestRepo::with_commit();
    repo.set_var("GIT_CHECKPOINT_PROBE", repo.root().join("arrived"));
    repo
}

/// What arrived since the last call, in order.
fn arrived(repo: &TestRepo) -> Vec<Value> {
    let path = repo.root().join("arrived");
    let text = fs::read_to_string(&path).unwrap_or_default();
    let _may_be_missing = fs::remove_file(path);
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// The events of what arrived since the last call, in order.
fn events(repo: &TestRepo) -> Vec<String> {
    arrived(repo).iter().map(|shot| shot["event"].as_str().expect("a name").to_owned()).collect()
}

/// Whether git has hooks in its configuration.
fn is_configured_git(repo: &TestRepo) -> bool {
    let said = repo.git(&["version"]);
    let mut numbers = said.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse::<u32>().ok());
    (numbers.next(), numbers.next()) >= (Some(2), Some(54))
}

/// Whether this test is for git's way here; says so where it is not.
fn skip_unless(repo: &TestRepo, configured: bool) -> bool {
    let skip = is_configured_git(repo) != configured;
    if skip {
        println!("skipped: {} has hooks in another way", repo.git(&["version"]));
    }
    skip
}

/// A hook that can be run.
fn hook(repo: &TestRepo, path: impl AsRef<Path>, text: impl AsRef<[u8]>) {
    repo.write(&path, text);
    repo.chmod(&path, 0o755);
}

/// A hook that writes down what it got, and exits with `code`.
fn witness(repo: &TestRepo, path: impl AsRef<Path>, code: u8) {
    let log = repo.root().join("witness");
    let name = path.as_ref().file_name().expect("a name").to_string_lossy().into_owned();
    let text = format!(
        "#!/bin/sh\nlog='{}'\n{{ printf '%s|%s|%s' {name} \"${{0##*/}}\" \"$*\"; case {name} in pre-push|post-rewrite) \
         printf '|'; cat ;; *) echo ;; esac; }} >>\"$log\"\nexit {code}\n",
        log.display()
    );
    hook(repo, path, text);
}

/// What the witnesses wrote since the last call.
fn witnessed(repo: &TestRepo) -> String {
    let path = repo.root().join("witness");
    let text = fs::read_to_string(&path).unwrap_or_default();
    let _may_be_missing = fs::remove_file(path);
    text
}

/// Everything below a folder: kind, mode, time and content of each file, without what git and the lock leave.
fn everything(dir: &Path) -> BTreeMap<PathBuf, String> {
    fn walk(dir: &Path, found: &mut BTreeMap<PathBuf, String>) {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            let (path, data) = (entry.path(), entry.path().symlink_metadata().expect("it stays"));
            if data.is_dir() {
                if !path.ends_with(".git/checkpoint") {
                    found.insert(path.clone(), "folder".into());
                    walk(&path, found);
                }
            } else if data.is_symlink() {
                found.insert(path.clone(), format!("-> {}", fs::read_link(&path).expect("a link").display()));
            } else {
                // A pipe would be waited for.
                let content = if data.is_file() { fs::read(&path).unwrap_or_default() } else { Vec::new() };
                let is_hook = path.to_string_lossy().contains("hook") || path.to_string_lossy().contains("husky");
                let time = if is_hook { format!("{}.{}", data.mtime(), data.mtime_nsec()) } else { String::new() };
                found.insert(path, format!("{:o} {time} {}", data.mode(), content.escape_ascii()));
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(dir, &mut found);
    found
}

/// Installs, lets `between` happen, uninstalls; all below the repository has to be as it was.
#[track_caller]
fn round_trip(repo: &TestRepo, between: impl FnOnce()) {
    let before = everything(repo.path());
    repo.checkpoint_ok(&["hooks", "install"]);
    let installed = everything(repo.path());
    repo.checkpoint_ok(&["hooks", "install"]);
    assert_eq!(everything(repo.path()), installed, "installing twice changes nothing");
    between();
    repo.checkpoint_ok(&["hooks", "uninstall"]);
    assert_eq!(everything(repo.path()), before, "uninstalling leaves everything as it was");
    assert!(!repo.exists(".git/checkpoint/hooks"), "nothing of ours is left");
    assert_eq!(repo.checkpoint_ok(&["hooks"]).stdout.lines().count(), 1);
}

/// The state of an event, as `hooks status` says it.
#[track_caller]
fn state(repo: &TestRepo, event: &str) -> String {
    let status = repo.checkpoint_ok(&["hooks", "status", "--json"]).json();
    let events = status["events"].as_array().expect("a list");
    let found = events.iter().find(|one| one["event"] == event).expect("every event is there");
    found["state"].as_str().expect("a word").to_owned()
}

#[test]
fn every_event_arrives_with_arguments_and_input() {
    let repo = probed();
    repo.checkpoint_ok(&["hooks", "install"]);
    repo.git(&["commit", "-q", "--allow-empty", "-m", "one"]);
    assert_eq!(events(&repo), ["post-commit"]);
    repo.git(&["commit", "-q", "--allow-empty", "--amend", "-m", "one, again"]);
    let shots = arrived(&repo);
    assert_eq!((&shots[0]["event"], &shots[1]["event"]), (&"post-commit".into(), &"post-rewrite".into()));
    assert_eq!(shots[1]["args"], serde_json::json!(["amend"]));
    assert!(shots[1]["input"].as_str().is_some_and(|input| input.contains(&repo.rev("HEAD"))), "{shots:?}");
    repo.git(&["switch", "-q", "-c", "side", "HEAD~1"]);
    let shots = arrived(&repo);
    assert_eq!((&shots[0]["event"], shots[0]["args"].as_array().map(Vec::len)), (&"post-checkout".into(), Some(3)));
    repo.write("new", "x\n");
    repo.commit("side");
    repo.git(&["format-patch", "-q", "-1", "-o", "../patches"]);
    repo.git(&["switch", "-q", "main"]);
    arrived(&repo);
    repo.git(&["am", "-q", "../patches/0001-side.patch"]);
    assert_eq!(events(&repo), ["post-applypatch"]);
    repo.git(&["merge", "-q", "--no-ff", "-m", "merge", "side"]);
    assert_eq!(events(&repo), ["post-merge"]);
    repo.git(&["init", "-q", "--bare", "../remote"]);
    repo.git(&["push", "-q", "../remote", "main", "side"]);
    let shots = arrived(&repo);
    assert_eq!((shots.len(), &shots[0]["args"]), (1, &serde_json::json!(["../remote", "../remote"])));
    assert_eq!(shots[0]["input"].as_str().map(|input| input.lines().count()), Some(2));
    repo.set_var("GIT_CHECKPOINT", "0");
    repo.git(&["commit", "-q", "--allow-empty", "-m", "switched off"]);
    assert!(arrived(&repo).is_empty());
}

#[test]
fn nothing_there_and_back() {
    let repo = probed();
    round_trip(&repo, || {
        for event in EVENTS {
            assert_eq!(state(&repo, event), "installed");
        }
    });
    let run = repo.checkpoint_ok(&["hooks", "uninstall"]);
    assert!(run.stdout.contains("nothing was changed"), "{run}");
}

#[test]
fn a_dry_run_writes_nothing() {
    let repo = probed();
    witness(&repo, ".git/hooks/post-commit", 0);
    let before = repo.git_dir_fingerprint();
    let planned = repo.checkpoint_ok(&["hooks", "install", "--dry-run"]);
    before.assert_same(&repo.git_dir_fingerprint());
    assert!(planned.stdout.contains("post-commit"), "{planned}");
    repo.checkpoint_ok(&["hooks", "install"]);
    let before = repo.git_dir_fingerprint();
    let planned = repo.checkpoint_ok(&["hooks", "uninstall", "--dry-run"]);
    before.assert_same(&repo.git_dir_fingerprint());
    assert!(planned.stdout.contains("post-commit"), "{planned}");
    let nothing = repo.checkpoint_ok(&["hooks", "install", "--dry-run"]);
    assert_eq!(nothing.stdout, "nothing would be changed\n");
}

#[test]
fn switched_off_it_installs_nothing() {
    let repo = probed();
    repo.set_var("GIT_CHECKPOINT", "0");
    let run = repo.checkpoint_ok(&["hooks", "install"]);
    assert!(run.stderr.contains("GIT_CHECKPOINT=0"), "{run}");
    repo.remove_var("GIT_CHECKPOINT");
    assert_eq!(state(&repo, "pre-push"), "missing");
}

#[test]
fn git_checkpoint_status_tells_of_the_hooks() {
    let repo = probed();
    assert!(repo.checkpoint_ok(&["status"]).stdout.contains("hooks: not installed"));
    repo.checkpoint_ok(&["hooks", "install"]);
    assert!(repo.checkpoint_ok(&["status"]).stdout.contains("hooks: installed in "));
    assert_eq!(repo.checkpoint_ok(&["status", "--json"]).json()["hooks"]["state"], "installed");
}
