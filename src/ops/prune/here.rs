//! What is in this repository, and its removal.

use std::collections::{BTreeMap, HashSet};

use gix::bstr::{BStr, BString, ByteSlice};

use super::{Entry, Facts, Outcome, Plan, entry, is_own, shown};
use crate::{
    config::Env,
    error::{Error, Result},
    git::{refs, remote::Answer},
    model::{Item, Oid, Reason, Record, RecordId, quote_path},
    ops::{Session, undo},
    store::{
        Journal,
        names::{self, DISCARDED, FILES, Named, PHASES, RECORDS},
    },
};

/// What is known of all records at once.
struct Around {
    refs: BTreeMap<BString, Oid>,
    marks: BTreeMap<RecordId, Vec<Named>>,
    pins: HashSet<RecordId>,
    undone: HashSet<RecordId>,
    newest_of_phases: HashSet<Oid>,
    next: [Option<RecordId>; 2],
}

pub(super) fn gather(session: &Session, env: &Env) -> Result<Facts> {
    let (store, repo) = (session.store(), &session.repo);
    let ids = store.ids()?;
    let both = [RECORDS, FILES].into_iter().map(|prefix| refs::list(repo, prefix)).collect::<Result<Vec<_>>>()?;
    let around = Around {
        refs: both.into_iter().flatten().collect(),
        marks: store.marks()?,
        pins: store.pins()?,
        undone: undo::undone(session, &ids)?,
        newest_of_phases: refs::list(repo, PHASES)?.into_iter().map(|(_, id)| id).collect(),
        next: undo::next(session, &ids)?,
    };
    let mut facts = Facts { pruned: store.pruned()?.into_iter().collect(), ..Facts::default() };
    for (id, record) in ids.iter().zip(store.read_all(&ids)?) {
        match record {
            Ok(record) => record_entry(session, env, &record, &around, &mut facts)?,
            Err(error) => {
                facts.stays.push((id.to_string(), format!("it cannot be read: {}", error.chain().join(": "))));
            }
        }
    }
    discarded(session, env, &mut facts)?;
    Ok(facts)
}

fn record_entry(session: &Session, env: &Env, record: &Record, around: &Around, facts: &mut Facts) -> Result<()> {
    let own = names::record(&record.id);
    let Some(object) = around.refs.get(&own).copied() else { return Ok(()) };
    let mut entry = entry(env, record, around.undone.contains(&record.id));
    let files = names::files(&record.id);
    let files = around.refs.get(&files).map(|id| (files, *id));
    // What shows a record goes before it, and what it needs after it.
    if let Some(name) = shown(record)
        && let Some(now) = refs::find(&session.repo, name.as_ref())?
    {
        let quoted = quote_path(name.as_ref());
        if !is_own(record, object, now) {
            facts.stays.push((quoted, "it was changed since".into()));
        } else if record.backup().is_some() && session.repo.is_checked_out(name.as_ref())? {
            facts.stays.push((quoted, "it is checked out".into()));
        } else {
            let is_merged = record.backup().is_some() && is_elsewhere(session, &name, now)?;
            entry.merged = is_merged.then(|| (name.clone(), now));
            entry.refs.push((name, now));
        }
    }
    entry.refs.extend(around.marks.get(&record.id).into_iter().flatten().cloned());
    entry.refs.push((own, object));
    entry.refs.extend(files);
    let [undo, redo] = &around.next;
    let protected = [
        (around.pins.contains(&record.id), Reason::Pinned),
        (around.newest_of_phases.contains(&object), Reason::Phase),
        (undo.as_ref() == Some(&record.id), Reason::Undo),
        (redo.as_ref() == Some(&record.id), Reason::Redo),
    ];
    entry.item.protected = protected.into_iter().filter(|(is_so, _)| *is_so).map(|(_, reason)| reason).collect();
    facts.entries.push(entry);
    Ok(())
}

/// Whether another branch, here or as it was seen at a remote, has all commits of this one.
fn is_elsewhere(session: &Session, name: &BString, tip: Oid) -> Result<bool> {
    let tip = tip.to_string();
    let args = ["for-each-ref", "--format=%(refname)", "--contains", &tip, "refs/heads/"];
    let listed = session.repo.git(args).run()?;
    Ok(listed.lines().any(|other| other != name.as_slice()))
}

/// What pushes discarded at remotes: of each branch by itself, like records.
fn discarded(session: &Session, env: &Env, facts: &mut Facts) -> Result<()> {
    for (number, (name, id)) in refs::list(&session.repo, DISCARDED)?.into_iter().enumerate() {
        let quoted = quote_path(name.as_ref());
        let Some(at) = names::discarded_at(name.as_ref()) else {
            facts.stays.push((quoted, "its name does not say when it was discarded".into()));
            continue;
        };
        let stand_in = format!("{}-discarded-{number:06}", at.format("%Y%m%dT%H%M%S%.3fZ"));
        let stand_in: RecordId = stand_in.parse().map_err(Error::bug)?;
        let branch = name[DISCARDED.len()..].split_once_str("/").map(|(_, branch)| quote_path(BStr::new(branch)));
        let item = Item {
            id: stand_in,
            group: format!("discarded {}", branch.as_deref().unwrap_or("")),
            local: env.local(at),
            takes_back: None,
            protected: Vec::new(),
        };
        let branch = branch.map(|branch| branch.trim_start_matches("heads/").to_owned());
        let name_and_id = vec![(name, id)];
        facts.entries.push(Entry { item, name: quoted, kind: "discarded", branch, refs: name_and_id, merged: None });
    }
    Ok(())
}

/// Removes it all in one transaction.
pub(super) fn apply(session: &Session, plan: &Plan) -> Result<Outcome> {
    if let Some(journal) = Journal::anywhere(&session.repo)? {
        return Err(Error::conflict(
            "an operation was begun and has not ended, and any record may be needed to end it",
        )
        .because(format!("`{}` is there", journal.display()))
        .hint("`git checkpoint status` in each worktree tells which, and how to end it"));
    }
    let id = plan.publish(session, None)?;
    let removed = plan.removed.iter().cloned().map(|named| (named, Answer::Done)).collect();
    Ok(Outcome { id: Some(id), removed, said: String::new() })
}
