//! What checks said of a tree, and what that means for a checkpoint.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The answer of one check. No data is never a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It ended with code 0, and its numbers are within their limits.
    Pass,
    /// It ended with another code, or a number is over its limit.
    Fail,
    /// It did not come to an end that says anything: timed out, was killed, could not start, changed what it looked at,
    /// printed no number, or there is nothing to compare the number with.
    Inconclusive,
}

impl Verdict {
    /// The word in notes, trailers and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
            Verdict::Inconclusive => "inconclusive",
        }
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Verdict::Pass, Verdict::Fail, Verdict::Inconclusive].into_iter().find(|verdict| verdict.as_str() == word)
    }
}

/// How much the failure of a check matters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It is told, and never stands in the way.
    Low,
    /// Between low and high.
    Medium,
    /// What a check has that says nothing.
    #[default]
    High,
    /// The worst.
    Critical,
}

impl Severity {
    /// The word in the configuration, trailers and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Severity::Low, Severity::Medium, Severity::High, Severity::Critical]
            .into_iter()
            .find(|severity| severity.as_str() == word)
    }
}

/// What one check said, as it is kept with a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckResult {
    /// The check's name: letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// The answer.
    pub verdict: Verdict,
    /// How much it matters.
    pub severity: Severity,
    /// How long the command ran, here or where the verdict was found; to the millisecond.
    pub took: Duration,
    /// Whether the verdict was known from before.
    pub cached: bool,
    /// Why it is no pass; one line.
    pub why: Option<String>,
    /// The numbers it printed.
    pub measurements: Vec<Measurement>,
}

impl CheckResult {
    /// The check that decides against a state, if one does: the first that failed, or else that gave no answer.
    pub fn in_the_way(checks: &[CheckResult]) -> Option<&CheckResult> {
        let first = |verdict| checks.iter().find(|check| check.is_trouble() && check.verdict == verdict);
        first(Verdict::Fail).or_else(|| first(Verdict::Inconclusive))
    }

    /// Whether it stands in the way of what needs good checks.
    pub fn is_trouble(&self) -> bool {
        self.verdict != Verdict::Pass && self.severity != Severity::Low
    }
}

/// A number that a check printed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// The group of the pattern that found it, or the check's name; letters, digits and `_`, or a check's name.
    pub name: String,
    /// The number.
    pub value: f64,
    /// Its unit, for people; empty where none was given.
    pub unit: String,
    /// What it is compared with, in words: `fail above 3 s`; `None` without limits.
    pub limit: Option<String>,
    /// What came of the comparison.
    pub level: Level,
}

/// What came of comparing a number with its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Within all of them.
    Good,
    /// Over the limit that is told of, and under the one that fails.
    Warn,
    /// Over the limit that fails.
    Fail,
    /// There is nothing to compare it with yet.
    Unknown,
}

impl Level {
    /// The word in trailers and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Good => "good",
            Level::Warn => "warn",
            Level::Fail => "fail",
            Level::Unknown => "unknown",
        }
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Level::Good, Level::Warn, Level::Fail, Level::Unknown].into_iter().find(|level| level.as_str() == word)
    }
}

/// How far the state of a checkpoint was validated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validation {
    /// Every check passed that may stand in the way.
    Validated,
    /// Some checks have not ended yet.
    Pending,
    /// A check failed.
    Failed,
    /// No check failed, and one that may stand in the way gave no answer.
    Inconclusive,
    /// No check is configured, or none was run.
    Unvalidated,
}

impl Validation {
    const ALL: [Validation; 5] = [
        Validation::Validated,
        Validation::Pending,
        Validation::Failed,
        Validation::Inconclusive,
        Validation::Unvalidated,
    ];

    /// What the answers of all checks, ended ones, come to.
    pub fn of(checks: &[CheckResult]) -> Self {
        let any = |verdict| checks.iter().any(|check| check.is_trouble() && check.verdict == verdict);
        match checks {
            [] => Validation::Unvalidated,
            _ if any(Verdict::Fail) => Validation::Failed,
            _ if any(Verdict::Inconclusive) => Validation::Inconclusive,
            _ => Validation::Validated,
        }
    }

    /// Whether it is a checkpoint to go back to without naming it: nothing was found to be wrong with it so far.
    pub fn stands(self) -> bool {
        match self {
            Validation::Validated | Validation::Pending | Validation::Unvalidated => true,
            Validation::Failed | Validation::Inconclusive => false,
        }
    }

    /// The word in trailers and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Validation::Validated => "validated",
            Validation::Pending => "pending",
            Validation::Failed => "failed",
            Validation::Inconclusive => "inconclusive",
            Validation::Unvalidated => "unvalidated",
        }
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|validation| validation.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_answer_that_matters_decides() {
        use Severity::{Critical, High, Low};
        use Validation::{Failed, Inconclusive as NoAnswer, Unvalidated, Validated};
        use Verdict::{Fail, Inconclusive, Pass};
        let table: [(&[(Verdict, Severity)], Validation); 8] = [
            (&[], Unvalidated),
            (&[(Pass, High)], Validated),
            (&[(Pass, High), (Fail, Low)], Validated),
            (&[(Inconclusive, Low)], Validated),
            (&[(Pass, Critical), (Inconclusive, High)], NoAnswer),
            (&[(Inconclusive, Critical), (Fail, High)], Failed),
            (&[(Fail, High), (Inconclusive, Critical)], Failed),
            (&[(Fail, Low), (Inconclusive, High)], NoAnswer),
        ];
        for (answers, expected) in table {
            let check = |(verdict, severity): &(Verdict, Severity)| CheckResult {
                name: "unit".into(),
                verdict: *verdict,
                severity: *severity,
                took: Duration::ZERO,
                cached: false,
                why: None,
                measurements: Vec::new(),
            };
            let checks: Vec<_> = answers.iter().map(check).collect();
            assert_eq!(Validation::of(&checks), expected, "{answers:?}");
        }
    }
}
