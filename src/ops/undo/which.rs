//! Which operation an undo or a redo takes back, and which ones were taken back.

use std::collections::HashSet;

use super::{Direction, Request};
use crate::{
    error::{Error, Result},
    model::{Detail, Fate, Kind, Record, RecordId, quote_path},
    ops::Session,
};

/// The operations that were taken back, and the undos and redos that were.
pub fn undone<'i>(
    session: &Session,
    ids: impl IntoIterator<Item = &'i RecordId, IntoIter: DoubleEndedIterator>,
) -> Result<HashSet<RecordId>> {
    let store = session.store();
    let foreign = store.foreign()?;
    let mut undone = HashSet::new();
    for id in ids.into_iter().rev().filter(|id| matches!(id.kind(), Some(Kind::Undo | Kind::Redo))) {
        if undone.contains(id) {
            continue;
        }
        // One that cannot be read took nothing back that could still be told; one from elsewhere took nothing of ours back.
        if let Ok(Detail::Undo { undoes } | Detail::Redo { undoes }) = store.read(id).map(|record| record.detail)
            && foreign.contains(id) == foreign.contains(&undoes)
        {
            undone.extend(made_by(session, &undoes));
            undone.insert(undoes);
        }
    }
    Ok(undone)
}

/// The checkpoint that a try has made of its result, which goes and comes with it.
pub(super) fn made_by(session: &Session, id: &RecordId) -> Option<RecordId> {
    let is_try = id.kind() == Some(Kind::Try);
    is_try.then(|| session.store().read(id).ok()?.attempt()?.checkpoint.clone()).flatten()
}

/// What nobody means without naming it: the checkpoints that tries have made, and tries of which nothing came.
fn parts(session: &Session, ids: &[RecordId]) -> HashSet<RecordId> {
    let part = |id: &RecordId| {
        let record = session.store().read(id).ok()?;
        let attempt = record.attempt()?;
        let is_nothing = attempt.fate == Some(Fate::PutBack) && attempt.result.is_none();
        if is_nothing { Some(id.clone()) } else { attempt.checkpoint.clone() }
    };
    ids.iter().filter(|id| id.kind() == Some(Kind::Try)).filter_map(part).collect()
}

/// The operations that are as good as not there: those of other clones, and prunes whose removed records are gone.
fn passed_over(session: &Session, ids: &[RecordId]) -> Result<HashSet<RecordId>> {
    let mut passed = session.store().foreign()?;
    let kept = session.store().pruned()?;
    let is_over = |id: &&RecordId| id.kind() == Some(Kind::Prune) && !kept.contains_key(*id);
    passed.extend(ids.iter().filter(is_over).cloned());
    Ok(passed)
}

/// The operations that the next `undo` and the next `redo` take back.
pub fn next(session: &Session, ids: &[RecordId]) -> Result<[Option<RecordId>; 2]> {
    let mut passed = undone(session, ids)?;
    passed.extend(passed_over(session, ids)?);
    passed.extend(parts(session, ids));
    let is_timed = |id: &RecordId| is_timed(session, id);
    let next = |direction| candidate(direction, ids, &passed, &is_timed).ok().cloned();
    Ok([Direction::Undo, Direction::Redo].map(next))
}

/// Whether it is a checkpoint that was taken because it was due.
fn is_timed(session: &Session, id: &RecordId) -> bool {
    session.store().read(id).is_ok_and(|record| record.phase.is_some_and(|mark| mark.is_timed()))
}

/// The operation that `undo` or `redo` without an argument takes back: by names, and by whether a checkpoint is a timed
/// one.
fn candidate<'i>(
    direction: Direction,
    ids: &'i [RecordId],
    undone: &HashSet<RecordId>,
    is_timed: &dyn Fn(&RecordId) -> bool,
) -> Result<&'i RecordId, Option<&'i RecordId>> {
    for id in ids.iter().rev().filter(|id| !undone.contains(id)) {
        match (direction, id.kind()) {
            // Nobody asked for it, so nobody means it.
            (Direction::Undo, Some(Kind::Create)) if is_timed(id) => {}
            (Direction::Undo, Some(Kind::Create | Kind::Rollback | Kind::Recover | Kind::Prune | Kind::Try))
            | (Direction::Redo, Some(Kind::Undo)) => return Ok(id),
            // What was undone does not fit on what was done since.
            (Direction::Redo, Some(Kind::Rollback | Kind::Recover | Kind::Try)) => return Err(Some(id)),
            _ => {}
        }
    }
    Err(None)
}

