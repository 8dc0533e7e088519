//! A phase: a named stretch of work on a branch, and when a checkpoint of it is due.

use std::str::FromStr;

use chrono::{DateTime, Duration, NaiveDateTime, Utc};

use super::{Elapsed, Schedule};

/// What a record says of the phase it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhaseMark {
    /// The phase's name.
    pub name: String,
    /// The time since it began; `None` where it had not begun yet.
    pub elapsed: Option<Elapsed>,
    /// All that is needed to go on with the phase; `None` in a record that does not say.
    pub course: Option<Course>,
    /// What the record did to the phase, if anything.
    pub event: Option<PhaseEvent>,
}

/// How far a phase is: whoever has one record of it, in a clone say, can go on with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    /// T0, to the second.
    pub began: DateTime<Utc>,
    /// When checkpoints are due.
    pub schedule: Schedule,
    /// The newest slot that has a checkpoint, or needs none any more.
    pub slot: Elapsed,
    /// How many checkpoints were taken in it.
    pub number: u64,
}

/// What a record did to its phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhaseEvent {
    /// Began it.
    Start,
    /// Took the checkpoint of a slot, without being asked.
    Timed,
    /// Ended it.
    Finish,
    /// Took its beginning back: there is no such phase.
    Withdraw,
    /// Took its end back.
    Reopen,
}

impl PhaseEvent {
    const ALL: [PhaseEvent; 5] =
        [PhaseEvent::Start, PhaseEvent::Timed, PhaseEvent::Finish, PhaseEvent::Withdraw, PhaseEvent::Reopen];

    /// The word in trailers.
    pub fn as_str(self) -> &'static str {
        match self {
            PhaseEvent::Start => "start",
            PhaseEvent::Timed => "timed",
            PhaseEvent::Finish => "finish",
            PhaseEvent::Withdraw => "withdraw",
            PhaseEvent::Reopen => "reopen",
        }
    }

    /// What taking it back does to the phase; `None` where that does nothing to it.
    pub fn opposite(self) -> Option<Self> {
        match self {
            PhaseEvent::Start => Some(PhaseEvent::Withdraw),
            PhaseEvent::Withdraw => Some(PhaseEvent::Start),
            PhaseEvent::Finish => Some(PhaseEvent::Reopen),
            PhaseEvent::Reopen => Some(PhaseEvent::Finish),
            PhaseEvent::Timed => None,
        }
    }
}

impl FromStr for PhaseEvent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = PhaseEvent::ALL.into_iter().find(|event| event.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is not an event of a phase"))
    }
}

impl PhaseMark {
    /// Whether the phase is over, or never was, after this record.
    pub fn is_closed(&self) -> bool {
        matches!(self.event, Some(PhaseEvent::Finish | PhaseEvent::Withdraw))
    }

    /// Whether the record was made without anybody asking for it.
    pub fn is_timed(&self) -> bool {
        self.event == Some(PhaseEvent::Timed)
    }
}

impl Course {
    /// The time since the phase began; `None` before it does.
    pub fn elapsed(&self, now: DateTime<Utc>) -> Option<Elapsed> {
        elapsed(self.began, now)
    }

    /// When a slot comes.
    pub fn time_of(&self, slot: Elapsed) -> DateTime<Utc> {
        let span = Duration::minutes(i64::from(slot.minutes()));
        self.began.checked_add_signed(span).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// The newest slot that has come by `now`, or one that was passed already; a checkpoint taken now fills it.
    pub fn slot_for(&self, now: DateTime<Utc>) -> Elapsed {
        let Some(elapsed) = self.elapsed(now) else { return Elapsed::default() };
        let passed = Some(self.slot).filter(|passed| is_believed(&self.schedule, elapsed, *passed));
        self.schedule.slot(elapsed).max(passed.unwrap_or_default())
    }
}

/// The whole minutes from `began` to `now`, by UTC, so that no change of the local clock counts; `None` if negative.
fn elapsed(began: DateTime<Utc>, now: DateTime<Utc>) -> Option<Elapsed> {
    if now < began {
        return None;
    }
    Some(Elapsed::from_minutes(u32::try_from((now - began).num_minutes()).unwrap_or(u32::MAX)))
}

/// Whether a slot can have been passed already. One further on than the next was passed while the clock was wrong.
fn is_believed(schedule: &Schedule, elapsed: Elapsed, passed: Elapsed) -> bool {
    passed <= schedule.next(elapsed).unwrap_or(schedule.slot(elapsed))
}

/// What decides whether a checkpoint is due.
#[derive(Debug, Clone, Copy)]
pub struct DueFacts<'a> {
    /// T0.
    pub began: DateTime<Utc>,
    /// When checkpoints are due.
    pub schedule: &'a Schedule,
    /// Slots that were passed, as the phase's newest record and this repository's own notes say.
    pub passed: &'a [Elapsed],
}

/// Whether a checkpoint is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Due {
    /// For this slot. Those before it that were missed are not made up for.
    Now(Elapsed),
    /// Not before this slot; `None` where there is no later one.
    Later(Option<Elapsed>),
}

