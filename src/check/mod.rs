//! Checks: commands of a trusted configuration that say whether a tree is good.
//!
//! What is validated is the tree and nothing else: a check runs on the user's files only where they are exactly that tree,
//! before and after; else in a private worktree; and what was found out once is kept for the tree. Checks run side by side
//! as far as there is room and they allow it; each has its own time limit, and all of them may share a budget.

mod board;
mod breaches;
mod checked;
mod circumstances;
mod logs;
pub mod numbers;
mod place;
mod rooms;
mod run;
mod selection;
mod times;

use crate::model::Oid;

pub use breaches::Breaches;
pub use checked::{Checked, Validated, Why, kept_logs};
pub use circumstances::{Cache, Circumstances, Event};
pub use logs::{Logs, excerpt, last_lines, tail};
pub use place::{Place, Preparation, Surroundings};
pub use rooms::{Seen, UserFiles};
pub use run::Run;
pub use selection::{Selection, definition, select};

/// A commit whose tree is to be validated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// The commit.
    pub commit: Oid,
    /// Its tree, which is all that counts.
    pub tree: Oid,
}
