//! Bring good commits, and work that was never committed, back from a backup.
//!
//! Commits are picked in memory onto HEAD. The branch then moves once and the worktree is updated once, however
//! many there are. Where one conflicts, all before it are done that way and `git cherry-pick` gets the rest, so
//! that it stops at the conflict as users know it.

use std::collections::HashMap;

use gix::bstr::BString;

use super::{
    Session,
    intent::Then,
    phase,
    rollback::Proof,
    transition::{self, Transition},
};
use crate::{
    error::{Error, Result},
    git::{
        capture::{Captured, raw},
        pick::{Manner, Paths},
        refs::RefEdit,
    },
    model::{Detail, Head, Kind, Oid, PickedCommit, Record, RecordId, State, Verification, quote_path},
};

mod aim;
mod basis;
mod choices;
mod foresee;
pub mod good;
mod known;
mod onto;
mod outlook;
mod picks;
mod prove;
mod resume;
mod source;
mod uncommitted;
mod worktree;

use aim::Aim;
use basis::Basis;
pub use choices::{Choices, Chosen, Commit, Fate, Work};
use onto::Onto;
pub use outlook::{Alone, Outlook, needs};
use picks::{Picks, Who};
pub use prove::prove;

pub use foresee::Foreseen;
pub use resume::resume;
pub use source::{Candidate, Source, candidates};
pub use uncommitted::{WorkFile, WorkKind};

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
    /// `--path`: only these files.
    pub paths: Paths,
    /// `-x`, `--signoff` and `-X`.
    pub manner: Manner,
    /// `--edit`: the message of each commit is edited.
    pub edit: bool,
    /// Whether hooks of the user are left alone, as in a copy to try things in.
    pub without_hooks: bool,
    /// `--dry-run`: nothing will be done, so a conflict that has no place to be settled is only told.
    pub dry_run: bool,
    /// `--interactive`: only these of the commits.
    pub chosen: Option<Chosen>,
}

impl Request {
    /// Whether not all files of the work that was never committed are wanted.
    fn takes_part_of_work(&self) -> bool {
        !self.paths.are_all() || self.chosen.as_ref().is_some_and(|chosen| chosen.work.is_some())
    }
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
    /// Nothing of it is in the paths that were asked for.
    OtherPaths,
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
            Reason::OtherPaths => "other-paths",
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
    /// The commits for `git cherry-pick`: from the first conflict on, or all.
    for_git: Option<Vec<Oid>>,
    known: HashMap<Oid, Option<Oid>>,
    onto: Oid,
    files: Vec<WorkFile>,
    refusal: Option<Error>,
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
    /// Whether the result works; `None` where no check was asked afterwards.
    pub verification: Option<Verification>,
    /// What the checks said afterwards.
    pub proof: Proof,
    /// The files of that work.
    pub files: Vec<WorkFile>,
    /// Whether only some files of it were asked for.
    pub is_part: bool,
    /// Of those that were back already, as which commit; where that is known.
    pub back_as: HashMap<Oid, Oid>,
    /// What git said where it stopped for another reason than a conflict.
    pub said: Option<String>,
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
    plan_of(session, request, None)
}

/// Refuses while something else is half done.
fn refuse_to_begin(session: &Session) -> Result<()> {
    session.refuse_if_busy()?;
    if let Some(operation) = session.repo.git_operation() {
        let command = operation.command();
        return Err(Error::conflict(format!("a `git {command}` is in progress"))
            .hint(format!("`git {command} --continue` or `git {command} --abort` ends it")));
    }
    Ok(())
}

