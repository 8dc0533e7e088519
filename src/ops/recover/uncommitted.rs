//! Work that was never committed, from a backup onto what is there now.

use std::collections::BTreeSet;

use gix::bstr::BString;

use super::Source;
use crate::{
    error::{Error, Result},
    git::{
        capture::stages::{self, Stage},
        pick::Picker,
        tree,
    },
    model::{Oid, State, quote_path},
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
    refuse_overlap(session, (base, backup), &now)?;
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

/// How many paths an error names.
const NAMED: usize = 10;

/// Refused where the user has changes of their own, not yet committed, in the paths of that work: merged into each
/// other, nobody could tell them apart. What is the same already may stay.
fn refuse_overlap(session: &Session, (base, backup): (Oid, &State), now: &State) -> Result<()> {
    let repo = &session.repo;
    let head = repo.head_tree(&now.head)?;
    let mut theirs: BTreeSet<BString> = BTreeSet::new();
    for tree in [backup.index, backup.worktree] {
        theirs.extend(tree::diff(repo, base, tree)?.into_iter().map(|change| change.path));
    }
    let mut both = Vec::new();
    for path in theirs {
        let at = |tree: Oid| tree::entry(repo, tree, path.as_ref());
        let committed = at(head)?;
        let is_own = |here: Oid, there: Oid| -> Result<bool> {
            let here = at(here)?;
            Ok(here != committed && here != at(there)?)
        };
        if is_own(now.index, backup.index)? || is_own(now.worktree, backup.worktree)? {
            both.push(format!("`{}`", quote_path(path.as_ref())));
        }
    }
    if both.is_empty() {
        return Ok(());
    }
    let more = both.len().saturating_sub(NAMED);
    both.truncate(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Err(Error::refused(format!("changed here, and in the work to be brought back: {}{more}", both.join(", ")))
        .hint("commit your changes, or save them with `git checkpoint` and put them away, and recover again")
        .hint("nothing was changed"))
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
