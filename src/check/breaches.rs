//! Since when measurements have been over a limit that fails, measurement after measurement; and since when checks have been
//! failing, look after look.
//!
//! The first is what `for` goes by, the second what `sustained` of a policy does. It stays in this repository, and no verdict is ever better for it being lost: a file that is
//! gone or damaged begins the time anew.

use std::{collections::BTreeMap, fs::File, io::Read, path::Path};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    git::{Repo, durable},
    model::Breach,
};

const FILE: &str = "breaches.json";
const VERSION: u32 = 1;

/// More are not kept: those that were not seen for longest go first.
const MAX: usize = 1000;

/// A file that is longer is none of ours, in bytes.
const MAX_LENGTH: u64 = 1 << 20;

/// The check and the measurement; no measurement, whose name is never empty, for the check itself.
type Key = (String, String);

/// What is known, and what has changed since it was read.
#[derive(Debug, Default)]
pub struct Breaches {
    known: BTreeMap<Key, Breach>,
    changed: BTreeMap<Key, Option<Breach>>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    breaches: Vec<StoredBreach>,
}

#[derive(Serialize, Deserialize)]
struct StoredBreach {
    check: String,
    measurement: String,
    since: DateTime<Utc>,
    seen: DateTime<Utc>,
}

impl Breaches {
    /// Those of the repository; none where there is no file that can be read.
    pub fn load(repo: &Repo) -> Self {
        Breaches { known: read(&repo.state_dir()), changed: BTreeMap::new() }
    }

    /// Since when this measurement of this check is over.
    pub fn get(&self, check: &str, measurement: &str) -> Option<Breach> {
        self.known.get(&(check.to_owned(), measurement.to_owned())).copied()
    }

    /// Whether it is over now, and since when.
    pub fn set(&mut self, check: &str, measurement: &str, breach: Option<Breach>) {
        let key = (check.to_owned(), measurement.to_owned());
        if self.known.get(&key).copied() != breach {
            apply(&mut self.known, key.clone(), breach);
            self.changed.insert(key, breach);
        }
    }

    /// Since when this check has been seen to fail.
    pub fn failing(&self, check: &str) -> Option<Breach> {
        self.get(check, "")
    }

    /// Whether this check fails, and since when.
    pub fn set_failing(&mut self, check: &str, breach: Option<Breach>) {
        self.set(check, "", breach);
    }

    /// Keeps what has changed, and nothing else: what other processes have kept meanwhile stays. Writes nothing where
    /// nothing has changed.
    pub fn save(&mut self, repo: &Repo) -> Result<()> {
        let dir = repo.state_dir();
        if self.changed.is_empty() {
            return Ok(());
        }
        let shared = durable::shared_policy(repo);
        // Whoever takes the operation lock clears away what others have half written.
        let mut written = write(&dir, &self.changed, shared);
        for _ in 0..4 {
            if written.is_err() {
                written = write(&dir, &self.changed, shared);
            }
        }
        written.map_err(|error| match error {
            Failure::Storage(error) => durable::storage_error(&dir.join(FILE), error),
            Failure::Form(error) => Error::bug("a breach cannot be JSON").because(error),
        })?;
        self.changed.clear();
        Ok(())
    }
}

enum Failure {
    Storage(std::io::Error),
    Form(serde_json::Error),
}

fn apply(all: &mut BTreeMap<Key, Breach>, key: Key, breach: Option<Breach>) {
    match breach {
        Some(breach) => drop(all.insert(key, breach)),
        None => drop(all.remove(&key)),
    }
}

fn read(dir: &Path) -> BTreeMap<Key, Breach> {
    let mut bytes = Vec::new();
    let read = File::open(dir.join(FILE)).and_then(|file| file.take(MAX_LENGTH + 1).read_to_end(&mut bytes));
    let is_ours = read.is_ok() && u64::try_from(bytes.len()).is_ok_and(|length| length <= MAX_LENGTH);
    let stored: Option<Stored> = serde_json::from_slice(&bytes).ok().filter(|_| is_ours);
    let breaches = stored.filter(|stored| stored.version == VERSION).map(|stored| stored.breaches).unwrap_or_default();
    breaches
        .into_iter()
        .map(|stored| ((stored.check, stored.measurement), Breach { since: stored.since, seen: stored.seen }))
        .collect()
}

