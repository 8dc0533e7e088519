//! The rest of the checks of a checkpoint that is saved and waits for its tag.

use super::{
    Session, create, trust,
    validate::{self, Setting},
};
use crate::{
    check::{Checked, Event, Seen, Subject},
    config::Moment,
    error::{Error, Result},
    model::{Record, RecordId, Validation},
};

/// A checkpoint that is pending no more.
#[derive(Debug)]
#[must_use]
pub struct Completed {
    /// Its final record.
    pub record: Record,
    /// What its checks said, those that were given included.
    pub checked: Vec<Checked>,
    /// Why its tag could not be signed and was left out.
    pub unsigned: Option<String>,
}

/// How far the checks of a pending checkpoint came.
#[derive(Debug)]
#[must_use]
pub enum Answered {
    /// They have all ended.
    All(Vec<Checked>),
    /// It is not pending any more.
    Settled(Box<Record>),
}

/// Runs the checks of the pending checkpoint `id` that are not among those `given`, on its tree, away from the user's files,
/// which will not stay as they are for so long. What is known to pass is not run again. Changes no record.
pub fn run(
    session: &Session,
    trusted: &trust::Standing,
    id: &RecordId,
    given: Vec<Checked>,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<Answered> {
    let record = session.store().read(id)?;
    if record.validation() != Some(Validation::Pending) {
        return Ok(Answered::Settled(Box::new(record)));
    }
    let all = session.config.checks(trust::require(trusted)?)?;
    let mut setting = Setting::of(session, Moment::Checkpoint, all);
    setting.checks.retain(|check| given.iter().all(|one| one.result.name != check.name));
    validate::refuse_missing(&setting.checks, session)?;
    setting.mark.clone_from(&record.phase);
    setting.seen = Some(Seen { tree: record.state.worktree, is_whole: false });
    let subject = Subject { commit: record.state.tip, tree: record.state.worktree };
    let (validated, _unkept) = setting.run(|run| run.validate(subject, watch))?;
    Ok(Answered::All(given.into_iter().chain(validated.checks).collect()))
}

/// Gives the pending checkpoint its final form, and its tag if it deserves one.
pub fn conclude(session: &Session, id: &RecordId, checked: Vec<Checked>) -> Result<Completed> {
    let _lock = session.lock("jobs")?;
    let pending = session.store().read(id)?;
    if checked.is_empty() {
        return Err(Error::bug("a checkpoint was to be concluded without any answer"));
    }
    let (record, unsigned) = create::conclude(session, &pending, &checked)?;
    Ok(Completed { record, checked, unsigned })
}
