//! `git checkpoint recover`.

use serde::Serialize;

use super::{args, choose, json, resume};
use crate::{
    config::Env,
    error::Result,
    ops::{
        Session,
        recover::{self, Candidate, Reason, Recovered, Request},
    },
    ui::{Ui, clean, plural, table},
};

#[derive(Serialize)]
struct Value {
    id: String,
    source: String,
    head: Option<String>,
    picked: Vec<Picked>,
    left_out: Vec<LeftOut>,
    stopped_at: Option<String>,
    conflict: Option<Vec<String>>,
    uncommitted: bool,
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
    if args.interactive && !ui.can_pick() {
        return Err(choose::needs_terminal(
            ui,
            "`git checkpoint recover` lists the commits, and `git checkpoint recover <commit> …` brings some back",
        ));
    }
    let session = super::open(env, ui)?;
    let mut request = Request {
        what: args.what.clone(),
        all: args.all,
        onto: args.onto.clone(),
        uncommitted: args.uncommitted,
        keep_redundant: args.keep_redundant,
        mainline: args.mainline,
        chosen: None,
    };
    if args.interactive {
        // Others may go on here as long as a person thinks about it.
        request = choose::commits(&session, &request, ui)?;
    }
    let _lock = session.lock_unless(args.dry_run, "recover")?;
    if !args.interactive && recover::names_nothing(&session, &request)? {
        return offer(&session, &request, ui);
    }
    let plan = recover::plan(&session, &request)?;
    let recovered = if args.dry_run { plan.preview() } else { plan.apply(&session)? };
    if args.dry_run {
        ui.note("nothing was changed")?;
    }
    let code = answer(&recovered, ui)?;
    if request.uncommitted && !recovered.uncommitted {
        ui.warn("the uncommitted work is not back yet; when the conflict is settled, `git checkpoint recover --uncommitted` brings it")?;
    }
    Ok(code)
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
    let code = if recovered.conflict.is_some() { 3 } else { 0 };
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

fn value(recovered: &Recovered) -> Value {
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