/// Whether a checkpoint of a phase is due at `now`.
///
/// A clock that was set back by less than an interval makes the phase wait until it is where it was, so no slot is
/// taken twice; what was passed while the clock was further ahead than that is not believed.
pub fn due(facts: &DueFacts<'_>, now: DateTime<Utc>) -> Due {
    let Some(elapsed) = elapsed(facts.began, now) else {
        return Due::Later(facts.schedule.next(Elapsed::default()));
    };
    let slot = facts.schedule.slot(elapsed);
    let believed = facts.passed.iter().filter(|passed| is_believed(facts.schedule, elapsed, **passed));
    let passed = believed.max().copied().unwrap_or_default();
    if slot > passed { Due::Now(slot) } else { Due::Later(facts.schedule.next(elapsed.max(passed))) }
}

/// The day of the phase, from 1, by the calendar of the place: a day with 23 or 25 hours is one day.
pub fn day(began: NaiveDateTime, now: NaiveDateTime) -> u64 {
    u64::try_from((now.date() - began.date()).num_days() + 1).unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveDate, TimeZone, Utc};

    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 3, 28, 21, 0, 0).single().expect("a time") + Duration::minutes(minutes)
    }

    fn spans(minutes: &[u32]) -> Vec<Elapsed> {
        minutes.iter().map(|minutes| Elapsed::from_minutes(*minutes)).collect()
    }

    #[test]
    fn a_slot_is_due_once() {
        const NO_NEXT: Option<u32> = None;
        for (schedule, passed, now, expected) in [
            ("every 4h", &[0][..], 0, Err(Some(240))),
            ("every 4h", &[0], 239, Err(Some(240))),
            ("every 4h", &[0], 240, Ok(240)),
            ("every 4h", &[240], 240, Err(Some(480))),
            ("every 4h", &[240], 479, Err(Some(480))),
            // Asleep for two days: the newest slot only.
            ("every 4h", &[240], 3000, Ok(2880)),
            // The record says one thing, this repository's own note a later one.
            ("every 4h", &[0, 240], 300, Err(Some(480))),
            ("every 4h", &[], 300, Ok(240)),
            // Before the beginning.
            ("every 4h", &[0], -100, Err(Some(240))),
            // The clock was set back a little: wait until it is where it was.
            ("every 4h", &[240], 239, Err(Some(480))),
            ("every 4h", &[480], 300, Err(Some(720))),
            // It was years ahead: what was passed then does not count.
            ("every 4h", &[5_000_000], 300, Ok(240)),
            ("every 4h", &[5_000_000], 100, Err(Some(240))),
            ("every 4h", &[240, 5_000_000], 300, Err(Some(480))),
            ("every 90m", &[90], 185, Ok(180)),
            ("at 4h 8h 24h", &[240], 600, Ok(480)),
            ("at 4h 8h 24h", &[480], 600, Err(Some(1440))),
            ("at 4h 8h 24h", &[1440], 9000, Err(NO_NEXT)),
            ("at 4h 8h 24h", &[1440], 200, Ok(0)),
        ] {
            let expected = match expected {
                // Slot zero is never due.
                Ok(0) => Due::Later(Some(Elapsed::from_minutes(240))),
                Ok(slot) => Due::Now(Elapsed::from_minutes(slot)),
                Err(next) => Due::Later(next.map(Elapsed::from_minutes)),
            };
            let (read, passed) = (schedule.parse().expect(schedule), spans(passed));
            let facts = DueFacts { began: at(0), schedule: &read, passed: &passed };
            assert_eq!(due(&facts, at(now)), expected, "{schedule}, passed {passed:?}, after {now} minutes");
        }
    }

    #[test]
    fn a_checkpoint_by_hand_fills_the_slot_it_is_in() {
        for (slot, now, expected) in [(0, 100, 0), (0, 250, 240), (240, 239, 240), (9_000_000, 250, 240), (0, -5, 0)] {
            let schedule = Schedule::DEFAULT;
            let course = Course { began: at(0), schedule, slot: Elapsed::from_minutes(slot), number: 1 };
            assert_eq!(course.slot_for(at(now)).minutes(), expected, "{slot} passed, after {now} minutes");
        }
    }

    #[test]
    fn elapsed_is_by_utc_and_days_by_the_calendar() {
        let local = |day: u32, hour: u32, minute: u32| {
            NaiveDate::from_ymd_opt(2026, 3, day).and_then(|date| date.and_hms_opt(hour, minute, 0)).expect("a time")
        };
        // Central Europe goes from UTC+1 to UTC+2 in the night of the 29th: T0 is 22:00, and 02:59 is followed by
        // 04:00 there, seven hours later by the wall and six by the clock.
        let course = Course { began: at(0), schedule: Schedule::DEFAULT, slot: Elapsed::default(), number: 1 };
        assert_eq!(course.elapsed(at(6 * 60)), Some(Elapsed::from_minutes(360)));
        for (now, expected) in [
            (local(28, 22, 0), 1),
            (local(28, 23, 59), 1),
            (local(29, 0, 0), 2),
            (local(29, 23, 59), 2),
            (local(30, 0, 0), 3),
            (local(1, 0, 0), 1),
        ] {
            assert_eq!(day(local(28, 22, 0), now), expected, "{now}");
        }
    }
}
