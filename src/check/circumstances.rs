//! What is around the checks of a run.

use std::{
    sync::RwLock,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};

use super::{Checked, Subject, UserFiles, numbers::Baselines};
use crate::{config::Moment, git::capture::Identity};

/// What all checks of a run have in common.
pub struct Circumstances<'a> {
    /// When in the life of a state they run; `CHECKPOINT_STAGE`.
    pub moment: Moment,
    /// The phase of the branch; `CHECKPOINT_PHASE`.
    pub phase: Option<String>,
    /// How long that goes on; `CHECKPOINT_ELAPSED`.
    pub elapsed: Option<String>,
    /// Whether it is only rehearsed, on a throw-away copy.
    pub is_drill: bool,
    /// When all of them have to have ended.
    pub deadline: Option<Instant>,
    /// The present moment.
    pub now: DateTime<Utc>,
    /// Who the verdicts are by.
    pub by: &'a Identity,
    /// Which verdicts of before count.
    pub cache: Cache,
    /// So many run at once.
    pub room: usize,
    /// The user's worktree.
    pub user: UserFiles<'a>,
    /// What numbers are compared with.
    pub baselines: Baselines<'a>,
    /// Where other runs go on at the same time: a check that has to be alone keeps it to itself, all others share it.
    pub turns: Option<&'a RwLock<()>>,
}

/// Which verdicts of before count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cache {
    /// All: who searches has to ask again and again.
    All,
    /// Those that passed. Somebody waits, may have mended what is not in the tree, and wants to read what failed.
    Passes,
    /// None.
    None,
    /// None, and none is kept: what is asked is how it is at this moment.
    Moment,
}

/// What those who watch are told.
#[derive(Debug)]
pub enum Event<'e> {
    /// These run, since so long, and took so long the last times.
    Running(&'e [(&'e str, Duration, Option<Duration>)]),
    /// One has ended, or was known. Files that changed can make its answer void afterwards.
    Ended(&'e Checked, Subject),
    /// Files of a private worktree changed while several checks ran in it, so each of them is run again, alone.
    Again(&'e [String]),
}
