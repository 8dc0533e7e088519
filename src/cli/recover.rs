//! `git checkpoint recover`.

use serde::Serialize;

use super::{
    args, choose,
    good::{self, FateValue},
    json, resume, rollback,
};
use crate::{
    config::Env,
    error::Result,
    git::{
        self,
        pick::{Manner, Paths},
    },
    model::{Oid, Verification, quote_path},
    ops::{
        Session,
        create::Held,
        recover::{self, Candidate, Foreseen, Reason, Recovered, Request, WorkFile},
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
    said: Option<String>,
    conflicts: Vec<ForeseenValue>,
    uncommitted: bool,
    files: Vec<FileValue>,
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
struct ForeseenValue {
    commit: String,
    paths: Vec<String>,
    resolved_by: Option<Vec<String>>,
}

#[derive(Serialize)]
struct FileValue {
    path: String,
    kinds: Vec<&'static str>,
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
    because: String,
    back_as: Option<String>,
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
    back_as: Option<String>,
}

pub(super) fn run(args: &args::Recover, env: &Env, ui: &mut Ui) -> Result<u8> {
    if let Some(ending) = resume::ending(&args.ending, args.skip) {
        return resume::run(ending, env, ui);
    }
    let _budget = args.good.budget()?;
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
        paths: Paths { here: session.here(), specs: args.path.clone() },
        manner: manner(args)?,
        edit: args.edit,
        without_hooks: false,
        dry_run: args.dry_run,
        chosen: None,
    };
    if args.good.good {
        return good::run(args, (request, session), env, ui);
    }
    if args.interactive {
        // Others may go on here as long as a person thinks about it.
        request = choose::commits(&session, &request, ui)?;
    }
    let _lock = session.lock_unless(args.dry_run, "recover")?;
    if !args.interactive && recover::names_nothing(&session, &request)? {
        return offer(&session, &request, ui);
    }
    let plan = recover::plan(&session, &request)?;
    if args.dry_run {
        return foretell(&plan, &session, ui);
    }
    let mut recovered = plan.apply(&session)?;
    if !args.good.no_verify {
        prove(&session, &mut recovered, ui)?;
    }
    let code = answer(&recovered, ui)?;
    if request.uncommitted && !recovered.uncommitted {
        let when = if recovered.conflict.is_some() { "; when that is settled," } else { " yet;" };
        let how = match request.chosen.as_ref().is_some_and(|chosen| chosen.work.is_some()) {
            true => "`git checkpoint recover -i` lets you choose its files again",
            false => "`git checkpoint recover --uncommitted` brings it",
        };
        ui.warn(format!("the uncommitted work is not back{when} {how}"))?;
    }
    Ok(code)
}

/// Asks the checks whether the result works.
pub(super) fn prove(session: &Session, recovered: &mut Recovered, ui: &mut Ui) -> Result<()> {
    git::ask_on_signals()?;
    recover::prove(session, recovered, &mut |event| rollback::watch(&event, ui))?;
    git::end_on_signals()
}

fn manner(args: &args::Recover) -> Result<Manner> {
    let mut manner = Manner::default();
    manner.record_origin = args.record_origin;
    manner.signoff = args.signoff;
    manner.with_strategy(&args.strategy_option)
}

/// What would be done, with every conflict that there would be.
fn foretell(plan: &recover::Plan, session: &Session, ui: &mut Ui) -> Result<u8> {
    let (recovered, conflicts) = (plan.preview(), plan.foresee(session)?);
    ui.note("nothing was changed")?;
    let code = if recovered.conflict.is_some() { 3 } else { 0 };
    if ui.is_json() {
        ui.value(&value(&recovered, &conflicts))?;
        return Ok(code);
    }
    tell_left_out(&recovered, ui)?;
    summarize(&recovered, false, ui)?;
    for file in &recovered.files {
        ui.line(format!("  {:<10} {}", kinds(file).join(", "), quote_path(file.path.as_ref())))?;
    }
    for conflict in &conflicts {
        ui.warn(format!("{} would conflict:", conflict.commit.to_hex_with_len(10)))?;
        for path in &conflict.paths {
            ui.line(format!("  {}", quote_path(path.as_ref())))?;
        }
        ui.note(resolution(conflict))?;
    }
    if let (None, Some((None, paths))) = (conflicts.first(), &recovered.conflict) {
        ui.warn("the uncommitted work would conflict:")?;
        for path in paths {
            ui.line(format!("  {path}"))?;
        }
    }
    if let Some(error) = plan.refusal() {
        ui.warn(format!("it would not be begun: {error}"))?;
    }
    Ok(code)
}

fn resolution(conflict: &Foreseen) -> String {
    match &conflict.resolved_by {
        Some(commits) => {
            let names: Vec<String> = commits.iter().map(|commit| commit.to_hex_with_len(10).to_string()).collect();
            format!("it applies together with {}", names.join(", "))
        }
        None => "no earlier commit helps; it is to be settled by hand".into(),
    }
}

fn kinds(file: &WorkFile) -> Vec<&'static str> {
    file.kinds.iter().map(|kind| kind.as_str()).collect()
}

