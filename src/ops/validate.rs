//! The checks of a call: which, on what, and with what around them.

use std::{path::PathBuf, sync::RwLock, time::Instant};

use super::{
    Session, baseline,
    phase::{self, Membership},
};
use crate::{
    check::{Cache, Circumstances, Logs, Run, Seen, Selection, UserFiles, select},
    config::{Check, FILE_NAME, Moment},
    error::{Error, Result},
    git::{capture::Captured, lookup},
    model::{PhaseMark, SkipReason},
};

/// The key of git's configuration that says how many checks run at once: a matter of the machine, not of the repository.
const JOBS: &str = "checkpoint.jobs";

/// How checks are run in a call.
pub struct Setting<'s> {
    /// The repository and the moment.
    pub session: &'s Session,
    /// What they run for.
    pub moment: Moment,
    /// Which of them.
    pub checks: Vec<&'s Check>,
    /// When all of them have to have ended.
    pub deadline: Option<Instant>,
    /// Which verdicts of before count.
    pub cache: Cache,
    /// So many at once; `None` as the user has set it up.
    pub jobs: Option<usize>,
    /// The phase that the state is of.
    pub mark: Option<PhaseMark>,
    /// What the user's files were when the run began, where that is known.
    pub seen: Option<Seen>,
    /// The folder for what the checks print, where it is not that of all calls.
    pub logs: Option<PathBuf>,
    /// What checks that have to be alone keep to themselves, where other runs go on at the same time.
    pub turns: Option<&'s RwLock<()>>,
}

impl<'s> Setting<'s> {
    /// The usual: the checks of this moment, side by side, and a pass is not found out twice.
    pub fn of(session: &'s Session, moment: Moment, checks: &'s [Check]) -> Self {
        Setting {
            session,
            moment,
            checks: select(checks, &Selection { moment: Some(moment), only: &[] }),
            deadline: None,
            cache: Cache::Passes,
            jobs: None,
            mark: None,
            seen: None,
            logs: None,
            turns: None,
        }
    }

    /// Hands out what runs them.
    pub fn run<T>(self, with: impl FnOnce(&Run<'_>) -> T) -> Result<T> {
        let Setting { session, moment, checks, deadline, cache, jobs, mark, seen, logs, turns } = self;
        let (phase, elapsed) = match mark {
            Some(mark) => (Some(mark.name), mark.elapsed),
            None => match phase::of(session, &session.repo.head()?) {
                Membership::Running(phase) => (Some(phase.name.clone()), phase.checkpoint(session.now, None).elapsed),
                Membership::Unknown(name, _) => (Some(name), None),
                Membership::None | Membership::Ended(_) => (None, None),
            },
        };
        let numbers = baseline::gather(session, checks.iter().copied())?;
        let logs = match logs {
            Some(dir) => Logs::at(&session.repo, dir),
            None => Logs::of(&session.repo, session.now, moment.as_str()),
        };
        let look = || session.capture().map(|captured| self::seen(&captured));
        let circumstances = Circumstances {
            moment,
            phase,
            elapsed: elapsed.map(|elapsed| elapsed.to_string()),
            is_drill: session.env().rehearsal().is_some(),
            deadline,
            now: session.now,
            by: &session.identity,
            cache,
            room: jobs.unwrap_or_else(|| configured_jobs(session)),
            baselines: &|check, measure, name| numbers.of(check, measure, name),
            user: UserFiles { top: session.repo.workdir(), look: &look, seen },
            turns,
        };
        Ok(with(&Run::new(&session.repo, checks, &logs, circumstances)))
    }
}

/// What a capture says of the user's files.
pub fn seen(captured: &Captured) -> Seen {
    // A repository of its own and what is no file could not be in any tree, and what is excluded was meant to be.
    let matters = |reason: SkipReason| match reason {
        SkipReason::TooLarge | SkipReason::OverTotal | SkipReason::SubmoduleChanges | SkipReason::Untracked => true,
        SkipReason::NestedRepository | SkipReason::NotAFile | SkipReason::Excluded => false,
    };
    let is_whole = !captured.skipped.iter().any(|skipped| matters(skipped.reason));
    Seen { tree: captured.state.worktree, is_whole }
}

/// Refuses commands that the shell would not find, before any of them is run.
pub fn refuse_missing(checks: &[&Check], session: &Session) -> Result<()> {
    let of = |check: &&Check| -> Vec<String> {
        let commands = [Some(check.run.as_str()), check.setup.as_deref()];
        commands.into_iter().flatten().filter_map(lookup::program).map(str::to_owned).collect()
    };
    let mut names: Vec<String> = checks.iter().flat_map(of).collect();
    names.sort_unstable();
    names.dedup();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let path = session.env().var("PATH");
    let missing = lookup::missing(&names, session.repo.workdir(), path)?;
    if missing.is_empty() {
        return Ok(());
    }
    let Some((check, name)) = checks.iter().find_map(|check| {
        let name = of(check).into_iter().find(|name| missing.contains(&name.as_str()))?;
        Some((check, name))
    }) else {
        return Ok(());
    };
    Err(Error::usage(format!("the check `{}` cannot be run", check.name))
        .because(format!("`{FILE_NAME}`, line {}: there is no command `{name}`", check.line))
        .hint(format!("install `{name}`, put it on PATH, or correct the command")))
}

pub(super) fn configured_jobs(session: &Session) -> usize {
    let config = session.repo.gix().config_snapshot();
    let wanted = config.integer(JOBS).and_then(|number| usize::try_from(number).ok()).filter(|number| *number > 0);
    // One more than there are processors, as some check always waits: for a file, or for what it has started.
    wanted.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get) + 1)
}
