//! A checkpoint becomes visible: under a name that is free, and with a tag only where that is deserved.

use gix::bstr::BString;

use super::Name;
use crate::{
    check::{Checked, kept_logs},
    config::{OnFail, TagKind},
    error::{self, Error, Result},
    git::refs,
    model::{Detail, Oid, PhaseEvent, Record, RefChange, Validation},
    ops::{Session, names, undo},
    store::{Attached, Published},
};

/// What is published with a record.
#[derive(Clone, Copy)]
pub(super) struct With<'a> {
    pub(super) name: &'a Name,
    pub(super) kept: &'a [Oid],
    pub(super) checked: &'a [Checked],
}

/// Publishes the record as what it is: with its tag where it is validated, or where nothing was to be validated; else with
/// the name that the tag would have. The second value says why the tag could not be signed.
pub(super) fn publish(session: &Session, record: &mut Record, with: With<'_>) -> Result<Option<String>> {
    let logs = kept_logs(with.checked);
    let attached = Attached { kept: with.kept, logs: &logs, ..Attached::default() };
    record.checks = with.checked.iter().map(|one| one.result.clone()).collect();
    if let Name::Given(name) = with.name
        && refs::find(&session.repo, tag_ref(name).as_ref())?.is_some()
    {
        return Err(taken(session, name)?);
    }
    let deserves = matches!(record.validation(), Some(Validation::Validated | Validation::Unvalidated));
    let published = if deserves && !matches!(with.name, Name::None) {
        named(session, record, with.name, &|record, kind| {
            session.store().publish(record, &attached, kind, &session.identity)
        })
    } else {
        untagged(session, record, with.name, attached)
    };
    published.map_err(|error| match error.kind() {
        error::Kind::Environment => error.hint("nothing was changed"),
        _ => error,
    })
}

/// Publishes the record without a tag, and with the name that it would have.
pub(super) fn untagged(
    session: &Session,
    record: &mut Record,
    name: &Name,
    attached: Attached<'_>,
) -> Result<Option<String>> {
    if let (Detail::Create { wanted, .. }, Name::Given(name) | Name::Template(name)) = (&mut record.detail, name) {
        *wanted = Some(name.clone());
    }
    with_branch(session, record, attached, &|record, attached| {
        session.store().publish(record, &attached, TagKind::None, &session.identity)
    })?;
    Ok(None)
}

/// Gives a pending checkpoint its final form, from what all its checks said; why the tag could not be signed, if so. To be
/// called under the operation lock. A checkpoint that was taken back meanwhile gets no tag.
pub(in crate::ops) fn conclude(
    session: &Session,
    pending: &Record,
    checked: &[Checked],
) -> Result<(Record, Option<String>)> {
    let store = session.store();
    let mut record = store.read(&pending.id)?;
    // One without an answer can be asked again.
    if !matches!(record.validation(), Some(Validation::Pending | Validation::Inconclusive)) {
        return Err(Error::refused(format!("the checkpoint {} is not pending any more", record.id))
            .hint("`git checkpoint show` says what became of it"));
    }
    record.checks = checked.iter().map(|one| one.result.clone()).collect();
    let outcome = Validation::of(&record.checks);
    if let Detail::Create { validation, .. } = &mut record.detail {
        *validation = outcome;
    }
    let logs = kept_logs(checked);
    let attached = Attached { logs: &logs, ..Attached::default() };
    let is_undone = undo::undone(session, &store.ids()?)?.contains(&record.id);
    let unsigned = match record.wanted_tag().cloned().map(Name::Template) {
        Some(name) if outcome == Validation::Validated && !is_undone => {
            named(session, &mut record, &name, &|record, kind| {
                store.replace(record, &attached, kind, &session.identity)
            })?
        }
        _ => {
            with_branch(session, &mut record, attached, &|record, attached| {
                store.replace(record, &attached, TagKind::None, &session.identity)
            })?;
            None
        }
    };
    Ok((record, unsigned))
}

