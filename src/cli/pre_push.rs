//! The `pre-push` hook: what git calls before it pushes.

use serde::Serialize;

use super::{
    checks::{self, Lines},
    json,
};
use crate::{
    check::{Checked, Validated, Why},
    config::{Env, FILE_NAME, Trust},
    error::{Error, Result},
    git,
    model::{Oid, Verdict, quote_path},
    ops::{
        Session,
        pre_push::{self, Decision, Discarded, Fate, Loss, Outcome, Request, Update, Validation},
        trust::Standing,
    },
    ui::{Ui, clean, plural},
};

#[derive(Serialize)]
struct Value {
    allowed: bool,
    trust: Option<&'static str>,
    refs: Vec<Ref>,
    discarded: Vec<Lost>,
    commits: Vec<Commit>,
    left: usize,
}

#[derive(Serialize)]
struct Ref {
    #[serde(rename = "ref")]
    name: String,
    old: Option<String>,
    new: Option<String>,
    state: &'static str,
}

#[derive(Serialize)]
struct Lost {
    #[serde(rename = "ref")]
    name: String,
    tip: String,
    commits: Option<usize>,
    newest: Vec<Named>,
    kept: Option<String>,
}

#[derive(Serialize)]
struct Named {
    commit: String,
    subject: String,
}

#[derive(Serialize)]
struct Commit {
    commit: String,
    tree: String,
    checks: Vec<json::Check>,
}

/// Answers git's hook, which has `remote` and `url` as its arguments and the refs on standard input.
pub(super) fn run(remote: &str, url: &str, env: &Env, ui: &mut Ui) -> Result<u8> {
    if env.is_off() {
        return Ok(0);
    }
    let input = env.input().map_err(|error| Error::environment("cannot read standard input").because(error))?;
    let (session, unusable) = match Session::open_leniently(env) {
        Ok(opened) => opened,
        Err(error) => {
            // Nobody can have trusted anything there, and a hook that cannot look has nothing to say.
            ui.warn(format!("nothing was validated, and the push goes on: {}", error.chain().join(": ")))?;
            return Ok(0);
        }
    };
    if let Some(error) = unusable {
        ui.warn(format!("nothing was validated, and the push goes on: {}", error.chain().join(": ")))?;
    }
    let request = Request { remote: remote.to_owned(), url: url.to_owned(), input };
    let facts = pre_push::gather(&session, &request).map_err(past)?;
    let plan = pre_push::plan(&facts);
    // Until the checks are over, what they run in has to be taken away first.
    git::ask_on_signals()?;
    let outcome = pre_push::apply(&session, env, (&facts, plan), &mut |event| checks::show(&event, Lines::Beside, ui));
    let outcome = outcome.map_err(past)?;
    ui.flush()?;
    if git::is_asked_to_stop() {
        return Err(past(Error::refused("the push is stopped: its checks were interrupted")));
    }
    tell_of_loss(&outcome, remote, ui)?;
    if ui.is_json() {
        ui.value(&value(&outcome))?;
    }
    tell_of_checks(&outcome, &session.config.push, ui)?;
    match outcome.decision {
        Decision::Allowed => Ok(0),
        Decision::Blocked => stopped(&outcome, ui),
    }
}

/// How to push in spite of what stands in the way here.
fn past(error: Error) -> Error {
    error.hint("`git push --no-verify` pushes without this hook")
}

fn tell_of_loss(outcome: &Outcome, remote: &str, ui: &mut Ui) -> Result<()> {
    for lost in &outcome.discarded {
        let name = quote_path(lost.remote_ref.as_ref());
        match &lost.loss {
            Loss::Unknown => ui.warn(format!(
                "{name} at {remote} is at {}, which is not in this repository: what this push discards there cannot be \
                 told, nor kept; `git fetch {remote}` first, to be safe",
                lost.tip.to_hex_with_len(10)
            ))?,
            Loss::Commits { count, newest, kept } => {
                ui.warn(format!("{} of {name} at {remote} will be gone there:", plural(*count, "commit")))?;
                for (id, subject) in newest {
                    ui.tell(format!("  {} {}", id.to_hex_with_len(10), clean(subject)))?;
                }
                if newest.len() < *count {
                    ui.tell(format!("  and {} more", count - newest.len()))?;
                }
                if let Some(kept) = kept {
                    ui.tell(format!("  they are kept here as {}", quote_path(kept.as_ref())))?;
                }
            }
        }
    }
    Ok(())
}

