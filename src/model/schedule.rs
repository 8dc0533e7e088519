//! When the checkpoints of a phase are due: every so often, or at a list of times since it began.

use std::{fmt, str::FromStr};

use super::Elapsed;

/// The slots of a phase. Slot zero is its beginning; every schedule has a later one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// `every 4h`: at every whole multiple of a span that is not zero.
    Every(Elapsed),
    /// `at 4h 8h 16h 24h`: ascending, none of them zero, at least one.
    At(Vec<Elapsed>),
}

impl Schedule {
    /// What a phase gets where nothing else is said.
    pub const DEFAULT: Schedule = Schedule::Every(Elapsed::from_minutes(240));

    /// At every multiple of `span`; the error says what is wrong with it.
    pub fn every(span: Elapsed) -> Result<Self, String> {
        if span.minutes() == 0 {
            return Err("an interval of zero would always be due".into());
        }
        Ok(Schedule::Every(span))
    }

    /// At these times, in any order; the error says what is wrong with them.
    pub fn at(mut times: Vec<Elapsed>) -> Result<Self, String> {
        times.sort_unstable();
        if times.is_empty() {
            return Err("a list of times needs at least one".into());
        }
        if times[0].minutes() == 0 {
            return Err("a time of zero is the beginning itself".into());
        }
        if let Some(pair) = times.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!("`{}` stands in the list twice", pair[0]));
        }
        Ok(Schedule::At(times))
    }

    /// The newest slot that has come after `elapsed`; zero before the first.
    pub fn slot(&self, elapsed: Elapsed) -> Elapsed {
        match self {
            Schedule::Every(span) => Elapsed::from_minutes(elapsed.minutes() / span.minutes() * span.minutes()),
            Schedule::At(times) => times.iter().rev().find(|time| **time <= elapsed).copied().unwrap_or_default(),
        }
    }

    /// The slot after `elapsed`; `None` where a list has ended.
    pub fn next(&self, elapsed: Elapsed) -> Option<Elapsed> {
        match self {
            Schedule::Every(span) => {
                let next = self.slot(elapsed).minutes().checked_add(span.minutes());
                next.map(Elapsed::from_minutes)
            }
            Schedule::At(times) => times.iter().find(|time| **time > elapsed).copied(),
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Schedule::Every(span) => write!(f, "every {span}"),
            Schedule::At(times) => {
                f.write_str("at")?;
                times.iter().try_for_each(|time| write!(f, " {time}"))
            }
        }
    }
}

impl FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut words = text.split(' ');
        let kind = words.next();
        let spans = words.map(str::parse).collect::<Result<Vec<Elapsed>, _>>()?;
        match (kind, spans.as_slice()) {
            (Some("every"), [span]) => Schedule::every(*span),
            (Some("at"), _) => Schedule::at(spans),
            _ => Err(format!("`{text}` is not a schedule; it is `every 4h`, or `at 4h 8h 16h`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(elapsed: Elapsed) -> u32 {
        elapsed.minutes()
    }

    #[test]
    fn slots_come_by_interval_or_by_list() {
        for (schedule, elapsed, slot, next) in [
            ("every 4h", 0, 0, Some(240)),
            ("every 4h", 239, 0, Some(240)),
            ("every 4h", 240, 240, Some(480)),
            ("every 4h", 2000, 1920, Some(2160)),
            ("every 90m", 185, 180, Some(270)),
            ("every 1m", u32::MAX, u32::MAX, None),
            ("at 4h 8h 16h 24h", 0, 0, Some(240)),
            ("at 24h 4h 8h 16h", 500, 480, Some(960)),
            ("at 4h 8h 16h 24h", 1440, 1440, None),
            ("at 4h", 100_000, 240, None),
        ] {
            let read: Schedule = schedule.parse().expect(schedule);
            let elapsed = Elapsed::from_minutes(elapsed);
            assert_eq!(minutes(read.slot(elapsed)), slot, "{schedule} after {elapsed}");
            assert_eq!(read.next(elapsed).map(minutes), next, "{schedule} after {elapsed}");
            assert_eq!(read.to_string().parse(), Ok(read));
        }
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for text in ["", "every", "every 0m", "every 4h 8h", "at", "at 0h 4h", "at 4h 240m", "hourly", "every x"] {
            assert!(text.parse::<Schedule>().is_err(), "{text}");
        }
    }
}
