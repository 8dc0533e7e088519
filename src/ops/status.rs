//! How things stand: branch, changes, the newest checkpoint, and what was interrupted.

use super::{
    Session,
    drill::{self, Row},
    jobs::{self, Listed},
    phase::{self, Membership},
    select,
};
use crate::{
    error::Result,
    git::{capture, capture::Changes, repo::GitOperation},
    model::{Head, Record, Skipped},
    store::{
        Journal,
        timed::{self, Failure},
    },
};

/// How things stand.
#[derive(Debug)]
#[must_use]
pub struct Status {
    /// Where HEAD is.
    pub head: Head,
    /// The newest checkpoint of this branch.
    pub last: Option<Record>,
    /// The phase of the branch.
    pub phase: Membership,
    /// What failed about the last timed checkpoint.
    pub failure: Option<Failure>,
    /// What is changed.
    pub changes: Changes,
    /// What a checkpoint would leave alone.
    pub skipped: Vec<Skipped>,
    /// Background checks that have not ended, and those that ended badly within a day; newest first.
    pub jobs: Vec<Listed>,
    /// The scenarios of drills, and how they stand.
    pub drills: Vec<Row>,
    /// An operation of this program that was begun and not ended.
    pub interrupted: Option<Journal>,
    /// An operation of git's own that was begun and not ended.
    pub git_operation: Option<GitOperation>,
}

/// Looks; changes nothing and writes no object.
pub fn status(session: &Session) -> Result<Status> {
    let head = session.repo.head()?;
    let (changes, skipped) = capture::changes(&session.repo, &session.config.capture)?;
    let branch = head.branch().cloned();
    let foreign = session.store().foreign()?;
    let is_mine = move |record: &Record| record.state.head.branch() == branch.as_ref() && !foreign.contains(&record.id);
    let last = select::newest_checkpoints(session, is_mine)?.find_map(Result::ok);
    Ok(Status {
        phase: phase::of(session, &head),
        failure: timed::failure(&session.repo.state_dir()),
        last,
        changes,
        skipped,
        jobs: jobs::of_interest(session),
        drills: drill::table(&session.repo, &session.config, session.now),
        interrupted: session.interrupted()?,
        git_operation: session.repo.git_operation(),
        head,
    })
}
