//! The checks of a pending checkpoint that are run in the background: how far they are, and when they are tried again.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::Validation;

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// It waits for a worker.
    Queued,
    /// A worker runs its checks.
    Running,
    /// It waits for the time of its next attempt.
    Waiting,
    /// Its checks have passed, and the tag is there.
    Passed,
    /// A check failed.
    Failed,
    /// No attempt gave an answer, and there will be no other.
    Inconclusive,
    /// It was not wanted any more; the checkpoint stays pending.
    Cancelled,
    /// Its worker has ended without a word. The next one takes it up again.
    Died,
}

impl JobState {
    /// Every state, in the order of a job's life.
    pub const ALL: [JobState; 8] = [
        JobState::Queued,
        JobState::Running,
        JobState::Waiting,
        JobState::Died,
        JobState::Passed,
        JobState::Failed,
        JobState::Inconclusive,
        JobState::Cancelled,
    ];

    /// The word in files and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            JobState::Queued => "queued",
            JobState::Running => "running",
            JobState::Waiting => "waiting",
            JobState::Passed => "passed",
            JobState::Failed => "failed",
            JobState::Inconclusive => "inconclusive",
            JobState::Cancelled => "cancelled",
            JobState::Died => "died",
        }
    }

    /// Whether something is still to be done.
    pub fn is_open(self) -> bool {
        matches!(self, JobState::Queued | JobState::Running | JobState::Waiting | JobState::Died)
    }

    /// Whether it ended in a way that somebody should hear of.
    pub fn is_trouble(self) -> bool {
        matches!(self, JobState::Failed | JobState::Inconclusive)
    }

    /// What the state of a checkpoint's record says of its job.
    pub fn of_record(validation: Validation) -> Self {
        match validation {
            Validation::Pending => JobState::Queued,
            Validation::Validated => JobState::Passed,
            Validation::Failed => JobState::Failed,
            Validation::Inconclusive => JobState::Inconclusive,
            Validation::Unvalidated => JobState::Cancelled,
        }
    }
}

/// What an attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AttemptEnd {
    /// Every check passed that may stand in the way.
    Passed,
    /// A check failed.
    Failed,
    /// A check gave no answer.
    Inconclusive,
    /// The process that made it has ended without a word.
    Died,
    /// It was stopped, which says nothing.
    Stopped,
}

impl AttemptEnd {
    /// The word in files and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            AttemptEnd::Passed => "passed",
            AttemptEnd::Failed => "failed",
            AttemptEnd::Inconclusive => "inconclusive",
            AttemptEnd::Died => "died",
            AttemptEnd::Stopped => "stopped",
        }
    }
}

/// What follows an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Next {
    /// Nothing: the job is in this state for good.
    End(JobState),
    /// Another attempt, not before this moment.
    Again(DateTime<Utc>),
}

/// The wait before the second attempt; it doubles from there.
const FIRST_WAIT: Duration = Duration::seconds(30);
/// The longest wait, but for the jitter.
const LONGEST_WAIT: Duration = Duration::hours(1);
/// No wait that was ever set is longer than this, so a moment further off was set by a clock that has been wrong.
const BELIEVED: Duration = Duration::minutes(75);

/// What follows the `number`th attempt, from 1, of `most`. `jitter`, from 0 to 1, keeps those that failed together from
/// coming back together: it adds up to a quarter.
pub fn after_attempt(end: AttemptEnd, number: usize, most: usize, now: DateTime<Utc>, jitter: f64) -> Next {
    match end {
        AttemptEnd::Passed => Next::End(JobState::Passed),
        AttemptEnd::Failed => Next::End(JobState::Failed),
        AttemptEnd::Stopped => Next::Again(now),
        AttemptEnd::Died | AttemptEnd::Inconclusive if number >= most => Next::End(JobState::Inconclusive),
        AttemptEnd::Died => Next::Again(now),
        AttemptEnd::Inconclusive => Next::Again(now + back_off(number, jitter)),
    }
}

fn back_off(attempts: usize, jitter: f64) -> Duration {
    let doubled = u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    let wait = (FIRST_WAIT * (1 << doubled)).min(LONGEST_WAIT);
    let thousandths = (jitter.clamp(0.0, 1.0) * 250.0) as i32;
    wait + wait * thousandths / 1000
}

/// How long until `time`; `None` where it has come, also by a clock that was set back since.
pub fn until(time: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<Duration> {
    let wait = time? - now;
    (wait > Duration::zero() && wait <= BELIEVED).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_269_600 + seconds, 0).expect("in range")
    }

    #[test]
    fn what_has_no_answer_is_tried_again_later_and_later_and_not_for_ever() {
        use AttemptEnd::{Died, Failed, Inconclusive, Passed, Stopped};
        use JobState as State;
        for (end, number, most, jitter, expected) in [
            (Passed, 1, 3, 0.0, Next::End(State::Passed)),
            (Failed, 1, 3, 0.0, Next::End(State::Failed)),
            (Inconclusive, 1, 3, 0.0, Next::Again(at(30))),
            (Inconclusive, 2, 3, 0.0, Next::Again(at(60))),
            (Inconclusive, 3, 3, 0.0, Next::End(State::Inconclusive)),
            (Inconclusive, 3, 9, 0.0, Next::Again(at(120))),
            (Inconclusive, 3, 9, 1.0, Next::Again(at(150))),
            (Inconclusive, 8, 99, 0.0, Next::Again(at(3600))),
            (Inconclusive, 98, 99, 1.0, Next::Again(at(4500))),
            (Inconclusive, 98, 99, 7.0, Next::Again(at(4500))),
            (Inconclusive, 1, 1, 0.0, Next::End(State::Inconclusive)),
            (Died, 1, 3, 0.5, Next::Again(at(0))),
            (Died, 3, 3, 0.5, Next::End(State::Inconclusive)),
            // It was nobody's fault.
            (Stopped, 9, 3, 0.5, Next::Again(at(0))),
        ] {
            assert_eq!(after_attempt(end, number, most, at(0), jitter), expected, "{end:?} {number} of {most}");
        }
    }

    #[test]
    fn a_clock_that_was_set_back_keeps_nothing_waiting() {
        for (time, expected) in [
            (None, None),
            (Some(at(0)), None),
            (Some(at(-5)), None),
            (Some(at(30)), Some(Duration::seconds(30))),
            (Some(at(4500)), Some(Duration::minutes(75))),
            (Some(at(4501)), None),
            (Some(at(86_400 * 365)), None),
        ] {
            assert_eq!(until(time, at(0)), expected, "{time:?}");
        }
    }
}
