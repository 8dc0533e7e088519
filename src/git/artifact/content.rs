//! How the content of an artifact is stored in git.
//!
//! A file of up to 4 MiB is a blob. A larger one is a tree of parts, `00000000`, `00000001` …, which are cut where the content
//! itself says (FastCDC), so that a change anywhere leaves all other parts as they were, and git has them already. Where a
//! database has a journal or a log of its own beside it, which it is not whole without, all of it is a tree of `file`,
//! `file-journal` and `file-wal`, each of them a blob or a tree of parts.

use std::io::{self, Read, Write};

use fastcdc::v2020::StreamCDC;
use gix::{
    bstr::{BStr, BString, ByteSlice},
    hash::Hasher,
    objs::{self, WriteTo, tree},
};

use crate::{
    error::{Context, Error, Result},
    git::{Repo, is_asked_to_stop, objects},
    model::Oid,
};

/// Up to so many bytes are one blob.
const ONE_BLOB: usize = 4 << 20;
/// The least, the usual and the most bytes of a part. Smaller ones would store less for a change, and more names.
const PART: (usize, usize, usize) = (128 << 10, 512 << 10, 2 << 20);
/// So many bytes are held in memory before they are written.
const PENDING: usize = 16 << 20;
/// A blob that is larger is none of ours; in bytes.
const MAX_BLOB: u64 = 16 << 20;

/// The names of what a whole with companions consists of, in the order in which its bytes are counted.
pub(super) const FILE: &str = "file";
pub(super) const COMPANIONS: [&str; 2] = ["file-journal", "file-wal"];

/// Content that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Where it is.
    pub object: Oid,
    /// What it is.
    pub digest: Digest,
}

/// What tells content from other content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// How many bytes.
    pub size: u64,
    /// Their SHA-256, in hexadecimal digits.
    pub sha256: String,
}

/// What a content consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Whole {
    /// The file: a blob or a tree of parts.
    pub(super) file: Oid,
    /// What is beside it, as in [`COMPANIONS`].
    pub(super) companions: [Option<Oid>; 2],
}

/// The SHA-256 of bytes as they come.
pub(super) struct Sum {
    hasher: Hasher,
    size: u64,
}

impl Sum {
    pub(super) fn new() -> Self {
        Sum { hasher: gix::hash::hasher(gix::hash::Kind::Sha256), size: 0 }
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
    }

    pub(super) fn end(self) -> Digest {
        let sha256 = self.hasher.try_finalize().expect("only SHA-1 can notice a collision").to_string();
        Digest { size: self.size, sha256 }
    }
}

/// Takes content in: into the repository, or only to see what it is.
pub(super) struct Keeper<'r> {
    repo: &'r Repo,
    keeps: bool,
    sum: Sum,
    pending: usize,
    /// Those of the files that are trees of parts.
    trees: Vec<Oid>,
    /// So many bytes were not there yet.
    pub(super) new: u64,
}

impl<'r> Keeper<'r> {
    /// One that writes objects, in portions and durable. What else the repository holds in memory has to be put aside.
    pub(super) fn keeping(repo: &'r Repo) -> Self {
        Keeper { repo, keeps: true, sum: Sum::new(), pending: 0, trees: Vec::new(), new: 0 }
    }

    /// One that writes nothing.
    pub(super) fn measuring(repo: &'r Repo) -> Self {
        Keeper { keeps: false, ..Keeper::keeping(repo) }
    }

    /// Takes one file in.
    pub(super) fn add(&mut self, source: &mut dyn Read) -> Result<Oid> {
        let mut first = Vec::new();
        source.take(ONE_BLOB as u64 + 1).read_to_end(&mut first).map_err(unreadable)?;
        if first.len() <= ONE_BLOB {
            return self.blob(&first);
        }
        let (least, usual, most) = PART;
        let mut parts = Vec::new();
        for part in StreamCDC::new(io::Cursor::new(first).chain(source), least, usual, most) {
            let oid = self.blob(&part.map_err(io::Error::from).map_err(unreadable)?.data)?;
            let filename = BString::from(format!("{:08}", parts.len()));
            parts.push(tree::Entry { mode: tree::EntryKind::Blob.into(), filename, oid });
        }
        let tree = self.object(&objs::Tree { entries: parts })?;
        self.trees.push(tree);
        Ok(tree)
    }

    /// All that was added: stored, if it is to be.
    pub(super) fn end(mut self, whole: &Whole) -> Result<Kept> {
        let object = match whole.companions {
            [None, None] => whole.file,
            companions => {
                let named = COMPANIONS.into_iter().zip(companions).filter_map(|(name, oid)| Some((name, oid?)));
                let all = std::iter::once((FILE, whole.file)).chain(named);
                let mut entries: Vec<_> = all.map(|(name, oid)| self.entry(name, oid)).collect();
                entries.sort();
                self.object(&objs::Tree { entries })?
            }
        };
        if self.keeps {
            self.write()?;
        }
        Ok(Kept { object, digest: self.sum.end() })
    }

    fn entry(&self, name: &str, oid: Oid) -> tree::Entry {
        let mode = if self.trees.contains(&oid) { tree::EntryKind::Tree } else { tree::EntryKind::Blob };
        tree::Entry { mode: mode.into(), filename: name.into(), oid }
    }

