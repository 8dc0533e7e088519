//! One state in full: its record, and what was staged, unstaged and untracked in it.

use super::{
    Session,
    select::{self, Selected},
};
use crate::{
    error::Result,
    git::tree,
    model::{Selector, quote_path},
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
}

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
        selected,
    })
}
