//! A record becomes visible: objects first, durable, then all of its refs in one transaction.
//!
//! The order of the refs makes every prefix safe: the files keep alive what the record names, the record keeps the
//! state alive, and only then people see a tag or a branch.

use gix::{
    bstr::{BString, ByteSlice},
    objs::{self, tree},
};

use super::{
    codec, phases,
    records::{Attached, FILES, Published, RECORDS},
    sign,
};
use crate::{
    config::TagKind,
    error::{Context, Error, Result},
    git::{
        Repo,
        capture::Identity,
        durable::{Durable, Unsynced},
        lock::Turn,
        objects::{self, Flushed},
        refs::{self, RefEdit, Transaction},
    },
    model::{Detail, Kind, Oid, Record, SavedArtifact},
};

/// What is to be published.
pub(super) struct Publication<'a> {
    pub(super) record: &'a Record,
    pub(super) attached: &'a Attached<'a>,
    pub(super) tag: TagKind,
    pub(super) by: &'a Identity,
}

impl Publication<'_> {
    /// The public tag that this publication is to make.
    fn tag_name(&self) -> Option<&BString> {
        self.record.tag().filter(|_| self.tag != TagKind::None)
    }

    /// The same without its public tag.
    fn untagged(&self) -> Record {
        let mut record = self.record.clone();
        if let Detail::Create { tag, .. } = &mut record.detail {
            *tag = None;
        }
        record
    }
}

/// As `Store::publish`.
pub(super) fn publish(repo: &Repo, publication: &Publication<'_>) -> Result<Published> {
    let record = publication.record;
    // Before anything is written; the transaction looks again.
    let branch = record.backup().or(publication.attached.branch).map(branch_ref);
    for name in [publication.tag_name().map(tag_ref), branch.clone()].into_iter().flatten() {
        if refs::find(repo, name.as_ref())?.is_some() {
            return Ok(Published::Taken(short(&name)));
        }
    }
    let mut edits = Vec::new();
    let mut add = |name: String, new: Oid| edits.push(RefEdit { name: name.into(), old: None, new: Some(new) });
    if let Some(files) = write_files(repo, publication, None)? {
        add(format!("{FILES}{}", record.id), files);
    }
    let (object, unsigned) = write_record(repo, publication)?;
    add(format!("{RECORDS}{}", record.id), object);
    if let Some(name) = publication.tag_name().filter(|_| unsigned.is_none()) {
        let target = if publication.tag == TagKind::Lightweight { record.state.tip } else { object };
        edits.push(RefEdit { name: tag_ref(name), old: None, new: Some(target) });
    }
    if let Some(name) = branch {
        edits.push(RefEdit { name, old: None, new: Some(record.state.tip) });
    }
    if let Some(name) = phases::ref_of(record) {
        let old = refs::find(repo, name.as_ref())?;
        edits.push(RefEdit { name, old, new: Some(object) });
    }
    finish(repo, (record, before(record), publication.attached.along), &edits, (object, unsigned))
}

/// As `Store::publish_with`.
pub(super) fn publish_with(repo: &Repo, publication: &Publication<'_>, with: &[RefEdit]) -> Result<Published> {
    let record = publication.record;
    let written = write_record(repo, publication)?;
    let own = RefEdit { name: format!("{RECORDS}{}", record.id).into(), old: None, new: Some(written.0) };
    let (made, deleted): (Vec<_>, Vec<_>) = with.iter().cloned().partition(|edit| edit.new.is_some());
    let edits: Vec<RefEdit> = made.into_iter().chain([own]).chain(deleted).collect();
    finish(repo, (record, before(record), None), &edits, written)
}

/// As `Store::replace`; `old` is the record that is there, as an object and as read.
pub(super) fn replace(repo: &Repo, publication: &Publication<'_>, old: (Oid, &Record)) -> Result<Published> {
    let (record, (old, had)) = (publication.record, old);
    let new_name = publication.tag_name().filter(|name| had.tag() != Some(*name));
    let branch = publication.attached.branch.map(branch_ref);
    for name in [new_name.map(tag_ref), branch.clone()].into_iter().flatten() {
        if refs::find(repo, name.as_ref())?.is_some() {
            return Ok(Published::Taken(short(&name)));
        }
    }
    let files_ref = BString::from(format!("{FILES}{}", record.id));
    let old_files = refs::find(repo, files_ref.as_ref())?;
    let mut edits = Vec::new();
    if let Some(files) = write_files(repo, publication, old_files)?.filter(|files| Some(*files) != old_files) {
        edits.push(RefEdit { name: files_ref, old: old_files, new: Some(files) });
    }
    let (object, unsigned) = write_record(repo, publication)?;
    let record_ref = format!("{RECORDS}{}", record.id).into();
    edits.push(RefEdit { name: record_ref, old: Some(old), new: Some(object) });
    edits.extend(branch.map(|name| RefEdit { name, old: None, new: Some(record.state.tip) }));
    match (publication.tag_name().filter(|_| unsigned.is_none()), new_name) {
        (Some(name), Some(_)) => {
            let target = if publication.tag == TagKind::Lightweight { record.state.tip } else { object };
            edits.push(RefEdit { name: tag_ref(name), old: None, new: Some(target) });
        }
        (Some(name), None) if refs::find(repo, tag_ref(name).as_ref())? == Some(old) => {
            edits.push(RefEdit { name: tag_ref(name), old: Some(old), new: Some(object) });
        }
        _ => {}
    }
    if let Some(name) = phases::ref_of(record)
        && refs::find(repo, name.as_ref())? == Some(old)
    {
        edits.push(RefEdit { name, old: Some(old), new: Some(object) });
    }
    // The operation has ended: what it destroyed is in the old form, which a crash brings back at worst.
    finish(repo, (record, Durable::Content, None), &edits, (object, unsigned))
}

