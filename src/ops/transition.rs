//! From the state captured now to another, so that a crash at any instant leaves the one, the other, or a journal
//! by which the next call finishes it or goes back.
//!
//! The order is what makes it safe: journal, index lock, record and backup published (journal and objects fsynced first),
//! files, HEAD, other refs, index, journal removed. Nothing is overwritten before it is in a published record.
//!
//! What comes one after the other need not be waited for one after the other: the journal becomes durable with the objects,
//! and the index with HEAD. Between the two of a pair only a power cut can come; it leaves an announced journal and nothing
//! else, or a journal that says what is missing.

use std::time::{Duration, Instant};

use gix::bstr::BString;

use super::{
    Session,
    intent::{Intent, Stage, Then},
    names,
};
use crate::{
    config::TagKind,
    error::{self, Context, Error, Result},
    git::{
        capture::{Captured, raw},
        refs::{self, Along, RefEdit, Transaction},
        restore::{self, Restore},
        tree,
    },
    model::{Record, RefChange, State, quote_path},
    store::{Attached, Journal, Published},
};

/// A move of the worktree from one state to another.
#[must_use]
pub struct Transition<'a> {
    /// Where it begins; captured under the operation's lock.
    pub from: &'a Captured,
    /// Where it goes.
    pub target: &'a State,
    /// Refs to change beside HEAD's own branch, once the files are in place.
    pub edits: Vec<RefEdit>,
    /// What is done after the worktree is there, told to the call that finishes an interrupted operation.
    pub then: Then,
}

/// Edits that take `changes` back, the last first.
pub fn reversed(changes: &[RefChange]) -> Vec<RefEdit> {
    changes.iter().rev().map(|c| RefEdit { name: c.name.clone(), old: c.new, new: c.old }).collect()
}

/// What of `edits` a record remembers.
pub fn remembered(edits: &[RefEdit]) -> Vec<RefChange> {
    edits.iter().map(|e| RefChange { name: e.name.clone(), old: e.old, new: e.new }).collect()
}

/// The backup branch of `record`, as an edit that makes it, or that leaves it as the operation made it; `None` if it
/// has none or somebody has moved it.
pub fn backup(session: &Session, record: &Record) -> Result<Option<RefEdit>> {
    let Some(short) = record.backup() else { return Ok(None) };
    let name: BString = [b"refs/heads/".as_slice(), short].concat().into();
    let tip = Some(record.state.tip);
    let old = refs::find(&session.repo, name.as_ref())?;
    Ok((old.is_none() || old == tip).then_some(RefEdit { name, old, new: tip }))
}

/// Refuses a transition that cannot be carried out, before anything is written: files in the way that no backup
/// would hold, and content of the target that is not in the repository any more.
///
/// What the way to the target overwrites and the capture had no reason to read is added to `from`.
pub fn check(session: &Session, from: &mut Captured, target: &State) -> Result<()> {
    let changes = restore::changes(&session.repo, &from.state, target)?;
    if let Some(path) = tree::unsafe_path(&changes) {
        return Err(restore::unsafe_path(path));
    }
    let obstacles = restore::obstacles(&session.repo, from, target)?;
    if let Some(first) = obstacles.first() {
        let more = match obstacles.len() {
            1 => "is in the way".to_owned(),
            count => format!("and {} more are in the way", count - 1),
        };
        let path = quote_path(first.path.as_ref());
        let mut error = Error::refused(format!("`{path}` {more}")).because(format!("`{path}` {}", first.why));
        for obstacle in obstacles.iter().skip(1).take(9) {
            error = error.hint(format!("`{}` {}", quote_path(obstacle.path.as_ref()), obstacle.why));
        }
        return Err(error.hint("move away what is in the way, and try again; nothing was changed"));
    }
    let partial = session.repo.has_promisor();
    for change in changes {
        let missing =
            change.new.filter(|new| !new.mode.is_commit() && !partial && !session.repo.gix().has_object(new.id));
        if let Some(missing) = missing {
            return Err(Error::environment(format!(
                "the content of `{}` is gone from the repository (object {})",
                quote_path(change.path.as_ref()),
                missing.id
            ))
            .hint("`git fsck` tells what else is missing; choose another checkpoint with `git checkpoint list`"));
        }
    }
    raw::deepen(&session.repo, from, target)
}

