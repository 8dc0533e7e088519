//! The timer: put in, taken out, and what it does when it fires.

use std::path::{Path, PathBuf};

use super::{
    Session, jobs,
    timed::{self, Outcome, Wait},
};
use crate::{
    config::Env,
    error::{Context, Result},
    git::{Repo, glance::Glance},
    system::{
        repositories::Repositories,
        scheduler::{Homes, Job, Scheduler},
    },
};

/// How things stand.
#[derive(Debug)]
#[must_use]
pub struct Scheduled {
    /// The timers that are in; more than one only where something else put it there.
    pub schedulers: Vec<Scheduler>,
    /// The repositories that are visited, and whether each is still there.
    pub repositories: Vec<(PathBuf, bool)>,
    /// The repository of the call, and whether it is visited; `None` outside of one.
    pub here: Option<(PathBuf, bool)>,
}

/// Looks; changes nothing.
pub fn status(env: &Env) -> Result<Scheduled> {
    let homes = Homes::of_user(env)?;
    let list = Repositories::of_user(env)?.list()?;
    let mut schedulers = Vec::new();
    for scheduler in Scheduler::ALL {
        if scheduler.is_installed(&homes)? {
            schedulers.push(scheduler);
        }
    }
    let here = Repo::open(env).ok().map(|repo| repo.workdir().to_owned());
    let here = here.map(|path| (path.clone(), list.contains(&path)));
    let repositories = list.into_iter().map(|path| (path.clone(), path.is_dir())).collect();
    Ok(Scheduled { schedulers, repositories, here })
}

/// Puts the timer in and this repository on its list; the timer that is in, or would be for a dry run.
pub fn start(session: &Session, env: &Env, chosen: Option<Scheduler>, dry_run: bool) -> Result<Scheduler> {
    let scheduler = chosen.map_or_else(Scheduler::detect, Ok)?;
    let repositories = Repositories::of_user(env)?;
    let exe = env.stable_exe().context("cannot find this program's own file")?;
    if dry_run {
        return Ok(scheduler);
    }
    let is_new = repositories.add(session.repo.workdir())?;
    let job = Job { exe, list: repositories.file().to_owned() };
    let installed = scheduler.install(&job, &Homes::of_user(env)?);
    if let Err(error) = installed {
        if is_new {
            repositories.remove(&[session.repo.workdir().to_owned()])?;
        }
        return Err(error);
    }
    Ok(scheduler)
}

/// What stopping did, or would do.
#[derive(Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Stopped {
    /// The repositories that are not visited any more.
    pub left: Vec<PathBuf>,
    /// The timers that were taken out.
    pub removed: Vec<Scheduler>,
}

/// Takes this repository off the list, or all of them, and the timer out where nothing is left to visit.
pub fn stop(env: &Env, all: bool, dry_run: bool) -> Result<Stopped> {
    let repositories = Repositories::of_user(env)?;
    let list = repositories.list()?;
    let left = if all {
        list.clone()
    } else {
        let here = Repo::open(env)?.workdir().to_owned();
        list.iter().filter(|path| **path == here).cloned().collect()
    };
    let mut stopped = Stopped { left, removed: Vec::new() };
    if !dry_run {
        repositories.remove(&stopped.left)?;
    }
    if list.len() == stopped.left.len() {
        let homes = Homes::of_user(env)?;
        for scheduler in Scheduler::ALL {
            let is_out = if dry_run { scheduler.is_installed(&homes)? } else { scheduler.remove(&homes)? };
            if is_out {
                stopped.removed.push(scheduler);
            }
        }
    }
    Ok(stopped)
}

/// What a visit came to.
#[derive(Debug)]
pub struct Visit {
    /// The top of the worktree.
    pub path: PathBuf,
    /// What was done; `None` where the repository is gone and was taken off the list.
    pub outcome: Option<Result<Outcome>>,
}

/// Visits the repositories of a list, one after another. What fails in one does not keep the others from being
/// visited; what is gone is taken off the list.
pub fn visit_all(env: &Env, list: &Path, mut each: impl FnMut(Visit) -> Result<()>) -> Result<()> {
    let repositories = Repositories::in_file(list.to_owned());
    let mut gone = Vec::new();
    for path in repositories.list()? {
        if is_gone(&path) {
            gone.push(path.clone());
            each(Visit { path, outcome: None })?;
            continue;
        }
        // The list says which repository it is, and nothing else.
        visit(&env.clone().in_dir(&path).without_repository(), &path, &mut each)?;
    }
    if !gone.is_empty() {
        repositories.remove(&gone)?;
    }
    Ok(())
}

/// Visits the worktree that `env` is in, whose top is `path`, and the others of its repository.
pub fn visit(env: &Env, path: &Path, each: &mut impl FnMut(Visit) -> Result<()>) -> Result<()> {
    let others = Repo::open(env).map_or_else(|_| Vec::new(), |repo| repo.other_worktrees());
    if let Some(glance) = Glance::at(env) {
        jobs::wake(env, &glance);
    }
    each(Visit { path: path.to_owned(), outcome: Some(timed::take(env, Wait::No)) })?;
    for other in others {
        let outcome = Some(timed::take(&env.clone().in_dir(&other).without_repository(), Wait::No));
        each(Visit { path: other, outcome })?;
    }
    Ok(())
}

/// Only what is certainly gone: a folder that cannot be read now may be there again tomorrow.
fn is_gone(path: &Path) -> bool {
    let missing = |path: &Path| matches!(path.try_exists(), Ok(false));
    missing(path) || missing(&path.join(".git"))
}
