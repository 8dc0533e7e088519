//! What is known of an operation: the values that documents, pages and the JSON answer are made of.
//!
//! The names of the fields are the variables of the templates and the fields of the JSON, so they only ever get more.
//! Times are RFC 3339 in UTC, durations seconds, paths and names of refs quoted where they are not plain text.

use serde::Serialize;

/// So many commits are told of one by one.
pub const COMMITS: usize = 50;

/// So many files are told of one by one.
pub const FILES: usize = 200;

/// What is known of one operation.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Facts {
    /// The name of the folder that the repository is in.
    pub repository: String,
    /// The record's id.
    pub id: String,
    /// `rollback`, `create`, `recover`, `undo`, `redo`, `resume` or `prune`.
    pub kind: &'static str,
    /// When it was done.
    pub at: String,
    /// One line that says what was done.
    pub summary: String,
    /// Who did it, by git's identity.
    pub by: Option<String>,
    /// Why, as the user said: what triggered it.
    pub reason: Option<String>,
    /// How bad it was, as the user said.
    pub severity: Option<&'static str>,
    /// Whether nothing was asked and nothing measured beforehand.
    pub emergency: bool,
    /// What was put back: `everything`, `code` or `artifacts`.
    pub scope: Option<&'static str>,
    /// The only paths taken back; empty for the whole state.
    pub paths: Vec<String>,
    /// The phase it belongs to.
    pub phase: Option<String>,
    /// The time since the phase began.
    pub elapsed_seconds: Option<u64>,
    /// How far a checkpoint was validated.
    pub state: Option<&'static str>,
    /// Whether the state gone back to works.
    pub verification: Option<&'static str>,
    /// How long its steps took together; `None` where there are none.
    pub seconds: Option<f64>,
    /// Whether it was taken back since.
    pub undone: bool,
    /// Whether it was done in another clone and fetched.
    pub elsewhere: bool,
    /// Where the branch was before.
    pub from: Place,
    /// The state gone back to.
    pub to: Option<Target>,
    /// The branch that holds what was there before.
    pub backup: Option<Backup>,
    /// The operation that this one took back, or finished.
    pub regards: Option<Regards>,
    /// Commits that the branch lost by it (for a recover: got by it), newest first.
    pub commits: Commits,
    /// Files that are other than before.
    pub files: Files,
    /// Work that was not committed when it was done.
    pub uncommitted: Uncommitted,
    /// What was on disk and is not part of what was saved.
    pub skipped: Vec<Left>,
    /// Artifacts that were saved with it.
    pub artifacts: Vec<Artifact>,
    /// What the checks said before anything was touched.
    pub checks_before: Vec<Check>,
    /// What the checks said of the state that it made or took.
    pub checks: Vec<Check>,
    /// The numbers of both, side by side.
    pub numbers: Vec<Number>,
    /// What was done, step by step.
    pub steps: Vec<Step>,
    /// The end of what the checks printed.
    pub logs: Vec<Log>,
    /// Commands that bring back what is not there any more.
    pub ways_back: Vec<Way>,
    /// Later operations that took it back or brought back what it put away.
    pub follow_ups: Vec<FollowUp>,
}

/// Where a branch was.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Place {
    /// The branch; `None` when detached.
    pub branch: Option<String>,
    /// The commit of HEAD; `None` before the first.
    pub commit: Option<String>,
    /// Its subject.
    pub subject: Option<String>,
}

/// The state gone back to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Target {
    /// What was asked for, as typed.
    pub asked: String,
    /// What people call it: the tag of a checkpoint, or what was asked for.
    pub name: String,
    /// The commit.
    pub commit: String,
    /// Its subject.
    pub subject: Option<String>,
    /// The record of the checkpoint, where it is one.
    pub checkpoint: Option<String>,
    /// When it was taken, or committed.
    pub at: Option<String>,
    /// How old it was.
    pub age_seconds: Option<i64>,
    /// How far it was validated.
    pub state: Option<&'static str>,
}

