//! The background checks of a checkpoint, run as the configuration has them.

use super::run::{Asked, Validate};
use crate::{
    check::{Checked, Seen, Subject},
    config::{Check, Moment},
    error::Result,
    model::CheckResult,
    ops::validate::{self, Setting},
    store::jobs::Jobs,
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
        let jobs = Jobs::of(&session.repo);
        let known = |result: &CheckResult| {
            let log = jobs.log_before(&asked.record.id, &result.name).filter(|log| log.is_file());
            Checked { result: result.clone(), why: None, log }
        };
        Ok(asked.given.iter().map(known).chain(validated.checks).collect())
    }
}