/// What could be brought back, for a user who has named nothing yet.
fn offer(session: &Session, request: &Request, ui: &mut Ui) -> Result<u8> {
    let (source, candidates, has_uncommitted) = recover::candidates(session, request)?;
    if ui.is_json() {
        let value = |candidate: &Candidate| CandidateValue {
            commit: candidate.commit.to_string(),
            subject: candidate.subject.clone(),
            left_out: candidate.reason.map(Reason::as_str),
            back_as: json::id(candidate.back_as),
        };
        ui.value(&Candidates { source, candidates: candidates.iter().map(value).collect(), has_uncommitted })?;
        return Ok(0);
    }
    ui.line(format!("{source} has {}", plural(candidates.len(), "commit")))?;
    if !candidates.is_empty() {
        let row = |candidate: &Candidate| {
            let reason = candidate.reason.map_or_else(String::new, |reason| because(reason, candidate.back_as));
            vec![format!("  {}", candidate.commit.to_hex_with_len(10)), candidate.subject.clone(), reason]
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
        ui.value(&value(recovered, &[]))?;
        return Ok(code);
    }
    tell_left_out(recovered, ui)?;
    summarize(recovered, true, ui)?;
    tell_of_proof(recovered, ui)?;
    if let Some((stopped_at, paths)) = &recovered.conflict {
        match stopped_at {
            Some(commit) if paths.is_empty() => return stopped(recovered, *commit, ui).map(|()| code),
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

/// git has stopped, and no file is in conflict: it, a hook, or rerere has more to say.
fn stopped(recovered: &Recovered, commit: Oid, ui: &mut Ui) -> Result<()> {
    ui.warn(format!("stopped at {}, with no file in conflict", commit.to_hex_with_len(10)))?;
    for line in recovered.said.iter().flat_map(|said| said.lines()).filter(|line| !line.starts_with("hint:")) {
        ui.line(format!("  {}", clean(line)))?;
    }
    ui.note("look at `git status` and `git diff --staged`, then `git checkpoint recover --continue`")?;
    ui.note("`--skip` leaves the commit out, `--abort` goes back to the state before")
}

fn tell_left_out(recovered: &Recovered, ui: &mut Ui) -> Result<()> {
    for (commit, reason) in &recovered.left_out {
        let because = because(*reason, recovered.back_as.get(commit).copied());
        ui.line(format!("left out {}: {because}", commit.to_hex_with_len(10)))?;
    }
    Ok(())
}

/// What came back, or would.
pub(super) fn summarize(recovered: &Recovered, is_done: bool, ui: &mut Ui) -> Result<()> {
    let commit = recovered.head.commit().map_or_else(String::new, |id| id.to_hex_with_len(10).to_string());
    let verb = if is_done { "recovered" } else { "would recover" };
    let at = if is_done { format!("; {} is at {commit}", recovered.head.short_name()) } else { String::new() };
    if recovered.picked.is_empty() && !recovered.uncommitted && recovered.conflict.is_none() {
        return ui.done(format!("nothing to bring back from {}{at}", clean(&recovered.source)));
    }
    let what = format!("{} from {}", plural(recovered.picked.len(), "commit"), clean(&recovered.source));
    let work = match (recovered.uncommitted, recovered.is_part) {
        (false, _) => String::new(),
        (true, false) => ", and the uncommitted work".into(),
        (true, true) => format!(", and {} of the uncommitted work", plural(recovered.files.len(), "file")),
    };
    let text = format!("{verb} {what}{work}{at}");
    if is_done { ui.done(text) } else { ui.line(text) }
}

pub(super) fn value(recovered: &Recovered, conflicts: &[Foreseen]) -> Value {
    let left_out = |(commit, reason): &(Oid, Reason)| {
        let back_as = recovered.back_as.get(commit).copied();
        LeftOut {
            commit: commit.to_string(),
            reason: reason.as_str(),
            because: because(*reason, back_as),
            back_as: json::id(back_as),
        }
    };
    let foreseen = |conflict: &Foreseen| ForeseenValue {
        commit: conflict.commit.to_string(),
        paths: conflict.paths.iter().map(|path| quote_path(path.as_ref())).collect(),
        resolved_by: conflict.resolved_by.as_ref().map(|commits| commits.iter().map(ToString::to_string).collect()),
    };
    let file = |file: &WorkFile| FileValue { path: quote_path(file.path.as_ref()), kinds: kinds(file) };
    let conflict = recovered.conflict.as_ref();
    Value {
        id: recovered.id.to_string(),
        source: recovered.source.clone(),
        head: json::id(recovered.head.commit()),
        picked: recovered.picked.iter().map(|p| Picked { from: p.from.to_string(), to: p.to.to_string() }).collect(),
        left_out: recovered.left_out.iter().map(left_out).collect(),
        stopped_at: conflict.and_then(|(commit, _)| json::id(*commit)),
        conflict: conflict.map(|(_, paths)| paths.clone()),
        said: recovered.said.clone(),
        conflicts: conflicts.iter().map(foreseen).collect(),
        uncommitted: recovered.uncommitted,
        files: recovered.files.iter().map(file).collect(),
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

pub(super) fn because(reason: Reason, back_as: Option<Oid>) -> String {
    let why = match reason {
        Reason::AlreadyApplied => {
            return match back_as {
                Some(commit) => format!("it is here as {}", commit.to_hex_with_len(10)),
                None => "a commit with the same change is here".into(),
            };
        }
        Reason::Redundant => "everything it changes is here",
        Reason::Empty => "it changes nothing",
        Reason::Merge => "it is a merge; name it with `--mainline` to pick it",
        Reason::OtherPaths => "nothing of it is in these paths",
        Reason::Skipped => "left out at the conflict",
    };
    why.into()
}
