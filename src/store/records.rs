//! Records, by name.

use gix::{
    bstr::{BStr, BString, ByteSlice},
    objs::Kind as ObjectKind,
};

use super::{codec, publish};
use crate::{
    config::TagKind,
    error::{Context, Error, Result},
    git::{
        Repo,
        capture::Identity,
        durable::Unsynced,
        refs::{self, RefEdit},
        tree::LOST,
    },
    model::{Oid, Record, RecordId},
};

pub(super) use super::names::{FILES, RECORDS};

/// A log or a report that is larger was not kept by this program; in bytes.
const MAX_LOG: u64 = 1 << 20;

/// The records of a repository.
#[derive(Clone, Copy)]
pub struct Store<'r> {
    pub(super) repo: &'r Repo,
}

/// What a record keeps beside its state.
#[derive(Debug, Clone, Copy, Default)]
pub struct Attached<'a> {
    /// Commits to be kept alive with it.
    pub kept: &'a [Oid],
    /// What its checks printed, each with the check's name.
    pub logs: &'a [(String, Vec<u8>)],
    /// What there is to read about it, as Markdown.
    pub report: Option<&'a [u8]>,
    /// The short name of a branch to be made of its state; the record has it in its `refs`.
    pub branch: Option<&'a BString>,
    /// What has to be durable before the record is to be seen.
    pub along: Option<&'a Unsynced>,
}

/// How a publication ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Published {
    /// Record, public tag and backup branch are there; this is the record's tag object.
    Done(Oid),
    /// As `Done`, but the public tag could not be signed, for this reason, and was left out; the record names none.
    Unsigned(Oid, String),
    /// The public tag's or the backup branch's name, as the record has it, is taken; nothing was published.
    Taken(BString),
}

impl<'r> Store<'r> {
    /// The records of `repo`.
    pub fn new(repo: &'r Repo) -> Self {
        Store { repo }
    }

    /// Reads one record; an error that names it if it is missing, unreadable, or of a newer format.
    pub fn read(&self, id: &RecordId) -> Result<Record> {
        let object = self.object(id)?.ok_or_else(|| missing(id))?;
        check(id, object, decode_object(self.repo.gix(), object))
    }

    /// The tag object that a record is.
    pub fn object(&self, id: &RecordId) -> Result<Option<Oid>> {
        refs::find(self.repo, format!("{RECORDS}{id}").as_bytes().as_bstr())
    }

    /// The record whose object this is, if it is one: an annotated tag that this program made.
    pub fn record_of_object(&self, tag_object: Oid) -> Result<Option<Record>> {
        decode_object(self.repo.gix(), tag_object)
    }

    /// Makes the objects durable and publishes the record in one transaction: `refs/checkpoint/files/<id>`,
    /// `refs/checkpoint/records/<id>`, then the public tag or the backup branch that its detail names.
    pub fn publish(&self, record: &Record, attached: &Attached<'_>, tag: TagKind, by: &Identity) -> Result<Published> {
        let published = publish::publish(self.repo, &publish::Publication { record, attached, tag, by })?;
        if !matches!(published, Published::Taken(_)) {
            self.remember_id(&record.id);
        }
        Ok(published)
    }

    /// What a check of this record printed, as far as it is kept, and what `git show` prints it by.
    pub fn log(&self, id: &RecordId, check: &str) -> Result<Option<(String, Vec<u8>)>> {
        self.kept_file(id, &["logs", check])
    }

    /// What there is to read about this record, where it was written, and what `git show` prints it by.
    pub fn report(&self, id: &RecordId) -> Result<Option<(String, Vec<u8>)>> {
        self.kept_file(id, &["report.md"])
    }