fn tell_of_checks(outcome: &Outcome, push: &crate::config::Push, ui: &mut Ui) -> Result<()> {
    let (commits, left, unkept) = match &outcome.validation {
        Validation::Nothing => return Ok(()),
        Validation::Untrusted(standing) => {
            let goes_on = if outcome.decision == Decision::Allowed { ", and the push goes on" } else { "" };
            let what = match standing {
                Standing::Commands(Trust::Changed { .. }) => "has changed since it was trusted",
                _ => "is not trusted",
            };
            return ui.warn(format!("{FILE_NAME} {what}, so no check was run{goes_on}; see `git checkpoint trust`"));
        }
        Validation::Done { commits, left, unkept } => (commits, left, unkept),
    };
    for commit in commits {
        for check in &commit.checks {
            tell_of_effect(check, pre_push::blocks(push, check), ui)?;
        }
    }
    if *left > 0 {
        ui.note(format!("{} more not looked at", plural(*left, "commit")))?;
    }
    if let Some(error) = unkept {
        ui.warn(format!("what the checks said could not be kept: {}", error.chain().join(": ")))?;
    }
    Ok(())
}

/// What a check that did not pass means to the push, and what became of an answer that was shown before.
fn tell_of_effect(check: &Checked, blocks: bool, ui: &mut Ui) -> Result<()> {
    let name = &check.result.name;
    if let Some(why @ Why::ChangedFiles(_)) = &check.why {
        ui.warn(format!("what {name} said does not count: {why}"))?;
    }
    if check.result.verdict != Verdict::Pass && !blocks {
        ui.note(format!("{name} does not stand in the way: the push goes on"))?;
    }
    Ok(())
}

/// The last words of a push that is stopped.
fn stopped(outcome: &Outcome, ui: &mut Ui) -> Result<u8> {
    let error = match &outcome.validation {
        Validation::Untrusted(_) => Error::refused("the push is stopped: its checks wait for trust")
            .because("your git configuration has `checkpoint.pushUntrusted = block`")
            .hint("`git checkpoint trust` looks at them"),
        _ => Error::refused("the push is stopped: a check stands in its way")
            .hint("mend what the log tells of, commit, and push again; what passed is not run again"),
    };
    if !ui.is_json() {
        return Err(past(error));
    }
    // The answer on standard output is the outcome; this is for people.
    ui.tell(format!("error: {error}"))?;
    Ok(error.kind().exit_code())
}

fn value(outcome: &Outcome) -> Value {
    let (commits, left, trust) = match &outcome.validation {
        Validation::Nothing => (&[][..], 0, None),
        Validation::Untrusted(standing) => (&[][..], 0, standing.as_str()),
        Validation::Done { commits, left, .. } => (&commits[..], *left, Some("trusted")),
    };
    Value {
        allowed: outcome.decision == Decision::Allowed,
        trust,
        refs: outcome.refs.iter().map(ref_value).collect(),
        discarded: outcome.discarded.iter().map(lost_value).collect(),
        commits: commits.iter().map(commit_value).collect(),
        left,
    }
}

fn ref_value((update, fate): &(Update, Fate)) -> Ref {
    Ref {
        name: json::name(&update.remote_ref),
        old: json::id(update.remote),
        new: json::id(update.local),
        state: fate.as_str(),
    }
}

fn lost_value(lost: &Discarded) -> Lost {
    let (commits, newest, kept) = match &lost.loss {
        Loss::Unknown => (None, &[][..], None),
        Loss::Commits { count, newest, kept } => (Some(*count), &newest[..], kept.as_ref()),
    };
    let named = |(id, subject): &(Oid, String)| Named { commit: id.to_string(), subject: subject.clone() };
    Lost {
        name: json::name(&lost.remote_ref),
        tip: lost.tip.to_string(),
        commits,
        newest: newest.iter().map(named).collect(),
        kept: kept.map(json::name),
    }
}

fn commit_value(commit: &Validated) -> Commit {
    Commit {
        commit: commit.subject.commit.to_string(),
        tree: commit.subject.tree.to_string(),
        checks: json::validated(commit),
    }
}
