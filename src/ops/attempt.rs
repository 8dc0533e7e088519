//! Run a command with a way back: the state before it is published, the command runs, checks decide, and what does not pass
//! is taken back exactly. One record tells of it all, and is there before the command begins.
//!
//! The operation lock is not held while the command and the checks run, as that may take hours. A lock of its own says that
//! somebody is at work, and the journal what is to be done where nobody is any more.

mod course;
mod ending;
mod journal;
mod notes;
mod program;
mod put_back;

use std::{fmt, path::PathBuf};

use gix::bstr::{BStr, BString};

use super::{Session, create, elsewhere, intent, phase, resume, trust};
use crate::{
    check::{self, Checked, Validated},
    error::{Error, Result},
    git::{
        capture::{Captured, raw},
        lock::LongLock,
    },
    model::{Attempt, Detail, Exit, Kind, Oid, Record, Skipped, State, TimeLimit, Tried, quote_path},
    store::{self, Attached, Journal, Published},
};

use self::{course::Course, journal::Notebook};
pub use self::{ending::end, put_back::OtherRef};

/// Stands for the path where a command is run file by file.
const PLACE: &[u8] = b"{}";

/// What the output of the command is kept under, among that of checks: no check can have such a name.
pub const LOG: &str = "+command";

/// What the user asked for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The command and its arguments.
    pub words: Vec<BString>,
    /// `--each`: the files that it is run for, one after the other, as a pathspec of git's.
    pub each: Option<BString>,
    /// `-m`.
    pub message: Option<String>,
    /// `--commit`: what is kept is committed on the branch.
    pub commit: bool,
    /// `--keep-going`: a file that breaks is left out, and the next one is tried.
    pub keep_going: bool,
    /// `--wait`: background checks decide too.
    pub wait: bool,
    /// `--no-verify`: no check decides.
    pub no_verify: bool,
    /// `--only`: these checks decide.
    pub only: Vec<String>,
    /// `--timeout`: so long may one run of the command take.
    pub limit: Option<TimeLimit>,
}

impl Request {
    fn choice(&self) -> create::Choice {
        create::Choice { only: self.only.clone(), heavy: self.wait, none: self.no_verify }
    }

    /// The command as a person would read it.
    pub fn line(&self) -> String {
        line(&self.words)
    }
}

