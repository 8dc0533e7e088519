//! Get checkpoints, records, phases, verdicts and backups of others.
//!
//! Whoever can push to a remote can put anything there. So refs come to a quarantine first; each record is read and compared
//! with its objects, and only what is whole and says what it is becomes visible. No tag and no branch that is here
//! already is changed, and records of others are marked as such: what they say was done was not done here.

mod check;
mod names;

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use gix::bstr::{BStr, BString};

use super::{Session, push::Theirs, quarantine::Quarantine};
use crate::{
    error::{Error, Result},
    git::{
        refs::{self, RefEdit, Transaction},
        remote::Remote,
    },
    model::{Detail, Oid, Record, RecordId, Validation, quote_path},
    store::{
        names::{self as stored, FILES, NOTES, PHASES, RECORDS},
        notes, phase_ref_of,
    },
};

/// Clocks differ; one that is a day ahead is wrong.
const AHEAD: Duration = Duration::days(1);

/// Something at the remote that is not taken, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The record's id or the ref.
    pub name: String,
    /// Why.
    pub why: Why,
}

/// Why something is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Its name is none of a record.
    BadName,
    /// It is dated in the future: a clock is wrong.
    Future,
    /// It was pruned here.
    Pruned,
    /// There is another one of this id here.
    Differs,
    /// It cannot be read, or what it says is not so.
    Unusable(String),
    /// A tag or branch of this name is here, and is another.
    NameTaken,
    /// A tag or branch of this name could be taken for something else.
    OddName,
    /// The phase names no record of its own.
    Phase,
    /// The remote did not give it.
    Withheld(String),
}

impl Why {
    /// The word in JSON.
    pub fn as_str(&self) -> &'static str {
        match self {
            Why::BadName => "bad-name",
            Why::Future => "future",
            Why::Pruned => "pruned",
            Why::Differs => "differs",
            Why::Unusable(_) => "unusable",
            Why::NameTaken => "name-taken",
            Why::OddName => "odd-name",
            Why::Phase => "phase",
            Why::Withheld(_) => "withheld",
        }
    }
}

/// What there is to get.
#[derive(Debug)]
#[must_use]
pub struct Plan {
    /// Records that are not here: id, what the remote has, and what is here if it is to be replaced.
    pub records: Vec<(RecordId, Oid, Option<Oid>)>,
    /// Whether the remote has verdicts that are not known here.
    pub verdicts: bool,
    /// What is left out, as far as names tell.
    pub left: Vec<Left>,
    theirs: Theirs,
}

/// What was got.
#[derive(Debug)]
#[must_use]
pub struct Outcome {
    /// The refs that were made or moved here.
    pub refs: Vec<RefEdit>,
    /// What was left out.
    pub left: Vec<Left>,
}

/// Looks at what the remote has; `pruned`: get what was pruned here as well.
pub fn plan(session: &Session, remote: &Remote, pruned: bool) -> Result<Plan> {
    let theirs = remote.list(&session.repo)?;
    let gone = if pruned { BTreeSet::new() } else { pruned_here(session)? };
    let verdicts = theirs.get(BStr::new(NOTES)).copied();
    let known = refs::find(&session.repo, stored::verdicts(remote.name()).as_ref())?;
    let mut plan = Plan {
        records: Vec::new(),
        verdicts: verdicts.is_some() && verdicts != known,
        left: Vec::new(),
        theirs: Theirs::new(),
    };
    for (name, object) in theirs.iter().filter(|(name, _)| name.starts_with(RECORDS.as_bytes())) {
        let Some(id) = stored::id_of(name.as_ref(), RECORDS) else {
            plan.left.push(Left { name: quote_path(name.as_ref()), why: Why::BadName });
            continue;
        };
        let here = session.store().object(&id)?;
        let why = match here {
            Some(here) if here == *object => continue,
            Some(_) if !may_be_replaced(session, &id)? => Why::Differs,
            None if gone.contains(&id) => Why::Pruned,
            _ if id.time().is_none_or(|time| time > session.now + AHEAD) => Why::Future,
            _ => {
                plan.records.push((id, *object, here));
                continue;
            }
        };
        plan.left.push(Left { name: id.to_string(), why });
    }
    plan.theirs = theirs;
    Ok(plan)
}

