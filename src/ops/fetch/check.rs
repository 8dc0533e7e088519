//! Whether a record of others is what it says.

use gix::{bstr::ByteSlice, objs::Kind};

use crate::{
    error::Result,
    git::artifact,
    model::{Detail, Oid, Record, RecordId, SavedArtifact},
    ops::Session,
};

/// The record, if it is whole: it can be read, has the name that its ref has, and what it says of its state is what its
/// objects are. Else why it is not.
pub(super) fn record(session: &Session, id: &RecordId, object: Oid, files: Option<Oid>) -> Result<Record, String> {
    let record = match session.store().record_of_object(object) {
        Ok(Some(record)) => record,
        Ok(None) => return Err("it is no record".into()),
        Err(error) => return Err(error.chain().join(": ")),
    };
    if record.id != *id {
        return Err(format!("it says that it is {}", record.id));
    }
    let state = &record.state;
    match session.repo.tree_of(state.tip) {
        Ok(tree) if tree == state.worktree => {}
        Ok(_) => return Err("the tree that it names is not that of its commit".into()),
        Err(error) => return Err(error.chain().join(": ")),
    }
    if !is_a(session, state.index, Kind::Tree) {
        return Err("the tree of what was staged is missing".into());
    }
    if state.head.commit().is_some_and(|commit| !leads_to(session, state.tip, commit)) {
        return Err("its commit does not descend from its HEAD".into());
    }
    let index_before = match &record.detail {
        Detail::Create { index_before, .. } => *index_before,
        _ => None,
    };
    let result = record.attempt().and_then(|attempt| attempt.result.as_ref()?.extras);
    for (name, tree) in [("state", state.extras), ("index-before", index_before), ("result", result)] {
        if let Some(tree) = tree
            && entry(session, files, name) != Some(tree)
        {
            return Err(format!("its files are missing, or not those that it names (`{name}`)"));
        }
    }
    match record.artifacts.iter().find_map(|saved| wrong_artifact(session, files, saved)) {
        Some(why) => Err(why),
        None => Ok(record),
    }
}

/// Why what was saved of an artifact is not among the files of its record, or not whole.
fn wrong_artifact(session: &Session, files: Option<Oid>, saved: &SavedArtifact) -> Option<String> {
    let found = entry(session, files, "artifacts").and_then(|all| entry(session, Some(all), &saved.name));
    if found != Some(saved.object) {
        return Some(format!("the artifact `{}` is not among its files", saved.name));
    }
    let why = artifact::missing_part(&session.repo, saved.object)?;
    Some(format!("the artifact `{}` is not whole: {why}", saved.name))
}

fn is_a(session: &Session, object: Oid, kind: Kind) -> bool {
    session.repo.gix().find_header(object).is_ok_and(|header| header.kind() == kind)
}

/// Whether `head` is `tip` or one of the two commits before it: a snapshot is no longer.
fn leads_to(session: &Session, tip: Oid, head: Oid) -> bool {
    let parent = |commit: Oid| {
        let commit = session.repo.gix().find_commit(commit).ok()?;
        commit.parent_ids().next().map(gix::Id::detach)
    };
    let chain = std::iter::successors(Some(tip), |commit| parent(*commit));
    chain.take(3).any(|commit| commit == head)
}

/// What a record's files have by this name.
fn entry(session: &Session, files: Option<Oid>, name: &str) -> Option<Oid> {
    let tree = session.repo.gix().find_object(files?).ok()?.peel_to_tree().ok()?;
    let entry = tree.iter().filter_map(Result::ok).find(|entry| entry.filename() == name.as_bytes().as_bstr())?;
    Some(entry.object_id())
}
