//! What there is to send: the records here, and what of each git did not track.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use gix::bstr::{BStr, BString};

use super::Theirs;
use crate::{
    error::Result,
    git::{capture::raw, refs, remote::Remote, tree},
    model::{ArtifactForm, Detail, Oid, Record, RecordId, Validation, looks_secret, quote_path},
    ops::Session,
    store::{
        names::{self, FILES, NOTES, Named, PHASES, PINS, RECORDS},
        phase_ref_of,
    },
};

/// What is here.
#[derive(Debug, Default)]
pub struct Facts {
    /// The records, oldest first.
    pub(super) units: Vec<Unit>,
    /// The refs of pins.
    pub(super) pins: Vec<Named>,
    /// The phases that have a ref here.
    pub(super) phases: BTreeSet<BString>,
    /// The verdicts.
    pub(super) notes: Option<Oid>,
    /// What cannot be read, with why.
    pub(super) unreadable: Vec<(String, String)>,
    /// What was removed at this remote by a prune made here.
    pub(super) pruned_there: HashSet<BString>,
}

/// A record and the refs that belong to it.
#[derive(Debug, Clone)]
pub(super) struct Unit {
    pub(super) id: RecordId,
    /// What people know it by.
    pub(super) name: String,
    /// Its ref and object.
    pub(super) record: Named,
    pub(super) files: Option<Named>,
    /// The public tag or the backup branch, where it is as the operation made it.
    pub(super) shown: Option<Named>,
    /// The full name of the ref of its phase.
    pub(super) phase: Option<BString>,
    /// What of it git did not track.
    pub(super) untracked: Vec<String>,
    /// What of it was never committed and looks like a secret by its name.
    pub(super) secrets: Vec<String>,
    /// The object that the remote has for this record and that this one replaces: from before its checks ended.
    pub(super) replaces: Option<Oid>,
}

/// Reads what is here. What the remote has already is not looked into.
pub fn gather(session: &Session, remote: &Remote, theirs: &Theirs) -> Result<Facts> {
    let (store, repo) = (session.store(), &session.repo);
    let phases = refs::names(repo, PHASES)?.into_iter().collect();
    let pins = refs::list(repo, PINS)?;
    let mut facts = Facts { notes: notes(session, theirs)?, pins, phases, ..Facts::default() };
    let here: BTreeMap<BString, Oid> = [RECORDS, FILES]
        .into_iter()
        .map(|prefix| refs::list(repo, prefix))
        .collect::<Result<Vec<_>>>()?
        .concat()
        .into_iter()
        .collect();
    let ids = store.ids()?;
    for (id, record) in ids.iter().zip(store.read_all(&ids)?) {
        match record {
            Ok(record) => {
                if let Detail::Prune { remote: Some(name), removed, .. } = &record.detail
                    && name == remote.name()
                {
                    facts.pruned_there.extend(removed.iter().map(|(name, _)| name.clone()));
                }
                facts.units.extend(unit(session, &record, &here, theirs)?);
            }
            Err(error) => facts.unreadable.push((id.to_string(), error.chain().join(": "))),
        }
    }
    Ok(facts)
}

/// The verdicts found here, unless the remote's are known here and have them all.
fn notes(session: &Session, theirs: &Theirs) -> Result<Option<Oid>> {
    let Some(ours) = refs::find(&session.repo, NOTES.into())? else { return Ok(None) };
    match theirs.get(BStr::new(NOTES)).filter(|theirs| session.repo.gix().has_object(**theirs)) {
        Some(theirs) if super::is_ancestor(session, ours, *theirs)? => Ok(None),
        _ => Ok(Some(ours)),
    }
}

fn unit(session: &Session, record: &Record, here: &BTreeMap<BString, Oid>, theirs: &Theirs) -> Result<Option<Unit>> {
    let named = |name: BString| here.get(&name).map(|id| (name.clone(), *id));
    let Some(own) = named(names::record(&record.id)) else { return Ok(None) };
    // The record of a try that goes on is about to be another one.
    if record.attempt().is_some_and(|attempt| attempt.fate.is_none()) {
        return Ok(None);
    }
    let there = theirs.get(&own.0).copied();
    let mut unit = Unit {
        id: record.id.clone(),
        name: record.tag().map_or_else(|| record.id.to_string(), |tag| quote_path(tag.as_ref())),
        files: named(names::files(&record.id)),
        shown: shown(session, record, own.1)?,
        phase: phase_ref_of(record),
        untracked: Vec::new(),
        secrets: Vec::new(),
        replaces: there.filter(|there| is_pending(session, record, *there)),
        record: own,
    };
    if there != Some(unit.record.1) {
        never_committed(session, record, &mut unit)?;
    }
    Ok(Some(unit))
}

/// The tag or branch of a record, where nobody has moved it.
fn shown(session: &Session, record: &Record, object: Oid) -> Result<Option<Named>> {
    let name = match (record.tag(), record.backup()) {
        (Some(tag), _) => names::tag(tag.as_ref()),
        (None, Some(backup)) => names::branch(backup.as_ref()),
        (None, None) => return Ok(None),
    };
    let now = refs::find(&session.repo, name.as_ref())?;
    Ok(now.filter(|now| *now == object || *now == record.state.tip).map(|now| (name, now)))
}

/// Whether the remote's object is this record before its checks ended.
fn is_pending(session: &Session, record: &Record, there: Oid) -> bool {
    let theirs = session.store().record_of_object(there).ok().flatten();
    record.validation() != Some(Validation::Pending)
        && theirs.is_some_and(|theirs| theirs.id == record.id && theirs.validation() == Some(Validation::Pending))
}

/// What only the snapshot has: files git did not track, the bytes that a filter keeps from git, and what was staged.
fn never_committed(session: &Session, record: &Record, unit: &mut Unit) -> Result<()> {
    let (repo, state) = (&session.repo, &record.state);
    let head = repo.head_tree(&state.head)?;
    let mut untracked: BTreeSet<BString> = added(session, state.index, state.worktree)?;
    untracked.extend(raw::read(repo, state.extras)?.into_keys());
    let staged = added(session, head, state.index)?;
    for made in made(record) {
        untracked.extend(added(session, head, repo.tree_of(made)?)?);
    }
    let is_secret = |path: &&BString| looks_secret(BStr::new(*path));
    let quoted = |path: &BString| quote_path(path.as_ref());
    unit.secrets = untracked.union(&staged).filter(is_secret).map(quoted).collect();
    unit.untracked = untracked.iter().map(quoted).collect();
    for saved in record.artifacts.iter().filter(|saved| saved.form != ArtifactForm::Absent) {
        let shown = saved.path.as_ref().map_or_else(|| saved.name.clone(), quoted);
        if saved.path.as_ref().is_some_and(|path| is_secret(&path)) {
            unit.secrets.push(shown.clone());
        }
        unit.untracked.push(format!("{shown} (artifact)"));
    }
    Ok(())
}

/// The commits that a record keeps of what a command made.
fn made(record: &Record) -> Vec<Oid> {
    let Some(attempt) = record.attempt() else { return Vec::new() };
    let left_out = attempt.files.iter().filter_map(|one| one.made);
    attempt.result.iter().map(|result| result.tip).chain(left_out).collect()
}

fn added(session: &Session, from: Oid, to: Oid) -> Result<BTreeSet<BString>> {
    let changes = tree::diff(&session.repo, from, to)?;
    Ok(changes.into_iter().filter(|change| change.old.is_none()).map(|change| change.path).collect())
}
