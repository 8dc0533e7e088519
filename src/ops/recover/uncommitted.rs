//! Work that was never committed, from a backup onto what is there now.

use gix::bstr::BString;

use super::Source;
use crate::{
    error::{Error, Result},
    git::{
        capture::stages::{self, Stage},
        pick::Picker,
        tree,
    },
    model::{Oid, State},
    ops::Session,
};

/// `now` with the staged, unstaged and untracked work of the backup merged in, staged apart from unstaged; and the
/// paths in conflict, which get git's markers and stages.
pub(super) fn onto(session: &Session, source: &Source, now: State) -> Result<(State, Vec<BString>)> {
    let Some(backup) = &source.backup else {
        return Err(Error::usage("`--uncommitted` needs a backup to take the work from")
            .hint("name its branch; `git checkpoint log` shows the backups"));
    };
    let base = session.repo.head_tree(&backup.head)?;
    let mut picker = Picker::new(&session.repo, &session.identity)?;
    let worktree = picker.merge(base, now.worktree, backup.worktree)?;
    if worktree.clean {
        let index = picker.merge(base, now.index, backup.index)?;
        if index.clean {
            return Ok((State { index: index.tree, worktree: worktree.tree, ..now }, Vec::new()));
        }
    }
    if worktree.conflicts.is_empty() && !worktree.clean {
        return Err(Error::conflict("git cannot decide which way a folder was renamed")
            .hint("`git diff <backup>~ <backup>` shows the work, to be brought back by hand; nothing was changed"));
    }
    // What is staged cannot be told apart where it conflicts: everything comes back unstaged.
    let stages = [base, now.worktree, backup.worktree];
    let unmerged = unmerged(session, stages, &worktree.conflicts)?;
    let extras = stages::with_stages(&session.repo, now.extras, &unmerged)?;
    Ok((State { worktree: worktree.tree, extras: Some(extras), ..now }, worktree.conflicts))
}

fn unmerged(session: &Session, stages: [Oid; 3], paths: &[BString]) -> Result<Vec<Stage>> {
    let mut entries = Vec::new();
    for path in paths {
        for (number, from) in (1..).zip(stages) {
            if let Some(entry) = tree::entry(&session.repo, from, path.as_ref())? {
                entries.push(Stage { path: path.clone(), number, entry });
            }
        }
    }
    Ok(entries)
}
