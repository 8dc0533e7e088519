//! A course as a drawing: pure geometry, so that the page only has to print it.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::course::Course;
use crate::{model::amount, ops::incident::words};

/// The size of a chart in its own units.
const SIZE: (f64, f64) = (480.0, 230.0);
/// What is left free around the drawing: left, top, right, bottom.
const MARGIN: (f64, f64, f64, f64) = (64.0, 14.0, 18.0, 44.0);
/// So many points can be told apart; of more, the newest are drawn.
const POINTS: usize = 200;

/// A drawn course.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Chart {
    title: String,
    axis: String,
    summary: String,
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    line: String,
    dots: Vec<Dot>,
    y_ticks: Vec<Tick>,
    x_ticks: Vec<Tick>,
    limits: Vec<Limit>,
    rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Dot {
    shape: String,
    level: &'static str,
    label: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Tick {
    at: f64,
    label: String,
    anchor: &'static str,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Limit {
    y: f64,
    text_y: f64,
    label: String,
    level: &'static str,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Row {
    at: String,
    name: String,
    value: String,
    level: &'static str,
}

/// The drawing; `None` where there is nothing to be seen over time.
pub(super) fn chart(course: &Course) -> Option<Chart> {
    let points = &course.points[course.points.len().saturating_sub(POINTS)..];
    let (first, last) = (points.first()?, points.last()?);
    let unit = course.unit.as_deref().unwrap_or_default();
    let limits = [("warn", course.warn), ("fail", course.fail)];
    let values = points.iter().map(|point| point.value).chain(limits.iter().filter_map(|(_, limit)| *limit));
    let scale = Scale::of(values)?;
    let (left, top, right, bottom) = (MARGIN.0, MARGIN.1, SIZE.0 - MARGIN.2, SIZE.1 - MARGIN.3);
    let y = |value: f64| round(bottom - (bottom - top) * scale.part(value));
    let span = (last.moment - first.moment).num_seconds();
    let x = |moment: DateTime<Utc>| {
        let part = if span == 0 { 0.5 } else { seconds(moment - first.moment) / seconds(last.moment - first.moment) };
        round(left + 10.0 + (right - left - 20.0) * part)
    };
    let places: Vec<(f64, f64)> = points.iter().map(|point| (x(point.moment), y(point.value))).collect();
    let dot = |(point, (x, y)): (&super::Point, &(f64, f64))| Dot {
        shape: shape(point.level, *x, *y),
        level: point.level,
        label: format!("{}, {}: {}, {}", words::time(&point.at), point.name, amount(point.value, unit), point.level),
    };
    Some(Chart {
        title: if course.check == course.name {
            course.check.clone()
        } else {
            format!("{}: {}", course.check, course.name)
        },
        axis: if unit.is_empty() { "value".to_owned() } else { unit.to_owned() },
        summary: summary(course, points, unit),
        width: SIZE.0,
        height: SIZE.1,
        left,
        right,
        top,
        bottom,
        line: places.iter().map(|(x, y)| format!("{x},{y}")).collect::<Vec<_>>().join(" "),
        dots: points.iter().zip(&places).map(dot).collect(),
        y_ticks: scale
            .ticks()
            .into_iter()
            .map(|value| Tick { at: y(value), label: amount(value, ""), anchor: "end" })
            .collect(),
        x_ticks: x_ticks(first.moment, last.moment, &x),
        limits: limits
            .into_iter()
            .filter_map(|(level, limit)| {
                let at = y(limit?);
                // Above its line, unless there is no room.
                let text_y = if at - top < 14.0 { at + 14.0 } else { at - 5.0 };
                Some(Limit { y: at, text_y, label: format!("{level} {}", amount(limit?, unit)), level })
            })
            .collect(),
        rows: points
            .iter()
            .rev()
            .map(|point| Row {
                at: words::time(&point.at),
                name: point.name.clone(),
                value: amount(point.value, unit),
                level: point.level,
            })
            .collect(),
    })
}

fn summary(course: &Course, points: &[super::Point], unit: &str) -> String {
    let values = || points.iter().map(|point| point.value);
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    let newest = points.last().map(|point| amount(point.value, unit)).unwrap_or_default();
    let limits = [("warned of beyond", course.warn), ("failing beyond", course.fail)];
    let limits: String =
        limits.iter().filter_map(|(words, limit)| Some(format!(", {words} {}", amount((*limit)?, unit)))).collect();
    let count = points.len();
    let noun = if count == 1 { "measurement" } else { "measurements" };
    format!("{count} {noun} from {} to {}, the newest {newest}{limits}", amount(low, unit), amount(high, unit))
}

/// A mark that can be told from the others without its colour: a disc, a triangle, a square, and a
/// disc that the page draws as a ring.
fn shape(level: &str, x: f64, y: f64) -> String {
    let ring = |radius: f64| {
        format!(
            "M{} {y}a{radius} {radius} 0 1 0 {d} 0a{radius} {radius} 0 1 0 -{d} 0z",
            round(x - radius),
            d = radius * 2.0
        )
    };
    match level {
        "warn" => format!("M{x} {}l6 10.5h-12z", round(y - 6.5)),
        "fail" => format!("M{} {}h9v9h-9z", round(x - 4.5), round(y - 4.5)),
        "unknown" => ring(4.5),
        _ => ring(4.0),
    }
}

fn x_ticks(first: DateTime<Utc>, last: DateTime<Utc>, x: &dyn Fn(DateTime<Utc>) -> f64) -> Vec<Tick> {
    let span = last - first;
    let format = match span.num_hours() {
        0..36 => "%m-%d %H:%M",
        _ => "%Y-%m-%d",
    };
    let tick = |moment: DateTime<Utc>, anchor| Tick { at: x(moment), label: moment.format(format).to_string(), anchor };
    if span.is_zero() {
        return vec![tick(first, "middle")];
    }
    vec![tick(first, "start"), tick(first + span / 2, "middle"), tick(last, "end")]
}

fn seconds(span: TimeDelta) -> f64 {
    span.as_seconds_f64()
}

/// A tenth of a unit is less than anybody sees.
fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// From the lowest to the highest of the values, widened to round numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Scale {
    low: f64,
    high: f64,
    step: f64,
}

