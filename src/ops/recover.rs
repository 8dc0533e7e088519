//! Bring good commits, and work that was never committed, back from a backup.
//!
//! Commits are picked in memory onto HEAD. The branch then moves once and the worktree is updated once, however
//! many there are. Where one conflicts, all before it are done that way and `git cherry-pick` gets the rest, so
//! that it stops at the conflict as users know it.

use std::collections::HashSet;

use gix::bstr::BString;

use super::{
    Session, phase,
    transition::{self, Then, Transition},
};
use crate::{
    error::{Error, Result},
    git::{
        capture::{Captured, raw},
        pick::{self, Pick, Picker},
        refs::{self, RefEdit},
        tree::{self, TreeChange},
    },
    model::{Detail, Head, Kind, Oid, PickedCommit, Record, RecordId, State, quote_path},
};

mod choices;
mod outlook;
mod resume;
mod source;
mod uncommitted;
mod worktree;

pub use choices::{Choices, Chosen, Commit, Fate, Work};
pub use outlook::{Alone, Outlook, needs};
pub use resume::resume;
pub use source::{Candidate, Source, candidates};

/// What the user asked for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// A backup, commits, ranges, in any mix; none: the newest backup.
    pub what: Vec<String>,
    /// `--all`: every commit of the backup.
    pub all: bool,
    /// `--onto`: a local branch that is not checked out, to pick onto instead of HEAD.
    pub onto: Option<String>,
    /// `--uncommitted`: the work that was never committed as well.
    pub uncommitted: bool,
    /// `--keep-redundant`: also commits whose change is there already.
    pub keep_redundant: bool,
    /// `-m`: the parent that a merge is seen from.
    pub mainline: Option<usize>,
    /// `--interactive`: only these of the commits.
    pub chosen: Option<Chosen>,
}

/// Why a commit was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A commit with the same change is there.
    AlreadyApplied,
    /// Everything it changes is there.
    Redundant,
    /// It changes nothing.
    Empty,
    /// It is a merge, and no `-m` was given.
    Merge,
    /// The user left it out at a conflict.
    Skipped,
}

impl Reason {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::AlreadyApplied => "already-applied",
            Reason::Redundant => "redundant",
            Reason::Empty => "empty",
            Reason::Merge => "merge",
            Reason::Skipped => "skipped",
        }
    }
}

/// What will be done.
#[must_use]
pub struct Plan {
    source: Source,
    captured: Captured,
    picked: Vec<PickedCommit>,
    left_out: Vec<(Oid, Reason)>,
    conflict: Option<Conflict>,
    target: State,
    edits: Vec<RefEdit>,
    uncommitted_conflicts: Vec<BString>,
    request: Request,
    record: Record,
}

/// The first commit that does not apply, and those after it.
#[derive(Debug, Clone)]
pub struct Conflict {
    /// The commits for `git cherry-pick`, the conflicting one first.
    pub commits: Vec<Oid>,
    /// The paths in conflict.
    pub paths: Vec<BString>,
}

/// What was done, or, for a dry run, would be.
#[derive(Debug)]
#[must_use]
pub struct Recovered {
    /// The operation's record.
    pub id: RecordId,
    /// What it was taken from, for people.
    pub source: String,
    /// Where HEAD (or the branch named by `--onto`) is.
    pub head: Head,
    /// The commits that are back.
    pub picked: Vec<PickedCommit>,
    /// Those that are not, and why.
    pub left_out: Vec<(Oid, Reason)>,
    /// The commit it stopped at, and the paths in conflict; empty paths where git stopped for another reason.
    pub conflict: Option<(Option<Oid>, Vec<String>)>,
    /// Whether uncommitted work was brought back.
    pub uncommitted: bool,
}

/// Whether the user has named a backup at most, and nothing of it: then its commits are to be listed.
pub fn names_nothing(session: &Session, request: &Request) -> Result<bool> {
    if request.all || request.uncommitted {
        return Ok(false);
    }
    source::only_backups(session, &request.what)
}

