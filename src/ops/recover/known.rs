//! Which commits are back already, and as which.
//!
//! A commit that was changed on the way (a conflict settled, another message, a part left out by a merge option) has no
//! patch in common with what came of it. What an earlier recover did is in its record, and counts as long as the commit
//! that it made is in the history: an undone one is not. git's own `-x` says it in the message.

use std::collections::{HashMap, HashSet};

use chrono::DateTime;
use gix::revision::walk::Sorting;

use crate::{
    error::{Context, Result},
    git::{Repo, pick},
    model::{Detail, Kind, Oid},
    ops::Session,
};

/// Those of `commits` that are in the history of `upstream` under another name, with that name where it is known.
pub(super) fn of(session: &Session, commits: &[Oid], upstream: Oid) -> Result<HashMap<Oid, Option<Oid>>> {
    let recorded = Recorded::read(session, commits)?;
    let mut known = pick::applied_by(&session.repo, commits, upstream)?;
    // What names its origin may have only a part of it.
    known.retain(|_, by| by.is_none_or(|by| !recorded.parts.contains(&by)));
    let reachable = recorded.reachable(&session.repo, commits, upstream)?;
    for commit in commits {
        if let Some(made) = recorded.made_of(*commit).into_iter().find(|made| reachable.contains(&made.commit)) {
            known.insert(*commit, Some(made.commit));
        }
    }
    Ok(known)
}

/// What the recovers of this repository have made.
#[derive(Default)]
struct Recorded {
    made: HashMap<Oid, Vec<Made>>,
    /// Commits that have only some files of what they were picked from.
    parts: HashSet<Oid>,
}

/// What one recover has made of a commit.
#[derive(Clone, Copy)]
struct Made {
    commit: Oid,
    /// The first that the same recover made: in the history of all others.
    first: Oid,
}

impl Recorded {
    /// What can have to do with `commits`.
    fn read(session: &Session, commits: &[Oid]) -> Result<Self> {
        let store = session.store();
        let mut ids = store.ids()?;
        ids.retain(|id| id.kind() == Some(Kind::Recover));
        let mut recorded = Recorded::default();
        if ids.is_empty() {
            return Ok(recorded);
        }
        // What was done before there was any of them brought none of them back. Where they are of the future, no date is
        // to be believed.
        let begin = oldest(&session.repo, commits.iter().copied())?;
        let begin = begin.and_then(|seconds| DateTime::from_timestamp(seconds - CLOCKS_DIFFER, 0));
        let begin = begin.filter(|begin| *begin <= session.now);
        ids.retain(|id| id.time() >= begin);
        let foreign = store.foreign()?;
        ids.retain(|id| !foreign.contains(id));
        // One that cannot be read says nothing; others tell of it.
        for record in store.read_all(&ids)?.into_iter().flatten() {
            let Detail::Recover { picked, paths, .. } = record.detail else { continue };
            let Some(first) = picked.first().map(|pick| pick.to) else { continue };
            for pick in picked {
                if paths.is_empty() {
                    recorded.made.entry(pick.from).or_default().push(Made { commit: pick.to, first });
                } else {
                    recorded.parts.insert(pick.to);
                }
            }
        }
        Ok(recorded)
    }

    /// What was made of `commit`, and what was made of that: the newest first.
    fn made_of(&self, commit: Oid) -> Vec<Made> {
        let (mut found, mut seen, mut next) = (Vec::new(), HashSet::from([commit]), vec![commit]);
        while let Some(from) = next.pop() {
            for made in self.made.get(&from).into_iter().flatten().filter(|made| seen.insert(made.commit)) {
                found.push(*made);
                next.push(made.commit);
            }
        }
        found.reverse();
        found
    }

    /// What was made of `commits` and is in the history of `upstream`.
    fn reachable(&self, repo: &Repo, commits: &[Oid], upstream: Oid) -> Result<HashSet<Oid>> {
        let made: Vec<Made> = commits.iter().flat_map(|commit| self.made_of(*commit)).collect();
        let mut wanted: HashSet<Oid> = made.iter().map(|made| made.commit).collect();
        let firsts: HashSet<Oid> = made.iter().map(|made| made.first).collect();
        let oldest = oldest(repo, firsts.into_iter())?;
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

/// When the oldest of them was made, in seconds since 1970. One may be gone from the repository, with all made on it.
fn oldest(repo: &Repo, commits: impl Iterator<Item = Oid>) -> Result<Option<i64>> {
    let mut oldest = None;
    for commit in commits {
        let object = repo.gix().try_find_object(commit).context("cannot look for a commit")?;
        let Some(time) = object.and_then(|object| object.try_into_commit().ok()?.time().ok()) else { continue };
        oldest = Some(oldest.map_or(time.seconds, |oldest: i64| oldest.min(time.seconds)));
    }
    Ok(oldest)
}

/// A commit may be dated before one that it is made on, by so many seconds.
const CLOCKS_DIFFER: i64 = 24 * 60 * 60;