impl Scale {
    fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let (mut low, mut high) =
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        if !low.is_finite() || !high.is_finite() {
            return None;
        }
        if low == high {
            let room = if low == 0.0 { 1.0 } else { low.abs() * 0.5 };
            (low, high) = (low - room, high + room);
        }
        // A scale that begins near zero begins at zero, so that heights can be compared.
        if low > 0.0 && low < high * 0.4 {
            low = 0.0;
        }
        // Halves, for the whole of the largest numbers is none.
        let raw = (high / 2.0 - low / 2.0) / 2.0;
        let power = 10_f64.powf(raw.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= raw)?;
        let (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
        (low.is_finite() && high.is_finite() && step > 0.0 && high > low).then_some(Scale { low, high, step })
    }

    /// 0 at the bottom, 1 at the top.
    fn part(self, value: f64) -> f64 {
        ((value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0)).clamp(0.0, 1.0)
    }

    fn ticks(self) -> Vec<f64> {
        let mut ticks = Vec::new();
        let mut at = 0.0;
        while ticks.len() < 8 {
            let value = self.low + at * self.step;
            if value > self.high + self.step * 0.5 {
                break;
            }
            // What a sum of steps leaves behind is no digit of anybody's.
            let places = (3.0 - self.step.abs().log10()).clamp(0.0, 15.0);
            let factor = 10_f64.powf(places.ceil());
            let rounded = (value * factor).round() / factor;
            ticks.push(if rounded.is_finite() { rounded + 0.0 } else { value });
            at += 1.0;
        }
        ticks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_round_and_hold_every_value() {
        for (values, ticks) in [
            (&[1.8, 3.4][..], vec![1.5, 2.0, 2.5, 3.0, 3.5]),
            (&[0.2, 3.0], vec![0.0, 1.0, 2.0, 3.0]),
            (&[5.0], vec![0.0, 2.0, 4.0, 6.0, 8.0]),
            (&[0.0], vec![-1.0, -0.5, 0.0, 0.5, 1.0]),
            (&[-3.0, 4.0], vec![-4.0, -2.0, 0.0, 2.0, 4.0]),
            (&[120.0, 480.0, 500.0], vec![0.0, 200.0, 400.0, 600.0]),
        ] {
            let scale = Scale::of(values.iter().copied()).expect("they are finite");
            assert_eq!(scale.ticks(), ticks, "{values:?}: {scale:?}");
            assert!(values.iter().all(|value| (scale.low..=scale.high).contains(value)), "{values:?}: {scale:?}");
        }
        assert_eq!(Scale::of([f64::NAN].into_iter().filter(|value| value.is_finite())), None);
        // Whatever the numbers are, the drawing ends.
        for values in [[f64::MAX, f64::MIN], [1e-320, 2e-320], [1e300, 1.0000001e300]] {
            if let Some(scale) = Scale::of(values.into_iter()) {
                assert!(scale.ticks().len() <= 8 && (0.0..=1.0).contains(&scale.part(values[0])), "{scale:?}");
            }
        }
    }
}
