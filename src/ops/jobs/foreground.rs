//! Checks that somebody waits for, as far as others have to know: the lock of a job without a file.
//!
//! While it is held, nobody else runs them. Where its process dies, what is left is a job that a worker takes up, with what
//! the record says.

use super::enqueue::first_due;
use crate::{
    error::Result,
    model::Record,
    ops::Session,
    store::jobs::{Held, Jobs},
};

/// The checks of a pending checkpoint, run by this process.
#[must_use]
pub struct Foreground<'s> {
    session: &'s Session,
    record: &'s Record,
    /// None where it cannot be had: then nobody knows, and they are run all the same.
    lock: Option<Held>,
}

/// Tells everybody that this process runs the checks of this checkpoint.
pub fn foreground<'s>(session: &'s Session, record: &'s Record) -> Foreground<'s> {
    let jobs = Jobs::of(&session.repo);
    let take = || -> Result<Option<Held>> {
        let lock = jobs.lock(&record.id)?;
        // Whoever comes by after this process has died starts a worker.
        let deciding = jobs.decide()?;
        jobs.note_due(Some(session.now), &deciding)?;
        Ok(lock)
    };
    Foreground { session, record, lock: take().ok().flatten() }
}

impl Foreground<'_> {
    /// Leaves what is left of them to others. There is a job from the beginning, so none is lost in between.
    pub fn hand_over(self) {}

    /// They have ended, and the record says how.
    pub fn done(self) {
        let Some(lock) = self.lock else { return };
        let jobs = Jobs::of(&self.session.repo);
        let forget = || -> Result<()> {
            jobs.remove(&self.record.id, &lock)?;
            let deciding = jobs.decide()?;
            jobs.note_due(first_due(&jobs, self.session.now), &deciding)
        };
        // A worker finds the record settled.
        let _left = forget();
    }
}
