//! The end of a pending checkpoint: its record says what the checks said, and the tag appears if they passed.

use super::plan::{self, Decision, Facts};
use crate::{
    check::Checked,
    error::Result,
    model::{Record, RecordId},
    ops::{Session, create, undo},
    store::jobs::Job,
};

/// What came of it.
#[derive(Debug)]
#[must_use]
pub(super) enum Settled {
    /// The record says so now; why its tag could not be signed and was left out.
    Done { record: Box<Record>, unsigned: Option<String> },
    /// It was not wanted any more, or somebody else was first: how it ended.
    NotWanted(Decision),
}

/// Publishes what the checks said, all together, unless the checkpoint was taken back or settled meanwhile.
pub(super) fn settle(session: &Session, job: &Job, checks: &[Checked]) -> Result<Settled> {
    let _lock = session.lock("jobs")?;
    let (facts, record) = look(session, &job.id, job.asked)?;
    match (plan::decide(&facts), record) {
        (Decision::Run, Some(record)) => {
            let (record, unsigned) = create::conclude(session, &record, checks)?;
            Ok(Settled::Done { record: Box::new(record), unsigned })
        }
        (other, _) => Ok(Settled::NotWanted(other)),
    }
}

/// What the records say of a checkpoint.
pub(super) fn look(session: &Session, id: &RecordId, is_asked: bool) -> Result<(Facts, Option<Record>)> {
    let store = session.store();
    if store.object(id)?.is_none() {
        return Ok((Facts { is_asked, ..Facts::default() }, None));
    }
    let record = store.read(id)?;
    let is_undone = undo::undone(session, &store.ids()?)?.contains(id);
    Ok((Facts { record: record.validation(), is_undone, is_asked, ..Facts::default() }, Some(record)))
}
