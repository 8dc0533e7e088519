//! What was read of records before, so that ten thousand of them are listed without inflating ten thousand objects.
//!
//! `<common-dir>/checkpoint/messages` has the messages of records as they stand in their objects, by the objects' names. So
//! an entry is never out of date, and the codec is still what reads them. Only advice: what is damaged, missing or cannot be
//! written costs time and nothing else, and what decides what is removed or restored does not look at it.

use std::path::PathBuf;

use gix::hashtable::HashMap;

use crate::{
    git::{Repo, durable},
    model::Oid,
};

/// No more is kept, in bytes: the messages of about ninety thousand records.
const MAX_FILE: usize = 64 << 20;
/// A longer message is not kept, in bytes.
const MAX_MESSAGE: usize = 16 << 10;
/// So many bytes an entry has at least, nearly always.
const TYPICAL_ENTRY: usize = 400;
/// Fewer new ones are not worth writing the file again,
const MIN_NEW: usize = 64;
/// and neither is less than this part of all.
const PART_NEW: usize = 8;

/// The file as it was read.
pub(super) struct Messages {
    path: PathBuf,
    header: String,
    hash: gix::hash::Kind,
    shared: i32,
    bytes: Vec<u8>,
}

/// The entries of a file.
#[derive(Default)]
pub(super) struct Entries<'m> {
    by_object: HashMap<Oid, Entry<'m>>,
    /// Up to here the file has the form of entries.
    end: usize,
}

/// `<length of the rest> <checksum of the rest> <object> <target> <message>`; both numbers of four bytes.
struct Entry<'m> {
    checksum: u32,
    rest: &'m [u8],
}

/// Messages that were read from objects, to be kept.
#[derive(Default)]
pub(super) struct Fresh {
    bytes: Vec<u8>,
    count: usize,
}

impl Messages {
    /// Reads the file of `repo`.
    pub(super) fn load(repo: &Repo) -> Self {
        let (path, hash) = (repo.state_dir().join("messages"), repo.gix().object_hash());
        let header = format!("messages of records, 1, {hash}\n");
        let is_sane = std::fs::metadata(&path).is_ok_and(|data| data.is_file() && data.len() <= MAX_FILE as u64);
        let bytes = if is_sane { std::fs::read(&path).unwrap_or_default() } else { Vec::new() };
        let bytes = if bytes.starts_with(header.as_bytes()) { bytes } else { header.clone().into_bytes() };
        Messages { path, header, hash, shared: durable::shared_policy(repo), bytes }
    }

    /// Finds the entries, without looking into them.
    pub(super) fn entries(&self) -> Entries<'_> {
        let mut entries = Entries { by_object: HashMap::default(), end: self.header.len() };
        entries.by_object.reserve(self.bytes.len() / TYPICAL_ENTRY);
        while let Some((object, entry)) = entry_at(&self.bytes[entries.end..], self.hash) {
            entries.end += 8 + entry.rest.len();
            entries.by_object.entry(object).or_insert(entry);
        }
        entries
    }

    /// Keeps what was new among `asked` records, if it is worth it.
    pub(super) fn keep(&self, entries: &Entries<'_>, fresh: &[Fresh], asked: usize) {
        let count: usize = fresh.iter().map(|fresh| fresh.count).sum();
        if count < MIN_NEW || count < asked / PART_NEW {
            return;
        }
        let mut bytes = self.header.clone().into_bytes();
        fresh.iter().for_each(|fresh| bytes.extend_from_slice(&fresh.bytes));
        let old = &self.bytes[self.header.len()..entries.end];
        if bytes.len() + old.len() <= MAX_FILE {
            bytes.extend_from_slice(old);
        } else if old.is_empty() {
            return;
        } else {
            // Most of the old ones may be of records that are gone: the next call begins anew.
            bytes.truncate(self.header.len());
        }
        let _kept = durable::replace(&self.path, &bytes, self.shared);
    }
}

fn entry_at(bytes: &[u8], hash: gix::hash::Kind) -> Option<(Oid, Entry<'_>)> {
    let (length, bytes) = bytes.split_first_chunk()?;
    let (checksum, bytes) = bytes.split_first_chunk()?;
    let rest = bytes.get(..usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    let object = Oid::from_bytes_or_panic(rest.get(..2 * hash.len_in_bytes())?.get(..hash.len_in_bytes())?);
    Some((object, Entry { checksum: u32::from_le_bytes(*checksum), rest }))
}

impl Entries<'_> {
    /// Target and message of a record's object, if they are here and whole.
    pub(super) fn find(&self, object: Oid) -> Option<(Oid, &[u8])> {
        let entry = self.by_object.get(&object).filter(|entry| crc32fast::hash(entry.rest) == entry.checksum)?;
        let size = object.as_bytes().len();
        Some((Oid::from_bytes_or_panic(&entry.rest[size..2 * size]), &entry.rest[2 * size..]))
    }
}

impl Fresh {
    /// Takes in what was read of a record's object.
    pub(super) fn add(&mut self, object: Oid, target: Oid, message: &[u8]) {
        if message.len() > MAX_MESSAGE {
            return;
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 8]);
        [object.as_bytes(), target.as_bytes(), message].iter().for_each(|part| self.bytes.extend_from_slice(part));
        let entry = &mut self.bytes[start..];
        let length = u32::try_from(entry.len() - 8).expect("a message that is kept is short");
        let checksum = crc32fast::hash(&entry[8..]);
        entry[..4].copy_from_slice(&length.to_le_bytes());
        entry[4..8].copy_from_slice(&checksum.to_le_bytes());
        self.count += 1;
    }
}
