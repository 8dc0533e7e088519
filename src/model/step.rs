//! What was done in the course of an operation, step by step.

use std::time::Duration;

/// One step, as it is kept with the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What: `back up`, `restore`, `before: php artisan down`; one line.
    pub name: String,
    /// What came of it.
    pub outcome: StepOutcome,
    /// How long it took; to the millisecond.
    pub took: Duration,
    /// What of it is worth knowing; one line, may be empty.
    pub detail: String,
}

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepOutcome {
    /// It was done.
    Done,
    /// It failed, and the operation went on, as it was to.
    Tolerated,
    /// It failed.
    Failed,
    /// It was not tried, as there was nothing to do or a step before it had failed.
    Skipped,
}

impl StepOutcome {
    /// The word in trailers and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            StepOutcome::Done => "done",
            StepOutcome::Tolerated => "tolerated",
            StepOutcome::Failed => "failed",
            StepOutcome::Skipped => "skipped",
        }
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [StepOutcome::Done, StepOutcome::Tolerated, StepOutcome::Failed, StepOutcome::Skipped];
        all.into_iter().find(|outcome| outcome.as_str() == word)
    }
}

/// Whether the state that was gone back to is the one asked for, and works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// It is, and its checks passed, if it has any.
    Verified,
    /// It is not, or a check failed, or a step of the way.
    Failed,
    /// It is, and a check gave no answer.
    Inconclusive,
}

impl Verification {
    /// The word in trailers and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Verification::Verified => "verified",
            Verification::Failed => "failed",
            Verification::Inconclusive => "inconclusive",
        }
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [Verification::Verified, Verification::Failed, Verification::Inconclusive];
        all.into_iter().find(|verification| verification.as_str() == word)
    }
}
