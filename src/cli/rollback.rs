//! `git checkpoint rollback`.

mod answer;
mod describe;

use std::path::Path;

use gix::bstr::BString;

pub(super) use self::{answer::answer, describe::watch};
use super::{args, choose, create, resume, show};
use crate::{
    config::{Env, PushMode},
    error::{Context, Error, Result},
    git,
    ops::{
        Session,
        rollback::{self, Request},
    },
    ui::Ui,
};

pub(super) fn run(args: &args::Rollback, env: &Env, ui: &mut Ui) -> Result<u8> {
    if let Some(ending) = resume::ending(&args.ending, false) {
        return resume::run(ending, env, ui);
    }
    let may_choose = ui.can_pick() && !args.yes && !args.emergency;
    if args.selector.is_none() && !may_choose {
        return Err(Error::usage("a rollback needs a state to go to")
            .hint("`git checkpoint rollback latest` goes to the newest checkpoint")
            .hint("`git checkpoint list` shows all; at a terminal there is a list to choose from"));
    }
    let session = super::open(env, ui)?;
    let selector = match &args.selector {
        Some(selector) => selector.clone(),
        None => choose::checkpoint(&session, args.path.is_empty(), ui)?,
    };
    let request = Request {
        selector: show::selector(&selector)?,
        paths: paths(&session, &args.path)?,
        reason: args.reason.clone(),
        scope: args.scope(),
        severity: args.severity(),
        pace: args.pace(),
        no_steps: args.no_steps,
        no_verify: args.no_verify,
        push: pushes(&session, args, ui)?,
        may_ask: ui.is_interactive(),
    };
    let lock = session.lock_unless(args.dry_run, "rollback")?;
    let plan = rollback::plan(&session, request)?;
    create::warn_of_skipped(plan.skipped(), ui)?;
    if plan.leaves_something_out(&session) {
        ui.warn("no command of `[rollback]` is run and no artifact comes back, as nobody has agreed to the configuration; `git checkpoint trust` asks")?;
    }
    for (name, why) in plan.artifacts_that_stay() {
        ui.warn(format!("the artifact {name} stays as it is: {why}"))?;
    }
    if plan.has_nothing_to_do() && !ui.is_json() {
        ui.line(format!("nothing to do: this is {}", plan.to.name))?;
        return Ok(0);
    }
    if args.dry_run {
        if !ui.is_json() {
            describe::plan(&plan, "would go", ui)?;
        }
        return answer(&plan.preview(), ui);
    }
    if !args.yes && !args.emergency && ui.is_interactive() {
        describe::plan(&plan, "going", ui)?;
        if !ui.confirm("Roll back?")? {
            return Err(Error::refused("nothing was changed"));
        }
    }
    if plan.runs_something() {
        git::ask_on_signals()?;
    }
    let done = rollback::run(&session, plan, &mut |event| watch(&event, ui))?;
    drop(lock);
    answer(&done, ui)
}

/// Whether the branch at its remote is moved along. Nobody is asked in an emergency, and nobody to ask means no.
fn pushes(session: &Session, args: &args::Rollback, ui: &mut Ui) -> Result<bool> {
    let is_whole = args.path.is_empty();
    match args.push(session.config.rollback().push) {
        PushMode::WithLease => Ok(args.push || is_whole),
        PushMode::Ask if is_whole && !args.dry_run && !args.emergency && !args.yes && ui.is_interactive() => {
            ui.confirm("Move the branch at its remote along as well?")
        }
        PushMode::Ask | PushMode::Never => Ok(false),
    }
}

/// Paths as typed, relative to the top of the worktree.
fn paths(session: &Session, typed: &[std::path::PathBuf]) -> Result<Vec<BString>> {
    let outside = |path: &Path| {
        Error::usage(format!("`{}` is outside this worktree", path.display()))
            .hint("paths are relative to the current folder")
    };
    let mut paths = Vec::new();
    for path in typed {
        let full = session.here().join(path);
        let full = gix::path::normalize(full.into(), Path::new("")).ok_or_else(|| outside(path))?;
        let inside = full.strip_prefix(session.repo.workdir()).map_err(|_| outside(path))?;
        let bytes = gix::path::into_bstr(inside).context("cannot read a path")?;
        paths.push(gix::path::to_unix_separators_on_windows(bytes).into_owned());
    }
    Ok(paths)
}
