//! The background checks of a checkpoint, run as the configuration has them.

use std::time::{Duration, Instant};

use super::run::{Asked, Validate};
use crate::{
    check::{Circumstances, Logs, Run, Subject, Why},
    config::{Check, Moment},
    error::Result,
    git::private,
    model::CheckResult,
};

/// All of them together have this long; each has its own limit besides.
const BUDGET: Duration = Duration::from_secs(24 * 3600);

/// Runs them in a private worktree.
#[derive(Debug, Clone, Copy, Default)]
pub struct Heavy;

impl Validate for Heavy {
    fn validate(&self, asked: &Asked<'_>) -> Result<Vec<CheckResult>> {
        let (session, state) = (asked.session, &asked.record.state);
        let heavy: Vec<Check> =
            session.config.checks(asked.consent)?.iter().filter(|check| check.background).cloned().collect();
        // A private worktree of somebody who was killed is no reason not to make another.
        let _removed = private::remove_left_overs(&session.repo);
        let logs = Logs::at(asked.logs);
        let circumstances = Circumstances {
            moment: Moment::Checkpoint,
            phase: asked.record.phase.as_ref().map(|mark| mark.name.clone()),
            deadline: Instant::now() + BUDGET,
            now: session.now,
            by: &session.identity,
        };
        let run = Run::new(&session.repo, &heavy, &logs, circumstances);
        let subject = Subject { commit: state.tip, tree: state.worktree };
        let (validated, _unkept) = run.validate(subject, &mut |_, _| {});
        let own = validated.checks.into_iter().map(|checked| CheckResult {
            name: checked.name,
            verdict: checked.verdict,
            severity: checked.severity,
            took: checked.took,
            cached: checked.cached,
            why: checked.why.as_ref().map(why),
            measurements: Vec::new(),
        });
        Ok(asked.given.iter().cloned().chain(own).collect())
    }
}

fn why(why: &Why) -> String {
    match why {
        Why::Code(code) => format!("it exited with code {code}"),
        Why::Signal(number) => format!("signal {number} ended it"),
        Why::TimedOut(limit) => format!("it took longer than {} s", limit.as_secs()),
        Why::OverBudget | Why::NotBegun => "there was no time left".into(),
        Why::TooMuchOutput => "it printed more than is kept".into(),
        Why::Stopped => "it was stopped".into(),
        Why::ChangedFiles(paths) => format!("it changed tracked files: {}", paths.join(", ")),
        Why::NotStarted(why) => format!("it could not be started: {why}"),
    }
}
