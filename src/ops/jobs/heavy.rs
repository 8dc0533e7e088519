//! The background checks of a checkpoint, run as the configuration has them.

use super::run::{Asked, Validate};
use crate::{
    check::{Checked, Seen, Subject},
    config::{Check, Moment},
    error::Result,
    model::CheckResult,
    ops::validate::{self, Setting},
};

/// Runs them in a private worktree.
#[derive(Debug, Clone, Copy, Default)]
pub struct Heavy;

impl Validate for Heavy {
    fn validate(&self, asked: &Asked<'_>) -> Result<Vec<Checked>> {
        let (session, state) = (asked.session, &asked.record.state);
        let subject = Subject { commit: state.tip, tree: state.worktree };
        let all = Setting::of(session, Moment::Checkpoint, session.config.checks(asked.consent)?);
        let is_left = |check: &&Check| asked.given.iter().all(|given| given.name != check.name);
        let checks: Vec<&Check> = all.checks.iter().copied().filter(is_left).collect();
        validate::refuse_missing(&checks, session)?;
        // The user's files will not stay as they are for so long.
        let seen = Some(Seen { tree: subject.tree, is_whole: false });
        let (mark, logs) = (asked.record.phase.clone(), Some(asked.logs.to_owned()));
        let setting = Setting { checks, seen, mark, logs, ..all };
        let (validated, _unkept) = setting.run(|run| run.validate(subject, &mut |_| {}))?;
        Ok(asked.given.iter().map(known).chain(validated.checks).collect())
    }
}

/// What was found out before; its output is kept with the record already.
fn known(result: &CheckResult) -> Checked {
    Checked { result: result.clone(), why: None, log: None }
}