/// The operation that was asked for, if it can be taken back here.
pub(super) fn find(session: &Session, request: &Request) -> Result<Record> {
    let direction = request.direction;
    let ids = session.store().ids()?;
    let already = undone(session, &ids)?;
    let passed = passed_over(session, &ids)?;
    let id = match request.id.as_deref() {
        Some(name) => by_prefix(&ids, name)?,
        None => {
            let mut passed: HashSet<_> = already.union(&passed).cloned().collect();
            passed.extend(parts(session, &ids));
            candidate(direction, &ids, &passed, &|id| is_timed(session, id))
                .map_err(|newer| nothing(direction, newer))?
        }
    };
    if already.contains(id) {
        return Err(
            Error::refused(format!("`{id}` was taken back already")).hint("`git checkpoint log` shows the operations")
        );
    }
    let record = session.store().read(id)?;
    if passed.contains(id) || matches!(record.detail, Detail::Prune { remote: Some(_), .. }) {
        return Err(not_here(&record));
    }
    Ok(record)
}

/// Why an operation cannot be taken back here.
fn not_here(record: &Record) -> Error {
    let id = &record.id;
    match &record.detail {
        Detail::Prune { remote: Some(remote), .. } => {
            let remote = quote_path(remote.as_bytes().into());
            Error::refused(format!("`{id}` removed refs of the remote {remote}")).because("undo changes no remote").hint(format!(
                "`git push {remote} 'refs/checkpoint/pruned/{id}/*:refs/*'` puts them back, as long as they are kept here"
            ))
            .hint("`git checkpoint undo <id>` takes back what was done before; `git checkpoint log` shows it")
        }
        Detail::Prune { .. } => Error::refused(format!("what `{id}` removed is not kept any more"))
            .hint("another clone or a remote may still have it: `git checkpoint fetch --pruned`"),
        _ => Error::refused(format!("`{id}` was done in another clone, and its changes are not here"))
            .hint(format!("`git checkpoint rollback {id}` goes to the state that it saved")),
    }
}

fn nothing(direction: Direction, newer: Option<&RecordId>) -> Error {
    let log = "`git checkpoint log` shows what was done, and what of it was taken back";
    match (direction, newer) {
        (Direction::Undo, _) => Error::refused("there is no operation to undo").hint(log),
        (Direction::Redo, None) => Error::refused("there is no undo to take back").hint(log),
        (Direction::Redo, Some(id)) => Error::refused(format!("`{id}` was done after the last undo"))
            .hint("`git checkpoint log` shows the undos; `git checkpoint redo <id>` takes a certain one back"),
    }
}

fn by_prefix<'i>(ids: &'i [RecordId], name: &str) -> Result<&'i RecordId> {
    let mut matching = ids.iter().filter(|id| id.as_str().starts_with(name));
    match (matching.next(), matching.next()) {
        (Some(id), None) => Ok(id),
        (None, _) => {
            Err(Error::usage(format!("no operation has the id `{name}`")).hint("`git checkpoint log` shows them"))
        }
        (Some(_), Some(_)) => Err(Error::usage(format!("more than one operation's id begins with `{name}`"))
            .hint("`git checkpoint log` shows them")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(words: &[&str]) -> Vec<RecordId> {
        let id = |(n, kind): (usize, &&str)| format!("20261121T1430{n:02}.000Z-{kind}-{n:06}").parse().expect("an id");
        words.iter().enumerate().map(id).collect()
    }

    #[test]
    fn the_newest_that_was_not_taken_back_is_next() {
        let all = ids(&["create", "rollback", "undo", "resume"]);
        let undone: HashSet<_> = [all[1].clone()].into();
        assert_eq!(candidate(Direction::Undo, &all, &undone, &|_| false), Ok(&all[0]));
        assert_eq!(candidate(Direction::Redo, &all, &undone, &|_| false), Ok(&all[2]));
    }

    #[test]
    fn what_nobody_asked_for_is_passed_over() {
        let all = ids(&["create", "create", "create"]);
        let is_timed = |id: &RecordId| *id != all[0];
        assert_eq!(candidate(Direction::Undo, &all, &HashSet::new(), &is_timed), Ok(&all[0]));
        assert_eq!(candidate(Direction::Undo, &all[1..], &HashSet::new(), &is_timed), Err(None));
    }

    #[test]
    fn a_redo_does_not_go_past_what_was_done_since() {
        let all = ids(&["rollback", "undo", "create", "recover"]);
        let undone: HashSet<_> = [all[0].clone()].into();
        assert_eq!(candidate(Direction::Redo, &all, &undone, &|_| false), Err(Some(&all[3])));
        assert_eq!(candidate(Direction::Redo, &all[..3], &undone, &|_| false), Ok(&all[1]));
        assert_eq!(candidate(Direction::Undo, &ids(&["undo"]), &HashSet::new(), &|_| false), Err(None));
    }
}