/// Picks everything in memory; changes nothing.
pub fn plan(session: &Session, request: &Request) -> Result<Plan> {
    session.refuse_if_busy()?;
    if let Some(operation) = session.repo.git_operation() {
        let command = operation.command();
        return Err(Error::conflict(format!("a `git {command}` is in progress"))
            .hint(format!("`git {command} --continue` or `git {command} --abort` ends it")));
    }
    let mut captured = session.capture()?;
    if request.uncommitted && captured.changes.conflicted > 0 {
        return Err(Error::conflict("there are paths in conflict, and uncommitted work could bring more")
            .hint("settle them (`git status` names them), `git add` them, and recover again; nothing was changed"));
    }
    let source = source::find(session, request, &captured.state.head)?;
    let onto = Onto::find(session, request, &captured.state.head)?;
    refuse_moved(request, &onto)?;
    let mut picks = pick_all(session, request, &source, onto.commit())?;
    let result = picks.tip;
    let mut target = captured.state.clone();
    let mut edits = Vec::new();
    match &onto {
        Onto::Other { name, commit } if result != *commit => {
            edits.push(RefEdit { name: name.clone(), old: Some(*commit), new: Some(result) });
        }
        Onto::Head(commit) if result != *commit => target = worktree::at_commit(session, &captured.state, result)?,
        _ => {}
    }
    let mut uncommitted_conflicts = Vec::new();
    if request.uncommitted && picks.conflict.is_none() {
        (target, uncommitted_conflicts) = uncommitted::onto(session, &source, target)?;
    }
    if let Some(conflict) = picks.conflict.take() {
        refuse_conflict(session, &onto, &captured, &conflict)?;
        picks.conflict = Some(conflict);
    }
    let other = source.backup.as_ref().filter(|_| request.uncommitted);
    target = raw::carried(&session.repo, &captured.state, target, other)?;
    transition::check(session, &mut captured, &target)?;
    let record = Record {
        id: session.store().next_id(session.now, Kind::Recover)?,
        at: session.now,
        subject: format!("recover {}", source.name),
        message: None,
        phase: phase::of(session, &captured.state.head).mark(session.now),
        state: captured.state.clone(),
        skipped: captured.skipped.clone(),
        refs: transition::remembered(&edits),
        checks: Vec::new(),
        artifacts: Vec::new(),
        steps: Vec::new(),
        detail: Detail::Recover {
            source: source.name.clone(),
            picked: picks.picked.clone(),
            uncommitted: request.uncommitted,
        },
    };
    Ok(Plan {
        source,
        captured,
        picked: picks.picked,
        left_out: picks.left_out,
        conflict: picks.conflict,
        target,
        edits,
        uncommitted_conflicts,
        request: request.clone(),
        record,
    })
}

/// What was shown when the commits were chosen is only true of the commit that they were to be picked onto.
fn refuse_moved(request: &Request, onto: &Onto) -> Result<()> {
    match &request.chosen {
        Some(chosen) if chosen.onto != onto.commit() => {
            Err(Error::refused("a commit was made, or the branch moved, while you chose")
                .hint("choose again; nothing was changed"))
        }
        _ => Ok(()),
    }
}

/// Where the picks go.
enum Onto {
    /// On HEAD, whose commit this is.
    Head(Oid),
    /// On a branch that is not checked out.
    Other { name: BString, commit: Oid },
}

impl Onto {
    fn find(session: &Session, request: &Request, head: &Head) -> Result<Self> {
        let Some(name) = &request.onto else {
            let unborn = || {
                Error::refused(format!("`{}` has no commit to pick onto", head.short_name()))
                    .hint("make a first commit, or `git checkpoint rollback <checkpoint>`")
            };
            return head.commit().map(Onto::Head).ok_or_else(unborn);
        };
        let full = BString::from(format!("refs/heads/{name}"));
        let Some(commit) = refs::find(&session.repo, full.as_ref())? else {
            return Err(Error::usage(format!("`{name}` is not a local branch")).hint(
                "`--onto` takes a local branch; to begin at a checkpoint, `git checkpoint rollback` to it first",
            ));
        };
        if head.branch() == Some(&full) {
            return Ok(Onto::Head(commit));
        }
        if request.uncommitted {
            return Err(
                Error::usage("`--uncommitted` needs the branch checked out").hint(format!("`git switch {name}` first"))
            );
        }
        if session.repo.is_checked_out(full.as_ref())? {
            return Err(Error::refused(format!("`{name}` is checked out in another worktree")).hint("recover there"));
        }
        Ok(Onto::Other { name: full, commit })
    }

    fn commit(&self) -> Oid {
        match self {
            Onto::Head(commit) | Onto::Other { commit, .. } => *commit,
        }
    }
}

struct Picks {
    tip: Oid,
    picked: Vec<PickedCommit>,
    left_out: Vec<(Oid, Reason)>,
    conflict: Option<Conflict>,
}

