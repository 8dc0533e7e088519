//! Let go of what the retention policy does not keep, here or at a remote.
//!
//! Only refs that records name are removed, each with the value that it is expected to have. What is removed here stays
//! alive below `refs/checkpoint/pruned/<id>/` until a later prune finds it older than the grace period; until then `undo`
//! brings it back. What is removed at a remote is fetched first and kept here in the same way.

mod here;
mod there;

use chrono::Duration;
use gix::bstr::{BStr, BString};

use super::Session;
use crate::{
    config::{Env, Retention},
    error::{Error, Result},
    git::{
        refs::RefEdit,
        remote::{Answer, Remote},
    },
    model::{Detail, Elapsed, Item, Kind, Oid, Policy, Reason, Record, RecordId, RefChange, State, quote_path, retain},
    store::{Published, names},
};

/// One thing that stays or goes: a record, or a history that a push discarded at a remote.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What the policy looks at.
    pub item: Item,
    /// What people know it by.
    pub name: String,
    /// What it is: the kind of the record, or `discarded`.
    pub kind: &'static str,
    /// The branch it is of.
    pub branch: Option<String>,
    /// The refs that go with it, each with the value that it has.
    refs: Vec<names::Named>,
    /// The backup branch, if everything in it is on another branch: it goes even if the record stays.
    merged: Option<names::Named>,
}

/// What there is.
#[derive(Debug, Default)]
pub struct Facts {
    entries: Vec<Entry>,
    /// What stays whatever the policy says, and why: what cannot be read, tags and branches that somebody moved.
    stays: Vec<(String, String)>,
    /// What earlier prunes removed, by prune: the refs that keep it.
    pruned: Vec<(RecordId, Vec<names::Named>)>,
}

/// What will stay and go.
#[derive(Debug)]
#[must_use]
pub struct Plan {
    /// Everything, newest first, and why it stays; without a reason it goes.
    pub entries: Vec<(Entry, Vec<Reason>)>,
    /// The refs that go.
    pub removed: Vec<names::Named>,
    /// Backup branches among them that go although their records stay, as all in them is on another branch.
    pub merged: Vec<BString>,
    /// What stays whatever the policy says, and why.
    pub stays: Vec<(String, String)>,
    /// Earlier prunes whose removed records are let go for good, with the refs that kept them.
    pub freed: Vec<(RecordId, Vec<names::Named>)>,
    now: chrono::DateTime<chrono::Utc>,
}

/// What was done.
#[derive(Debug)]
#[must_use]
pub struct Outcome {
    /// The record of it; `None` where there was nothing to do.
    pub id: Option<RecordId>,
    /// The refs that were to go, and what became of each.
    pub removed: Vec<(names::Named, Answer)>,
    /// What the remote said, where something was refused.
    pub said: String,
}

/// Reads what there is here, or at the remote.
pub fn gather(session: &Session, env: &Env, remote: Option<&Remote>, retention: &Retention) -> Result<Facts> {
    let mut facts = match remote {
        None => here::gather(session, env)?,
        Some(remote) => there::gather(session, env, remote)?,
    };
    for entry in &mut facts.entries {
        if retention.pinned.iter().any(|pattern| matches(pattern, &entry.name)) {
            entry.item.protected.push(Reason::Pinned);
        }
    }
    Ok(facts)
}

fn matches(pattern: &str, name: &str) -> bool {
    gix::glob::wildmatch(BStr::new(pattern), BStr::new(name), gix::glob::wildmatch::Mode::empty())
}

/// Decides what stays and goes.
pub fn plan(facts: Facts, retention: &Retention, now: chrono::DateTime<chrono::Utc>) -> Result<Plan> {
    if retention.policy.is_empty() {
        return Err(Error::usage("a policy that keeps nothing is none")
            .hint("give one of --last, --hourly, --daily, --weekly and --within more than zero"));
    }
    let Facts { mut entries, stays, pruned } = facts;
    let (freed, kept): (Vec<_>, Vec<_>) = pruned.into_iter().partition(|(id, _)| is_over(id, retention.grace, now));
    for entry in &mut entries {
        if kept.iter().any(|(id, _)| *id == entry.item.id) {
            entry.item.protected.push(Reason::Grace);
        }
    }
    let items: Vec<Item> = entries.iter().map(|entry| entry.item.clone()).collect();
    let reasons = retain(&items, &retention.policy, now);
    let mut entries: Vec<(Entry, Vec<Reason>)> = entries.into_iter().zip(reasons).collect();
    entries.sort_by(|(a, _), (b, _)| b.item.id.cmp(&a.item.id));
    let (mut removed, mut merged) = (Vec::new(), Vec::new());
    for (entry, reasons) in &entries {
        if reasons.is_empty() {
            removed.extend(entry.refs.iter().cloned());
        } else if let Some(branch) = entry.merged.clone().filter(|_| !entry.item.protected.contains(&Reason::Undo)) {
            merged.push(branch.0.clone());
            removed.push(branch);
        }
    }
    Ok(Plan { entries, removed, merged, stays, freed, now })
}

