//! What a person sees and is asked, in a pseudo-terminal of 80 columns and 24 lines.

use std::{
    io::{ErrorKind, Read, Write},
    num::NonZero,
    process::ExitStatus,
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::{Duration, Instant},
};

use pty_process::{Size, blocking};

use crate::support::TestRepo;

/// Longer than anything takes, so that a question that nobody expects ends the test.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program in a terminal.
pub(crate) struct Session {
    child: std::process::Child,
    terminal: std::sync::Arc<blocking::Pty>,
    output: Receiver<Vec<u8>>,
    pub(crate) seen: String,
    /// What the terminal shows of it.
    pub(crate) screen: vt100::Parser,
}

impl Session {
    pub(crate) fn start(repo: &TestRepo, args: &[&str]) -> Session {
        Session::start_command(repo, &repo.checkpoint_command(args))
    }

    /// A line for the shell.
    pub(crate) fn start_shell(repo: &TestRepo, line: &str) -> Session {
        let mut command = repo.command("sh");
        command.args(["-c", line]);
        Session::start_command(repo, &command)
    }

    fn start_command(repo: &TestRepo, plain: &std::process::Command) -> Session {
        let (terminal, end) = blocking::open().expect("a pseudo-terminal");
        terminal.resize(Size::new(24, 80)).expect("it can be resized");
        let mut command = blocking::Command::new(plain.get_program()).args(plain.get_args()).env_clear();
        command = command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let child = command.env("TERM", "xterm-256color").current_dir(repo.path()).spawn(end).expect("it can be run");
        let terminal = std::sync::Arc::new(terminal);
        let (send, output) = channel();
        let reader = std::sync::Arc::clone(&terminal);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                match (&*reader).read(&mut buffer) {
                    // The end of a pseudo-terminal is an error on Linux.
                    Ok(0) => return,
                    Err(error) if error.kind() != ErrorKind::Interrupted => return,
                    Err(_) => {}
                    Ok(length) => drop(send.send(buffer[..length].to_vec())),
                }
            }
        });
        Session { child, terminal, output, seen: String::new(), screen: vt100::Parser::new(cells(24), cells(80), 0) }
    }

    /// Waits until `text` was shown.
    #[track_caller]
    pub(crate) fn expect(&mut self, text: &str) {
        self.wait(text, |session| session.seen.contains(text));
    }

    /// Waits until `text` is on the screen.
    #[track_caller]
    pub(crate) fn expect_now(&mut self, text: &str) {
        self.wait(text, |session| session.screen.screen().contents().contains(text));
    }

    #[track_caller]
    fn wait(&mut self, text: &str, is_there: impl Fn(&Session) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_there(self) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    self.child.kill().expect("it can be ended");
                    panic!("`{text}` was never shown:\n{}\n{}", self.screen.screen().contents(), self.seen);
                }
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.seen.push_str(&String::from_utf8_lossy(bytes));
        self.screen.process(bytes);
    }

    /// Gives the terminal another size.
    pub(crate) fn resize(&mut self, lines: u16, columns: u16) {
        self.screen.screen_mut().set_size(cells(lines), cells(columns));
        self.terminal.resize(Size::new(lines, columns)).expect("it can be resized");
    }

    /// The number of the process that was started.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn send(&self, keys: &str) {
        (&*self.terminal).write_all(keys.as_bytes()).expect("the program reads");
    }

    /// Waits for the end; the exit code, and all that was shown.
    #[track_caller]
    pub(crate) fn end(self) -> (i32, String) {
        let (code, session) = self.ended();
        (code, session.seen)
    }

    /// As [`Session::end`], with what is on the screen then.
    #[track_caller]
    pub(crate) fn ended(mut self) -> (i32, Session) {
        let deadline = Instant::now() + PATIENCE;
        let status: ExitStatus = loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                break status;
            }
            if Instant::now() > deadline {
                self.child.kill().expect("it can be ended");
                panic!("it waits for something:\n{}", self.seen);
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(300)) {
            self.take(&bytes);
        }
        (status.code().unwrap_or(-1), self)
    }
}

fn cells(number: u16) -> NonZero<u16> {
    NonZero::new(number).expect("a terminal has some")
}

/// Runs to the end without a question.
#[track_caller]
fn shown(repo: &TestRepo, args: &[&str]) -> (i32, String) {
    Session::start(repo, args).end()
}

/// A repository with a checkpoint `saved`, and much that is different since.
fn broken() -> TestRepo {
    let repo = TestRepo::with_commit();
    repo.checkpoint_ok(&["create", "--name", "saved"]);
    for number in 0..30 {
        repo.write(
            format!("folder/with a rather long name/file number {number:02} of many that are here.txt"),
            "new\n",
        );
        repo.commit(&format!("Commit {number:02} with a subject that tells more than anybody wants to know of it"));
    }
    repo.write("file", "not committed\n");
    repo
}

