//! What is picked, and onto what: all of a plan that can be told without a look at the files.

use std::cell::RefCell;

use super::{
    Request,
    onto::Onto,
    picks::{self, Picks, Who},
    source::{self, Source},
};
use crate::{
    error::{Error, Result},
    git::capture::Captured,
    model::Head,
    ops::Session,
};

pub(super) struct Basis {
    pub(super) source: Source,
    pub(super) onto: Onto,
    pub(super) who: Who,
    pub(super) picks: Picks,
}

impl Basis {
    /// Finds it while the working state is captured; of the commits in `chosen`, where there are any.
    pub(super) fn beside_capture(
        session: &Session,
        request: &Request,
        chosen: Option<&Source>,
    ) -> Result<(Captured, Result<Self>)> {
        let found = RefCell::new(None);
        let captured = session.capture_while(&|head| {
            found.replace(Some(Self::of(session, request, chosen, head)));
        })?;
        let basis = found.into_inner().unwrap_or_else(|| Self::of(session, request, chosen, &captured.state.head));
        Ok((captured, basis))
    }

    fn of(session: &Session, request: &Request, chosen: Option<&Source>, head: &Head) -> Result<Self> {
        let source = chosen.map_or_else(|| source::find(session, request, head), |source| Ok(source.clone()))?;
        let onto = Onto::find(session, request, head)?;
        refuse_moved(request, &source, &onto)?;
        let who = Who::of(session, request, &onto)?;
        let picks = picks::all(session, request, (&source, onto.commit()), who)?;
        Ok(Basis { source, onto, who, picks })
    }
}

/// What was shown when the commits were chosen is only true of the commit that they were to be picked onto, and of what was
/// named.
fn refuse_moved(request: &Request, source: &Source, onto: &Onto) -> Result<()> {
    match &request.chosen {
        Some(chosen) if chosen.onto != onto.commit() => {
            Err(Error::refused("a commit was made, or the branch moved, while you chose")
                .hint("choose again; nothing was changed"))
        }
        Some(chosen) if !chosen.commits.iter().all(|commit| source.commits.contains(commit)) => {
            Err(Error::refused(format!("`{}` is something else than when you chose from it", source.name))
                .hint("choose again; nothing was changed"))
        }
        _ => Ok(()),
    }
}