    fn kept_file(&self, id: &RecordId, path: &[&str]) -> Result<Option<(String, Vec<u8>)>> {
        let name = format!("{FILES}{id}");
        let Some(files) = refs::find(self.repo, name.as_bytes().as_bstr())? else { return Ok(None) };
        let what = || format!("cannot read what record {id} keeps");
        let files = self.repo.gix().find_object(files).with_context(what)?.peel_to_tree().with_context(what)?;
        let entry = files.lookup_entry(path.iter().copied()).with_context(what)?;
        let Some(entry) = entry.filter(|entry| entry.mode().is_blob()) else { return Ok(None) };
        // What was fetched may be anything.
        if self.repo.gix().find_header(entry.object_id()).with_context(what)?.size() > MAX_LOG {
            return Ok(None);
        }
        let mut blob = entry.object().with_context(what)?;
        Ok(Some((format!("{name}:{}", path.join("/")), std::mem::take(&mut blob.data))))
    }

    /// Adds to the files of a record that is there. The record itself stays as it is, and so do its other files.
    pub fn attach(&self, record: &Record, attached: &Attached<'_>, by: &Identity) -> Result<()> {
        publish::attach(self.repo, &publish::Publication { record, attached, tag: TagKind::None, by })
    }

    /// As [`Store::publish`] for a record without tag and branch, in one transaction with `edits`: refs are made before the
    /// record, and deleted after it.
    pub fn publish_with(&self, record: &Record, edits: &[RefEdit], by: &Identity) -> Result<Published> {
        let publication = publish::Publication { record, attached: &Attached::default(), tag: TagKind::None, by };
        let published = publish::publish_with(self.repo, &publication, edits)?;
        self.remember_id(&record.id);
        Ok(published)
    }

    /// Replaces a record by its final form once, when the operation it tells of has ended. A public tag that is the
    /// old record moves along; one that the record did not name before is made. What was attached stays.
    pub fn replace(&self, record: &Record, attached: &Attached<'_>, tag: TagKind, by: &Identity) -> Result<Published> {
        let old = self.object(&record.id)?.ok_or_else(|| missing(&record.id))?;
        let had = self.read(&record.id)?;
        publish::replace(self.repo, &publish::Publication { record, attached, tag, by }, (old, &had))
    }
}

pub(super) fn missing(id: &RecordId) -> Error {
    Error::environment(format!("there is no record {id}")).hint("see which there are with `git checkpoint log`")
}

/// What was found at a record's ref, if it is that record.
pub(super) fn check(id: &RecordId, object: Oid, found: Result<Option<Record>>) -> Result<Record> {
    let what = || format!("record {id} cannot be read");
    let inspect = |error: Error| match error.hints() {
        [] => error.hint(format!("`git cat-file -p {RECORDS}{id}` shows what is there; name another checkpoint")),
        _ => error,
    };
    match found.with_context(what).map_err(inspect)? {
        Some(record) if record.id == *id => Ok(record),
        Some(record) => {
            Err(inspect(Error::environment(what()).because(format!("its ref points to record {}", record.id))))
        }
        None => Err(inspect(Error::environment(what()).because(format!("object {object} is not a record")))),
    }
}

fn decode_object(repo: &gix::Repository, object: Oid) -> Result<Option<Record>> {
    let mut buffer = Vec::new();
    find_tag(repo, object, &mut buffer)?.map_or(Ok(None), |(target, message)| codec::decode(target, message))
}

/// Target and message of an object that can be a record's: an annotated tag of a commit.
pub(super) fn find_tag<'b>(
    repo: &gix::Repository,
    object: Oid,
    buffer: &'b mut Vec<u8>,
) -> Result<Option<(Oid, &'b BStr)>> {
    use gix::prelude::FindExt as _;
    let what = || format!("cannot read object {object}");
    let data = repo.objects.find(&object, buffer).with_context(what).map_err(|error| error.hint(LOST))?;
    if data.kind != ObjectKind::Tag {
        return Ok(None);
    }
    let tag = gix::objs::TagRef::from_bytes(data.data, object.kind()).with_context(what)?;
    Ok((tag.target_kind == ObjectKind::Commit).then(|| (tag.target(), tag.message)))
}
