//! However the command ends, and whatever it prints.

use std::time::{Duration, Instant};

use super::*;
use crate::terminal::Session;

#[test]
fn a_program_that_is_not_there_changes_nothing() {
    let repo = messy();
    let (before, refs) = (repo.state(), repo.refs());
    for words in [&["no-such-program"][..], &["./no-such-file"], &["src/kept.txt"], &[""]] {
        let run = repo.checkpoint(&[&["try", "--"], words].concat());
        assert_eq!(run.code, 2, "{words:?}: {run}");
    }
    assert_eq!(repo.checkpoint(&["try"]).code, 2);
    assert_eq!(refs, repo.refs());
    before.assert_same(&repo.state());
}

#[test]
fn no_shell_reads_the_command() {
    let repo = TestRepo::with_commit();
    let run = repo.checkpoint_ok(&["try", "--", "printf", "%s|", "$HOME; touch made", "*", "a  b"]);
    assert!(run.stderr.contains("$HOME; touch made|*|a  b|"), "{run}");
    assert!(!repo.exists("made"));
}

#[test]
fn it_runs_where_the_user_is_and_takes_no_checkpoints() {
    let repo = TestRepo::with_commit();
    repo.write("folder/in", "x\n");
    repo.commit("Folder");
    let done =
        repo.at("folder").checkpoint_ok(&["try", "--", "sh", "-c", "pwd; echo \"$GIT_CHECKPOINT $CHECKPOINT_STAGE\""]);
    assert!(done.stderr.contains("/repo/folder\n0 try"), "{done:?}");
}

#[test]
fn what_is_piped_in_is_read() {
    let repo = TestRepo::with_commit();
    let run = repo.checkpoint_with_input(&["try", "--", "tee", "made"], "piped\n");
    assert_eq!((run.code, repo.read_text("made").as_str()), (0, "piped\n"), "{run}");
}

#[test]
fn a_signal_and_the_end_of_its_time_are_breaks() {
    let repo = messy();
    let before = repo.state();
    let done = tried(&repo, 1, &[], "echo x > src/kept.txt; kill -9 $$");
    assert_eq!(done["exit"]["signal"], 9);
    before.assert_same(&repo.state());
    let begun = Instant::now();
    let done = tried(&repo, 1, &["--timeout", "1s"], "echo x > src/kept.txt; sleep 60");
    assert!(begun.elapsed() < Duration::from_secs(30));
    assert!(done["exit"]["words"].as_str().expect("words").contains("time was up"), "{done}");
    before.assert_same(&repo.state());
}

#[test]
fn ctrl_c_puts_everything_back() {
    let repo = messy();
    let before = repo.state();
    let args = ["try", "--", "sh", "-c", "echo x > src/kept.txt; rm -r new; echo it runs; sleep 60; echo y > late"];
    let mut session = Session::start(&repo, &args);
    session.expect("it runs");
    session.send("\u{3}");
    let (code, text) = session.end();
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("the command was stopped"), "{text}");
    before.assert_same(&repo.state());
}

#[test]
fn a_command_that_reads_from_a_terminal_gets_nothing() {
    let repo = TestRepo::with_commit();
    let session = Session::start(&repo, &["try", "--", "sh", "-c", "read -r line || echo nothing to read"]);
    let (code, text) = session.end();
    assert!(code == 0 && text.contains("nothing to read"), "{text}");
}

#[test]
fn what_it_has_started_does_not_go_on() {
    let repo = TestRepo::with_commit();
    let late = beside(&repo, "late");
    let begun = Instant::now();
    let script = format!("(sleep 2; echo x > late; echo x > '{}') & setsid sleep 30 & echo done", late.display());
    tried(&repo, 1, &[], &format!("{script}; exit 1"));
    assert!(begun.elapsed() < Duration::from_secs(20));
    std::thread::sleep(Duration::from_millis(2500));
    assert!(!late.exists() && !repo.exists("late"));
}

#[test]
fn much_output_is_shown_and_little_is_kept() {
    let repo = TestRepo::with_commit();
    let mut command =
        repo.checkpoint_command(&["try", "--json", "--", "sh", "-c", "yes 0123456789 | head -c 100000000"]);
    let output = command.stderr(std::process::Stdio::null()).output().expect("it can be run");
    assert!(output.status.success(), "{output:?}");
    let done: Value = serde_json::from_slice(&output.stdout).expect("an answer");
    let log = std::fs::metadata(done["log"].as_str().expect("a log")).expect("it is there").len();
    assert!(log < 10 << 20, "{log}");
    let kept = repo.git(&[
        "cat-file",
        "-s",
        &format!("refs/checkpoint/files/{}:logs/+command", done["id"].as_str().expect("an id")),
    ]);
    assert!(kept.parse::<u64>().expect("a number") < 300 << 10, "{kept}");
}

#[test]
fn nothing_that_it_prints_is_obeyed() {
    let repo = TestRepo::with_commit();
    let run = try_sh(&repo, &[], r"printf '\033]0;title\007\033[2Jred\n'; printf 'old\rnew\n'; printf 'no end'");
    assert!(!run.stderr.contains('\u{1b}') && !run.stderr.contains('\u{7}'), "{run}");
    assert!(run.stderr.contains("red") && run.stderr.contains("new\n") && run.stderr.contains("no end"), "{run}");
    assert!(!run.stderr.contains("old"), "{run}");
}

#[test]
fn switched_off_it_does_not_run_the_command() {
    let repo = TestRepo::with_commit();
    repo.set_var("GIT_CHECKPOINT", "0");
    let run = try_sh(&repo, &[], "touch made");
    assert!(run.code == 1 && run.stderr.contains("not run") && !repo.exists("made"), "{run}");
}

#[test]
fn a_dry_run_says_what_would_be_run() {
    let repo = configured(&check("unit", "true", &[]));
    let refs = repo.refs();
    let run = try_sh(&repo, &["--dry-run"], "touch made");
    assert!(run.code == 0 && run.stdout.contains("unit") && !repo.exists("made"), "{run}");
    let run = repo.checkpoint(&["try", "--dry-run", "--each", "*", "--json", "--", "rm", "{}"]);
    assert_eq!(run.json()["each"].as_array().map(Vec::len), Some(2), "{run}");
    assert_eq!(refs, repo.refs());
}
