//! All operations on one line of time, a lane for each sort: the picture of how it went, at a glance.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Operation, Story};

/// The size in its own units; lanes are below each other.
const WIDTH: f64 = 960.0;
const LEFT: f64 = 110.0;
const RIGHT: f64 = 940.0;
const LANES: [(&str, f64); 3] = [("checkpoints", 24.0), ("rollbacks", 58.0), ("brought back", 92.0)];

/// The picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Strip {
    width: f64,
    left: f64,
    right: f64,
    summary: String,
    lanes: Vec<Lane>,
    marks: Vec<Mark>,
    ticks: Vec<Tick>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Lane {
    name: &'static str,
    y: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Mark {
    shape: String,
    tone: &'static str,
    label: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Tick {
    x: f64,
    anchor: &'static str,
    label: String,
}

/// The picture; `None` where there is no time between the operations.
pub(super) fn strip(story: &Story) -> Option<Strip> {
    let moment = |operation: &Operation| DateTime::parse_from_rfc3339(&operation.at).ok().map(|at| at.to_utc());
    let timed: Vec<(&Operation, DateTime<Utc>)> =
        story.operations.iter().rev().filter_map(|operation| Some((operation, moment(operation)?))).collect();
    // Clocks are set back now and then, so the first in order need not be the earliest.
    let (first, last) = (timed.iter().map(|one| one.1).min()?, timed.iter().map(|one| one.1).max()?);
    let span = (last - first).as_seconds_f64();
    if span <= 0.0 {
        return None;
    }
    let x = |at: DateTime<Utc>| round(LEFT + 12.0 + (RIGHT - LEFT - 24.0) * (at - first).as_seconds_f64() / span);
    let mark = |(operation, at): &(&Operation, DateTime<Utc>)| {
        let lane = match operation.kind {
            "create" => 0,
            "rollback" => 1,
            "recover" | "undo" | "redo" => 2,
            _ => return None,
        };
        let tone = tone(operation);
        let label = format!("{}: {}", super::incident::words::time(&operation.at), operation.summary);
        Some(Mark { shape: shape(tone, x(*at), LANES[lane].1), tone, label })
    };
    let day = if last - first < chrono::TimeDelta::hours(36) { "%m-%d %H:%M" } else { "%Y-%m-%d" };
    let tick = |at: DateTime<Utc>, anchor| Tick { x: x(at), anchor, label: at.format(day).to_string() };
    let totals = &story.totals;
    Some(Strip {
        width: WIDTH,
        left: LEFT,
        right: RIGHT,
        summary: format!(
            "{} checkpoints, {} rollbacks and {} operations that brought work back, from {} to {}",
            totals.checkpoints,
            totals.rollbacks,
            totals.recoveries + totals.undos,
            first.format("%Y-%m-%d %H:%M UTC"),
            last.format("%Y-%m-%d %H:%M UTC"),
        ),
        lanes: LANES.iter().map(|(name, y)| Lane { name, y: *y }).collect(),
        marks: timed.iter().filter_map(mark).collect(),
        ticks: vec![tick(first, "start"), tick(first + (last - first) / 2, "middle"), tick(last, "end")],
    })
}

/// Whether it is good news.
fn tone(operation: &Operation) -> &'static str {
    match (operation.state, operation.verification) {
        (Some("validated"), _) | (_, Some("verified")) => "good",
        (Some("failed"), _) | (_, Some("failed")) => "bad",
        (Some("inconclusive" | "pending"), _) | (_, Some("inconclusive")) => "warn",
        _ => "plain",
    }
}

/// A disc, a triangle, a square, and a disc that the page draws as a ring, in the order of the tones.
fn shape(tone: &str, x: f64, y: f64) -> String {
    let ring = |r: f64| format!("M{} {y}a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0 -{d} 0z", round(x - r), d = r * 2.0);
    match tone {
        "good" => ring(5.0),
        "warn" => format!("M{x} {}l7 12h-14z", round(y - 7.0)),
        "bad" => format!("M{} {}h11v11h-11z", round(x - 5.5), round(y - 5.5)),
        _ => ring(4.5),
    }
}

fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
