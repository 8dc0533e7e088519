//! What was read of records before, so that ten thousand of them are listed without inflating ten thousand objects.
//!
//! `<common-dir>/checkpoint/messages` has the messages of records as they stand in their objects, by the objects' names. So
//! an entry is never out of date, and the codec is still what reads them. Only advice: what is damaged, missing or cannot be
//! written costs time and nothing else, and what decides what is removed or restored does not look at it.

use std::{ops::Range, path::PathBuf};

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

/// Where the file is, and how it is written.
pub(super) struct Place {
    path: PathBuf,
    header: String,
    hash: gix::hash::Kind,
    shared: i32,
}

/// The file as it was read.
pub struct Messages {
    place: Place,
    bytes: Vec<u8>,
    by_object: HashMap<Oid, Entry>,
    /// Up to here the file has the form of entries.
    end: usize,
}

/// `<length of the rest> <checksum of the rest> <object> <target> <message>`; both numbers of four bytes.
struct Entry {
    checksum: u32,
    rest: Range<usize>,
}

/// Messages that were read from objects, to be kept.
#[derive(Default)]
pub(super) struct Fresh {
    bytes: Vec<u8>,
    count: usize,
}

impl Place {
    /// That of `repo`.
    pub(super) fn of(repo: &Repo) -> Self {
        let hash = repo.gix().object_hash();
        let header = format!("messages of records, 1, {hash}\n");
        Place { path: repo.state_dir().join("messages"), header, hash, shared: durable::shared_policy(repo) }
    }

    /// How many bytes the file has; `None` where it is none that is to be read.
    pub(super) fn size(&self) -> Option<u64> {
        let data = std::fs::metadata(&self.path).ok()?;
        (data.is_file() && data.len() <= MAX_FILE as u64).then_some(data.len())
    }

    /// What is known without reading the file: nothing.
    pub(super) fn blank(self) -> Messages {
        self.with(Vec::new())
    }

    /// Reads the file, and finds its entries without looking into them.
    pub(super) fn load(self) -> Messages {
        let bytes = self.size().and_then(|_| std::fs::read(&self.path).ok()).unwrap_or_default();
        self.with(bytes)
    }

    fn with(self, bytes: Vec<u8>) -> Messages {
        let bytes = if bytes.starts_with(self.header.as_bytes()) { bytes } else { self.header.clone().into_bytes() };
        let mut messages = Messages { end: self.header.len(), by_object: HashMap::default(), bytes, place: self };
        messages.by_object.reserve(messages.bytes.len() / TYPICAL_ENTRY);
        while let Some((object, entry)) = entry_at(&messages.bytes, messages.end, messages.place.hash) {
            messages.end = entry.rest.end;
            messages.by_object.entry(object).or_insert(entry);
        }
        messages
    }
}

impl Messages {
    /// Target and message of a record's object, if they are here and whole.
    pub(super) fn find(&self, object: Oid) -> Option<(Oid, &[u8])> {
        let entry = self.by_object.get(&object)?;
        let rest = self.bytes.get(entry.rest.clone()).filter(|rest| crc32fast::hash(rest) == entry.checksum)?;
        let size = object.as_bytes().len();
        Some((Oid::from_bytes_or_panic(&rest[size..2 * size]), &rest[2 * size..]))
    }

    /// Keeps what was new among `asked` records, if it is worth it.
    pub(super) fn keep(&self, fresh: &[Fresh], asked: usize) {
        let count: usize = fresh.iter().map(|fresh| fresh.count).sum();
        if count < MIN_NEW || count < asked / PART_NEW {
            return;
        }
        let header = &self.place.header;
        let mut bytes = header.clone().into_bytes();
        fresh.iter().for_each(|fresh| bytes.extend_from_slice(&fresh.bytes));
        let old = &self.bytes[header.len()..self.end];
        if bytes.len() + old.len() <= MAX_FILE {
            bytes.extend_from_slice(old);
        } else if old.is_empty() {
            return;
        } else {
            // Most of the old ones may be of records that are gone: the next call begins anew.
            bytes.truncate(header.len());
        }
        let _kept = durable::replace(&self.place.path, &bytes, self.place.shared);
    }
}

/// The entry that begins at `start`.
fn entry_at(bytes: &[u8], start: usize, hash: gix::hash::Kind) -> Option<(Oid, Entry)> {
    let (length, after) = bytes.get(start..)?.split_first_chunk()?;
    let (checksum, after) = after.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let rest = after.get(..length)?;
    let object = Oid::from_bytes_or_panic(rest.get(..2 * hash.len_in_bytes())?.get(..hash.len_in_bytes())?);
    let begin = start + 8;
    Some((object, Entry { checksum: u32::from_le_bytes(*checksum), rest: begin..begin + length }))
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
