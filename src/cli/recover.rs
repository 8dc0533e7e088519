//! `git checkpoint recover`.

use serde::Serialize;

use super::{
    args,
    good::{self, FateValue},
    json, resume, rollback,
};
use crate::{
    config::{Env, Moment},
    error::Result,
    git,
    model::Verification,
    ops::{
        Session,
        create::Held,
        recover::{self, Candidate, Reason, Recovered, Request},
        rollback::Proof,
    },
    ui::{Ui, clean, plural, table},
};

#[derive(Serialize)]
pub(super) struct Value {
    id: String,
    source: String,
    head: Option<String>,
    picked: Vec<Picked>,
    left_out: Vec<LeftOut>,
    stopped_at: Option<String>,
    conflict: Option<Vec<String>>,
    uncommitted: bool,
    verification: Option<&'static str>,
    checks: Vec<json::Check>,
    fates: Vec<FateValue>,
    validations: Option<usize>,
    flaky: Vec<String>,
}

impl Value {
    /// With what was found out beforehand.
    pub(super) fn found(&mut self, fates: Vec<FateValue>, validations: usize, flaky: Vec<String>) {
        self.fates = fates;
        self.validations = Some(validations);
        self.flaky = flaky;
    }

    /// With what the checks said of the result.
    pub(super) fn checks(&mut self, checks: Vec<json::Check>) {
        self.checks = checks;
    }
}

#[derive(Serialize)]
struct Picked {
    from: String,
    to: String,
}

#[derive(Serialize)]
struct LeftOut {
    commit: String,
    reason: &'static str,
    because: &'static str,
}

#[derive(Serialize)]
struct Candidates {
    source: String,
    candidates: Vec<CandidateValue>,
    has_uncommitted: bool,
}

#[derive(Serialize)]
struct CandidateValue {
    commit: String,
    subject: String,
    left_out: Option<&'static str>,
}

pub(super) fn run(args: &args::Recover, env: &Env, ui: &mut Ui) -> Result<u8> {
    if let Some(ending) = resume::ending(&args.ending, args.skip) {
        return resume::run(ending, env, ui);
    }
    let request = Request {
        what: args.what.clone(),
        all: args.all,
        onto: args.onto.clone(),
        uncommitted: args.uncommitted,
        keep_redundant: args.keep_redundant,
        mainline: args.mainline,
    };
    let _budget = args.good.budget()?;
    if args.good.good {
        return good::run(args, request, env, ui);
    }
    let session = super::open(env, ui)?;
    let _lock = session.lock_unless(args.dry_run, "recover")?;
    if recover::names_nothing(&session, &request)? {
        return offer(&session, &request, ui);
    }
    let plan = recover::plan(&session, &request)?;
    let recovered = if args.dry_run {
        ui.note("nothing was changed")?;
        plan.preview()
    } else {
        let mut recovered = plan.apply(&session)?;
        if !args.good.no_verify {
            prove(&session, &mut recovered, ui)?;
        }
        recovered
    };
    let code = answer(&recovered, ui)?;
    if args.uncommitted && !recovered.uncommitted {
        ui.warn("the uncommitted work is not back yet; when the conflict is settled, `git checkpoint recover --uncommitted` brings it")?;
    }
    Ok(code)
}

/// Asks the checks whether the result works.
pub(super) fn prove(session: &Session, recovered: &mut Recovered, ui: &mut Ui) -> Result<()> {
    if recovered.conflict.is_none() && session.config.has_checks(Moment::Recover) {
        git::ask_on_signals()?;
        let is_here = !recovered.is_elsewhere(session)?;
        recover::prove(session, recovered, is_here, &mut |event| rollback::watch(&event, ui))?;
    }
    Ok(())
}

/// What could be brought back, for a user who has named nothing yet.
fn offer(session: &Session, request: &Request, ui: &mut Ui) -> Result<u8> {
    let (source, candidates, has_uncommitted) = recover::candidates(session, request)?;
    if ui.is_json() {
        let value = |candidate: &Candidate| CandidateValue {
            commit: candidate.commit.to_string(),
            subject: candidate.subject.clone(),
            left_out: candidate.reason.map(Reason::as_str),
        };
        ui.value(&Candidates { source, candidates: candidates.iter().map(value).collect(), has_uncommitted })?;
        return Ok(0);
    }
    ui.line(format!("{source} has {}", plural(candidates.len(), "commit")))?;
    if !candidates.is_empty() {
        let row = |candidate: &Candidate| {
            let reason = candidate.reason.map_or("", because);
            vec![format!("  {}", candidate.commit.to_hex_with_len(10)), candidate.subject.clone(), reason.into()]
        };
        ui.line(table(candidates.iter().map(row).collect()))?;
        ui.note("`git checkpoint recover --all` brings all back, `git checkpoint recover <commit> …` some")?;
    }
    if has_uncommitted {
        ui.note("there is work that was never committed: `git checkpoint recover --uncommitted` brings it back")?;
    }
    Ok(0)
}

