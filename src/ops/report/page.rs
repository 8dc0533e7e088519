//! What the page is filled in with: the story or one operation, and the drawings.

use serde::Serialize;

use super::{
    Operation, Story,
    chart::{Chart, chart},
    strip::{Strip, strip},
};
use crate::ops::incident::Facts;

/// The values of the page.
#[derive(Debug, Serialize)]
pub(super) struct Page<'s> {
    title: String,
    repository: &'s str,
    at: String,
    version: &'static str,
    story: Option<&'s Story>,
    days: Vec<Day<'s>>,
    strip: Option<Strip>,
    charts: Vec<Chart>,
    incidents: Vec<&'s Facts>,
}

/// The operations of one day, newest first.
#[derive(Debug, Serialize)]
struct Day<'s> {
    date: &'s str,
    operations: Vec<&'s Operation>,
}

pub(super) fn of_story(story: &Story) -> Page<'_> {
    let mut days: Vec<Day<'_>> = Vec::new();
    for operation in &story.operations {
        let date = operation.at.get(..10).unwrap_or_default();
        match days.last_mut() {
            Some(day) if day.date == date => day.operations.push(operation),
            _ => days.push(Day { date, operations: vec![operation] }),
        }
    }
    Page {
        title: format!("{}: checkpoints and rollbacks", story.repository),
        repository: &story.repository,
        at: story.at.clone(),
        version: env!("CARGO_PKG_VERSION"),
        story: Some(story),
        days,
        strip: strip(story),
        charts: story.numbers.iter().filter_map(chart).collect(),
        incidents: story.rollbacks.iter().collect(),
    }
}

pub(super) fn of_operation(facts: &Facts, at: String) -> Page<'_> {
    Page {
        title: format!("{}: {}", facts.repository, facts.summary),
        repository: &facts.repository,
        at,
        version: env!("CARGO_PKG_VERSION"),
        story: None,
        days: Vec::new(),
        strip: None,
        charts: Vec::new(),
        incidents: vec![facts],
    }
}