/// A command as a person would read it: words that are not plain are quoted. It is not for a shell.
pub fn line(words: &[BString]) -> String {
    let is_plain = |word: &BString| !word.is_empty() && word.iter().all(|byte| !byte.is_ascii_whitespace());
    let word = |word: &BString| {
        let quoted = quote_path(word.as_ref());
        if is_plain(word) || quoted.starts_with('"') { quoted } else { format!("\"{quoted}\"") }
    };
    words.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// What those who watch are told.
#[derive(Debug)]
pub enum Event<'e> {
    /// The command begins, for this file, which is that many of how many.
    Begins(&'e BStr, usize, usize),
    /// It has printed this.
    Printed(&'e [u8]),
    /// A check.
    Check(check::Event<'e>),
    /// What became of a file.
    Tried(&'e Tried),
}

/// Why what a command did was taken back.
#[derive(Debug)]
pub enum Broken {
    /// It did not end well.
    Exit(Exit),
    /// It could not be started.
    NotStarted(Error),
    /// What the checks said.
    Checks(Validated),
    /// git did not commit it.
    Commit(Error),
    /// The process that tried it was killed meanwhile.
    Killed,
}

impl Broken {
    fn exit(&self) -> Option<Exit> {
        match self {
            Broken::Exit(exit) => Some(*exit),
            Broken::NotStarted(_) => Some(Exit::NotStarted),
            Broken::Checks(_) | Broken::Commit(_) => Some(Exit::Code(0)),
            Broken::Killed => None,
        }
    }

    /// Whether the checks had already failed on a state before, as far as that is known.
    fn said(&self) -> Option<&Validated> {
        match self {
            Broken::Checks(validated) => Some(validated),
            _ => None,
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Broken::Exit(exit) => exit.fmt(f),
            Broken::NotStarted(error) | Broken::Commit(error) => f.write_str(&error.chain().join(": ")),
            Broken::Killed => f.write_str("it was killed while this was tried"),
            Broken::Checks(validated) => {
                let results = validated.results();
                match crate::model::CheckResult::in_the_way(&results) {
                    Some(check) => {
                        let why = check.why.as_deref().unwrap_or(check.verdict.as_str());
                        write!(f, "{} does not pass: {why}", check.name)
                    }
                    None => f.write_str("the checks do not pass"),
                }
            }
        }
    }
}

/// What came of it.
#[derive(Debug)]
#[must_use]
pub struct Done {
    /// The record in its final form.
    pub record: Record,
    /// Every file that was tried, also those with which nothing happened.
    pub files: Vec<Tried>,
    /// How many files were not come to.
    pub not_tried: usize,
    /// What the checks said last.
    pub checked: Vec<Checked>,
    /// Why the last that was taken back was.
    pub broken: Option<Broken>,
    /// Whether the checks in the way are known to have failed on the state before as well.
    pub failed_before: bool,
    /// The checkpoint of what is kept.
    pub taken: Option<create::Taken>,
    /// Branches and tags that the command changed and that stay as it left them.
    pub others: Vec<OtherRef>,
    /// What the command printed, of which the record has an excerpt.
    pub log: Option<PathBuf>,
    /// What the command made, is in no state, and so stays on disk.
    pub left: Vec<Skipped>,
}

impl Done {
    /// What the record says of it.
    pub fn attempt(&self) -> &Attempt {
        attempt(&self.record)
    }
}

fn attempt(record: &Record) -> &Attempt {
    record.attempt().expect("the record of a try tells of one")
}

/// What would be run, for a dry run.
#[derive(Debug)]
#[must_use]
pub struct Preview {
    /// The files, for a command that is run file by file.
    pub files: Vec<BString>,
    /// The checks that would decide.
    pub checks: Vec<String>,
}

/// What a try would do.
#[must_use]
pub struct Plan<'s> {
    session: &'s Session,
    request: Request,
    checks: Vec<&'s crate::config::Check>,
    files: Vec<BString>,
    captured: Captured,
}

/// Captures the state, and refuses what cannot be tried; changes nothing and runs nothing.
pub fn plan<'s>(session: &'s Session, request: Request, trusted: &'s trust::Standing) -> Result<Plan<'s>> {
    session.refuse_if_busy()?;
    program::find(session, &request.words)?;
    let has_place = request.words.iter().skip(1).any(|word| program::has_place(word.as_ref()));
    if request.each.is_some() && !has_place {
        return Err(Error::usage("no argument of the command has `{}`, so it would do the same for every file")
            .hint("`git checkpoint try --each 'src/*.js' -- npx codemod {}`"));
    }
    let checks = create::deciding(session, trusted, &request.choice())?;
    let mut captured = session.capture()?;
    if request.commit {
        refuse_commit(session, &captured)?;
    }
    // The command may write to any file, so what git could not give back of any is kept.
    let nothing = State { worktree: Oid::empty_tree(session.repo.gix().object_hash()), ..captured.state.clone() };
    raw::deepen(&session.repo, &mut captured, &State { extras: None, ..nothing })?;
    let files = request.each.as_ref().map_or_else(|| Ok(Vec::new()), |each| program::files(session, each))?;
    Ok(Plan { session, request, checks, files, captured })
}

/// A commit is to hold what the command did, and nothing else.
fn refuse_commit(session: &Session, captured: &Captured) -> Result<()> {
    if captured.state.head.branch().is_none() {
        return Err(Error::refused("HEAD is detached: a commit made here would be on no branch")
            .hint("`git switch -c <branch>` first, or leave `--commit` away"));
    }
    if !captured.changes.is_clean() || session.repo.git_operation().is_some() {
        return Err(Error::refused(
            "there are changes that are not committed, and `--commit` would mix them with what the command does",
        )
        .hint("commit them first, or leave `--commit` away; nothing was changed"));
    }
    Ok(())
}

impl<'s> Plan<'s> {
    /// What is not part of the state before.
    pub fn skipped(&self) -> &[Skipped] {
        &self.captured.skipped
    }

    /// What it would do, without doing it.
    pub fn preview(self) -> Preview {
        Preview { files: self.files, checks: self.checks.iter().map(|check| check.name.clone()).collect() }
    }

    /// Does it. `watch` is told how it goes. To be called without the operation lock.
    pub fn run(self, trusted: &trust::Standing, watch: &mut dyn FnMut(Event<'_>)) -> Result<Done> {
        let session = self.session;
        let at_work = at_work(session)?;
        let lock = session.lock("try")?;
        session.close_settled()?;
        session.refuse_if_unfinished()?;
        let Plan { request, checks, files, captured, .. } = self;
        // What was saved a moment ago, without the lock, has to be what is there.
        let now = session.capture()?;
        if !raw::is_same(&session.repo, &now.state, &captured.state)? {
            return Err(Error::environment("the state changed while it was saved")
                .hint("try again when nothing else writes here; the command was not run"));
        }
        elsewhere::refuse_shared(session, &now.state.head, &captured.state.head)?;
        let record = draft(session, &request, &captured)?;
        let notebook = Notebook::new(session, &record, request, files.len());
        notebook.write(session, &captured.state, intent::Stage::Trying)?;
        let begun = notes::begin(session, &record.id, &files).and_then(|notes| {
            publish(session, &record, &captured.kept)?;
            Ok(notes)
        });
        let notes = match begun {
            Ok(notes) => notes,
            Err(error) => {
                Journal::remove(&session.repo)?;
                return Err(error.hint("the command was not run"));
            }
        };
        drop(lock);
        let others = put_back::other_refs(session, &captured.state.head)?;
        let course =
            Course::new((session, at_work), (checks, others), (record, captured.state), (notebook, files, notes));
        course.go(trusted, watch)
    }
}

fn publish(session: &Session, record: &Record, kept: &[Oid]) -> Result<()> {
    let attached = Attached { kept, ..Attached::default() };
    match session.store().publish(record, &attached, crate::config::TagKind::None, &session.identity)? {
        Published::Taken(name) => Err(Error::bug(format!("`{name}` was not to be made"))),
        Published::Done(_) | Published::Unsigned(..) => Ok(()),
    }
}

fn draft(session: &Session, request: &Request, captured: &Captured) -> Result<Record> {
    Ok(Record {
        id: session.store().next_id(session.now, Kind::Try)?,
        at: session.now,
        subject: format!("try {}", request.line()),
        message: request.message.clone(),
        phase: phase::of(session, &captured.state.head).mark(session.now),
        state: captured.state.clone(),
        skipped: captured.skipped.clone(),
        refs: Vec::new(),
        checks: Vec::new(),
        artifacts: Vec::new(),
        steps: Vec::new(),
        detail: Detail::Try(Box::new(Attempt {
            command: request.words.clone(),
            each: request.each.is_some(),
            ..Attempt::default()
        })),
    })
}

/// Goes on with the try that was interrupted in this worktree: what it was at is put back and tried again. `None` where it had
/// not begun.
pub fn go_on(session: &Session, trusted: &trust::Standing, watch: &mut dyn FnMut(Event<'_>)) -> Result<Option<Done>> {
    let at_work = at_work(session)?;
    let lock = session.lock("try")?;
    let Some((journal, notebook)) = Notebook::read(session)? else {
        return Err(Error::refused("no try of this worktree was interrupted")
            .hint("`git checkpoint status` shows how things stand"));
    };
    crate::git::restore::remove_left_overs(&session.repo)?;
    let Some(mut record) = ending::published(session, &journal)? else {
        Journal::remove(&session.repo)?;
        notes::forget(session, &journal.id);
        return Ok(None);
    };
    let checks = create::deciding(session, trusted, &notebook.request.choice())?;
    let good = intent::Intent::of(&journal)?.target()?;
    let now = session.capture()?;
    if !raw::is_same(&session.repo, &now.state, &good)? {
        put_back::end_git_operation(session)?;
        let to = resume::Move { target: &good, edits: Vec::new(), then: intent::Then::Done, artifacts: Vec::new() };
        let detail = Detail::Resume { resumes: record.id.clone() };
        resume::move_on(session, to, detail, &format!("saved half-way: {}", record.subject))?;
    }
    let (notes, files) = notes::read(session, &record.id)?;
    if !notebook.is_over
        && let Detail::Try(attempt) = &mut record.detail
    {
        // What was about to be said of a turn that is taken again does not count.
        attempt.fate = None;
    }
    drop(lock);
    let others = put_back::other_refs(session, &good.head)?;
    let course = Course::new((session, at_work), (checks, others), (record, good), (notebook, files, notes));
    course.go(trusted, watch).map(Some)
}

fn at_work(session: &Session) -> Result<LongLock> {
    match LongLock::take(&session.repo, &store::long_lock(&session.repo)?)? {
        Some(lock) => Ok(lock),
        None => Err(running(session)),
    }
}

/// Whether a command is tried in this worktree right now, or what it started is still there.
pub fn is_running(session: &Session) -> bool {
    store::long_lock(&session.repo).is_ok_and(|path| LongLock::is_held(&path))
}

/// Refuses where a command is tried in this worktree right now.
pub fn refuse_if_running(session: &Session) -> Result<()> {
    if is_running(session) { Err(running(session)) } else { Ok(()) }
}

fn running(session: &Session) -> Error {
    let journal = session.interrupted().ok().flatten().filter(|journal| journal.kind == Kind::Try);
    let error = Error::conflict("a command is tried in this worktree, and has not ended");
    match journal {
        Some(journal) if crate::git::lock::has_ended(&journal.pid.to_string()) => error
            .because(format!("its process {} was killed, and what that started is still running", journal.pid))
            .hint("wait until that has ended, or end it; then `git checkpoint try --abort` puts everything back"),
        Some(journal) => {
            let pid = journal.pid;
            error.hint(format!("wait for its end; Ctrl-C there, or `kill {pid}`, ends it and puts everything back"))
        }
        None => error.hint("wait for its end"),
    }
}
