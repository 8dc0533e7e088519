//! Ids that never run backwards, whatever the clock does.

use std::{
    fs,
    hash::{BuildHasher, RandomState},
    io::Write,
};

use chrono::{DateTime, Duration, SubsecRound, Utc};

use super::Store;
use crate::{
    error::Result,
    git::durable,
    model::{Kind, RecordId},
};

/// A last id further in the future than this is not believed: the clock was wrong then.
const BELIEVED: Duration = Duration::days(1);

impl Store<'_> {
    /// The id for an operation of `kind` that is done at `now`. It is later than that of the last record published
    /// here, so that records keep their order when the clock is set back.
    pub fn next_id(&self, now: DateTime<Utc>, kind: Kind) -> Result<RecordId> {
        let file = self.repo.state_dir().join("last-id");
        let now = now.trunc_subsecs(3);
        let last = fs::read_to_string(&file).ok().and_then(|text| text.trim().parse::<RecordId>().ok());
        let last = last.and_then(|id| id.time()).filter(|last| *last <= now + BELIEVED);
        let at = last.map_or(now, |last| now.max(last + Duration::milliseconds(1)));
        Ok(RecordId::new(at, kind, random()))
    }

    /// Remembers `id` as the last one. Only advice: if it cannot be kept, ids are as good as the clock.
    pub fn remember_id(&self, id: &RecordId) {
        let file = self.repo.state_dir().join("last-id");
        let shared = durable::shared_policy(self.repo);
        // In place: a file system may make a new file durable before it lets it replace another one, and this one is never
        // waited for. What is cut off is no id, and counts as none.
        let _kept = durable::create_dirs(&self.repo.state_dir(), shared).and_then(|()| {
            let mut kept = fs::OpenOptions::new().write(true).create(true).truncate(false).open(&file)?;
            gix::fs::set_shared_repository_permissions(&file, shared)?;
            kept.write_all(id.as_str().as_bytes())?;
            kept.set_len(id.as_str().len() as u64)
        });
    }
}

/// The standard library seeds its hash maps from the system's random numbers.
pub(super) fn random() -> u32 {
    let hash = RandomState::new().hash_one(std::process::id());
    u32::try_from(hash >> 32).expect("half of it fits")
}
