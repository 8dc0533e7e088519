//! Jobs that have ended are kept for a while, for who asks what became of them.

use chrono::{DateTime, Duration, Utc};

use crate::{
    model::RecordId,
    store::jobs::{Found, Job, Jobs},
};

/// So long.
const KEPT_FOR: Duration = Duration::days(14);
/// So many.
const KEPT: usize = 50;

/// Removes those that are too old, and the oldest of too many. What cannot be removed stays.
pub(super) fn clean(jobs: &Jobs, now: DateTime<Utc>) {
    for id in superfluous(&jobs.all(), now) {
        if let Ok(Some(lock)) = jobs.lock(&id) {
            // Somebody may have asked for it again.
            if jobs.read(&id).is_ok_and(|job| !job.state.is_open()) {
                let _stays = jobs.remove(&id, &lock);
            }
        }
    }
}

fn superfluous(found: &[Found], now: DateTime<Utc>) -> Vec<RecordId> {
    let ended = found.iter().rev().filter_map(|found| found.job.as_ref().ok()).filter(|job| !job.state.is_open());
    let places = ended.enumerate().filter(|(place, job)| *place >= KEPT || is_old(job, now));
    places.map(|(_, job)| job.id.clone()).collect()
}

fn is_old(job: &Job, now: DateTime<Utc>) -> bool {
    now - job.since() > KEPT_FOR
}