/// The records that a prune here removed.
fn pruned_here(session: &Session) -> Result<BTreeSet<RecordId>> {
    let store = session.store();
    let foreign = store.foreign()?;
    let undone = super::undo::undone(session, &store.ids()?)?;
    let mut gone = BTreeSet::new();
    let is_prune = |id: &&RecordId| id.kind() == Some(crate::model::Kind::Prune);
    for id in store.ids()?.iter().filter(is_prune).filter(|id| !foreign.contains(*id) && !undone.contains(*id)) {
        let Ok(record) = store.read(id) else { continue };
        if matches!(record.detail, Detail::Prune { remote: None, .. }) {
            let removed = record.refs.iter().filter(|change| change.new.is_none());
            gone.extend(removed.filter_map(|change| stored::id_of(change.name.as_ref(), RECORDS)));
        }
    }
    Ok(gone)
}

/// Whether the record here came from elsewhere, before its checks ended.
fn may_be_replaced(session: &Session, id: &RecordId) -> Result<bool> {
    let is_pending = |record: Record| record.validation() == Some(Validation::Pending);
    Ok(session.store().foreign()?.contains(id) && session.store().read(id).is_ok_and(is_pending))
}

/// Gets it.
pub fn apply(session: &Session, remote: &Remote, plan: Plan) -> Result<Outcome> {
    let quarantine = Quarantine::new(session, remote.name());
    let outcome = take(session, remote, plan, &quarantine);
    quarantine.clear(session)?;
    outcome
}

fn take(session: &Session, remote: &Remote, plan: Plan, quarantine: &Quarantine) -> Result<Outcome> {
    let Plan { records, theirs, mut left, verdicts } = plan;
    let mut wanted: Vec<BString> = Vec::new();
    for (id, ..) in &records {
        wanted.push(stored::record(id));
        wanted.push(stored::files(id));
    }
    wanted.retain(|name| theirs.contains_key(name));
    wanted.extend(verdicts.then(|| NOTES.into()));
    let fetched = fetch(session, (remote, quarantine), &wanted, &mut left)?;
    let mut edits = Vec::new();
    let mut accepted: BTreeMap<Oid, Record> = BTreeMap::new();
    for (id, _, here) in &records {
        let Some(object) = fetched.get(&stored::record(id)).copied() else { continue };
        let files = fetched.get(&stored::files(id)).copied();
        match check::record(session, id, object, files) {
            Ok(record) => {
                let mut add =
                    |name: BString, old: Option<Oid>, new: Oid| edits.push(RefEdit { name, old, new: Some(new) });
                if let Some(files) = files.filter(|_| here.is_none()) {
                    add(stored::files(id), None, files);
                }
                add(stored::record(id), *here, object);
                add(stored::fetched(remote.name(), id), *here, object);
                names::shown(session, (&record, object, *here), &theirs, (&mut edits, &mut left))?;
                accepted.insert(object, record);
            }
            Err(why) => left.push(Left { name: id.to_string(), why: Why::Unusable(why) }),
        }
    }
    phases(session, &theirs, &accepted, (&mut edits, &mut left))?;
    verdict_edit(session, remote, &fetched, (&mut edits, &mut left))?;
    let _lock = session.lock("fetch")?;
    publish(session, edits, left)
}

