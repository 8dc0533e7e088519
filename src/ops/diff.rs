//! What differs between two states, or between one and the working state now.

use super::{
    Session, artifacts,
    numbers::{self, Compared},
    select,
};
use crate::{
    error::Result,
    git::{objects, tree},
    model::{Oid, Record, Selector, quote_path},
};

/// Two trees and what differs between them.
#[derive(Debug)]
#[must_use]
pub struct Difference {
    /// What the first is called.
    pub from: String,
    /// What the second is called; `None` for the working state now.
    pub to: Option<String>,
    /// Letter and path.
    pub files: Vec<(char, String)>,
    /// The numbers of both, where two checkpoints are compared; the working state now has none.
    pub numbers: Vec<Compared>,
    /// Letter and name of the artifacts that differ, where two checkpoints are compared; those of now are not saved.
    pub artifacts: Vec<(char, String)>,
    trees: (Oid, Oid),
}

/// Compares `from` with `to`, or with the working state now.
pub fn diff(session: &Session, from: &Selector, to: Option<&Selector>) -> Result<Difference> {
    let head = session.repo.head()?;
    let from = select::select(session, from, &head)?;
    let to = to.map(|to| select::select(session, to, &head)).transpose()?;
    let second = match &to {
        Some(to) => to.state.worktree,
        None => session.capture()?.state.worktree,
    };
    let trees = (from.state.worktree, second);
    let changes = tree::diff(&session.repo, trees.0, trees.1)?;
    let checks = |selected: &select::Selected| selected.record.as_ref().map(|record| record.checks.clone());
    let numbers = match (checks(&from), to.as_ref().map(checks)) {
        (Some(from), Some(Some(to))) => numbers::compare(&from, &to, |label| {
            session.config.measure(&label.check, &label.name).map(|measure| measure.better)
        }),
        _ => Vec::new(),
    };
    let saved = |selected: &select::Selected| selected.record.as_ref().map(|record| record.artifacts.clone());
    let artifacts = match (saved(&from), to.as_ref().map(saved)) {
        (Some(from), Some(Some(to))) => artifacts::changes(&from, &to),
        _ => Vec::new(),
    };
    Ok(Difference {
        numbers,
        artifacts,
        from: from.name,
        to: to.map(|to| to.name),
        files: changes.iter().map(|change| (change.status(), quote_path(change.path.as_ref()))).collect(),
        trees,
    })
}

/// What would change on disk, where the tree `now` is, by going to the state of a record. Of its files only.
pub fn to_state(session: &Session, now: Oid, record: &Record) -> Result<Difference> {
    let trees = (now, record.state.worktree);
    let changes = tree::diff(&session.repo, trees.0, trees.1)?;
    Ok(Difference {
        numbers: Vec::new(),
        artifacts: Vec::new(),
        from: "now".into(),
        to: Some(record.id.to_string()),
        files: changes.iter().map(|change| (change.status(), quote_path(change.path.as_ref()))).collect(),
        trees,
    })
}

impl Difference {
    /// The difference as git shows it, with `options` of `git diff`.
    pub fn patch(&self, session: &Session, options: &[&str]) -> Result<Vec<u8>> {
        // git has to see the trees; as nothing refers to them they go with the next garbage collection.
        objects::flush(&session.repo)?;
        let (from, to) = (self.trees.0.to_string(), self.trees.1.to_string());
        session.repo.git(["diff"].iter().chain(options)).arg(from).arg(to).run()
    }
}
