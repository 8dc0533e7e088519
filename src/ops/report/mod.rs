//! The whole story of a repository, or one operation of it, as values that are shown as text, Markdown, JSON or a page.

mod chart;
mod course;
mod page;
mod strip;

use chrono::{DateTime, Utc};
use serde::Serialize;

pub use self::course::{Course, Point};
use super::{
    Session,
    incident::{
        self, Facts,
        engine::{Source, fill},
        gather::{repository, time},
        surroundings::Surroundings,
    },
    phase,
};
use crate::{
    error::{Error, Result},
    model::{Detail, Kind, Record, RecordId, Validation, Verdict, quote_path},
};

/// So many operations are told of, the newest.
pub const OPERATIONS: usize = 1000;

/// So many rollbacks are told of in full, the newest.
pub const ROLLBACKS: usize = 20;

/// What was done in a repository.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Story {
    /// The name of the folder that the repository is in.
    pub repository: String,
    /// The moment that it was told.
    pub at: String,
    /// The current branch; `None` when detached.
    pub branch: Option<String>,
    /// Its phase.
    pub phase: Option<String>,
    /// What is older is left out.
    pub since: Option<String>,
    /// How many operations there are, by what they were.
    pub totals: Totals,
    /// The operations, newest first.
    pub operations: Vec<Operation>,
    /// How many older ones are not told of.
    pub left_out: usize,
    /// The numbers that checks measured, over time.
    pub numbers: Vec<Course>,
    /// The newest rollbacks in full, newest first.
    pub rollbacks: Vec<Facts>,
}

/// How many operations there are.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Totals {
    /// Checkpoints, of any state.
    pub checkpoints: usize,
    /// Of these, the checks of which passed.
    pub validated: usize,
    /// The checks of which have not ended.
    pub pending: usize,
    /// The checks of which failed, or gave no answer.
    pub failed: usize,
    /// Rollbacks.
    pub rollbacks: usize,
    /// Of these, how many are known to work.
    pub verified: usize,
    /// Recoveries.
    pub recoveries: usize,
    /// Undos and redos.
    pub undos: usize,
}

/// One operation among others.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Operation {
    /// The record's id.
    pub id: String,
    /// What it was.
    pub kind: &'static str,
    /// When.
    pub at: String,
    /// One line that says what was done.
    pub summary: String,
    /// Why, as the user said.
    pub reason: Option<String>,
    /// The public tag of a checkpoint.
    pub tag: Option<String>,
    /// The branch it was done on.
    pub branch: Option<String>,
    /// The phase it belongs to.
    pub phase: Option<String>,
    /// How far a checkpoint was validated.
    pub state: Option<&'static str>,
    /// Whether what a rollback went back to works.
    pub verification: Option<&'static str>,
    /// How bad it was.
    pub severity: Option<&'static str>,
    /// Whether it was an emergency.
    pub emergency: bool,
    /// The backup branch of a rollback.
    pub backup: Option<String>,
    /// How long its steps took.
    pub seconds: Option<f64>,
    /// How many of its checks passed, and how many there are.
    pub checks_passed: usize,
    /// How many checks there are.
    pub checks: usize,
    /// Whether it was taken back.
    pub undone: bool,
    /// Whether it was done in another clone and fetched.
    pub elsewhere: bool,
}

/// What is told, and what could not be.
#[derive(Debug)]
#[must_use]
pub struct Told {
    /// The story.
    pub story: Story,
    /// Records that could not be read, as messages that name them.
    pub unreadable: Vec<String>,
}

/// Everything that was done, or what was since a moment.
pub fn story(session: &Session, since: Option<DateTime<Utc>>) -> Result<Told> {
    let around = Surroundings::of(session)?;
    let head = session.repo.head()?;
    let wanted: Vec<&Record> =
        around.records.iter().rev().filter(|record| since.is_none_or(|since| record.at >= since)).collect();
    let shown = &wanted[..wanted.len().min(OPERATIONS)];
    let rollbacks = shown.iter().filter(|record| record.kind() == Kind::Rollback).take(ROLLBACKS);
    let story = Story {
        repository: repository(session),
        at: time(session.now),
        branch: head.branch().map(|_| head.short_name()),
        phase: phase::of(session, &head).running().map(|phase| phase.name.clone()),
        since: since.map(time),
        totals: totals(&wanted),
        operations: shown.iter().map(|record| operation(record, &around)).collect(),
        left_out: wanted.len() - shown.len(),
        numbers: course::courses(shown, &|check, name| session.config.measure(check, name)),
        rollbacks: rollbacks.map(|record| incident::gather::of(session, record, &around)).collect::<Result<_>>()?,
    };
    Ok(Told { story, unreadable: around.unreadable })
}

