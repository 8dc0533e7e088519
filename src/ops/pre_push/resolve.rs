//! What the objects and names of a push stand for in this repository.

use std::collections::{BTreeSet, HashSet};

use gix::bstr::{BStr, BString, ByteSlice};

use super::{Content, Update};
use crate::{
    check::Subject,
    error::{Context, Result},
    git::refs,
    model::{Kind, Oid},
    ops::Session,
};

/// Where is pushed to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Remote<'a> {
    /// The remote's name; `None` where a URL was given instead.
    pub(super) name: Option<&'a str>,
}

impl Remote<'_> {
    fn prefix(&self) -> Option<String> {
        self.name.map(|name| format!("refs/remotes/{name}/"))
    }

    /// The refs that say what the remote had when it was last looked at.
    pub(super) fn tracking_refs(&self, session: &Session) -> Result<Vec<(BString, Oid)>> {
        self.prefix().map_or(Ok(Vec::new()), |prefix| refs::list(&session.repo, &prefix))
    }

    /// Whether the ref `tracking` here follows `remote_ref` there, with the refspecs that git sets up.
    pub(super) fn tracks(&self, tracking: &BStr, remote_ref: &BStr) -> bool {
        let Some(prefix) = self.prefix() else { return false };
        let short = tracking.strip_prefix(prefix.as_bytes());
        short.is_some() && short == remote_ref.strip_prefix(b"refs/heads/")
    }
}

/// What a push brings.
#[derive(Debug)]
pub(super) struct Contents {
    /// For each update; `None` for a deletion.
    pub(super) each: Vec<Option<Content>>,
    /// What the remote has, as far as is known here.
    pub(super) known: BTreeSet<Oid>,
}

/// Looks every update up.
pub(super) fn contents(session: &Session, updates: &[Update], remote: &Remote<'_>) -> Result<Contents> {
    let mut known = BTreeSet::new();
    for old in updates.iter().filter_map(|update| update.remote) {
        // What is not here cannot have what is pushed either, as far as anybody can tell.
        known.extend(commit_of(session, old).unwrap_or(None));
    }
    for (_, id) in remote.tracking_refs(session)? {
        known.extend(commit_of(session, id).unwrap_or(None));
    }
    let mut tips = BTreeSet::new();
    for local in updates.iter().filter_map(|update| update.local) {
        tips.extend(commit_of(session, local)?);
    }
    let new = new_commits(session, &tips, &known)?;
    let is_new: HashSet<&Oid> = new.iter().collect();
    let content = |update: &Update| {
        update.local.map(|local| content(session, update, local, |commit| is_new.contains(commit))).transpose()
    };
    let each = updates.iter().map(content).collect::<Result<_>>()?;
    Ok(Contents { each, known })
}

/// The commits that lead to `tips` and not to `known`, oldest first.
pub(super) fn new_commits(session: &Session, tips: &BTreeSet<Oid>, known: &BTreeSet<Oid>) -> Result<Vec<Oid>> {
    if tips.is_empty() {
        return Ok(Vec::new());
    }
    let without = known.iter().map(|id| format!("^{id}\n"));
    let input: String = tips.iter().map(|id| format!("{id}\n")).chain(without).collect();
    let listed = session.repo.git(["rev-list", "--topo-order", "--reverse", "--stdin"]).stdin(input).run();
    let listed = listed.context("cannot tell which commits the remote does not have")?;
    listed.lines().map(|hex| Oid::from_hex(hex).context("git named a commit that is no object's name")).collect()
}

fn content(session: &Session, update: &Update, local: Oid, is_new: impl Fn(&Oid) -> bool) -> Result<Content> {
    if session.store().record_of_object(local)?.is_some() {
        return Ok(Content::Record);
    }
    let Some(commit) = commit_of(session, local)? else { return Ok(Content::NoCommit) };
    if !is_new(&commit) {
        return Ok(Content::KnownCommit);
    }
    if is_backup(session, update, commit)? {
        return Ok(Content::Backup);
    }
    Ok(Content::NewCommit(subject(session, commit)?))
}

/// A commit with its tree.
pub(super) fn subject(session: &Session, commit: Oid) -> Result<Subject> {
    Ok(Subject { commit, tree: session.repo.tree_of(commit)? })
}

/// Whether a rollback made it as a backup branch, and nothing was added to it.
fn is_backup(session: &Session, update: &Update, commit: Oid) -> Result<bool> {
    let Some(branch) = update.remote_ref.strip_prefix(b"refs/heads/") else { return Ok(false) };
    let store = session.store();
    let rollbacks: Vec<_> = store.ids()?.into_iter().filter(|id| id.kind() == Some(Kind::Rollback)).collect();
    let records = store.read_all(&rollbacks)?;
    // A record that cannot be read says nothing.
    let is_it = |record: &crate::model::Record| {
        record.backup().is_some_and(|name| *name == branch) && record.state.tip == commit
    };
    Ok(records.iter().flatten().any(is_it))
}

/// The commit that an object is, or that it leads to as a tag; `None` for others.
pub(super) fn commit_of(session: &Session, id: Oid) -> Result<Option<Oid>> {
    let object = session.repo.gix().find_object(id).with_context(|| format!("cannot read object {id}"))?;
    let object = object.peel_tags_to_end().with_context(|| format!("cannot read what the tag {id} leads to"))?;
    Ok((object.kind == gix::objs::Kind::Commit).then_some(object.id))
}
