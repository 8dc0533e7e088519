//! How the jobs that are kept went.

use std::{collections::BTreeMap, time::Duration};

use super::list::{Listed, median};
use crate::model::{AttemptEnd, JobState};

/// Numbers about jobs.
#[derive(Debug, Clone, PartialEq)]
pub struct Stats {
    /// How many are in each state; every state is there.
    pub states: BTreeMap<JobState, usize>,
    /// How many attempts were made.
    pub attempts: usize,
    /// What the attempts that came to an answer took: the median, and the longest.
    pub took: Option<(Duration, Duration)>,
    /// The part of those that ended with an answer, or without any hope of one, that passed; 0 to 1.
    pub pass_rate: Option<f64>,
}

/// Counts.
pub fn stats(all: &[Listed]) -> Stats {
    let mut states: BTreeMap<JobState, usize> = JobState::ALL.into_iter().map(|state| (state, 0)).collect();
    for listed in all {
        *states.entry(listed.state).or_default() += 1;
    }
    let attempts = all.iter().flat_map(|listed| &listed.job.attempts);
    let answered =
        attempts.clone().filter(|attempt| matches!(attempt.end, Some(AttemptEnd::Passed | AttemptEnd::Failed)));
    let took: Vec<Duration> = answered.filter_map(|attempt| (attempt.ended? - attempt.started).to_std().ok()).collect();
    let longest = took.iter().max().copied();
    let passed = states[&JobState::Passed];
    let ended = passed + states[&JobState::Failed] + states[&JobState::Inconclusive];
    Stats {
        attempts: attempts.count(),
        took: median(took).zip(longest),
        // Counts of this size are exact.
        pass_rate: (ended > 0).then(|| passed as f64 / ended as f64),
        states,
    }
}
