//! Work that was never committed, from a backup onto what is there now.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use gix::bstr::BString;

use super::{Request, Source, worktree::Own};
use crate::{
    error::{Error, Result},
    git::{
        capture::beside::{self, Stage},
        pick::Picker,
        tree,
    },
    model::{Oid, State, quote_path},
    ops::Session,
};

/// What a file of the work is to git.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkKind {
    /// It differs between the commit and the index.
    Staged,
    /// It differs between the index and the disk.
    Unstaged,
    /// It is on disk, and git did not know it.
    Untracked,
}

impl WorkKind {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            WorkKind::Staged => "staged",
            WorkKind::Unstaged => "unstaged",
            WorkKind::Untracked => "untracked",
        }
    }
}

/// A file of the work that was never committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkFile {
    /// Its path.
    pub path: BString,
    /// One or two kinds: a part of it may have been staged.
    pub kinds: Vec<WorkKind>,
}

/// The work of a backup, as much of it as was asked for.
pub(super) struct Work {
    /// The tree that it was made on.
    pub(super) base: Oid,
    /// The backup's state with no other work in it.
    pub(super) state: State,
}

impl Work {
    pub(super) fn of(session: &Session, request: &Request, source: &Source) -> Result<Self> {
        let Some(backup) = &source.backup else {
            return Err(Error::usage("`--uncommitted` needs a backup to take the work from")
                .hint("name its branch; `git checkpoint log` shows the backups"));
        };
        let base = session.repo.head_tree(&backup.head)?;
        let files = request.chosen.as_ref().and_then(|chosen| chosen.work.as_ref());
        let files: Option<HashSet<&BString>> = files.map(|files| files.iter().collect());
        let part = |tree: Oid| {
            let Some(files) = &files else { return request.paths.part(&session.repo, base, tree) };
            let mut changes = request.paths.changes(&session.repo, base, tree)?;
            changes.retain(|change| files.contains(&change.path));
            tree::apply(&session.repo, base, &changes)
        };
        let state = State { index: part(backup.index)?, worktree: part(backup.worktree)?, ..backup.clone() };
        Ok(Work { base, state })
    }

    /// The files, by name.
    pub(super) fn files(&self, session: &Session) -> Result<Vec<WorkFile>> {
        let repo = &session.repo;
        let mut kinds: BTreeMap<BString, Vec<WorkKind>> = BTreeMap::new();
        for change in tree::diff(repo, self.base, self.state.index)? {
            kinds.entry(change.path).or_default().push(WorkKind::Staged);
        }
        for change in tree::diff(repo, self.state.index, self.state.worktree)? {
            let kind = if change.old.is_none() { WorkKind::Untracked } else { WorkKind::Unstaged };
            kinds.entry(change.path).or_default().push(kind);
        }
        Ok(kinds.into_iter().map(|(path, kinds)| WorkFile { path, kinds }).collect())
    }

    /// The work merged into `now`, as [`onto`] says.
    pub(super) fn onto(&self, session: &Session, now: State) -> Result<(State, Vec<BString>)> {
        onto(session, (self.base, &self.state), now)
    }
}

/// `now` with the staged, unstaged and untracked work of the backup merged in, staged apart from unstaged; and the
/// paths in conflict, which get git's markers and stages.
fn onto(session: &Session, (base, backup): (Oid, &State), now: State) -> Result<(State, Vec<BString>)> {
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
    let extras = beside::with_stages(&session.repo, now.extras, &unmerged)?;
    Ok((State { worktree: worktree.tree, extras: Some(extras), ..now }, worktree.conflicts))
}

/// How many paths an error names.
const NAMED: usize = 10;

/// Refused where the user has changes of their own, not yet committed, in the paths of that work: merged into each
/// other, nobody could tell them apart. What is the same already may stay.
fn refuse_overlap(session: &Session, (base, backup): (Oid, &State), now: &State) -> Result<()> {
    let repo = &session.repo;
    let head = repo.head_tree(&now.head)?;
    let (own, mut theirs, mut both) = (Own::of(session, now)?, BTreeSet::new(), Vec::new());
    for tree in [backup.index, backup.worktree] {
        for change in tree::diff(repo, base, tree)? {
            both.extend(own.beside(&change).map(|path| format!("`{}`", quote_path(path.as_ref()))));
            theirs.insert(change.path);
        }
    }
    both.dedup();
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
        .hint("commit your changes, or put them away with `git stash -u`, and recover again")
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
