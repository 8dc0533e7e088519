//! Which commits are back already, and as which.
//!
//! A commit that was changed on the way (a conflict settled, another message, a part left out by a merge option) has no
//! patch in common with what came of it. What an earlier recover did is in its record, and counts as long as the commit
//! that it made is in the history: an undone one is not. git's own `-x` says it in the message.

use std::collections::{HashMap, HashSet};

use gix::revision::walk::Sorting;

use crate::{
    error::{Context, Result},
    git::{Repo, pick},
    model::{Detail, Kind, Oid},
    ops::Session,
};

/// Those of `commits` that are in the history of `upstream` under another name, with that name where it is known.
pub(super) fn of(session: &Session, commits: &[Oid], upstream: Oid) -> Result<HashMap<Oid, Option<Oid>>> {
    let recorded = Recorded::read(session)?;
    let mut known = pick::applied_by(&session.repo, commits, upstream)?;
    // What names its origin may have only a part of it.
    known.retain(|_, by| by.is_none_or(|by| !recorded.parts.contains(&by)));
    let reachable = recorded.reachable(&session.repo, commits, upstream)?;
    for commit in commits {
        if let Some(made) = recorded.made_of(*commit).into_iter().find(|made| reachable.contains(made)) {
            known.insert(*commit, Some(made));
        }
    }
    Ok(known)
}

/// What the recovers of this repository have made.
#[derive(Default)]
struct Recorded {
    made: HashMap<Oid, Vec<Oid>>,
    /// Commits that have only some files of what they were picked from.
    parts: HashSet<Oid>,
}

impl Recorded {
    fn read(session: &Session) -> Result<Self> {
        let store = session.store();
        let ids = store.ids()?;
        let mut recorded = Recorded::default();
        if !ids.iter().any(|id| id.kind() == Some(Kind::Recover)) {
            return Ok(recorded);
        }
        let foreign = store.foreign()?;
        let own = ids.into_iter().filter(|id| id.kind() == Some(Kind::Recover) && !foreign.contains(id));
        // One that cannot be read says nothing; others tell of it.
        for record in store.read_all(&own.collect::<Vec<_>>())?.into_iter().flatten() {
            let Detail::Recover { picked, paths, .. } = record.detail else { continue };
            for pick in picked {
                if paths.is_empty() {
                    recorded.made.entry(pick.from).or_default().push(pick.to);
                } else {
                    recorded.parts.insert(pick.to);
                }
            }
        }
        Ok(recorded)
    }

    /// What was made of `commit`, and what was made of that: the newest first.
    fn made_of(&self, commit: Oid) -> Vec<Oid> {
        let (mut found, mut seen, mut next) = (Vec::new(), HashSet::from([commit]), vec![commit]);
        while let Some(from) = next.pop() {
            for made in self.made.get(&from).into_iter().flatten().filter(|made| seen.insert(**made)) {
                found.push(*made);
                next.push(*made);
            }
        }
        found.reverse();
        found
    }

    /// What was made of `commits` and is in the history of `upstream`.
    fn reachable(&self, repo: &Repo, commits: &[Oid], upstream: Oid) -> Result<HashSet<Oid>> {
        let mut wanted = HashSet::new();
        let mut oldest = None;
        for made in commits.iter().flat_map(|commit| self.made_of(*commit)) {
            // It may be gone from the repository, and then it is in no history.
            let object = repo.gix().try_find_object(made).context("cannot look for a commit")?;
            let Some(time) = object.and_then(|object| object.try_into_commit().ok()?.time().ok()) else { continue };
            wanted.insert(made);
            oldest = Some(oldest.map_or(time.seconds, |oldest: i64| oldest.min(time.seconds)));
        }
        let mut found = HashSet::new();
        let Some(oldest) = oldest else { return Ok(found) };
        let sorting = Sorting::ByCommitTimeCutoff { order: Default::default(), seconds: oldest - CLOCKS_DIFFER };
        let walk = repo.gix().rev_walk([upstream]).sorting(sorting).all().context("cannot walk the history")?;
        for info in walk {
            let id = info.context("cannot walk the history")?.id;
            if wanted.remove(&id) {
                found.insert(id);
            }
            if wanted.is_empty() {
                break;
            }
        }
        Ok(found)
    }
}

/// A commit may be dated before one that it is made on, by so many seconds.
const CLOCKS_DIFFER: i64 = 24 * 60 * 60;
