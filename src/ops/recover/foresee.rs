//! The conflicts that a recover would have, told before anything is done.

use std::collections::HashMap;

use gix::bstr::BString;

use super::{Request, Source, outlook, source};
use crate::{error::Result, git::pick::Picker, model::Oid, ops::Session};

/// A commit that would conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreseen {
    /// The commit.
    pub commit: Oid,
    /// The paths in conflict; none where git cannot decide which way a folder was renamed.
    pub paths: Vec<BString>,
    /// The earlier commits with which it would apply; `None` where there are none, so that it is to be settled by hand.
    pub resolved_by: Option<Vec<Oid>>,
}

/// Every commit that conflicts where those which do not are picked, in order.
pub(super) fn conflicts(
    session: &Session,
    request: &Request,
    (source, onto): (&Source, Oid),
    known: &HashMap<Oid, Option<Oid>>,
) -> Result<Vec<Foreseen>> {
    let mut picker = super::picks::picker(session, request)?;
    let (mut tree, mut taken) = (session.repo.tree_of(onto)?, Vec::new());
    let mut found = Vec::new();
    for commit in &source.commits {
        if known.contains_key(commit) || (request.mainline.is_none() && picker.is_merge(*commit)?) {
            continue;
        }
        let merged = picker.apply(*commit, tree, request.mainline)?;
        if merged.clean {
            tree = merged.tree;
            taken.push(*commit);
            continue;
        }
        found.push(Foreseen { commit: *commit, paths: merged.conflicts, resolved_by: None });
    }
    for conflict in &mut found {
        let mut before = source::between(session, Some(onto), conflict.commit)?;
        before.retain(|one| *one != conflict.commit && !taken.contains(one) && !known.contains_key(one));
        conflict.resolved_by = needs(&mut picker, (tree, request.mainline), &before, conflict.commit)?;
    }
    Ok(found)
}

fn needs(picker: &mut Picker<'_>, onto: (Oid, Option<usize>), before: &[Oid], commit: Oid) -> Result<Option<Vec<Oid>>> {
    if before.is_empty() {
        return Ok(None);
    }
    outlook::needs(picker, onto, before, commit)
}