/// Whether what this prune removed has been kept long enough.
fn is_over(id: &RecordId, grace: Elapsed, now: chrono::DateTime<chrono::Utc>) -> bool {
    id.time().is_some_and(|at| at + Duration::minutes(i64::from(grace.minutes())) <= now)
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.removed.is_empty() && self.freed.is_empty()
    }

    /// What goes, newest first.
    pub fn goes(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|(_, reasons)| reasons.is_empty()).map(|(entry, _)| entry)
    }

    /// Does it, here or at the remote.
    pub fn apply(&self, session: &Session, remote: Option<&Remote>) -> Result<Outcome> {
        if self.is_empty() {
            return Ok(Outcome { id: None, removed: Vec::new(), said: String::new() });
        }
        match remote {
            None => here::apply(session, self),
            Some(remote) => there::apply(session, remote, self),
        }
    }

    /// The record of a prune and the transaction that it comes with.
    fn publish(&self, session: &Session, remote: Option<&Remote>) -> Result<RecordId> {
        let id = session.store().next_id(self.now, Kind::Prune)?;
        let keep = |(name, oid): &names::Named| RefEdit {
            name: names::pruned(&id, name.as_ref()),
            old: None,
            new: Some(*oid),
        };
        let delete = |(name, oid): &names::Named| RefEdit { name: name.clone(), old: Some(*oid), new: None };
        let mut edits: Vec<RefEdit> = self.removed.iter().map(keep).collect();
        if remote.is_none() {
            edits.extend(self.removed.iter().map(delete));
        }
        let change = |edit: &RefEdit| RefChange { name: edit.name.clone(), old: edit.old, new: edit.new };
        let count = self.goes().count();
        let place = remote.map(|remote| format!(" at {}", quote_path(remote.name().as_bytes().into())));
        let record = Record {
            id: id.clone(),
            at: self.now,
            subject: format!("prune {count} of {}{}", self.entries.len(), place.unwrap_or_default()),
            message: None,
            phase: None,
            state: standing(session)?,
            skipped: Vec::new(),
            refs: edits.iter().map(change).collect(),
            checks: Vec::new(),
            artifacts: Vec::new(),
            steps: Vec::new(),
            detail: Detail::Prune {
                remote: remote.map(|remote| remote.name().to_owned()),
                removed: if remote.is_some() { self.removed.clone() } else { Vec::new() },
                freed: self.freed.iter().map(|(id, _)| id.clone()).collect(),
            },
        };
        edits.extend(self.freed.iter().flat_map(|(_, refs)| refs.iter().map(delete)));
        match session.store().publish_with(&record, &edits, &session.identity)? {
            Published::Done(_) | Published::Unsigned(..) => Ok(id),
            Published::Taken(name) => Err(Error::environment(format!("`{name}` was changed by another process"))
                .hint("try again; nothing was removed")),
        }
    }
}

/// Where HEAD is. A prune changes no file, so nothing of the worktree could be lost by it.
fn standing(session: &Session) -> Result<State> {
    let head = session.repo.head()?;
    let Some(commit) = head.commit() else { return Ok(session.capture()?.state) };
    let tree = session.repo.tree_of(commit)?;
    Ok(State { head, index: tree, worktree: tree, tip: commit, extras: None })
}

/// An entry for a record, without what protects it and without its refs.
fn entry(env: &Env, record: &Record, is_undone: bool) -> Entry {
    let branch = record.state.head.branch().map(|_| record.state.head.short_name());
    // What was undone is in no list, so it takes no place among the checkpoints.
    let is_checkpoint = record.kind() == Kind::Create && !is_undone;
    let sort = if is_checkpoint { "checkpoints" } else { "operations" };
    Entry {
        item: Item {
            id: record.id.clone(),
            group: format!("{sort} {}", branch.as_deref().unwrap_or("")),
            local: env.local(record.id.time().unwrap_or(record.at)),
            takes_back: record.takes_back().cloned(),
            protected: Vec::new(),
        },
        name: record.tag().map_or_else(|| record.id.to_string(), |tag| quote_path(tag.as_ref())),
        kind: record.kind().as_str(),
        branch,
        refs: Vec::new(),
        merged: None,
    }
}

/// The tag or the backup branch that a record names.
fn shown(record: &Record) -> Option<BString> {
    let tag = record.tag().map(|tag| names::tag(tag.as_ref()));
    tag.or_else(|| record.backup().map(|backup| names::branch(backup.as_ref())))
}

/// Whether a ref that has `now` is still what the operation made.
fn is_own(record: &Record, object: Oid, now: Oid) -> bool {
    now == record.state.tip || (record.tag().is_some() && now == object)
}

/// As [`Policy`], from what was typed; the configuration's where nothing was.
pub fn policy(typed: Policy, says: bool, configured: &Retention) -> Policy {
    if says { typed } else { configured.policy.clone() }
}
