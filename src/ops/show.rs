//! One state in full: its record, and what was staged, unstaged and untracked in it.

use super::{
    Session,
    select::{self, Selected},
};
use crate::{
    check::last_lines,
    error::Result,
    git::tree,
    model::{CheckResult, Record, Selector, Verdict, quote_path},
};

/// A state and what is changed in it against its own HEAD.
#[derive(Debug)]
#[must_use]
pub struct Shown {
    /// The state.
    pub selected: Selected,
    /// Letter and path of what was staged.
    pub staged: Vec<(char, String)>,
    /// Letter and path of what was not staged; files git did not track have the letter `?`.
    pub unstaged: Vec<(char, String)>,
    /// What its checks printed.
    pub logs: Vec<Log>,
    /// What `git show` prints the report by that is kept with its record.
    pub report: Option<String>,
}

/// What a check printed, as it is kept with the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// The check's name.
    pub check: String,
    /// What `git show` prints all of it by.
    pub revision: String,
    /// The last lines, where the check did not pass.
    pub end: Vec<String>,
}

/// So many lines of the output of a check that did not pass are shown.
const SHOWN: usize = 15;

/// Looks at the state that `selector` names.
pub fn show(session: &Session, selector: &Selector) -> Result<Shown> {
    let head = session.repo.head()?;
    let selected = select::select(session, selector, &head)?;
    let state = &selected.state;
    let base = session.repo.head_tree(&state.head)?;
    let named = |change: &tree::TreeChange, letter: char| (letter, quote_path(change.path.as_ref()));
    let staged = tree::diff(&session.repo, base, state.index)?;
    let unstaged = tree::diff(&session.repo, state.index, state.worktree)?;
    Ok(Shown {
        staged: staged.iter().map(|change| named(change, change.status())).collect(),
        unstaged: unstaged
            .iter()
            .map(|change| named(change, if change.old.is_none() { '?' } else { change.status() }))
            .collect(),
        logs: logs(session, &selected),
        report: selected
            .record
            .as_ref()
            .and_then(|record| session.store().report(&record.id).ok()?)
            .map(|report| report.0),
        selected,
    })
}

/// The logs of the checks of a record; one that cannot be read is left out, as the record itself says what came of them.
fn logs(session: &Session, selected: &Selected) -> Vec<Log> {
    selected.record.as_ref().map(|record| logs_of(session, record)).unwrap_or_default()
}

/// As [`logs`], of one record.
pub(super) fn logs_of(session: &Session, record: &Record) -> Vec<Log> {
    let log = |check: &CheckResult| {
        let (revision, output) = session.store().log(&record.id, &check.name).ok().flatten()?;
        let lines = if check.verdict == Verdict::Pass { 0 } else { SHOWN };
        Some(Log { check: check.name.clone(), revision, end: last_lines(&output, lines) })
    };
    record.checks.iter().filter_map(log).collect()
}