/// The answer of a recover, also of one that went on.
pub(super) fn answer(recovered: &Recovered, ui: &mut Ui) -> Result<u8> {
    let works = recovered.verification.is_none_or(|verification| verification == Verification::Verified);
    let code = if recovered.conflict.is_some() { 3 } else { u8::from(!works) };
    if ui.is_json() {
        ui.value(&value(recovered))?;
        return Ok(code);
    }
    for (commit, reason) in &recovered.left_out {
        ui.line(format!("left out {}: {}", commit.to_hex_with_len(10), because(*reason)))?;
    }
    let commit = recovered.head.commit().map_or_else(String::new, |id| id.to_hex_with_len(10).to_string());
    let what = format!("{} from {}", plural(recovered.picked.len(), "commit"), clean(&recovered.source));
    let work = if recovered.uncommitted { ", and the uncommitted work" } else { "" };
    ui.done(format!("recovered {what}{work}; {} is at {commit}", recovered.head.short_name()))?;
    tell_of_proof(recovered, ui)?;
    if let Some((stopped_at, paths)) = &recovered.conflict {
        match stopped_at {
            Some(commit) => ui.warn(format!("stopped at {}, which conflicts:", commit.to_hex_with_len(10)))?,
            None => ui.warn("the uncommitted work conflicts:")?,
        }
        for path in paths {
            ui.line(format!("  {path}"))?;
        }
        if stopped_at.is_some() {
            ui.note("settle the conflict, `git add` the files, then `git checkpoint recover --continue`")?;
            ui.note("`--skip` leaves the commit out, `--abort` goes back to the state before")?;
        } else {
            ui.note("settle the conflict and `git add` the files; `git checkpoint undo` takes all of this back")?;
        }
    }
    Ok(code)
}

/// What the checks said afterwards.
fn tell_of_proof(recovered: &Recovered, ui: &mut Ui) -> Result<()> {
    match &recovered.proof {
        Proof::Held(Held::Unusable(error)) => ui.warn(format!("no check was run: {}", error.chain().join(": "))),
        Proof::Held(Held::Untrusted(_)) => {
            ui.warn("no check was run, as the configuration is not trusted; `git checkpoint trust` looks at it")
        }
        Proof::Said(_) if recovered.verification != Some(Verification::Verified) => {
            ui.warn("the commits are back, and the checks do not pass with them; `git checkpoint undo` takes this back, and `git checkpoint recover --good` finds those that are good")
        }
        Proof::None | Proof::Said(_) => Ok(()),
    }
}

pub(super) fn value(recovered: &Recovered) -> Value {
    let left_out = |(commit, reason): &(crate::model::Oid, Reason)| LeftOut {
        commit: commit.to_string(),
        reason: reason.as_str(),
        because: because(*reason),
    };
    let conflict = recovered.conflict.as_ref();
    Value {
        id: recovered.id.to_string(),
        source: recovered.source.clone(),
        head: json::id(recovered.head.commit()),
        picked: recovered.picked.iter().map(|p| Picked { from: p.from.to_string(), to: p.to.to_string() }).collect(),
        left_out: recovered.left_out.iter().map(left_out).collect(),
        stopped_at: conflict.and_then(|(commit, _)| json::id(*commit)),
        conflict: conflict.map(|(_, paths)| paths.clone()),
        uncommitted: recovered.uncommitted,
        verification: recovered.verification.map(Verification::as_str),
        checks: match &recovered.proof {
            Proof::Said(validated) => json::validated(validated),
            Proof::None | Proof::Held(_) => Vec::new(),
        },
        fates: Vec::new(),
        validations: None,
        flaky: Vec::new(),
    }
}

pub(super) fn because(reason: Reason) -> &'static str {
    match reason {
        Reason::AlreadyApplied => "a commit with the same change is here",
        Reason::Redundant => "everything it changes is here",
        Reason::Empty => "it changes nothing",
        Reason::Merge => "it is a merge; name it with `--mainline` to pick it",
        Reason::Skipped => "left out at the conflict",
    }
}