/// As [`plan`], of these commits, where they were chosen already.
fn plan_of(session: &Session, request: &Request, chosen: Option<&Source>) -> Result<Plan> {
    refuse_to_begin(session)?;
    let (mut captured, basis) = Basis::beside_capture(session, request, chosen)?;
    if request.uncommitted && captured.changes.conflicted > 0 {
        return Err(Error::conflict("there are paths in conflict, and uncommitted work could bring more")
            .hint("settle them (`git status` names them), `git add` them, and recover again; nothing was changed"));
    }
    let Basis { source, onto, who, mut picks } = basis?;
    let mut refusal = None;
    let mut for_git = picks.conflict.as_ref().map(|conflict| conflict.commits.clone());
    if let Some(conflict) = picks.conflict.as_ref().filter(|_| who != Who::GitAlone) {
        refusal = onto::refuse_conflict(session, &onto, &captured, conflict).err();
    }
    let predicted = picks.picked.clone();
    if who != Who::We && !picks.all().is_empty() {
        refusal = refusal.or(onto::refuse_staged(session, &captured).err());
        // git would find out later, and in the middle.
        worktree::at_commit(session, &captured.state, picks.tip)?;
        for_git = Some(picks.all());
        (picks.tip, picks.picked) = (onto.commit(), Vec::new());
    }
    if let (Some(commits), Onto::Head(_)) = (&for_git, &onto) {
        refusal = refusal.or(onto::refuse_in_the_way(
            session,
            &picks::picker(session, request)?,
            (commits, request.mainline),
        )
        .err());
    }
    let mut aim = Aim::of(session, request, (&source, &onto), (&captured.state, &picks, for_git.is_some()))?;
    refuse_no_match(request, &picks, (&aim.files, for_git.is_some()))?;
    if let Some(error) = refusal.take_if(|_| !request.dry_run) {
        return Err(error);
    }
    let other = source.backup.as_ref().filter(|_| request.uncommitted);
    aim.target = raw::carried(&session.repo, &captured.state, aim.target, other)?;
    transition::check(session, &mut captured, &aim.target)?;
    let record = Record {
        id: session.store().next_id(session.now, Kind::Recover)?,
        at: session.now,
        subject: format!("recover {}", source.name),
        message: None,
        phase: phase::of(session, &captured.state.head).mark(session.now),
        state: captured.state.clone(),
        skipped: captured.skipped.clone(),
        refs: transition::remembered(&aim.edits),
        checks: Vec::new(),
        artifacts: Vec::new(),
        steps: Vec::new(),
        detail: Detail::Recover {
            source: source.name.clone(),
            picked: picks.picked.clone(),
            uncommitted: request.uncommitted,
            validated: None,
            verification: None,
            paths: request.paths.typed(),
        },
    };
    Ok(Plan {
        source,
        captured,
        picked: predicted,
        left_out: picks.left_out,
        conflict: picks.conflict.filter(|_| who != Who::GitAlone),
        for_git,
        known: picks.known,
        onto: onto.commit(),
        files: aim.files,
        refusal,
        target: aim.target,
        edits: aim.edits,
        uncommitted_conflicts: aim.conflicts,
        request: request.clone(),
        record,
    })
}

/// Where nothing at all is in the paths that were asked for, they are most likely mistyped.
fn refuse_no_match(request: &Request, picks: &Picks, (files, has_more): (&[WorkFile], bool)) -> Result<()> {
    let has_none = picks.picked.is_empty() && !has_more && files.is_empty();
    if request.paths.are_all() || !has_none || picks.left_out.iter().any(|(_, why)| *why != Reason::OtherPaths) {
        return Ok(());
    }
    let specs: Vec<_> =
        request.paths.specs.iter().map(|spec| spec.to_string_lossy().escape_debug().to_string()).collect();
    Err(Error::usage(format!("nothing of what was named is in `{}`", specs.join("`, `")))
        .hint("`git show --stat <commit>` lists the files of a commit")
        .hint("`git checkpoint recover --uncommitted --dry-run` lists those of the uncommitted work"))
}

impl Plan {
    /// The commits that are in conflict or after one that is, and the paths.
    pub fn conflict(&self) -> Option<&Conflict> {
        self.conflict.as_ref()
    }

    /// The commits of which only git can tell what becomes of them.
    pub fn untold(&self) -> &[Oid] {
        let is_told = !self.picked.is_empty() || self.conflict.is_some();
        self.for_git.as_deref().filter(|_| !is_told).unwrap_or_default()
    }

    /// Whether there is nothing to bring back.
    pub fn is_empty(&self) -> bool {
        self.picked.is_empty() && self.for_git.is_none() && self.captured.state.same_content(&self.target)
    }

    fn outcome(&self) -> Recovered {
        let branch = self.edits.iter().find(|edit| edit.name.starts_with(b"refs/heads/"));
        let head = match branch {
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
            uncommitted: self.request.uncommitted && self.for_git.is_none(),
            verification: None,
            proof: Proof::None,
            files: self.files.clone(),
            is_part: self.request.takes_part_of_work(),
            back_as: self.back_as(),
            said: None,
        }
    }

    fn back_as(&self) -> HashMap<Oid, Oid> {
        self.known.iter().filter_map(|(commit, by)| Some((*commit, (*by)?))).collect()
    }

    /// Every conflict that there would be, with what would resolve it.
    pub fn foresee(&self, session: &Session) -> Result<Vec<Foreseen>> {
        if self.conflict.is_none() {
            return Ok(Vec::new());
        }
        foresee::conflicts(session, &self.request, (&self.source, self.onto), &self.known)
    }

    /// Why it would not be begun; only a plan for a dry run has such.
    pub fn refusal(&self) -> Option<&Error> {
        self.refusal.as_ref()
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
        let then = match &self.for_git {
            Some(commits) => resume::hand_over(session, commits, &self.request)?,
            None => Then::Done,
        };
        let back_as = self.back_as();
        let transition = Transition { from: &self.captured, target: &self.target, edits: self.edits, then };
        transition::run(session, &transition, &mut self.record, &|_, _| {})?;
        if self.for_git.is_none() {
            return Ok(outcome);
        }
        let stopped = resume::begin(session, self.record, &self.target)?;
        Ok(Recovered { left_out: [self.left_out, stopped.left_out].concat(), files: self.files, back_as, ..stopped })
    }
}