fn pick_all(session: &Session, request: &Request, source: &Source, onto: Oid) -> Result<Picks> {
    let mut picks = Picks { tip: onto, picked: Vec::new(), left_out: Vec::new(), conflict: None };
    let applied =
        if request.keep_redundant { HashSet::new() } else { pick::applied(&session.repo, &source.commits, onto)? };
    let mut picker = Picker::new(&session.repo, &session.identity)?;
    let leaves_out_merges = !source.explicit && request.mainline.is_none();
    for (position, commit) in source.commits.iter().enumerate() {
        if applied.contains(commit) {
            picks.left_out.push((*commit, Reason::AlreadyApplied));
            continue;
        }
        if leaves_out_merges && source::is_merge(session, *commit)? {
            picks.left_out.push((*commit, Reason::Merge));
            continue;
        }
        // `-m` on a commit that is no merge is an error in git; a range may well have both.
        let mainline =
            request.mainline.filter(|_| source.explicit || source::is_merge(session, *commit).unwrap_or(false));
        match picker.pick(*commit, picks.tip, mainline)? {
            Pick::Clean(new) => {
                picks.picked.push(PickedCommit { from: *commit, to: new });
                picks.tip = new;
            }
            Pick::Redundant { commit: new, .. } if request.keep_redundant => {
                picks.picked.push(PickedCommit { from: *commit, to: new });
                picks.tip = new;
            }
            Pick::Redundant { was_empty, .. } => {
                picks.left_out.push((*commit, if was_empty { Reason::Empty } else { Reason::Redundant }));
            }
            Pick::Conflict(paths) => {
                let mut commits = vec![*commit];
                for later in &source.commits[position + 1..] {
                    if applied.contains(later) {
                        picks.left_out.push((*later, Reason::AlreadyApplied));
                    } else if leaves_out_merges && source::is_merge(session, *later)? {
                        picks.left_out.push((*later, Reason::Merge));
                    } else {
                        commits.push(*later);
                    }
                }
                picks.conflict = Some(Conflict { commits, paths });
                break;
            }
        }
    }
    Ok(picks)
}

/// A conflict is handed to `git cherry-pick`, which needs a branch that is checked out and an index that is clean.
fn refuse_conflict(session: &Session, onto: &Onto, captured: &Captured, conflict: &Conflict) -> Result<()> {
    let commit = conflict.commits[0].to_hex_with_len(10);
    let named = |error: Error| {
        conflict
            .paths
            .iter()
            .take(5)
            .fold(error, |error, path| error.hint(format!("in `{}`", quote_path(path.as_ref()))))
    };
    if let Onto::Other { name, .. } = onto {
        let short = name.strip_prefix(b"refs/heads/").unwrap_or(name);
        return Err(named(Error::conflict(format!(
            "{commit} conflicts, and `{}` is not checked out",
            BString::from(short)
        )))
        .hint("switch to it and recover there, to settle the conflict in the files; nothing was changed"));
    }
    let head_tree = session.repo.head_tree(&captured.state.head)?;
    let in_conflict = |change: &TreeChange| conflict.paths.contains(&change.path);
    let dirty = tree::diff(&session.repo, captured.state.index, captured.state.worktree)?;
    if let Some(change) = dirty.iter().find(|change| in_conflict(change)) {
        let path = quote_path(change.path.as_ref());
        return Err(Error::refused(format!("`{path}` is changed here, and {commit} conflicts in it"))
            .hint("commit your changes, or save them with `git checkpoint`, and recover again; nothing was changed"));
    }
    if captured.state.index != head_tree {
        return Err(named(Error::conflict(format!(
            "{commit} conflicts, and there are staged changes that git would mix with it"
        )))
        .hint(
            "commit them, or `git checkpoint` and `git restore --staged .`, then recover again; nothing was changed",
        ));
    }
    Ok(())
}

impl Plan {
    /// The commits that are in conflict or after one that is, and the paths.
    pub fn conflict(&self) -> Option<&Conflict> {
        self.conflict.as_ref()
    }

    /// Whether there is nothing to bring back.
    pub fn is_empty(&self) -> bool {
        self.picked.is_empty() && self.conflict.is_none() && self.captured.state.same_content(&self.target)
    }

    fn outcome(&self) -> Recovered {
        let head = match self.edits.first() {
            Some(edit) => Head::Branch { name: edit.name.clone(), commit: edit.new },
            None => self.target.head.clone(),
        };
        let paths = |paths: &[BString]| paths.iter().map(|path| quote_path(path.as_ref())).collect::<Vec<_>>();
        let conflict = match &self.conflict {
            Some(conflict) => Some((conflict.commits.first().copied(), paths(&conflict.paths))),
            None if self.uncommitted_conflicts.is_empty() => None,
            None => Some((None, paths(&self.uncommitted_conflicts))),
        };
        Recovered {
            id: self.record.id.clone(),
            source: self.source.name.clone(),
            head,
            picked: self.picked.clone(),
            left_out: self.left_out.clone(),
            conflict,
            uncommitted: self.request.uncommitted && self.conflict.is_none(),
        }
    }

    /// What it would do, without doing it.
    pub fn preview(&self) -> Recovered {
        self.outcome()
    }

    /// Does it; stops at a conflict.
    pub fn apply(mut self, session: &Session) -> Result<Recovered> {
        let outcome = self.outcome();
        if self.is_empty() {
            return Ok(outcome);
        }
        let then = match &self.conflict {
            Some(conflict) => resume::hand_over(conflict, &self.request),
            None => Then::Done,
        };
        let transition = Transition { from: &self.captured, target: &self.target, edits: self.edits, then };
        transition::run(session, &transition, &mut self.record, &|_, _| {})?;
        if self.conflict.is_none() {
            return Ok(outcome);
        }
        let stopped = resume::begin(session, self.record, &self.target)?;
        Ok(Recovered { left_out: [self.left_out, stopped.left_out].concat(), ..stopped })
    }
}