/// As `Store::attach`. Somebody else may add to them at the same time, so what is there is looked at again.
pub(super) fn attach(repo: &Repo, publication: &Publication<'_>) -> Result<()> {
    const ATTEMPTS: usize = 20;
    let name = BString::from(format!("{FILES}{}", publication.record.id));
    let _turn = Turn::take(repo);
    for _ in 0..ATTEMPTS {
        let old = refs::find(repo, name.as_ref())?;
        let Some(new) = write_files(repo, publication, old)?.filter(|new| Some(*new) != old) else { return Ok(()) };
        let edit = RefEdit { name: name.clone(), old, new: Some(new) };
        let mut flush = || objects::flush_as(repo, (Durable::Content, None)).map(drop);
        let reflog = format!("checkpoint: {}", publication.record.subject);
        match refs::transaction_with(repo, &[edit], &reflog, (Durable::Content, &mut flush))? {
            Transaction::Done => return Ok(()),
            Transaction::Moved(_) => {}
        }
    }
    Err(Error::environment(format!("the files of record {} are being changed by others", publication.record.id))
        .hint("try again"))
}

/// How durable a record has to be that is there for the first time: a checkpoint destroys nothing; every other operation
/// is about to.
fn before(record: &Record) -> Durable {
    if record.kind() == Kind::Create { Durable::Content } else { Durable::Names }
}

fn finish(
    repo: &Repo,
    (record, durable, along): (&Record, Durable, Option<&Unsynced>),
    edits: &[RefEdit],
    written: (Oid, Option<String>),
) -> Result<Published> {
    let (object, unsigned) = written;
    let mut flushed = Flushed::Nothing;
    let mut flush = || {
        flushed = objects::flush_as(repo, (durable, along))?;
        Ok(())
    };
    let reflog = format!("checkpoint: {}", record.subject);
    match refs::transaction_with(repo, edits, &reflog, (durable, &mut flush))? {
        Transaction::Done => {}
        Transaction::Moved(name) if name.starts_with(b"refs/checkpoint/") => {
            return Err(Error::environment(format!("record {} was changed by another process", record.id))
                .because(format!("`{name}` is not what was expected"))
                .hint("try again"));
        }
        Transaction::Moved(name) => return Ok(Published::Taken(short(&name))),
    }
    if matches!(flushed, Flushed::Pack(_)) {
        objects::maintain(repo);
    }
    Ok(match unsigned {
        None => Published::Done(object),
        Some(why) => Published::Unsigned(object, why),
    })
}

/// The record's tag object, signed where git's configuration wants tags signed; if that fails, the object of the
/// record without its public tag, and why.
fn write_record(repo: &Repo, publication: &Publication<'_>) -> Result<(Oid, Option<String>)> {
    let record = publication.record;
    let annotated = publication.tag_name().filter(|_| publication.tag == TagKind::Annotated);
    if let Some(name) = annotated.filter(|_| sign::is_wanted(repo)) {
        // The commit must be on disk for git to tag it.
        objects::flush(repo)?;
        let tag = sign::Tag { name, target: record.state.tip, message: codec::encode(record) };
        return match sign::sign(repo, &tag, publication.by)? {
            Ok(object) => Ok((object, None)),
            Err(why) => Ok((write_tag(repo, publication, &publication.untagged())?, Some(why))),
        };
    }
    let object = match publication.tag {
        TagKind::None => write_tag(repo, publication, &publication.untagged())?,
        _ => write_tag(repo, publication, record)?,
    };
    Ok((object, None))
}

fn write_tag(repo: &Repo, publication: &Publication<'_>, record: &Record) -> Result<Oid> {
    // The name in the object is the name that people will see it under.
    let name = record.tag().filter(|_| publication.tag == TagKind::Annotated);
    let tag = objs::Tag {
        target: record.state.tip,
        target_kind: objs::Kind::Commit,
        name: name.cloned().unwrap_or_else(|| record.id.as_str().into()),
        tagger: Some(publication.by.signature.clone()),
        message: codec::encode(record),
        signature: None,
    };
    objects::write(repo, &tag).with_context(|| format!("cannot make the tag object of record {}", record.id))
}

