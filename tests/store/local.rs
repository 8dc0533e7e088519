//! What is local to a machine: the lock, the journal; and notes, which are not.

#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a test makes processes and speaks to them")]

use std::{
    fs,
    io::Read,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use git_checkpoint::{
    error::Kind as ErrorKind,
    git::lock::{Holder, OperationLock},
    model::{Kind, RecordId},
    store::{Journal, notes},
};
use gix::bstr::BStr;

use super::here::{identity, inside, within};
use crate::support::TestRepo;

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_269_600, 0).expect("in range")
}

fn holder(command: &str) -> Holder<'_> {
    Holder { command, since: at() }
}

const SHORT: Duration = Duration::from_millis(100);

#[test]
fn a_lock_keeps_others_out_until_it_is_dropped() {
    within(TestRepo::with_commit, |here| {
        let repo = here.repo();
        let lock = OperationLock::acquire(&repo, holder("git checkpoint rollback")).expect("it is free");
        let error = OperationLock::acquire_within(&repo, holder("other"), SHORT).expect_err("it is held");
        assert_eq!(error.kind(), ErrorKind::Environment);
        let pid = std::process::id();
        assert!(error.to_string().contains("`git checkpoint rollback`"), "{error}");
        assert!(error.to_string().contains(&format!("process {pid}, since 2026-11-21T")), "{error}");
        assert!(error.hints()[0].contains("wait"), "{error:?}");
        // What goes on after an operation has ended does not hold its lock.
        let mut service = Command::new("sleep").arg("60").spawn().expect("it can be started");
        drop(lock);
        let again = OperationLock::acquire_within(&repo, holder("again"), SHORT).expect("it is free");
        service.kill().expect("it runs");
        service.wait().expect("it was ours");
        drop(again);
        fs::write(here.path.join(".git/checkpoint/lock"), "1\nleft\nbehind\n").expect("it can be written");
        let _lock = OperationLock::acquire_within(&repo, holder("again"), SHORT).expect("a file is no lock");
    });
}

#[test]
fn a_lock_is_waited_for() {
    within(TestRepo::with_commit, |here| {
        let lock = OperationLock::acquire(&here.repo(), holder("first")).expect("it is free");
        let release = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(300));
            drop(lock);
        });
        let _second = OperationLock::acquire(&here.repo(), holder("second")).expect("it is waited for");
        release.join().expect("it does not panic");
    });
}

#[test]
#[ignore = "it is killed by the next test"]
fn holds_a_lock() {
    within(TestRepo::with_commit, |here| {
        let _lock = OperationLock::acquire(&here.repo(), holder("git checkpoint rollback")).expect("it is free");
        // An orphan that goes on for a while after the kill.
        let mut child = Command::new("sleep").arg("1.5").stdout(Stdio::null()).spawn().expect("it can be started");
        println!("held");
        child.wait().expect("it is ours");
        std::thread::sleep(Duration::from_secs(60));
    });
}

#[test]
fn what_a_killed_process_started_still_holds_its_lock() {
    within(TestRepo::with_commit, |here| {
        let this = std::env::current_exe().expect("a test is a program");
        let mut command = Command::new(this);
        command.args(["--exact", "store::local::holds_a_lock", "--nocapture", "--include-ignored"]);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it can be started");
        let mut said = Vec::new();
        let mut stdout = child.stdout.take().expect("it is piped");
        while !said.ends_with(b"held") {
            let mut byte = [0];
            stdout.read_exact(&mut byte).expect("it says that it holds the lock");
            said.push(byte[0]);
        }
        child.kill().expect("it runs");
        child.wait().expect("it is ours");
        let start = Instant::now();
        let error = OperationLock::acquire_within(&here.repo(), holder("next"), SHORT).expect_err("the orphan runs");
        assert!(error.to_string().contains("was killed"), "{error}");
        let _lock = OperationLock::acquire(&here.repo(), holder("next")).expect("the orphan ends");
        assert!(start.elapsed() < Duration::from_secs(8));
    });
}

fn journal() -> Journal {
    Journal {
        id: RecordId::new(at(), Kind::Rollback, 7),
        kind: Kind::Rollback,
        step: "files".into(),
        started: at(),
        pid: 42,
        request: serde_json::json!({"to": "latest", "paths": ["a\u{1b}"]}),
    }
}

#[test]
fn a_journal_is_kept_for_each_worktree() {
    let outside = || {
        let repo = TestRepo::with_commit();
        repo.git(&["worktree", "add", "-q", "--detach", "main"]);
        repo
    };
    within(outside, |here| {
        let (main, linked) = (here.repo(), here.repo_at("main".as_ref()));
        assert_eq!(Journal::read(&main).expect("it is readable"), None);
        journal().write(&main).expect("it can be written");
        assert_eq!(Journal::read(&linked).expect("it is readable"), None);
        let later = Journal { step: "refs".into(), ..journal() };
        later.write(&main).expect("it can be written");
        journal().write(&linked).expect("it can be written");
        assert_eq!(Journal::read(&main).expect("it is readable"), Some(later));
        Journal::remove(&main).expect("it can be removed");
        Journal::remove(&main).expect("it is gone already");
        assert_eq!(Journal::read(&main).expect("it is readable"), None);
        assert_eq!(Journal::read(&linked).expect("it is readable"), Some(journal()));
        assert_eq!(here.leftovers(), Vec::<std::path::PathBuf>::new());
    });
}