fn totals(records: &[&Record]) -> Totals {
    let mut totals = Totals::default();
    for record in records {
        match &record.detail {
            Detail::Create { validation, .. } => {
                totals.checkpoints += 1;
                match validation {
                    Validation::Validated => totals.validated += 1,
                    Validation::Pending => totals.pending += 1,
                    Validation::Failed | Validation::Inconclusive => totals.failed += 1,
                    Validation::Unvalidated => {}
                }
            }
            Detail::Rollback { conduct, .. } => {
                totals.rollbacks += 1;
                totals.verified += usize::from(conduct.verification == Some(crate::model::Verification::Verified));
            }
            Detail::Recover { .. } => totals.recoveries += 1,
            Detail::Undo { .. } | Detail::Redo { .. } => totals.undos += 1,
            Detail::Try(_) | Detail::Resume { .. } | Detail::Prune { .. } => {}
        }
    }
    totals
}

fn operation(record: &Record, around: &Surroundings) -> Operation {
    let facts = incident::gather::of_record(record);
    Operation {
        tag: record.tag().map(|tag| quote_path(tag.as_ref())),
        checks_passed: record.checks.iter().filter(|check| check.verdict == Verdict::Pass).count(),
        checks: record.checks.len(),
        undone: around.undone.contains(&record.id),
        elsewhere: around.foreign.contains(&record.id),
        backup: facts.backup.map(|backup| backup.branch),
        branch: facts.from.branch,
        id: facts.id,
        kind: facts.kind,
        at: facts.at,
        summary: facts.summary,
        reason: facts.reason,
        phase: facts.phase,
        state: facts.state,
        verification: facts.verification,
        severity: facts.severity,
        emergency: facts.emergency,
        seconds: facts.seconds,
    }
}

/// The operation that is meant: by the beginning of its id, by the tag of a checkpoint or the backup branch of a rollback, or,
/// by the word for what it was, the newest of that sort.
pub fn find(session: &Session, name: &str) -> Result<Record> {
    let store = session.store();
    let ids = store.ids()?;
    if let Ok(kind) = name.parse::<Kind>() {
        let newest = ids.iter().rev().find(|id| id.kind() == Some(kind));
        let none = || Error::usage(format!("there is no {kind} yet")).hint("`git checkpoint log` shows what was done");
        return store.read(newest.ok_or_else(none)?);
    }
    let matching: Vec<&RecordId> = ids.iter().filter(|id| id.as_str().starts_with(name)).collect();
    match matching[..] {
        [id] => return store.read(id),
        [] => {}
        _ => {
            let error = Error::usage(format!("more than one operation's id begins with `{name}`"));
            let nearest = matching.iter().rev().take(3);
            return Err(nearest.fold(error, |error, id| error.hint(format!("`git checkpoint report {id}`"))));
        }
    }
    let is_named = |record: &Record| [record.tag(), record.backup()].into_iter().flatten().any(|own| *own == *name);
    for id in ids.iter().rev().filter(|id| matches!(id.kind(), Some(Kind::Create | Kind::Rollback))) {
        // One that cannot be read is not the one that is meant.
        if let Ok(record) = store.read(id)
            && is_named(&record)
        {
            return Ok(record);
        }
    }
    Err(Error::usage(format!("no operation is called `{name}`"))
        .hint("`git checkpoint log` shows the ids; a tag, a backup branch or a word like `rollback` will do as well"))
}

/// The story as Markdown.
pub fn markdown(story: &Story) -> Result<String> {
    built_in(Source { name: "story.md", text: include_str!("../../../templates/report/story.md") }, story)
}

/// The story as one page that needs nothing else.
pub fn story_page(story: &Story) -> Result<String> {
    built_in(PAGE, &page::of_story(story))
}

/// One operation as such a page; `at` is the moment that it is told.
pub fn operation_page(facts: &Facts, at: DateTime<Utc>) -> Result<String> {
    built_in(PAGE, &page::of_operation(facts, time(at)))
}

const PAGE: Source<'static> = Source { name: "page.html", text: include_str!("../../../templates/report/page.html") };

/// Fills in a template that only the program has; a mistake in it is a bug.
fn built_in(source: Source<'_>, values: &impl Serialize) -> Result<String> {
    fill(source, values, &serde_json::Value::Null).map_err(|error| {
        Error::bug(format!("the program's own `{}` is not valid", source.name)).because(error.chain().join(": "))
    })
}

#[cfg(test)]
mod tests;