    fn blob(&mut self, bytes: &[u8]) -> Result<Oid> {
        if is_asked_to_stop() {
            return Err(Error::refused("stopped as asked, before anything was changed"));
        }
        self.sum.add(bytes);
        self.object(&objs::BlobRef { data: bytes })
    }

    fn object(&mut self, object: &dyn WriteTo) -> Result<Oid> {
        if !self.keeps {
            let mut data = Vec::new();
            object.write_to(&mut data).context("cannot compute the name of an object")?;
            let id = objs::compute_hash(self.repo.gix().object_hash(), object.kind(), &data);
            let id = id.context("cannot compute the name of an object")?;
            if !self.repo.gix().has_object(id) {
                self.new += data.len() as u64;
            }
            return Ok(id);
        }
        let id = objects::write(self.repo, object)?;
        self.pending += usize::try_from(object.size()).unwrap_or(PENDING);
        if self.pending >= PENDING {
            self.write()?;
        }
        Ok(id)
    }

    fn write(&mut self) -> Result<()> {
        self.pending = 0;
        objects::flush(self.repo).map(drop)
    }
}

fn unreadable(error: io::Error) -> Error {
    Error::environment("cannot read a file while saving it").because(error)
}

/// What the content at `object` consists of; an error if it is nothing that this program stores.
pub(super) fn open(repo: &Repo, object: Oid) -> Result<Whole> {
    let tree = match repo.gix().find_header(object).with_context(|| lost(object))?.kind() {
        objs::Kind::Blob => return Ok(Whole { file: object, companions: [None, None] }),
        _ => read_tree(repo, object)?,
    };
    let of = |name: &str| tree.iter().find(|entry| entry.filename == name).map(|entry| entry.oid);
    match of(FILE) {
        Some(file) => Ok(Whole { file, companions: COMPANIONS.map(of) }),
        None => Ok(Whole { file: object, companions: [None, None] }),
    }
}

/// Gives the bytes of one file, part by part, to `sink`.
pub(super) fn stream(repo: &Repo, file: Oid, sink: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let header = repo.gix().find_header(file).with_context(|| lost(file))?;
    if header.kind() == objs::Kind::Blob {
        return stream_blob(repo, file, sink);
    }
    for (number, part) in read_tree(repo, file)?.iter().enumerate() {
        if part.filename != format!("{number:08}") || !part.mode.is_blob() {
            return Err(foreign(file));
        }
        stream_blob(repo, part.oid, sink)?;
    }
    Ok(())
}

fn stream_blob(repo: &Repo, blob: Oid, sink: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let header = repo.gix().find_header(blob).with_context(|| lost(blob))?;
    if header.kind() != objs::Kind::Blob || header.size() > MAX_BLOB {
        return Err(foreign(blob));
    }
    sink(&repo.gix().find_blob(blob).with_context(|| lost(blob))?.data)
}

fn read_tree(repo: &Repo, tree: Oid) -> Result<Vec<tree::Entry>> {
    let object = repo.gix().find_tree(tree).with_context(|| lost(tree))?;
    let read = objs::TreeRef::from_bytes(&object.data, tree.kind()).with_context(|| lost(tree))?;
    Ok(read.entries.into_iter().map(Into::into).collect())
}

/// Writes all bytes of the content at `object`, and says what they were.
pub fn write_out(repo: &Repo, object: Oid, out: &mut dyn Write) -> Result<Digest> {
    let whole = open(repo, object)?;
    let mut sum = Sum::new();
    for file in std::iter::once(whole.file).chain(whole.companions.into_iter().flatten()) {
        stream(repo, file, &mut |bytes| {
            sum.add(bytes);
            out.write_all(bytes).context("cannot write what was saved")
        })?;
    }
    Ok(sum.end())
}

/// The kind that a tree has this object under, if it is content of ours and whole; else why not.
pub fn missing_part(repo: &Repo, object: Oid) -> Option<String> {
    let lacks = |oid: Oid| !repo.gix().has_object(oid);
    let look = || -> Result<Option<String>> {
        if lacks(object) {
            return Ok(Some(format!("{object} is missing")));
        }
        let whole = open(repo, object)?;
        for file in std::iter::once(whole.file).chain(whole.companions.into_iter().flatten()) {
            if lacks(file) {
                return Ok(Some(format!("{file} is missing")));
            }
            if repo.gix().find_header(file).context("cannot read an object")?.kind() == objs::Kind::Tree {
                let parts = read_tree(repo, file)?;
                if let Some(part) = parts.iter().find(|part| lacks(part.oid)) {
                    return Ok(Some(format!("{} is missing", part.oid)));
                }
            }
        }
        Ok(None)
    };
    look().unwrap_or_else(|error| Some(error.chain().join(": ")))
}

fn lost(object: Oid) -> String {
    format!("cannot read {object}, a part of what was saved")
}

fn foreign(object: Oid) -> Error {
    Error::environment(format!("{object} is no part of an artifact as this program stores it"))
}

/// What the name of a file's companion is.
pub(super) fn companion_name(file: &BStr, companion: usize) -> BString {
    let suffix = &COMPANIONS[companion].as_bytes()[FILE.len()..];
    [file.as_bytes(), suffix].concat().into()
}
