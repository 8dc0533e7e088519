//! When the next sample is due.

use std::time::{Duration, Instant};

use crate::{config::Env, git, model::TimeLimit};

/// How long until a signal is noticed.
const PAUSE: Duration = Duration::from_millis(100);

/// The course of time of a watch.
pub(super) struct Pace {
    env: Env,
    begun: Instant,
    every: Duration,
    lasts: Option<Duration>,
    turn: u32,
}

impl Pace {
    /// Now.
    pub(super) fn begin(env: Env, (every, lasts): (TimeLimit, Option<TimeLimit>)) -> Self {
        let lasts = lasts.map(TimeLimit::duration);
        Pace { env, begun: Instant::now(), every: every.duration(), lasts, turn: 0 }
    }

    /// The world as it is by now.
    pub(super) fn env(&self) -> &Env {
        &self.env
    }

    /// Waits until the next sample is due; `false` where the time is over, or somebody has asked to stop. The last one is
    /// due when the time ends. What was missed while a sample took long is not made up for.
    pub(super) fn wait(&mut self) -> bool {
        if let Some(later) = self.env.later(self.every) {
            self.turn += 1;
            self.env = later;
            return self.is_in_time() && !git::is_asked_to_stop();
        }
        self.turn = next_turn(self.begun.elapsed(), self.every, self.turn);
        let due = self.begun + self.every * self.turn;
        while self.is_in_time() && !git::is_asked_to_stop() {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            std::thread::sleep(left.min(PAUSE));
        }
        false
    }

    fn is_in_time(&self) -> bool {
        self.lasts.is_none_or(|lasts| self.every * self.turn <= lasts)
    }
}

/// The first turn that is not past, after this one.
fn next_turn(passed: Duration, every: Duration, turn: u32) -> u32 {
    let begun = passed.as_millis() / every.as_millis().max(1);
    u32::try_from(begun).unwrap_or(u32::MAX - 1).max(turn).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_that_were_missed_are_left_out() {
        let of = |passed: u64, turn| next_turn(Duration::from_millis(passed), Duration::from_secs(2), turn);
        for (passed, turn, expected) in [(0, 0, 1), (100, 0, 1), (1999, 0, 1), (2000, 0, 2), (2100, 1, 2), (9000, 1, 5)]
        {
            assert_eq!(of(passed, turn), expected, "{passed} {turn}");
        }
        assert_eq!(of(1999, 1), 2, "never the same twice");
    }
}
