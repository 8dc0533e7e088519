//! How long each check took the last times, so that a person who waits knows how long.

use std::{collections::BTreeMap, time::Duration};

use crate::git::{Repo, durable};

const FILE: &str = "check-times.json";

/// More checks than this are not remembered.
const MOST: usize = 2000;

/// Milliseconds by the checks' names. It is advice: a file that is lost or damaged costs the estimate.
#[derive(Debug, Default)]
pub(super) struct Times(BTreeMap<String, u64>);

impl Times {
    pub(super) fn read(repo: &Repo) -> Self {
        let bytes = std::fs::read(repo.state_dir().join(FILE)).ok();
        Times(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
    }

    pub(super) fn expected(&self, check: &str) -> Option<Duration> {
        self.0.get(check).map(|millis| Duration::from_millis(*millis))
    }

    /// Half of what was known and half of what is new, so that one slow run does not decide.
    pub(super) fn learn(&mut self, check: &str, took: Duration) {
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        if self.0.len() < MOST || self.0.contains_key(check) {
            self.0.entry(check.to_owned()).and_modify(|known| *known = *known / 2 + millis / 2).or_insert(millis);
        }
    }

    pub(super) fn write(&self, repo: &Repo) {
        let Ok(bytes) = serde_json::to_vec(&self.0) else { return };
        // Not worth a wait for the disk, nor a failure.
        let _lost = durable::replace(&repo.state_dir().join(FILE), &bytes, durable::shared_policy(repo));
    }
}
