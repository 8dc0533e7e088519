//! What is at a remote, and its removal there.

use std::collections::{BTreeMap, HashSet};

use gix::bstr::BString;

use super::{Facts, Outcome, Plan, entry, is_own, shown};
use crate::{
    config::Env,
    error::{Error, Result},
    git::remote::{Answer, Remote, Update},
    model::{Oid, Reason, Record, RecordId, quote_path},
    ops::{Session, push::Theirs, quarantine::Quarantine},
    store::names::{self, Named, PHASES, PINS, RECORDS},
};

pub(super) fn gather(session: &Session, env: &Env, remote: &Remote) -> Result<Facts> {
    let theirs = remote.list(&session.repo)?;
    // What is kept here of earlier prunes is for a prune of this repository to let go.
    let mut facts = Facts::default();
    let records = read(session, remote, &theirs, &mut facts)?;
    let below = |prefix: &'static str| theirs.iter().filter(move |(name, _)| name.starts_with(prefix.as_bytes()));
    let newest_of_phases: HashSet<Oid> = below(PHASES).map(|(_, id)| *id).collect();
    let mut pins: HashSet<RecordId> = below(PINS).filter_map(|(name, _)| names::id_of(name.as_ref(), PINS)).collect();
    pins.extend(session.store().pins()?);
    let undone: HashSet<RecordId> = taken_back(records.values());
    for (object, record) in &records {
        let mut entry = entry(env, record, undone.contains(&record.id));
        if let Some(name) = shown(record)
            && let Some(now) = theirs.get(&name).copied()
        {
            if is_own(record, *object, now) {
                entry.refs.push((name, now));
            } else {
                facts.stays.push((quote_path(name.as_ref()), "it was changed since".into()));
            }
        }
        for name in [names::record(&record.id), names::files(&record.id)] {
            entry.refs.extend(theirs.get(&name).map(|id| (name.clone(), *id)));
        }
        let protected =
            [(pins.contains(&record.id), Reason::Pinned), (newest_of_phases.contains(object), Reason::Phase)];
        entry.item.protected = protected.into_iter().filter(|(is_so, _)| *is_so).map(|(_, reason)| reason).collect();
        facts.entries.push(entry);
    }
    Ok(facts)
}

/// The operations that are taken back by others, newest first: one that was taken back itself takes nothing back.
fn taken_back<'r>(records: impl Iterator<Item = &'r Record>) -> HashSet<RecordId> {
    let mut records: Vec<&Record> = records.collect();
    records.sort_by(|a, b| b.id.cmp(&a.id));
    let mut undone = HashSet::new();
    for record in records {
        if let Some(undoes) = record.takes_back().filter(|_| !undone.contains(&record.id)) {
            undone.insert(undoes.clone());
        }
    }
    undone
}

/// The remote's records, by their objects. Those that are not here are fetched to be looked at.
fn read(session: &Session, remote: &Remote, theirs: &Theirs, facts: &mut Facts) -> Result<BTreeMap<Oid, Record>> {
    let listed: Vec<(&BString, Oid)> =
        theirs.iter().filter(|(name, _)| name.starts_with(RECORDS.as_bytes())).map(|(name, id)| (name, *id)).collect();
    let is_missing = |id: &Oid| !session.repo.gix().has_object(*id);
    let missing: Vec<BString> =
        listed.iter().filter(|(_, id)| is_missing(id)).map(|(name, _)| (*name).clone()).collect();
    let quarantine = Quarantine::new(session, remote.name());
    let read = quarantine.fetch(session, remote, &missing).map(|_| {
        let mut records = BTreeMap::new();
        for (name, object) in listed {
            let why = match session.store().record_of_object(object) {
                Ok(Some(record)) if names::record(&record.id) == *name => {
                    records.insert(object, record);
                    continue;
                }
                Ok(Some(record)) => format!("it says that it is {}", record.id),
                Ok(None) => "it is no record".into(),
                Err(error) => error.chain().join(": "),
            };
            facts.stays.push((quote_path(name.as_ref()), why));
        }
        records
    });
    quarantine.clear(session)?;
    read
}

/// Keeps here what goes, then removes it there.
pub(super) fn apply(session: &Session, remote: &Remote, plan: &Plan) -> Result<Outcome> {
    let quarantine = Quarantine::new(session, remote.name());
    let outcome = remove(session, remote, plan, &quarantine);
    quarantine.clear(session)?;
    outcome
}

fn remove(session: &Session, remote: &Remote, plan: &Plan, quarantine: &Quarantine) -> Result<Outcome> {
    let names: Vec<BString> = plan.removed.iter().map(|(name, _)| name.clone()).collect();
    let fetched = quarantine.fetch(session, remote, &names)?;
    let moved = plan.removed.iter().find(|(name, id)| fetched.get(name) != Some(id));
    if let Some((name, _)) = moved {
        return Err(Error::environment(format!("`{}` changed at the remote meanwhile", quote_path(name.as_ref())))
            .hint("try again; nothing was removed"));
    }
    let id = {
        let _lock = session.lock("prune")?;
        plan.publish(session, Some(remote))?
    };
    let update = |(name, old): &Named| Update { name: name.clone(), old: Some(*old), new: None };
    let updates: Vec<Update> = plan.removed.iter().map(update).collect();
    let mut pushed = remote.push(&session.repo, &updates, true, true)?;
    if !pushed.is_complete() {
        // One that is refused must not hold the others back.
        let theirs = remote.list(&session.repo)?;
        let left: Vec<Update> = updates.into_iter().filter(|update| theirs.contains_key(&update.name)).collect();
        pushed = remote.push(&session.repo, &left, false, true)?;
    }
    let gone = remote.list(&session.repo).ok();
    let answer = |named: Named| {
        let is_gone = gone.as_ref().map(|theirs| !theirs.contains_key(&named.0));
        let answer = match (is_gone, pushed.answers.get(&named.0)) {
            (Some(true), _) => Answer::Done,
            (Some(false), Some(Answer::Refused(why))) => Answer::Refused(why.clone()),
            (Some(false), _) => Answer::Refused("it is still there".into()),
            (None, said) => said.cloned().unwrap_or(Answer::Unknown),
        };
        (named, answer)
    };
    Ok(Outcome { id: Some(id), removed: plan.removed.iter().cloned().map(answer).collect(), said: pushed.said })
}