/// The branch that holds what was there before.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Backup {
    /// Its short name.
    pub branch: String,
    /// Its commit.
    pub commit: String,
}

/// Another operation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Regards {
    /// Its id.
    pub id: String,
    /// One line that says what it was.
    pub summary: Option<String>,
}

/// Commits, the first [`COMMITS`] of them one by one.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Commits {
    /// How many there are.
    pub count: usize,
    /// The newest of them.
    pub listed: Vec<Commit>,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Commit {
    /// Its name.
    pub commit: String,
    /// Who wrote it.
    pub author: Option<String>,
    /// When it was committed.
    pub at: Option<String>,
    /// The first line of its message.
    pub subject: Option<String>,
}

/// Files, the first [`FILES`] of them one by one.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Files {
    /// How many there are.
    pub count: usize,
    /// How many of them are new.
    pub added: usize,
    /// How many of them are other than before.
    pub modified: usize,
    /// How many of them are gone.
    pub deleted: usize,
    /// The first of them.
    pub listed: Vec<File>,
}

/// A file and what happened to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct File {
    /// The letter of `git diff --name-status`, `?` for one that git did not track.
    pub status: char,
    /// Its path.
    pub path: String,
}

/// Work that was not committed.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Uncommitted {
    /// How many files were staged.
    pub staged: usize,
    /// How many were changed and not staged.
    pub unstaged: usize,
    /// How many git did not track.
    pub untracked: usize,
    /// The first [`FILES`] of them.
    pub listed: Vec<File>,
}

/// What was left out, and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Left {
    /// Its path.
    pub path: String,
    /// The word for it in JSON: `too-large`.
    pub reason: &'static str,
}

/// A saved artifact.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Artifact {
    /// Its name in the configuration.
    pub name: String,
    /// The file, where it is one.
    pub path: Option<String>,
    /// Its size.
    pub bytes: u64,
    /// `copy`, `command` or `absent`.
    pub form: &'static str,
    /// The SHA-256 of its content.
    pub sha256: String,
}

/// What a check said.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// `pass`, `fail` or `inconclusive`.
    pub verdict: &'static str,
    /// How much it matters.
    pub severity: &'static str,
    /// How long it ran.
    pub seconds: f64,
    /// Whether the verdict was known from before.
    pub cached: bool,
    /// Why it is no pass.
    pub why: Option<String>,
}

/// A number that checks measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Number {
    /// The check.
    pub check: String,
    /// The measurement.
    pub name: String,
    /// Its unit.
    pub unit: Option<String>,
    /// When the checkpoint that was gone back to was taken.
    pub checkpoint: Option<f64>,
    /// Before anything was touched.
    pub before: Option<f64>,
    /// Afterwards.
    pub after: Option<f64>,
    /// By how much it is more than before (or, below zero, less).
    pub change_percent: Option<f64>,
    /// `better`, `worse` or `same`; `None` where that is not known.
    pub trend: Option<&'static str>,
    /// What it was compared with, in words.
    pub limit: Option<String>,
    /// What came of that, for the last of them: `good`, `warn`, `fail` or `unknown`.
    pub level: Option<&'static str>,
}

/// A step of the operation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// What it was.
    pub name: String,
    /// `done`, `tolerated`, `failed` or `skipped`.
    pub outcome: &'static str,
    /// How long it took.
    pub seconds: f64,
    /// What of it is worth knowing; may be empty.
    pub detail: String,
}

/// What a check printed at last.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Log {
    /// The check.
    pub check: String,
    /// What `git show` prints all of it by.
    pub revision: String,
    /// Its last lines.
    pub lines: Vec<String>,
}

/// A command that brings something back.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Way {
    /// What it does.
    pub what: String,
    /// The command.
    pub command: String,
}

/// A later operation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FollowUp {
    /// Its id.
    pub id: String,
    /// What it did.
    pub kind: &'static str,
    /// When.
    pub at: String,
    /// One line that says what it did.
    pub summary: String,
}
