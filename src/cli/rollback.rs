//! `git checkpoint rollback`.

use std::path::Path;

use gix::bstr::BString;
use serde::Serialize;

use super::{
    args,
    checks::{self, Lines},
    create, json, resume, show,
};
use crate::{
    config::Env,
    error::{Context, Error, Result},
    git,
    model::Verdict,
    ops::{
        Session,
        create::Held,
        rollback::{self, Plan, Proof, Request, RolledBack},
    },
    ui::{Ui, clean, plural},
};

#[derive(Serialize)]
struct Value {
    id: String,
    from: Option<String>,
    to: String,
    backup: Option<Backup>,
    steps: Vec<Step>,
    verification: Option<&'static str>,
    checks: Vec<json::Check>,
    report: Option<String>,
    files: usize,
}

#[derive(Serialize)]
struct Backup {
    branch: String,
    commit: String,
}

#[derive(Serialize)]
struct Step {
    name: &'static str,
    ok: bool,
    seconds: f64,
    detail: String,
}

pub(super) fn run(args: &args::Rollback, env: &Env, ui: &mut Ui) -> Result<u8> {
    if let Some(ending) = resume::ending(&args.ending, false) {
        return resume::run(ending, env, ui);
    }
    let session = super::open(env, ui)?;
    let selector = args.selector.as_deref().ok_or_else(|| Error::usage("a rollback needs a state to go to"))?;
    let request = Request {
        selector: show::selector(selector)?,
        paths: paths(&session, &args.path)?,
        reason: args.reason.clone(),
    };
    let lock = session.lock_unless(args.dry_run, "rollback")?;
    let plan = rollback::plan(&session, &request)?;
    create::warn_of_skipped(plan.skipped(), ui)?;
    if plan.is_there_already && !ui.is_json() {
        ui.line(format!("nothing to do: this is {}", plan.to.name))?;
        return Ok(0);
    }
    if args.dry_run {
        if !ui.is_json() {
            describe(&plan, "would go", ui)?;
        }
        return answer(&plan.preview(), &Proof::None, ui);
    }
    if !args.yes && ui.is_interactive() {
        describe(&plan, "going", ui)?;
        if !ui.confirm("Roll back?")? {
            return Err(Error::refused("nothing was changed"));
        }
    }
    let mut done = plan.apply(&session)?;
    drop(lock);
    let proof = if args.no_verify || done.verified != Some(true) {
        Proof::None
    } else {
        git::ask_on_signals()?;
        rollback::prove(env, &mut done, &mut |event| checks::show(&event, Lines::Beside, ui))?
    };
    answer(&done, &proof, ui)
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

fn describe(plan: &Plan, verb: &str, ui: &mut Ui) -> Result<()> {
    const SHOWN: usize = 10;
    ui.line(format!("{verb} to {} ({})", plan.to.name, plan.to.state.tip.to_hex_with_len(10)))?;
    if !plan.commits.is_empty() {
        ui.line(format!("  {} will be on the backup only:", plural(plan.commits.len(), "commit")))?;
        for (id, subject) in plan.commits.iter().take(SHOWN) {
            ui.line(format!("    {} {}", id.to_hex_with_len(10), clean(subject)))?;
        }
        more(plan.commits.len(), SHOWN, ui)?;
    }
    ui.line(format!("  {} change:", plural(plan.changes.len(), "file")))?;
    for change in plan.changes.iter().take(SHOWN) {
        ui.line(format!("    {} {}", change.status(), crate::model::quote_path(change.path.as_ref())))?;
    }
    more(plan.changes.len(), SHOWN, ui)?;
    if let Some(backup) = plan.backup() {
        let work = if plan.has_uncommitted() { ", uncommitted work included" } else { "" };
        ui.line(format!("  what is there now is kept in branch {}{work}", json::name(backup)))?;
    }
    Ok(())
}

fn more(number: usize, shown: usize, ui: &mut Ui) -> Result<()> {
    if number > shown { ui.line(format!("    … and {} more", number - shown)) } else { Ok(()) }
}

/// What the bytes and the checks come to.
fn verification(done: &RolledBack, proof: &Proof) -> Option<&'static str> {
    let said = match proof {
        Proof::Said(validated) => validated.verdict(),
        Proof::None | Proof::Held(_) => Verdict::Pass,
    };
    Some(match (done.verified?, said) {
        (true, Verdict::Pass) => "verified",
        (true, Verdict::Inconclusive) => "inconclusive",
        _ => "failed",
    })
}

fn answer(done: &RolledBack, proof: &Proof, ui: &mut Ui) -> Result<u8> {
    let verification = verification(done, proof);
    let failed = done.verified == Some(false);
    let backup = done.record.backup();
    if ui.is_json() {
        let step = |step: &rollback::Step| Step {
            name: step.name,
            ok: step.ok,
            seconds: step.took.as_secs_f64(),
            detail: step.detail.clone(),
        };
        ui.value(&Value {
            id: done.record.id.to_string(),
            from: json::id(done.record.state.head.commit()),
            to: done.to.to_string(),
            backup: backup.map(|name| Backup { branch: json::name(name), commit: done.record.state.tip.to_string() }),
            steps: done.steps.iter().map(step).collect(),
            verification,
            checks: match proof {
                Proof::Said(validated) => json::validated(validated),
                Proof::None | Proof::Held(_) => Vec::new(),
            },
            report: None,
            files: done.files,
        })?;
    } else if done.verified.is_some() {
        let to = done.to.to_hex_with_len(10);
        ui.done(format!("rolled back to {} ({to})", done.record.subject.trim_start_matches("rollback to ")))?;
        for step in &done.steps {
            ui.line(format!("  {:<8} {} {}", step.name, if step.ok { "ok    " } else { "FAILED" }, step.detail))?;
        }
        if let Some(name) = backup {
            ui.note(format!("`git checkpoint recover {} --all` brings its commits back", json::name(name)))?;
        }
        ui.note("`git checkpoint undo` takes this back")?;
    }
    for path in &done.submodules {
        ui.warn(format!(
            "the submodule {path} stays where it is; `git submodule update` moves it to the recorded commit"
        ))?;
    }
    if failed {
        ui.warn(format!(
            "something changed the worktree meanwhile; what was there before is in `{}`, and `git checkpoint diff {}` shows what differs",
            done.record.id,
            done.to.to_hex_with_len(10)
        ))?;
    }
    match proof {
        Proof::Held(Held::Unusable(error)) => ui.warn(format!("no check was run: {}", error.chain().join(": ")))?,
        Proof::Held(Held::Untrusted(_)) => {
            ui.warn("no check was run, as the configuration is not trusted; `git checkpoint trust` looks at it")?;
        }
        Proof::Said(_) if verification != Some("verified") => {
            ui.warn("the state is the one asked for, and its checks do not pass; `git checkpoint rollback good` goes to the newest whose checks did")?;
        }
        Proof::None | Proof::Said(_) => {}
    }
    Ok(u8::from(verification.is_some_and(|word| word != "verified")))
}
