//! Where a recover goes: the state, the refs, the work that was never committed.

use gix::bstr::BString;

use super::{Request, Source, WorkFile, onto::Onto, picks::Picks, uncommitted, worktree};
use crate::{
    error::Result,
    git::{notes, refs::RefEdit},
    model::State,
    ops::Session,
};

/// What is to be there in the end, before git picks what is for it.
pub(super) struct Aim {
    pub(super) target: State,
    pub(super) edits: Vec<RefEdit>,
    /// The files of the uncommitted work, and those that would be in conflict.
    pub(super) files: Vec<WorkFile>,
    pub(super) conflicts: Vec<BString>,
}

impl Aim {
    pub(super) fn of(
        session: &Session,
        request: &Request,
        (source, onto): (&Source, &Onto),
        (now, picks, is_for_git): (&State, &Picks, bool),
    ) -> Result<Self> {
        let mut aim = Aim { target: now.clone(), edits: Vec::new(), files: Vec::new(), conflicts: Vec::new() };
        match onto {
            Onto::Other { name, commit } if picks.tip != *commit => {
                aim.edits.push(RefEdit { name: name.clone(), old: Some(*commit), new: Some(picks.tip) });
            }
            Onto::Head(commit) if picks.tip != *commit => {
                aim.target = worktree::at_commit(session, now, picks.tip)?;
            }
            _ => {}
        }
        if request.uncommitted {
            let work = uncommitted::Work::of(session, request, source)?;
            aim.files = work.files(session)?;
            // A conflict of a commit is settled before the work comes back.
            if !is_for_git {
                (aim.target, aim.conflicts) = work.onto(session, aim.target)?;
            }
        }
        aim.edits.extend(notes::follow(&session.repo, &picks.picked, &session.identity)?);
        Ok(aim)
    }
}