/// Fetches all at once; where that fails, halves, so that one ref that the remote cannot give costs no other.
fn fetch(
    session: &Session,
    (remote, quarantine): (&Remote, &Quarantine),
    wanted: &[BString],
    left: &mut Vec<Left>,
) -> Result<BTreeMap<BString, Oid>> {
    let error = match quarantine.fetch(session, remote, wanted) {
        Ok(fetched) => return Ok(fetched),
        Err(error) => error,
    };
    // A remote that is not there gives nothing, however small the question.
    remote.list(&session.repo)?;
    if let [only] = wanted {
        left.push(Left { name: quote_path(only.as_ref()), why: Why::Withheld(error.chain().join(": ")) });
        return Ok(BTreeMap::new());
    }
    let (one, other) = wanted.split_at(wanted.len() / 2);
    let mut fetched = fetch(session, (remote, quarantine), one, left)?;
    fetched.extend(fetch(session, (remote, quarantine), other, left)?);
    Ok(fetched)
}

/// Phases move forward only, to a record of theirs that is here.
fn phases(
    session: &Session,
    theirs: &Theirs,
    accepted: &BTreeMap<Oid, Record>,
    (edits, left): (&mut Vec<RefEdit>, &mut Vec<Left>),
) -> Result<()> {
    for (name, object) in theirs.iter().filter(|(name, _)| name.starts_with(PHASES.as_bytes())) {
        let here = refs::find(&session.repo, name.as_ref())?;
        if here == Some(*object) {
            continue;
        }
        let known = match accepted.get(object) {
            Some(record) => Some(record.clone()),
            None => known_here(session, *object)?,
        };
        let own = |record: &Record| phase_ref_of(record).as_ref() == Some(name);
        let Some(record) = known.filter(own) else {
            left.push(Left { name: quote_path(name.as_ref()), why: Why::Phase });
            continue;
        };
        let newest = match here {
            Some(here) => session.store().record_of_object(here)?.map(|record| record.id),
            None => None,
        };
        let is_free = here.is_some() || refs::collision(&session.repo, name.as_ref())?.is_none();
        if newest.is_none_or(|newest| newest < record.id) && is_free {
            edits.push(RefEdit { name: name.clone(), old: here, new: Some(*object) });
        }
    }
    Ok(())
}

/// A record that is here already, by its object.
fn known_here(session: &Session, object: Oid) -> Result<Option<Record>> {
    if !session.repo.gix().has_object(object) {
        return Ok(None);
    }
    let Ok(Some(record)) = session.store().record_of_object(object) else { return Ok(None) };
    let is_here = session.store().object(&record.id)? == Some(object);
    Ok(is_here.then_some(record))
}

fn verdict_edit(
    session: &Session,
    remote: &Remote,
    fetched: &BTreeMap<BString, Oid>,
    (edits, left): (&mut Vec<RefEdit>, &mut Vec<Left>),
) -> Result<()> {
    let Some(object) = fetched.get(BStr::new(NOTES)).copied() else { return Ok(()) };
    if !notes::is_readable(&session.repo, object) {
        left.push(Left { name: NOTES.into(), why: Why::Unusable("it is no commit of notes".into()) });
        return Ok(());
    }
    let name = stored::verdicts(remote.name());
    let old = refs::find(&session.repo, name.as_ref())?;
    edits.extend((old != Some(object)).then_some(RefEdit { name, old, new: Some(object) }));
    Ok(())
}

/// Makes the refs, all at once; one that others changed meanwhile is left out.
fn publish(session: &Session, mut edits: Vec<RefEdit>, mut left: Vec<Left>) -> Result<Outcome> {
    for _ in 0..=edits.len() {
        match refs::transaction(&session.repo, &edits, "checkpoint: fetched")? {
            Transaction::Done => return Ok(Outcome { refs: edits, left }),
            Transaction::Moved(name) => {
                if name.starts_with(RECORDS.as_bytes()) || name.starts_with(FILES.as_bytes()) {
                    return Err(Error::environment("another process fetches the same").hint("try again"));
                }
                edits.retain(|edit| edit.name != name);
                left.push(Left { name: quote_path(name.as_ref()), why: Why::NameTaken });
            }
        }
    }
    Err(Error::bug("no ref that was fetched can be made"))
}
