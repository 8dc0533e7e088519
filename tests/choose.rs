//! Lists on the whole screen, in a pseudo-terminal.

mod files;
mod panic;

use std::process::Command;

use crate::{support::TestRepo, terminal::Session};

/// A repository that was rolled back over five commits and work that was not committed: `second` needs `first`.
fn rolled_back() -> TestRepo {
    let repo = TestRepo::with_commit();
    repo.write("text.txt", "a\nb\nc\n");
    repo.commit("base");
    repo.checkpoint_ok(&["create", "--name", "saved"]);
    for (subject, file, text) in [
        ("first of two", "text.txt", "a\nB\nc\n"),
        ("second of two", "text.txt", "a\nBB\nc\n"),
        ("another file", "other.txt", "other\n"),
        ("hostile \x1b]0;pwned\x07 \x1b[31m", "hostile.txt", "\x1b]0;pwned\x07\x1b[2J\n"),
        ("the last", "last.txt", "last\n"),
    ] {
        repo.write(file, text);
        repo.commit(subject);
    }
    repo.write("staged.txt", "staged\n");
    repo.git(&["add", "staged.txt"]);
    repo.write("untracked.txt", "untracked\n");
    repo.checkpoint_ok(&["rollback", "saved", "--yes"]);
    repo
}

fn begin(repo: &TestRepo) -> Session {
    let mut session = Session::start(repo, &["recover", "-i"]);
    session.expect_now("needs 1");
    session
}

fn subjects(repo: &TestRepo) -> Vec<String> {
    repo.git(&["log", "--format=%s", "saved..HEAD"]).lines().map(str::to_owned).collect()
}

/// The terminal is as if nobody had drawn on it.
#[track_caller]
fn assert_given_back(session: &Session) {
    let screen = session.screen.screen();
    assert!(!screen.alternate_screen(), "the other screen is still shown");
    assert!(!screen.hide_cursor(), "the cursor is not shown");
}

#[test]
fn two_of_five_commits_come_back() {
    let repo = rolled_back();
    let mut session = begin(&repo);
    session.send("jj jj \r");
    session.expect_now("2 commits picked");
    session.expect_now("the last");
    session.send("\r");
    let (code, session) = session.ended();
    assert_eq!(code, 0, "{}", session.seen);
    assert!(session.seen.contains("recovered 2 commits"), "{}", session.seen);
    assert_given_back(&session);
    assert_eq!(subjects(&repo), ["the last", "another file"]);
    assert!(!repo.path().join("staged.txt").exists());
}

#[test]
fn what_a_commit_needs_comes_along_and_is_warned_of() {
    let repo = rolled_back();
    let mut session = begin(&repo);
    session.send("j ");
    session.expect_now("2 chosen");
    session.expect_now("chosen along, as it is needed");
    session.expect_now("needs, chosen:");
    session.send("k ");
    session.expect_now("which will conflict");
    session.expect_now("[x]!");
    session.send("\r");
    session.expect_now("stops at a conflict");
    session.expect_now("in text.txt");
    session.send("\x1b");
    session.expect_now("outlook");
    session.send(" ");
    session.expect_now("2 chosen");
    session.send("\r");
    session.expect_now("2 commits picked");
    session.send("\r");
    let (code, session) = session.ended();
    assert_eq!(code, 0, "{}", session.seen);
    assert_eq!(subjects(&repo), ["second of two", "first of two"]);
    assert_eq!(repo.read_text("text.txt"), "a\nBB\nc\n");
}

#[test]
fn the_uncommitted_work_comes_back_and_is_unfolded() {
    let repo = rolled_back();
    let mut session = begin(&repo);
    session.send("G");
    session.expect_now("2 files changed");
    session.send("l");
    session.expect_now("staged A  staged.txt");
    session.expect_now("untracked  untracked.txt");
    session.send(" ");
    session.expect_now("2 chosen");
    session.send("\r");
    session.expect_now("the uncommitted work comes back");
    session.send("\r");
    let (code, session) = session.ended();
    assert_eq!(code, 0, "{}", session.seen);
    assert_eq!(repo.git(&["status", "--porcelain"]), "A  staged.txt\n?? untracked.txt");
    assert!(subjects(&repo).is_empty());
}

#[test]
fn a_search_finds_a_commit_and_its_difference_is_shown() {
    let repo = rolled_back();
    let mut session = begin(&repo);
    session.send("/another\r");
    session.expect_now("3/6");
    session.expect_now("+other");
    session.send("?");
    session.expect_now("choose all, or none");
    session.send("?q");
    let (code, session) = session.ended();
    assert_eq!(code, 1);
    assert!(session.seen.contains("nothing was changed"), "{}", session.seen);
    assert_given_back(&session);
}

