//! What checks said, and why.

use std::{fmt, path::PathBuf, time::Duration};

use super::{Subject, excerpt, numbers};
use crate::{
    config::Check,
    error::Result,
    model::{CheckResult, Verdict},
};

/// What one check said, and what it printed.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// What is kept with a record.
    pub result: CheckResult,
    /// Why it is no pass.
    pub why: Option<Why>,
    /// What it printed; nothing was run where there is none.
    pub log: Option<PathBuf>,
}

impl Checked {
    /// What the end of its command says.
    pub(super) fn of(check: &Check, (verdict, why): (Verdict, Option<Why>), took: Duration) -> Self {
        let result = CheckResult {
            name: check.name.clone(),
            verdict,
            severity: check.severity,
            took,
            cached: false,
            why: why.as_ref().map(ToString::to_string),
            measurements: Vec::new(),
        };
        Checked { result, why, log: None }
    }

    /// One that was not run.
    pub(super) fn not_run(check: &Check, why: Why) -> Self {
        Self::of(check, (Verdict::Inconclusive, Some(why)), Duration::ZERO)
    }

    /// The same with what its numbers come to.
    pub(super) fn with_numbers(mut self, (measurements, verdict, why): numbers::Answer) -> Self {
        self.result.measurements = measurements;
        self.result.verdict = verdict;
        self.result.why.clone_from(&why);
        self.why = why.map(Why::Numbers);
        self
    }

    /// The same, void if files have changed, or if that cannot be told.
    pub(super) fn void_if_changed(self, changed: Result<Vec<String>>) -> Self {
        match changed {
            Ok(files) if files.is_empty() => self,
            Ok(files) => self.without(Why::ChangedFiles(files)),
            Err(error) => self.without(Why::NotStarted(error.chain().join(": "))),
        }
    }

    /// The same, void for this reason: its numbers are not about the tree either, so nothing may be compared with them.
    pub fn without(mut self, why: Why) -> Self {
        self.result.verdict = Verdict::Inconclusive;
        self.result.measurements.clear();
        self.result.why = Some(why.to_string());
        self.why = Some(why);
        self
    }
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
    /// A person has stopped it.
    Stopped,
    /// Files changed while it ran, so what it said is not about the tree.
    ChangedFiles(Vec<String>),
    /// It could not be started.
    NotStarted(String),
    /// The check of this name, which it needs, did not pass.
    Needs(String),
    /// What its numbers say, in words; it passes where they are only to be warned of.
    Numbers(String),
    /// It failed when it was last run on this tree, so it was not run again.
    Known,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Code(125) => f.write_str("it exited with code 125, which says that it cannot tell"),
            Why::Code(127) => f.write_str("it exited with code 127: the shell did not find a command"),
            Why::Code(code) => write!(f, "it exited with code {code}"),
            Why::Signal(number) => write!(f, "signal {number} ended it"),
            Why::TimedOut(limit) => write!(f, "it was ended after {} s, its limit", limit.as_secs()),
            Why::OverBudget => f.write_str("it was ended when the time for all checks was up (push.budget)"),
            Why::NotBegun => f.write_str("the time for all checks was up before it began (push.budget)"),
            Why::Stopped => f.write_str("it was stopped"),
            Why::ChangedFiles(files) => {
                let named: Vec<_> = files.iter().take(3).map(String::as_str).collect();
                let more = if files.len() > named.len() { " and others" } else { "" };
                write!(f, "files changed while it ran: {}{more}", named.join(", "))
            }
            Why::NotStarted(why) => write!(f, "it could not be run: {why}"),
            Why::Needs(name) => write!(f, "it was not run, as `{name}` did not pass"),
            Why::Numbers(why) => f.write_str(why),
            Why::Known => f.write_str("it failed on this very tree before"),
        }
    }
}

/// What the checks said of one commit.
#[derive(Debug, Clone, PartialEq)]
pub struct Validated {
    /// The commit.
    pub subject: Subject,
    /// In the order of the configuration.
    pub checks: Vec<Checked>,
}

impl Validated {
    /// The worst answer of those that matter; a pass where none is in the way.
    pub fn verdict(&self) -> Verdict {
        let any = |verdict| self.checks.iter().any(|one| one.result.is_trouble() && one.result.verdict == verdict);
        match () {
            () if any(Verdict::Fail) => Verdict::Fail,
            () if any(Verdict::Inconclusive) => Verdict::Inconclusive,
            () => Verdict::Pass,
        }
    }

    /// What the checks printed, as it is kept with a record.
    pub fn logs(&self) -> Vec<(String, Vec<u8>)> {
        kept_logs(&self.checks)
    }

    /// What is kept with a record.
    pub fn results(&self) -> Vec<CheckResult> {
        self.checks.iter().map(|check| check.result.clone()).collect()
    }
}

/// What checks printed, each with its name, as it is kept with a record; nothing where nothing was printed.
pub fn kept_logs(checks: &[Checked]) -> Vec<(String, Vec<u8>)> {
    let log = |one: &Checked| Some((one.result.name.clone(), excerpt(one.log.as_ref()?)));
    checks.iter().filter_map(log).filter(|(_, bytes)| !bytes.is_empty()).collect()
}
