//! Checks: commands of a trusted configuration that say whether a tree is good.
//!
//! What is validated is the tree and nothing else, so a check runs in a private worktree, verdicts go by the tree, and a
//! check that changes tracked files has said nothing about it. One check runs after the other; each has its own time
//! limit, and all of them share a budget.

mod breaches;
mod logs;
pub mod numbers;
mod run;

use std::{path::PathBuf, time::Duration};

use crate::model::{Oid, Severity, Verdict};

pub use breaches::Breaches;
pub use logs::{Logs, tail};
pub use run::{Circumstances, Run};

/// A commit whose tree is to be validated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// The commit.
    pub commit: Oid,
    /// Its tree, which is all that counts.
    pub tree: Oid,
}

/// What one check said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The check's name.
    pub name: String,
    /// How much it matters.
    pub severity: Severity,
    /// The answer.
    pub verdict: Verdict,
    /// Why it is that, where it is not a pass.
    pub why: Option<Why>,
    /// How long it took.
    pub took: Duration,
    /// Whether the verdict was known from before.
    pub cached: bool,
    /// What it printed; nothing was run where there is none.
    pub log: Option<PathBuf>,
}

/// Why a check did not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// It ended with this code.
    Code(i32),
    /// A signal ended it.
    Signal(i32),
    /// It took longer than its own limit.
    TimedOut(Duration),
    /// The budget of all checks was spent before it ended.
    OverBudget,
    /// The budget was spent before it began.
    NotBegun,
    /// It printed more than is kept.
    TooMuchOutput,
    /// A person has stopped it.
    Stopped,
    /// It changed tracked files, so what it said is not about the tree.
    ChangedFiles(Vec<String>),
    /// It could not be started.
    NotStarted(String),
}

/// What the checks said of one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validated {
    /// The commit.
    pub subject: Subject,
    /// In the order of the configuration.
    pub checks: Vec<Checked>,
}
