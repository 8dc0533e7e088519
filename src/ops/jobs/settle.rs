//! The end of a pending checkpoint: its record says what the checks said, and the tag appears if they passed.

use gix::bstr::BString;

use super::plan::{self, Decision, Facts};
use crate::{
    check::Checked,
    config::TagKind,
    error::{Error, Result},
    model::{Detail, Record, RecordId, Validation},
    ops::{Session, names, undo},
    store::{Published, jobs::Job},
};

/// How many names are tried for a tag.
const MOST_NAMES: usize = 1000;

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
        (Decision::Run, Some(record)) => publish(session, job, record, checks),
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

fn publish(session: &Session, job: &Job, mut record: Record, checks: &[Checked]) -> Result<Settled> {
    record.checks = checks.iter().map(|checked| checked.result.clone()).collect();
    let said = Validation::of(&record.checks);
    let gets_tag = matches!(said, Validation::Validated | Validation::Unvalidated);
    let kind = if gets_tag { session.config.tag } else { TagKind::None };
    let name = if kind == TagKind::None { None } else { Some(tag_name(session, job, &record)?) };
    for attempt in 1..=MOST_NAMES {
        let chosen = name.as_ref().map(|name| names::attempt(name, attempt));
        if let Detail::Create { tag, validation, .. } = &mut record.detail {
            (*tag, *validation) = (chosen.clone(), said);
        }
        match session.store().replace(&record, kind, &session.identity)? {
            Published::Done(_) => return Ok(Settled::Done { record: Box::new(record), unsigned: None }),
            Published::Unsigned(_, why) => {
                if let Detail::Create { tag, .. } = &mut record.detail {
                    *tag = None;
                }
                return Ok(Settled::Done { record: Box::new(record), unsigned: Some(why) });
            }
            Published::Taken(_) => {}
        }
    }
    Err(Error::refused(format!("there is no free name for the tag of {}", record.id)))
}

/// The tag that the checkpoint was to get when it was taken; what cannot be a name gives way to the configuration's.
fn tag_name(session: &Session, job: &Job, record: &Record) -> Result<BString> {
    if let Some(name) = job.tag.as_deref().and_then(|name| names::given(name).ok()) {
        return Ok(name);
    }
    let mut values = names::values(session, &record.state.head, record.phase.as_ref());
    values.now = session.local_of(record.at);
    names::from_template(("phase.tag", session.config.names.tag.as_ref()), names::TAG, &values)
}
