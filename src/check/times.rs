//! How long each check took the last times, so that a person who waits knows how long.

use std::{collections::BTreeMap, time::Duration};

use crate::git::{Repo, durable};

const FILE: &str = "check-times.json";

/// More checks than this are not remembered.
const MOST: usize = 2000;

/// Milliseconds by the checks' names. It is advice: a file that is lost or damaged costs the estimate.
#[derive(Debug, Default)]
pub(super) struct Times {
    known: BTreeMap<String, u64>,
    has_changed: bool,
}

/// What differs by less than this part is the same to a person.
const SAME: u64 = 8;

/// What is over before anybody is told that it runs needs no estimate, in milliseconds.
const QUICK: u64 = 100;

impl Times {
    pub(super) fn read(repo: &Repo) -> Self {
        let bytes = std::fs::read(repo.state_dir().join(FILE)).ok();
        let known = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        Times { known, has_changed: false }
    }

    pub(super) fn expected(&self, check: &str) -> Option<Duration> {
        self.known.get(check).map(|millis| Duration::from_millis(*millis))
    }

    /// Half of what was known and half of what is new, so that one slow run does not decide.
    pub(super) fn learn(&mut self, check: &str, took: Duration) {
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let has_room = self.known.len() < MOST;
        match self.known.get_mut(check) {
            Some(known) if known.abs_diff(millis) > QUICK.max(*known / SAME) => {
                *known = *known / 2 + millis / 2;
                self.has_changed = true;
            }
            None if millis > QUICK && has_room => {
                self.known.insert(check.to_owned(), millis);
                self.has_changed = true;
            }
            _ => {}
        }
    }

    pub(super) fn write(&self, repo: &Repo) {
        if !self.has_changed {
            return;
        }
        let Ok(bytes) = serde_json::to_vec(&self.known) else { return };
        // Not worth a wait for the disk, nor a failure.
        let _lost = durable::replace(&repo.state_dir().join(FILE), &bytes, durable::shared_policy(repo));
    }
}
