//! Installing and taking away the hooks by which git calls this program.

use crate::{
    config::Env,
    error::Result,
    git::{
        Repo,
        hooks::{self, Plan, Status},
        lock::{Holder, OperationLock},
    },
};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// The hooks installed as this git needs them.
    Install,
    /// Everything of ours taken away.
    Uninstall,
}

/// What was, or would be, done.
#[derive(Debug)]
#[must_use]
pub struct Outcome {
    /// The changes; nothing where all was as it should be.
    pub plan: Plan,
    /// How the hooks stand now.
    pub status: Status,
}

/// Opens the repository and does, or only plans, what is asked for. Neither the configuration of this program nor an
/// operation in progress is in the way of it.
pub fn run(request: Request, dry_run: bool, env: &Env) -> Result<Outcome> {
    let repo = Repo::open(env)?;
    let facts = hooks::gather(&repo, env)?;
    let plan = plan(request, &facts)?;
    // Where there is nothing to do, not even a lock is taken.
    if dry_run || plan.is_empty() {
        return Ok(Outcome { plan, status: hooks::status_of(&facts) });
    }
    let command = match request {
        Request::Install => "git checkpoint hooks install",
        Request::Uninstall => "git checkpoint hooks uninstall",
    };
    let _lock = OperationLock::acquire(&repo, Holder { command, since: env.now() })?;
    let facts = hooks::gather(&repo, env)?;
    let plan = self::plan(request, &facts)?;
    hooks::apply(&repo, &facts, &plan)?;
    Ok(Outcome { plan, status: hooks::status(&repo, env)? })
}

fn plan(request: Request, facts: &hooks::Facts) -> Result<Plan> {
    match request {
        Request::Install => hooks::plan_install(facts),
        Request::Uninstall => Ok(hooks::plan_uninstall(facts)),
    }
}
