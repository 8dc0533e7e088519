//! `git checkpoint culprit`.

use serde::Serialize;

use super::{args, good, json, show};
use crate::{
    check::tail,
    config::Env,
    error::{Context, Result},
    git,
    model::{self, Oid},
    ops::{
        Session,
        culprit::{self, Found, Request, Verdict},
        trust,
    },
    ui::{Ui, clean, plural},
};

/// So many commits are named, where it may be one of many.
const SHOWN: usize = 20;

/// So many lines of what the check printed are shown.
const LINES: usize = 15;

/// No answer, as `assess` has it.
const INCONCLUSIVE: u8 = 13;

#[derive(Serialize)]
struct Value {
    verdict: &'static str,
    commit: Option<String>,
    subject: Option<String>,
    candidates: Vec<String>,
    good: String,
    bad: String,
    commits: usize,
    validations: usize,
    flaky: Vec<String>,
    checks: Vec<json::Check>,
}

pub(super) fn run(args: &args::Culprit, env: &Env, ui: &mut Ui) -> Result<u8> {
    let session = super::open(env, ui)?;
    let request = Request {
        good: args.good.as_deref().map(show::selector).transpose()?,
        bad: args.bad.as_deref().map(show::selector).transpose()?,
        only: args.only.clone(),
        budget: args.effort.budget(),
    };
    let standing = trust::gather(&session, env);
    // Until they are over, what they run in has to be taken away first.
    git::ask_on_signals()?;
    let found = culprit::find(&session, &request, &standing, &mut |event| good::watch(&event, ui))?;
    if ui.is_json() {
        ui.value(&value(&session, &found)?)?;
    } else {
        text(&session, &found, ui)?;
    }
    good::tell_of_flaky(&found.flaky, ui)?;
    if found.is_short {
        ui.warn("no more was to be done, so this is only what was found out until then")?;
    }
    Ok(match found.verdict {
        Verdict::Found(_) => 0,
        Verdict::NotBad | Verdict::NotGood | Verdict::Mended(_) => 1,
        Verdict::Among(_) | Verdict::NoAnswer(_) => INCONCLUSIVE,
    })
}

fn text(session: &Session, found: &Found, ui: &mut Ui) -> Result<()> {
    let short = |commit: &Oid| commit.to_hex_with_len(10).to_string();
    match &found.verdict {
        Verdict::Found(commit) => {
            ui.done(format!("{} is the first bad commit: {}", short(commit), clean(&subject(session, *commit)?)))?;
            said(found, ui)?;
        }
        Verdict::Among(commits) => {
            ui.line(format!("the first bad commit is one of {}:", plural(commits.len(), "commit")))?;
            for commit in commits.iter().take(SHOWN) {
                ui.line(format!("  {} {}", short(commit), clean(&subject(session, *commit)?)))?;
            }
            if commits.len() > SHOWN {
                ui.line(format!("  … and {} more", commits.len() - SHOWN))?;
            }
        }
        Verdict::NotBad => ui.line(format!("{}, which was to be bad, passes its checks", short(&found.bad)))?,
        Verdict::NotGood => {
            ui.line(format!("{}, which was to be good, does not pass its checks", short(&found.good)))?;
            said(found, ui)?;
        }
        Verdict::Mended(base) => {
            ui.line(format!(
                "{}, where the two histories part, does not pass its checks: what is wrong was mended on the way to {}",
                short(base),
                short(&found.good)
            ))?;
            said(found, ui)?;
        }
        Verdict::NoAnswer(commit) => {
            ui.line(format!("the checks have no answer for {}", short(commit)))?;
            said(found, ui)?;
        }
    }
    ui.line(good::spent(found.validations, found.commits))
}

/// Which checks did not pass, and the end of what they printed.
fn said(found: &Found, ui: &mut Ui) -> Result<()> {
    for one in found.checked.iter().filter(|one| one.result.verdict != model::Verdict::Pass) {
        let why = one.result.why.as_ref().map(|why| format!(": {}", clean(why))).unwrap_or_default();
        ui.line(format!("  {} {}{why}", one.result.name, super::checks::says(one.result.verdict)))?;
        let Some(log) = &one.log else { continue };
        for line in tail(log, LINES) {
            ui.tell(format!("  | {}", clean(&line)))?;
        }
        ui.tell(format!("  all of it: {}", log.display()))?;
    }
    Ok(())
}

fn subject(session: &Session, commit: Oid) -> Result<String> {
    let commit = session.repo.gix().find_commit(commit).context("cannot read a commit")?;
    Ok(commit.message().context("cannot read a commit's message")?.summary().to_string())
}

fn value(session: &Session, found: &Found) -> Result<Value> {
    let (verdict, commit) = match &found.verdict {
        Verdict::Found(commit) => ("found", Some(*commit)),
        Verdict::Among(_) => ("among", None),
        Verdict::NotBad => ("not-bad", None),
        Verdict::NotGood => ("not-good", None),
        Verdict::Mended(base) => ("mended", Some(*base)),
        Verdict::NoAnswer(commit) => ("no-answer", Some(*commit)),
    };
    let candidates = match &found.verdict {
        Verdict::Among(commits) => commits.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    Ok(Value {
        verdict,
        subject: commit.map(|commit| subject(session, commit)).transpose()?,
        commit: json::id(commit),
        candidates,
        good: found.good.to_string(),
        bad: found.bad.to_string(),
        commits: found.commits,
        validations: found.validations,
        flaky: found.flaky.clone(),
        checks: json::checked(&found.checked),
    })
}
