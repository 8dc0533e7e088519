//! The picks, in memory; or which of them git has to make by itself.

use std::collections::HashMap;

use super::{
    Conflict, Reason, Request, known,
    onto::Onto,
    source::{self, Source},
};
use crate::{
    error::{Error, Result},
    git::{
        hooks,
        pick::{Pick, Picker},
    },
    model::{Oid, PickedCommit},
    ops::Session,
};

/// What became of the commits.
pub(super) struct Picks {
    pub(super) tip: Oid,
    pub(super) picked: Vec<PickedCommit>,
    pub(super) left_out: Vec<(Oid, Reason)>,
    pub(super) conflict: Option<Conflict>,
    /// Those that are back already, and as which where that is known.
    pub(super) known: HashMap<Oid, Option<Oid>>,
}

impl Picks {
    /// The commits for git, if it has to make all of the picks.
    pub(super) fn all(&self) -> Vec<Oid> {
        let later = self.conflict.iter().flat_map(|conflict| conflict.commits.iter().copied());
        self.picked.iter().map(|pick| pick.from).chain(later).collect()
    }
}

/// A picker by the options of the request.
pub(super) fn picker<'s>(session: &'s Session, request: &Request) -> Result<Picker<'s>> {
    let picker = Picker::new(&session.repo, &session.identity)?;
    Ok(picker.in_manner(request.manner.clone()).only(request.paths.clone()))
}

/// Those of the commits that are back already, as far as that is a reason to leave them out.
pub(super) fn known(
    session: &Session,
    request: &Request,
    commits: &[Oid],
    onto: Oid,
) -> Result<HashMap<Oid, Option<Oid>>> {
    if request.keep_redundant { Ok(HashMap::new()) } else { known::of(session, commits, onto) }
}

/// Who has to make the picks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// This program, in memory.
    We,
    /// git, though the same can be told in memory before.
    Git,
    /// git, and nobody can tell before.
    GitAlone,
}

impl Who {
    /// The editor and hooks are called by git at each commit; options and strategies that a merge in memory does not have
    /// need git too.
    pub(super) fn of(session: &Session, request: &Request, onto: &Onto) -> Result<Self> {
        let Onto::Head(_) = onto else {
            if request.edit {
                return Err(Error::usage("`--edit` needs the branch checked out")
                    .hint("`git switch` to it first; an editor is called at each commit"));
            }
            return Ok(Who::We);
        };
        let mut picker = Picker::new(&session.repo, &session.identity)?;
        let config = session.repo.gix().config_snapshot();
        let strategy = config.string("pull.twohead").map(|names| names.to_string());
        let strategy = strategy.as_deref().and_then(|names| names.split(' ').next()).unwrap_or("ort");
        if !request.dry_run && (!picker.can_merge(&request.manner)? || !matches!(strategy, "ort" | "recursive")) {
            return Ok(Who::GitAlone);
        }
        let has_hooks = !request.without_hooks && hooks::run_for_picks(&session.repo, session.env())?;
        Ok(if request.edit || has_hooks { Who::Git } else { Who::We })
    }
}

/// Picks what can be picked; what is for git alone is as if it were in conflict, in no path.
pub(super) fn all(session: &Session, request: &Request, (source, onto): (&Source, Oid), who: Who) -> Result<Picks> {
    let known = known(session, request, &source.commits, onto)?;
    let mut picks = Picks { tip: onto, picked: Vec::new(), left_out: Vec::new(), conflict: None, known };
    let mut next = Vec::new();
    for commit in &source.commits {
        match left_out_before(session, request, source, (*commit, &picks.known))? {
            Some(reason) => picks.left_out.push((*commit, reason)),
            None => next.push(*commit),
        }
    }
    if who == Who::GitAlone {
        picks.conflict = Some(Conflict { commits: next, paths: Vec::new() }).filter(|rest| !rest.commits.is_empty());
        return Ok(picks);
    }
    let mut picker = picker(session, request)?;
    for (position, commit) in next.iter().enumerate() {
        // `-m` on a commit that is no merge is an error in git; a range may well have both.
        let mainline =
            request.mainline.filter(|_| source.explicit || source::is_merge(session, *commit).unwrap_or(false));
        match picker.pick(*commit, picks.tip, mainline)? {
            Pick::Redundant { was_empty: true, .. } if !request.paths.are_all() => {
                picks.left_out.push((*commit, Reason::OtherPaths));
            }
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
                for later in &next[position + 1..] {
                    if !request.paths.are_all() && picker.changes(*later, request.mainline)?.is_empty() {
                        picks.left_out.push((*later, Reason::OtherPaths));
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

/// Why a commit is not picked at all, if that is so.
fn left_out_before(
    session: &Session,
    request: &Request,
    source: &Source,
    (commit, known): (Oid, &HashMap<Oid, Option<Oid>>),
) -> Result<Option<Reason>> {
    let leaves_out_merges = !source.explicit && request.mainline.is_none();
    Ok(match () {
        () if known.contains_key(&commit) => Some(Reason::AlreadyApplied),
        () if leaves_out_merges && source::is_merge(session, commit)? => Some(Reason::Merge),
        () => None,
    })
}