/// How long the parts of a transition took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Took {
    /// Until record and backup were published.
    pub saving: Duration,
    /// Until files, HEAD and index were in place.
    pub moving: Duration,
}

/// Publishes `record`, naming its backup branch by `rename` until a free name is found, and carries the
/// transition out. On an error before the first file was touched nothing is left behind.
pub fn run(
    session: &Session,
    transition: &Transition<'_>,
    record: &mut Record,
    rename: &dyn Fn(&mut Record, usize),
) -> Result<Took> {
    let started = Instant::now();
    let journal = Intent::new(transition.target, &transition.edits, transition.then.clone())
        .journal(session, (record, Stage::Moving));
    let restore = journal.announce(&session.repo).and_then(|announced| {
        let restore = begin(session, transition)?;
        let attached = Attached { kept: &transition.from.kept, along: announced.as_ref(), ..Attached::default() };
        publish(session, record, rename, &attached).map(|()| restore)
    });
    let restore = match restore {
        Ok(restore) => restore,
        // It may be there although its names could not be made durable.
        Err(error) => return Err(withdraw(session, record, error)),
    };
    let saving = started.elapsed();
    if let Err(error) = carry_out(session, restore, transition, &record.subject) {
        return Err(withdraw_if_untouched(session, transition, record, error));
    }
    match transition.then {
        Then::Done => remove_journal(session, record)?,
        Then::CherryPick { .. } => Stage::HandingOver.reach(session, &journal).map_err(|why| half_way(record, why))?,
        Then::Conclude(_) => Stage::Concluding.reach(session, &journal).map_err(|why| half_way(record, why))?,
    }
    Ok(Took { saving, moving: started.elapsed() - saving })
}

/// As [`run`], for a record whose names are settled and under a journal that is there already and stays.
pub fn resume(session: &Session, transition: &Transition<'_>, record: &Record, reflog: &str) -> Result<()> {
    let restore = begin(session, transition)?;
    let attached = Attached { kept: &transition.from.kept, ..Attached::default() };
    publish(session, &mut record.clone(), &|_, _| {}, &attached)?;
    carry_out(session, restore, transition, reflog)
}

/// As [`resume`], where a published record has what is there now.
pub(super) fn carry(session: &Session, transition: &Transition<'_>, reflog: &str) -> Result<()> {
    let restore = begin(session, transition)?;
    carry_out(session, restore, transition, reflog)
}

/// Takes the index lock, unless the worktree is to stay as it is.
fn begin<'s>(session: &'s Session, transition: &Transition<'s>) -> Result<Option<Restore<'s>>> {
    if raw::is_same(&session.repo, &transition.from.state, transition.target)? {
        return Ok(None);
    }
    Restore::begin(&session.repo, transition.from, transition.target).map(Some)
}

fn publish(
    session: &Session,
    record: &mut Record,
    rename: &dyn Fn(&mut Record, usize),
    attached: &Attached<'_>,
) -> Result<()> {
    for attempt in 1..10_000 {
        rename(record, attempt);
        match session.store().publish(record, attached, TagKind::None, &session.identity)? {
            Published::Taken(taken) => {
                let full = [b"refs/heads/", taken.as_slice()].concat().into();
                if let Some(other) = refs::above(&session.repo, BString::as_ref(&full))? {
                    return Err(names::blocked(&taken, &other, "phase.backup"));
                }
            }
            Published::Done(_) | Published::Unsigned(..) => return Ok(()),
        }
    }
    Err(Error::bug("there is no free name for the backup branch"))
}