#[test]
fn who_leaves_has_changed_nothing() {
    let repo = rolled_back();
    for keys in ["q", "\x1b", "\x03", " q", "a\r\x03", "/x\x03"] {
        let (state, refs) = (repo.state(), repo.refs());
        let session = begin(&repo);
        session.send(keys);
        let (code, session) = session.ended();
        assert_eq!(code, 1, "{keys:?}: {}", session.seen);
        assert_given_back(&session);
        repo.state().assert_same(&state);
        assert_eq!(refs, repo.refs());
    }
}

#[test]
fn what_is_chosen_with_dry_run_is_only_said() {
    let repo = rolled_back();
    let refs = repo.refs();
    let mut session = Session::start(&repo, &["recover", "-i", "--dry-run"]);
    session.expect_now("needs 1");
    session.send(" \r");
    session.expect_now("1 commit picked");
    session.send("\r");
    let (code, session) = session.ended();
    assert_eq!(code, 0, "{}", session.seen);
    assert!(session.seen.contains("nothing was changed"));
    assert_eq!(refs, repo.refs());
}

#[test]
fn text_of_others_is_harmless() {
    let repo = rolled_back();
    let mut session = begin(&repo);
    session.send("jjj");
    session.expect_now("\\u{1b}]0;pwned\\u{7}");
    session.expect_now("+\\u{1b}]0;pwned\\u{7}\\u{1b}[2J");
    session.send("q");
    let (_, text) = session.end();
    assert!(!text.contains("\x1b]0;pwned") && !text.contains('\x07'), "{text}");
}

#[test]
fn it_fits_when_the_size_changes() {
    let repo = rolled_back();
    let mut session = begin(&repo);
    session.send("jj");
    session.expect_now("+other");
    session.resize(40, 120);
    session.expect_now("| ");
    session.expect_now("Ada Author <ada@example.com>");
    session.resize(8, 40);
    session.expect_now("3/6");
    session.resize(2, 10);
    session.expect_now("too small");
    session.resize(24, 80);
    session.expect_now("outlook");
    session.send("q");
    let (code, session) = session.ended();
    assert_eq!(code, 1);
    assert_given_back(&session);
}

#[allow(clippy::disallowed_methods, reason = "a test starts processes")]
fn send(signal: &str, process: &str) {
    let status = Command::new("kill").args(["-s", signal, process]).status().expect("kill can be run");
    assert!(status.success());
}

/// What `stty -g` says, in the order in which it was said.
fn modes(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.contains(':') && line.matches(':').count() > 10).map(str::trim).collect()
}

#[test]
fn the_terminal_is_given_back_in_whatever_way_it_ends() {
    let repo = rolled_back();
    for (keys, then) in [("q", ""), ("\x03", ""), ("", "TERM"), ("", "INT"), (" \r", "\r")] {
        let line = "stty -g; git checkpoint recover -i & pid=$!; echo $pid > ../pid; wait $pid; echo code $?; stty -g";
        // In the background a program may not read from the terminal; `sh` without job control leaves it in the foreground.
        let line = line.replace("recover -i &", "recover -i </dev/tty &");
        let mut session = Session::start_shell(&repo, &line);
        session.expect_now("needs 1");
        session.send(keys);
        match then {
            "" => {}
            "\r" => {
                session.expect_now("picked");
                session.send(then);
            }
            signal => {
                let pid = std::fs::read_to_string(repo.root().join("pid")).expect("it was written");
                send(signal, pid.trim());
            }
        }
        let (code, session) = session.ended();
        assert_eq!(code, 0, "{}", session.seen);
        assert_given_back(&session);
        let modes = modes(&session.seen);
        assert_eq!(modes.len(), 2, "{}", session.seen);
        assert_eq!(modes[0], modes[1], "{keys:?} {then}");
    }
}

#[test]
fn a_signal_ends_it_and_the_terminal_is_given_back() {
    let repo = rolled_back();
    for signal in ["TERM", "INT"] {
        let (state, refs) = (repo.state(), repo.refs());
        let session = begin(&repo);
        let pid = session.process().to_string();
        send(signal, &pid);
        let (code, session) = session.ended();
        assert_eq!(code, 1, "{}", session.seen);
        assert!(session.seen.contains("stopped by a signal; nothing was changed"), "{}", session.seen);
        assert_given_back(&session);
        repo.state().assert_same(&state);
        assert_eq!(refs, repo.refs());
    }
}

#[test]
fn it_stops_and_goes_on_with_the_shell() {
    let repo = rolled_back();
    let line = "set -m; stty -g; git checkpoint recover -i; echo stopped; stty -g; fg; stty -g";
    let mut session = Session::start_shell(&repo, line);
    session.expect_now("needs 1");
    session.send(" ");
    session.expect_now("1 chosen");
    session.send("\x1a");
    session.expect("stopped");
    session.expect_now("needs 1");
    session.expect_now("1 chosen");
    session.send("q");
    let (_, session) = session.ended();
    assert_given_back(&session);
    let modes = modes(&session.seen);
    assert_eq!(modes.len(), 3, "{}", session.seen);
    assert!(modes.iter().all(|mode| *mode == modes[0]), "{modes:?}");
}