#[test]
fn rollback_asks_and_no_changes_nothing() {
    let repo = broken();
    for keys in ["n", "\r", "\u{1b}", "q"] {
        let (state, refs) = (repo.state(), repo.refs());
        let mut session = Session::start(&repo, &["rollback", "saved"]);
        session.expect("Roll back?");
        session.send(keys);
        let (code, text) = session.end();
        assert_eq!(code, 1, "{keys:?}: {text}");
        assert!(text.contains("nothing was changed"), "{text}");
        repo.state().assert_same(&state);
        assert_eq!(refs, repo.refs());
    }
}

#[test]
fn rollback_says_what_it_will_do_on_one_screen() {
    let repo = broken();
    let mut session = Session::start(&repo, &["rollback", "saved"]);
    session.expect("Roll back?");
    let text = console_text(&session.seen);
    session.send("n");
    session.end();
    for words in ["saved", "30 commits", "31 files", "and 20 more", "broken-", "uncommitted work"] {
        assert!(text.contains(words), "`{words}` is not said:\n{text}");
    }
    let lines = text.lines().map(|line| line.chars().count().div_ceil(80).max(1)).sum::<usize>();
    assert!(lines <= 40, "{lines} lines:\n{text}");
}

#[test]
fn rollback_does_it_at_a_yes_and_undo_asks_too() {
    let repo = broken();
    let mess = repo.state();
    let mut session = Session::start(&repo, &["rollback", "saved"]);
    session.expect("Roll back?");
    session.send("y");
    let (code, text) = session.end();
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("rolled back to saved"), "{text}");
    assert_eq!(repo.read_text("file"), "first\n");
    let saved = repo.state();

    let mut session = Session::start(&repo, &["undo"]);
    // The newest is under the cursor.
    session.expect("Undo an operation");
    session.send("\r");
    session.expect("Go on?");
    session.send("n");
    assert_eq!(session.end().0, 1);
    repo.state().assert_same(&saved);

    let mut session = Session::start(&repo, &["undo"]);
    // The newest is under the cursor.
    session.expect("Undo an operation");
    session.send("\r");
    session.expect("Go on?");
    session.send("y");
    let (code, text) = session.end();
    assert_eq!(code, 0, "{text}");
    repo.state().assert_same(&mess);
}

#[test]
fn yes_json_and_dry_run_do_not_ask() {
    let repo = broken();
    for args in [
        &["rollback", "saved", "--dry-run"][..],
        &["rollback", "saved", "--yes"],
        &["undo", "--yes"],
        &["redo", "-y"],
        &["undo", "-y"],
        &["rollback", "saved", "--json"],
    ] {
        let (code, text) = shown(&repo, args);
        assert_eq!(code, 0, "{args:?}: {text}");
        assert!(!text.contains("Roll back?") && !text.contains("Go on?"), "{text}");
    }
}

#[test]
fn nobody_is_asked_where_there_is_no_terminal() {
    let repo = broken();
    let run = repo.checkpoint_ok(&["rollback", "saved"]);
    assert!(!run.stderr.contains("Roll back?"), "{run}");
}

#[test]
fn colours_are_for_terminals_and_for_those_who_want_them() {
    let repo = TestRepo::with_commit();
    let is_coloured = |text: &str| text.contains("\u{1b}[");
    let coloured = |args: &[&str]| is_coloured(&shown(&repo, args).1);
    assert!(coloured(&["create"]));
    assert!(coloured(&["show", "nonesuch"]));
    assert!(!coloured(&["create", "--color", "never"]));
    assert!(!coloured(&["show", "nonesuch", "--color=never"]));
    assert!(!coloured(&["create", "--json"]));
    repo.set_var("NO_COLOR", "1");
    assert!(!coloured(&["create"]));
    assert!(!coloured(&["show", "nonesuch"]));
    assert!(coloured(&["create", "--color", "always"]));
    repo.remove_var("NO_COLOR");
    // Where there is no terminal:
    assert!(!is_coloured(&repo.checkpoint_ok(&["create"]).stdout));
    assert!(!is_coloured(&repo.checkpoint(&["show", "nonesuch"]).stderr));
    assert!(is_coloured(&repo.checkpoint_ok(&["create", "--color", "always"]).stdout));
    assert!(!is_coloured(&repo.checkpoint_ok(&["create", "--color", "always", "--json"]).stdout));
    repo.write("file", "changed\n");
    assert!(is_coloured(&repo.checkpoint_ok(&["diff", "--color", "always"]).stdout));
    assert!(!is_coloured(&repo.checkpoint_ok(&["diff"]).stdout));
}

#[test]
fn the_common_screens_fit() {
    let repo = broken();
    for args in [&["status"][..], &["create"], &["-h"], &["rollback", "-h"], &["recover", "-h"]] {
        let (code, text) = shown(&repo, args);
        assert_eq!(code, 0, "{text}");
        let text = console_text(&text);
        let widest = text.lines().map(|line| line.trim_end().chars().count()).max().unwrap_or_default();
        assert!(widest <= 80, "{widest} columns:\n{text}");
    }
}

/// The text without colours and other sequences.
pub(crate) fn console_text(text: &str) -> String {
    let sequence = regex::Regex::new("\u{1b}\\[[0-9;?]*[A-Za-z]").expect("a valid pattern");
    sequence.replace_all(text, "").replace('\r', "")
}