/// Files, HEAD, other refs, index: in this order, so that the index lock keeps git out until all are in place.
fn carry_out(
    session: &Session,
    mut restore: Option<Restore<'_>>,
    transition: &Transition<'_>,
    reflog: &str,
) -> Result<()> {
    let repo = &session.repo;
    if let Some(restore) = &mut restore {
        restore.write_files()?;
    }
    let reflog = format!("checkpoint: {reflog}");
    let mut left = Vec::new();
    for edit in &transition.edits {
        if refs::find(repo, edit.name.as_ref())? != edit.new {
            left.push(edit.clone());
        }
    }
    if repo.head()? != transition.target.head {
        let heads = (&transition.from.state.head, &transition.target.head);
        // The index is last, and so it comes along only where no other ref is left to change.
        let along = restore.as_mut().filter(|_| left.is_empty());
        expect_done(refs::move_head(repo, heads, &reflog, along.map(|restore| restore as &mut dyn Along))?)?;
    }
    if !left.is_empty() {
        expect_done(refs::transaction(repo, &left, &reflog)?)?;
    }
    restore.map_or(Ok(()), Restore::finish)
}

fn expect_done(transaction: Transaction) -> Result<()> {
    match transaction {
        Transaction::Done => Ok(()),
        Transaction::Moved(name) => {
            Err(Error::environment(format!("`{name}` was changed by another process in the meantime")))
        }
    }
}

/// After a failure: if no file was touched yet, takes record and journal away again; else leaves them for
/// `--continue` and `--abort`.
fn withdraw_if_untouched(session: &Session, transition: &Transition<'_>, record: &Record, error: Error) -> Error {
    match is_untouched(session, transition, &error) {
        Ok(true) => withdraw(session, record, error),
        _ => half_way(record, error),
    }
}

fn half_way(record: &Record, error: Error) -> Error {
    let kind = record.kind();
    error
        .hint(format!("it stopped half-way; everything is saved in `{}`", record.id))
        .hint(format!("`git checkpoint {kind} --continue` finishes it, `git checkpoint {kind} --abort` goes back"))
}

/// Removes the journal of an operation that is complete.
pub(super) fn remove_journal(session: &Session, record: &Record) -> Result<()> {
    Journal::remove(&session.repo)
        .with_context(|| format!("the {} is done, but its journal could not be removed", record.kind()))
}

/// Takes record and journal away again, of an operation that has changed nothing.
fn withdraw(session: &Session, record: &Record, error: Error) -> Error {
    match session.store().withdraw(record).and_then(|()| Journal::remove(&session.repo)) {
        Ok(()) if error.hints().iter().any(|hint| hint.ends_with("nothing was changed")) => error,
        Ok(()) => error.hint("nothing was changed"),
        Err(_) => error.hint(format!("`git checkpoint {} --abort` ends it; no file was changed", record.kind())),
    }
}

/// Whether HEAD, the other refs, index, what git keeps beside it, and files are as they were. Where git refused to begin, a
/// file that changed was changed by others; where it failed, a file that differs may be one that it had begun to write,
/// or had removed to write it anew.
fn is_untouched(session: &Session, transition: &Transition<'_>, error: &Error) -> Result<bool> {
    let (repo, before) = (&session.repo, &transition.from.state);
    if repo.head()? != before.head {
        return Ok(false);
    }
    for edit in transition.edits.iter().filter(|edit| edit.old != edit.new) {
        if refs::find(repo, edit.name.as_ref())? == edit.new {
            return Ok(false);
        }
    }
    let now = session.capture()?.state;
    // Of the bytes beside the trees, which are part of the extras, not every capture has a reason to know the same.
    let beside = |state: &State| raw::without(repo, state.extras);
    if now.index != before.index || beside(&now)? != beside(before)? {
        return Ok(false);
    }
    if error.kind() != error::Kind::Refused {
        return Ok(now.worktree == before.worktree);
    }
    for change in tree::diff(repo, before.worktree, now.worktree)? {
        if change.new == tree::entry(repo, transition.target.worktree, change.path.as_ref())? {
            return Ok(false);
        }
    }
    Ok(true)
}
