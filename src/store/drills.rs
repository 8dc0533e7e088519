//! What came of drills in this repository: kept here alone, and never shared.
//!
//! All of it is advice. A file that is lost, damaged or of a newer version costs another drill, and nothing else.

use std::{fs, path::Path};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    git::{Repo, durable},
};

const FILE: &str = "drills.json";
const VERSION: u32 = 1;

/// More than is ever written, in bytes.
const MAX_LENGTH: u64 = 1 << 20;

/// So many results of a scenario are kept, and beside them the newest that proved it.
const KEPT: usize = 10;

/// The longest reason, in characters.
const MAX_REASON: usize = 500;

/// What came of a drill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DrillResult {
    /// The scenario's name.
    pub scenario: String,
    /// When it was.
    pub at: DateTime<Utc>,
    /// Whether everything was as it had to be.
    pub proven: bool,
    /// Why it was not.
    #[serde(default)]
    pub reason: Option<String>,
    /// What became of the commands of the configuration, in a word.
    #[serde(default)]
    pub commands: String,
    /// How many files the copy had.
    #[serde(default)]
    pub files: usize,
    /// How long it took.
    #[serde(default)]
    pub seconds: DrillSeconds,
    /// The SHA-256 of the configuration; `None` where there was none.
    #[serde(default)]
    pub configuration: Option<String>,
}

/// How long the parts of the rollback took, in seconds; `None` where it had none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DrillSeconds {
    /// The backup.
    pub back_up: Option<f64>,
    /// HEAD, index and files.
    pub restore: Option<f64>,
    /// The commands around them.
    pub steps: Option<f64>,
    /// Whether the files are right, and the checks.
    pub verify: Option<f64>,
    /// The rollback from its beginning to its end.
    pub total: f64,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    results: Vec<DrillResult>,
}

/// The results in the repository whose own folder (`Repo::state_dir`) this is, oldest first.
pub fn read(state_dir: &Path) -> Vec<DrillResult> {
    let path = state_dir.join(FILE);
    if !fs::metadata(&path).is_ok_and(|data| data.is_file() && data.len() <= MAX_LENGTH) {
        return Vec::new();
    }
    let stored = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice::<Stored>(&bytes).ok());
    stored.filter(|stored| stored.version == VERSION).map(|stored| stored.results).unwrap_or_default()
}

/// Adds a result.
pub fn add(repo: &Repo, result: DrillResult) -> Result<()> {
    let path = repo.state_dir().join(FILE);
    let results = bounded(read(&repo.state_dir()), result);
    let bytes = serde_json::to_vec_pretty(&Stored { version: VERSION, results })
        .map_err(|error| Error::bug("the result of a drill cannot be JSON").because(error))?;
    let written = durable::write_atomically(&path, &bytes, durable::shared_policy(repo));
    written.map_err(|error| durable::storage_error(&path, error))
}

/// The results with a new one, and of its scenario no more than is worth keeping.
fn bounded(mut results: Vec<DrillResult>, mut new: DrillResult) -> Vec<DrillResult> {
    new.reason = new.reason.map(|reason| reason.chars().take(MAX_REASON).collect());
    let scenario = new.scenario.clone();
    results.push(new);
    let is_of_it = |result: &DrillResult| result.scenario == scenario;
    let mut left = results.iter().filter(|result| is_of_it(result)).count();
    let last_proven = results.iter().rposition(|result| is_of_it(result) && result.proven);
    let mut number = 0;
    results.retain(|result| {
        let keeps = !is_of_it(result) || left <= KEPT || Some(number) == last_proven;
        left -= usize::from(is_of_it(result));
        number += 1;
        keeps
    });
    results
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(scenario: &str, second: i64, proven: bool) -> DrillResult {
        DrillResult {
            scenario: scenario.into(),
            at: DateTime::from_timestamp(second, 0).expect("within the calendar"),
            proven,
            reason: Some("x".repeat(10_000)),
            commands: "none".into(),
            files: 1,
            seconds: DrillSeconds::default(),
            configuration: None,
        }
    }

    #[test]
    fn the_newest_stay_and_the_last_that_proved_it() {
        let mut results = vec![result("other", 0, true)];
        for second in 1..100 {
            results = bounded(results, result("it", second, second == 7));
        }
        let of_it: Vec<i64> =
            results.iter().filter(|result| result.scenario == "it").map(|result| result.at.timestamp()).collect();
        assert_eq!(of_it, [&[7][..], &(90..100).collect::<Vec<_>>()].concat());
        assert_eq!(results.len(), KEPT + 2);
        assert!(results.iter().skip(1).all(|result| result.reason.as_ref().is_some_and(|r| r.len() == MAX_REASON)));
    }

    #[test]
    fn what_cannot_be_read_is_none() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join(FILE);
        assert!(read(dir.path()).is_empty());
        let one = serde_json::to_value(result("it", 5, true)).expect("JSON");
        for (text, number) in [
            (String::new(), 0),
            ("[]".into(), 0),
            (serde_json::json!({ "version": 2, "results": [one] }).to_string(), 0),
            (serde_json::json!({ "version": 1, "results": [one, 7] }).to_string(), 0),
            (serde_json::json!({ "version": 1, "results": [one], "later": 1 }).to_string(), 1),
            (r#"{"version":1,"results":[{"scenario":"it","at":"2026-11-21T14:00:00Z","proven":true}]}"#.into(), 1),
        ] {
            fs::write(&path, &text).expect("it can be written");
            assert_eq!(read(dir.path()).len(), number, "{text}");
        }
    }
}