/// What the record needs beside its target: a tree with `artifacts`, `index-before`, `logs`, `report.md`, `result` and `state` (the extras); where commits must
/// be kept alive, a commit of that tree with them as parents. `None` where there is nothing. What `old` has stays.
fn write_files(repo: &Repo, publication: &Publication<'_>, old: Option<Oid>) -> Result<Option<Oid>> {
    let what = || format!("cannot make the files of record {}", publication.record.id);
    let index_before = match &publication.record.detail {
        Detail::Create { index_before, .. } => *index_before,
        _ => None,
    };
    let (mut entries, mut kept) =
        old.map_or_else(|| Ok(Default::default()), |old| read_files(repo, old)).with_context(what)?;
    let report = publication.attached.report.map(|data| objects::write(repo, &objs::BlobRef { data })).transpose();
    let new = [
        ("artifacts", tree::EntryKind::Tree, write_artifacts(repo, &publication.record.artifacts).with_context(what)?),
        ("index-before", tree::EntryKind::Tree, index_before),
        ("logs", tree::EntryKind::Tree, write_logs(repo, publication.attached.logs).with_context(what)?),
        ("report.md", tree::EntryKind::Blob, report.with_context(what)?),
        (
            "result",
            tree::EntryKind::Tree,
            publication.record.attempt().and_then(|attempt| attempt.result.as_ref()?.extras),
        ),
        ("state", tree::EntryKind::Tree, publication.record.state.extras),
    ];
    for (name, kind, oid) in new.into_iter().filter_map(|(name, kind, oid)| Some((name, kind, oid?))) {
        entries.retain(|entry| entry.filename != name);
        entries.push(tree::Entry { mode: kind.into(), filename: name.into(), oid });
    }
    entries.sort();
    kept.extend(publication.attached.kept.iter().filter(|commit| !kept.contains(commit)).copied().collect::<Vec<_>>());
    if entries.is_empty() && kept.is_empty() {
        return Ok(None);
    }
    let tree = objects::write(repo, &objs::Tree { entries }).with_context(what)?;
    if kept.is_empty() {
        return Ok(Some(tree));
    }
    let commit = objs::Commit {
        tree,
        parents: kept.into_iter().collect(),
        author: publication.by.signature.clone(),
        committer: publication.by.signature.clone(),
        encoding: None,
        message: format!("what record {} keeps\n", publication.record.id).into(),
        extra_headers: Vec::new(),
    };
    Ok(Some(objects::write(repo, &commit).with_context(what)?))
}

/// The entries of what [`write_files`] made, and the commits that it keeps.
fn read_files(repo: &Repo, files: Oid) -> Result<(Vec<tree::Entry>, Vec<Oid>)> {
    let what = || format!("cannot read {files}");
    let object = repo.gix().find_object(files).with_context(what)?;
    let kept = match object.kind {
        objs::Kind::Commit => object.into_commit().parent_ids().map(gix::Id::detach).collect(),
        _ => Vec::new(),
    };
    let tree = repo.gix().find_object(files).with_context(what)?.peel_to_tree().with_context(what)?;
    let tree = objs::TreeRef::from_bytes(&tree.data, files.kind()).with_context(what)?;
    Ok((tree.entries.into_iter().map(Into::into).collect(), kept))
}

/// A tree with a file for each log, named by its check.
fn write_logs(repo: &Repo, logs: &[(String, Vec<u8>)]) -> Result<Option<Oid>> {
    let entry = |(name, log): &(String, Vec<u8>)| {
        let oid = objects::write(repo, &objs::BlobRef { data: log })?;
        Ok(tree::Entry { mode: tree::EntryKind::Blob.into(), filename: name.as_str().into(), oid })
    };
    let mut entries = logs.iter().map(entry).collect::<Result<Vec<_>>>()?;
    entries.sort();
    if entries.is_empty() { Ok(None) } else { objects::write(repo, &objs::Tree { entries }).map(Some) }
}

/// A tree with what was saved of each artifact, by its name. Their content is on disk already.
fn write_artifacts(repo: &Repo, artifacts: &[SavedArtifact]) -> Result<Option<Oid>> {
    let entry = |saved: &SavedArtifact| {
        let header = repo.gix().find_header(saved.object);
        let header = header.with_context(|| format!("cannot read what was saved of the artifact `{}`", saved.name))?;
        let kind = if header.kind() == objs::Kind::Tree { tree::EntryKind::Tree } else { tree::EntryKind::Blob };
        Ok(tree::Entry { mode: kind.into(), filename: saved.name.as_str().into(), oid: saved.object })
    };
    let mut entries = artifacts.iter().map(entry).collect::<Result<Vec<_>>>()?;
    entries.sort();
    if entries.is_empty() { Ok(None) } else { objects::write(repo, &objs::Tree { entries }).map(Some) }
}

fn tag_ref(name: &BString) -> BString {
    [b"refs/tags/", name.as_slice()].concat().into()
}

fn branch_ref(name: &BString) -> BString {
    [b"refs/heads/", name.as_slice()].concat().into()
}

fn short(name: &BString) -> BString {
    let short = name.strip_prefix(b"refs/tags/").or_else(|| name.strip_prefix(b"refs/heads/"));
    short.unwrap_or(name).as_bstr().to_owned()
}