#[test]
fn a_journal_that_a_power_cut_left_empty_announced_nothing() {
    within(TestRepo::with_commit, |here| {
        let repo = here.repo();
        let file = here.path.join(".git/checkpoint/journal/main.json");
        let announced = journal().announce(&repo).expect("it can be written");
        assert!(announced.is_some(), "it is yet to be waited for");
        assert_eq!(Journal::read(&repo).expect("a kill leaves it"), Some(journal()));
        assert_eq!(Journal::anywhere(&repo).expect("it is readable"), Some(file.clone()));
        fs::write(&file, "").expect("it can be written");
        assert_eq!(Journal::read(&repo).expect("nothing had begun"), None);
        assert_eq!(Journal::anywhere(&repo).expect("nothing had begun"), None);
        let _later = journal().announce(&repo).expect("it can be written");
        assert_eq!(Journal::read(&repo).expect("it is readable"), Some(journal()));
        // One that says something is replaced by one that is durable at once.
        let later = Journal { step: "refs".into(), ..journal() };
        assert!(later.announce(&repo).expect("it can be written").is_none());
        assert_eq!(Journal::read(&repo).expect("it is readable"), Some(later));
        assert_eq!(here.leftovers(), Vec::<std::path::PathBuf>::new());
    });
}

#[test]
fn a_journal_that_cannot_be_read_is_named() {
    within(TestRepo::with_commit, |here| {
        let repo = here.repo();
        journal().write(&repo).expect("it can be written");
        let file = here.path.join(".git/checkpoint/journal/main.json");
        let good = fs::read_to_string(&file).expect("it is there");
        for (text, why) in [
            (good[..40].to_owned(), "cannot be read"),
            ("[]".to_owned(), "cannot be read"),
            (good.replace("rollback-", "../-"), "cannot be read"),
            (good.replace("\"format\": 1", "\"format\": 2"), "is of format 2, this version reads up to 1"),
        ] {
            fs::write(&file, &text).expect("it can be written");
            let error = Journal::read(&repo).expect_err("it is bad");
            assert!(error.to_string().contains(why), "{error}");
            assert!(error.to_string().contains("journal/main.json"), "{error}");
            assert!(!error.hints().is_empty());
        }
    });
}

#[test]
fn notes_are_merged_line_by_line() {
    within(TestRepo::with_commit, |here| {
        let tree = here.oid("HEAD^{tree}");
        let write = |text: &str| notes::write(&here.repo(), tree, BStr::new(text), &identity()).expect("it works");
        assert_eq!(notes::read(&here.repo(), BStr::new("refs/notes/checkpoint"), tree).expect("it is readable"), None);
        write("unit pass\n");
        write("lint pass\nunit pass\n");
        let note = notes::read(&here.repo(), BStr::new("refs/notes/checkpoint"), tree).expect("it is readable");
        assert_eq!(note, Some("unit pass\nlint pass\n".into()));
        assert_eq!(here.git(&["notes", "--ref=checkpoint", "show", &tree.to_string()]), "unit pass\nlint pass");
        let before = here.oid("refs/notes/checkpoint");
        write("lint pass\n");
        assert_eq!(here.oid("refs/notes/checkpoint"), before);
        here.git(&["notes", "--ref=checkpoint", "append", "-m", "by hand", &tree.to_string()]);
        write("more pass\n");
        let note = here.git(&["notes", "--ref=checkpoint", "show", &tree.to_string()]);
        assert_eq!(note, "unit pass\nlint pass\nby hand\nmore pass");
        here.assert_sound();
    });
}

#[test]
#[ignore = "it is run side by side by the next test"]
fn writes_notes() {
    within(TestRepo::with_commit, |here| {
        let tree = here.oid("HEAD^{tree}");
        for n in 0..10 {
            let line = format!("{} {n}\n", std::process::id());
            notes::write(&here.repo(), tree, BStr::new(&line), &identity()).expect("it works");
        }
    });
}

#[test]
fn notes_of_many_writers_are_all_there() {
    let test = TestRepo::with_commit();
    let start = |_| {
        let mut command = inside(&test, &[], "store::local::writes_notes").1;
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it can be started")
    };
    let writers: Vec<_> = (0..4).map(start).collect();
    for writer in writers {
        let output = writer.wait_with_output().expect("it is ours");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    let note = test.git(&["notes", "--ref=checkpoint", "show", &test.rev("HEAD^{tree}")]);
    assert_eq!(note.lines().count(), 40, "{note}");
    test.fsck();
}