type Publish<'a> = &'a dyn Fn(&Record, TagKind) -> Result<Published>;

/// Publishes under the first name that is free.
fn named(session: &Session, record: &mut Record, name: &Name, publish: Publish<'_>) -> Result<Option<String>> {
    let kind = if session.config.tag == TagKind::None { TagKind::Annotated } else { session.config.tag };
    for attempt in 1.. {
        let chosen = match name {
            Name::Given(name) => name.clone(),
            Name::Template(name) => names::attempt(name, attempt),
            Name::None => return Err(Error::bug("a checkpoint without a name was to be named")),
        };
        set_tag(record, Some(chosen));
        match publish(record, kind)? {
            Published::Done(_) => return Ok(None),
            Published::Unsigned(_, why) => {
                set_tag(record, None);
                return Ok(Some(why));
            }
            Published::Taken(name_taken) if matches!(name, Name::Given(_)) => return Err(taken(session, &name_taken)?),
            Published::Taken(name_taken) => {
                if let Some(other) = refs::above(&session.repo, tag_ref(&name_taken).as_ref())? {
                    let is_end = record.phase.as_ref().is_some_and(|mark| mark.event == Some(PhaseEvent::Finish));
                    return Err(names::blocked(
                        &name_taken,
                        &other,
                        if is_end { "phase.complete" } else { "phase.tag" },
                    ));
                }
            }
        }
    }
    Err(Error::bug("there is no free name for the tag"))
}

fn set_tag(record: &mut Record, name: Option<BString>) {
    if let Detail::Create { tag, wanted, .. } = &mut record.detail {
        *tag = name;
        *wanted = None;
    }
}

type PublishWith<'a> = &'a dyn Fn(&Record, Attached<'_>) -> Result<Published>;

/// Publishes a record without a tag, and where the configuration wants it for what failed, with a backup branch.
fn with_branch(session: &Session, record: &mut Record, attached: Attached<'_>, publish: PublishWith<'_>) -> Result<()> {
    let is_bad = matches!(record.validation(), Some(Validation::Failed | Validation::Inconclusive));
    if !is_bad || session.config.gate.on_fail != OnFail::BackupBranch {
        return match publish(record, attached)? {
            Published::Taken(name) => Err(Error::bug(format!("`{name}` was not to be made"))),
            Published::Done(_) | Published::Unsigned(..) => Ok(()),
        };
    }
    let values = names::values(session, &record.state.head, record.phase.as_ref());
    let base = names::from_template(("phase.backup", session.config.names.backup.as_ref()), names::BACKUP, &values)?;
    for attempt in 1.. {
        let branch = names::attempt(&base, attempt);
        let name: BString = [b"refs/heads/".as_slice(), &branch].concat().into();
        record.refs.push(RefChange { name: name.clone(), old: None, new: Some(record.state.tip) });
        match publish(record, Attached { branch: Some(&branch), ..attached })? {
            Published::Taken(_) => drop(record.refs.pop()),
            Published::Done(_) | Published::Unsigned(..) => return Ok(()),
        }
        if let Some(other) = refs::above(&session.repo, name.as_ref())? {
            return Err(names::blocked(&branch, &other, "phase.backup"));
        }
    }
    Err(Error::bug("there is no free name for the branch"))
}

/// Why a name that was given cannot be had.
fn taken(session: &Session, name: &BString) -> Result<Error> {
    let error = match refs::collision(&session.repo, tag_ref(name).as_ref())? {
        None => Error::refused(format!("the name `{name}` is taken")),
        Some(other) => Error::refused(format!("the name `{name}` cannot be had"))
            .because(format!("`{other}` is there, and git cannot have a name and names below it")),
    };
    Ok(error.hint("choose another `--name`, or leave it out to get the next free one"))
}

fn tag_ref(name: &BString) -> BString {
    [b"refs/tags/", name.as_slice()].concat().into()
}