fn write(dir: &Path, changed: &BTreeMap<Key, Option<Breach>>, shared: i32) -> Result<(), Failure> {
    let mut all = read(dir);
    for (key, breach) in changed {
        apply(&mut all, key.clone(), *breach);
    }
    let mut breaches: Vec<_> = all
        .into_iter()
        .map(|((check, measurement), Breach { since, seen })| StoredBreach { check, measurement, since, seen })
        .collect();
    if breaches.len() > MAX {
        breaches.sort_by_key(|breach| std::cmp::Reverse(breach.seen));
        breaches.truncate(MAX);
    }
    let bytes = serde_json::to_vec(&Stored { version: VERSION, breaches }).map_err(Failure::Form)?;
    durable::write_atomically(&dir.join(FILE), &bytes, shared).map_err(Failure::Storage)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Breach {
        let at = DateTime::from_timestamp(1_795_269_600 + seconds, 0).expect("in range");
        Breach { since: at, seen: at }
    }

    fn key(number: usize) -> Key {
        (format!("check{number}"), "p95".to_owned())
    }

    fn kept(dir: &Path, key: Key, breach: Option<Breach>) {
        assert!(write(dir, &BTreeMap::from([(key, breach)]), 0).is_ok());
    }

    #[test]
    fn what_is_kept_is_read_again_and_what_ends_is_gone() {
        let dir = tempfile::tempdir().expect("a folder");
        assert!(read(dir.path()).is_empty());
        kept(dir.path(), key(1), Some(at(1)));
        kept(dir.path(), key(2), Some(at(2)));
        assert_eq!(read(dir.path()), BTreeMap::from([(key(1), at(1)), (key(2), at(2))]));
        kept(dir.path(), key(1), None);
        assert_eq!(read(dir.path()), BTreeMap::from([(key(2), at(2))]));
    }

    #[test]
    fn what_is_damaged_counts_as_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        for text in [
            &b""[..],
            b"{",
            b"[]",
            b"\xff\0",
            br#"{"version":1,"breaches":[{"check":"a"}]}"#,
            br#"{"version":2,"breaches":[]}"#,
            &vec![b' '; 2 << 20],
        ] {
            std::fs::write(dir.path().join(FILE), text).expect("the folder is writable");
            assert!(read(dir.path()).is_empty());
            kept(dir.path(), key(1), Some(at(1)));
            assert_eq!(read(dir.path()).len(), 1);
        }
    }

    #[test]
    fn there_are_never_more_than_can_be_read() {
        let dir = tempfile::tempdir().expect("a folder");
        let many: BTreeMap<_, _> =
            (0..MAX + 50).map(|number| (key(number), Some(at(i64::try_from(number).expect("small"))))).collect();
        assert!(write(dir.path(), &many, 0).is_ok());
        let left = read(dir.path());
        assert_eq!((left.len(), left.contains_key(&key(49)), left.contains_key(&key(50))), (MAX, false, true));
    }

    #[test]
    fn many_who_write_at_once_leave_a_whole_file() {
        let dir = tempfile::tempdir().expect("a folder");
        std::thread::scope(|scope| {
            for number in 0..8 {
                let dir = dir.path();
                scope.spawn(move || (0..20).for_each(|n| kept(dir, key(number), Some(at(n)))));
            }
        });
        let left = read(dir.path());
        assert!(!left.is_empty() && left.keys().all(|(check, _)| check.starts_with("check")), "{left:?}");
        let names = std::fs::read_dir(dir.path()).expect("the folder is there");
        let others = names.flatten().filter(|entry| entry.file_name() != FILE).count();
        assert_eq!(others, 0, "a file was left on its way");
    }

    #[test]
    fn only_what_has_changed_is_to_be_kept() {
        let mut breaches = Breaches { known: BTreeMap::from([(key(1), at(1))]), changed: BTreeMap::new() };
        breaches.set("check1", "p95", Some(at(1)));
        breaches.set("check2", "p95", None);
        assert!(breaches.changed.is_empty());
        breaches.set("check1", "p95", None);
        breaches.set("check2", "p95", Some(at(2)));
        assert_eq!((breaches.get("check1", "p95"), breaches.get("check2", "p95")), (None, Some(at(2))));
        assert_eq!(breaches.changed, BTreeMap::from([(key(1), None), (key(2), Some(at(2)))]));
    }
}