#[test]
fn where_there_is_no_screen_it_says_what_to_do() {
    let repo = rolled_back();
    let refs = repo.refs();
    let run = repo.checkpoint(&["recover", "-i"]);
    assert_eq!(run.code, 2, "{run}");
    assert!(run.stderr.contains("needs a terminal") && run.stderr.contains("git checkpoint recover <commit>"), "{run}");
    for line in
        ["TERM=dumb git checkpoint recover -i", "TERM= git checkpoint recover -i", "git checkpoint recover -i --json"]
    {
        let (code, text) = Session::start_shell(&repo, line).end();
        assert_eq!(code, 2, "{line}: {text}");
        assert!(text.contains("needs a terminal"), "{line}: {text}");
    }
    // Without a screen, `undo` asks as ever and `rollback` wants to know where to.
    let (code, text) = Session::start_shell(&repo, "TERM=dumb git checkpoint rollback").end();
    assert_eq!(code, 2, "{text}");
    let mut session = Session::start_shell(&repo, "TERM=dumb git checkpoint undo");
    session.expect("Go on?");
    session.send("n");
    assert_eq!(session.end().0, 1);
    assert_eq!(repo.checkpoint(&["rollback"]).code, 2);
    assert_eq!(repo.checkpoint(&["rollback", "--yes"]).code, 2);
    assert_eq!(refs, repo.refs());
}

#[test]
fn without_colour_nothing_is_coloured() {
    let repo = rolled_back();
    let colour = regex::Regex::new("\x1b\\[[0-9;]*(3[0-7]|38;[0-9;]+|4[0-7])m").expect("a valid pattern");
    let coloured = |line: &str| {
        let mut session = Session::start_shell(&repo, line);
        session.expect_now("needs 1");
        session.send("q");
        colour.is_match(&session.end().1)
    };
    assert!(coloured("git checkpoint recover -i"));
    assert!(!coloured("NO_COLOR=1 git checkpoint recover -i 2>&1"));
    assert!(!coloured("git checkpoint --color never recover -i"));
}

#[test]
fn a_branch_that_moved_meanwhile_is_left_alone() {
    let repo = rolled_back();
    let mut session = begin(&repo);
    session.send(" \r");
    session.expect_now("1 commit picked");
    repo.write("meanwhile.txt", "new\n");
    repo.commit("meanwhile");
    let refs = repo.refs();
    session.send("\r");
    let (code, text) = session.end();
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("while you chose"), "{text}");
    assert_eq!(refs, repo.refs());
}

#[test]
fn rollback_goes_to_the_checkpoint_that_was_chosen() {
    let repo = TestRepo::with_commit();
    repo.checkpoint_ok(&["create", "--name", "older", "-m", "as it was"]);
    let older = repo.state();
    repo.write("file", "second\n");
    repo.commit("second");
    repo.checkpoint_ok(&["create", "--name", "newer"]);
    let newer = repo.state();
    repo.write("file", "broken\n");
    for (keys, expected) in [("", &newer), ("j", &older)] {
        let mut session = Session::start(&repo, &["rollback"]);
        session.expect_now("Roll back to a checkpoint");
        session.send(keys);
        session.expect_now("going back changes 1 file");
        session.send("\r");
        session.expect("Roll back?");
        session.send("y");
        let (code, session) = session.ended();
        assert_eq!(code, 0, "{}", session.seen);
        assert_given_back(&session);
        repo.state().assert_same(expected);
    }
    let refs = repo.refs();
    let mut session = Session::start(&repo, &["rollback"]);
    session.expect_now("Roll back to a checkpoint");
    session.send("q");
    assert_eq!(session.end().0, 1);
    assert_eq!(refs, repo.refs());
}

#[test]
fn undo_and_redo_take_back_what_was_chosen() {
    let repo = TestRepo::with_commit();
    repo.checkpoint_ok(&["create", "--name", "older"]);
    repo.write("file", "second\n");
    repo.checkpoint_ok(&["create", "--name", "newer"]);
    let tags = || repo.git(&["tag", "--list"]);
    let mut session = Session::start(&repo, &["undo"]);
    session.expect_now("Undo an operation");
    session.expect_now("undoing it leaves");
    session.send("j\r");
    session.expect("Go on?");
    session.send("y");
    assert_eq!(session.end().0, 0);
    assert_eq!(tags(), "newer");
    let mut session = Session::start(&repo, &["redo"]);
    session.expect_now("Redo what an undo took back");
    session.send("\r");
    session.expect("Go on?");
    session.send("y");
    assert_eq!(session.end().0, 0);
    assert_eq!(tags(), "newer\nolder");
}
