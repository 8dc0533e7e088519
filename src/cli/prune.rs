//! `git checkpoint prune`.

use serde::Serialize;

use super::{args, json};
use crate::{
    config::{Env, Retention},
    error::{Error, Kind, Result},
    git::remote::{Answer, Remote},
    model::{Policy, Reason, RecordId, quote_path},
    ops::{
        Session,
        prune::{self, Entry, Plan},
    },
    ui::{Ui, age, clean, plural, table},
};

/// So many names of a kind are shown.
const SHOWN: usize = 10;

#[derive(Serialize)]
struct Value {
    id: Option<String>,
    remote: Option<String>,
    policy: String,
    records: Vec<Row>,
    refs: Vec<Ref>,
    stays: Vec<Stays>,
    freed: Vec<String>,
}

#[derive(Serialize)]
struct Row {
    id: String,
    kind: &'static str,
    name: String,
    branch: Option<String>,
    at: Option<String>,
    keep: bool,
    reasons: Vec<&'static str>,
}

#[derive(Serialize)]
struct Ref {
    #[serde(rename = "ref")]
    name: String,
    old: String,
    state: &'static str,
    why: Option<String>,
}

#[derive(Serialize)]
struct Stays {
    name: String,
    because: String,
}

pub(super) fn run(args: &args::Prune, env: &Env, ui: &mut Ui) -> Result<u8> {
    let session = super::open_and_remind(env, ui)?;
    let retention = retention(args, &session)?;
    let remote = args.remote.as_deref().map(|name| Remote::of(&session.repo, env, Some(name), ui.is_interactive()));
    let remote = remote.transpose()?;
    // A remote may take its time, during which others must be able to save.
    let _lock = match &remote {
        None => session.lock_unless(args.dry_run, "prune")?,
        Some(_) => None,
    };
    let facts = prune::gather(&session, env, remote.as_ref(), &retention)?;
    let plan = prune::plan(facts, &retention, session.now)?;
    if args.dry_run {
        return preview(&session, &plan, (remote.as_ref(), &retention), ui);
    }
    if !args.yes && ui.is_interactive() && !plan.is_empty() {
        preview(&session, &plan, (remote.as_ref(), &retention), ui)?;
        if !ui.confirm("Prune?")? {
            return Err(Error::refused("nothing was removed"));
        }
    }
    done(&session, &plan, (remote.as_ref(), &retention), ui)
}

/// What is kept, as typed, and else as configured.
fn retention(args: &args::Prune, session: &Session) -> Result<Retention> {
    if args.pinned.iter().any(String::is_empty) {
        return Err(
            Error::usage("an empty pattern matches nothing").hint("`--pinned 'v*'` keeps all tags that begin with v")
        );
    }
    let configured = &session.config.retention;
    let says = args.within.is_some() || [args.last, args.hourly, args.daily, args.weekly].iter().any(Option::is_some);
    let typed = Policy {
        last: args.last.unwrap_or_default(),
        hourly: args.hourly.unwrap_or_default(),
        daily: args.daily.unwrap_or_default(),
        weekly: args.weekly.unwrap_or_default(),
        within: args.within,
    };
    Ok(Retention {
        policy: prune::policy(typed, says, configured),
        pinned: configured.pinned.iter().chain(&args.pinned).cloned().collect(),
        grace: args.grace.unwrap_or(configured.grace),
    })
}

fn preview(session: &Session, plan: &Plan, what: (Option<&Remote>, &Retention), ui: &mut Ui) -> Result<u8> {
    if ui.is_json() {
        let planned = |(name, old): &(_, _)| reference(name, *old, "planned", None);
        let refs = plan.removed.iter().map(planned).collect();
        value(None, plan, refs, what, ui)?;
        return Ok(0);
    }
    ui.line(format!("policy: keep {} of each branch{}", what.1.policy, place(what.0)))?;
    let rows = plan.entries.iter().map(|(entry, reasons)| row(session, entry, reasons)).collect::<Vec<_>>();
    if !rows.is_empty() {
        ui.line(table(rows))?;
    }
    tell_rest(plan, ui)?;
    let goes = plan.goes().count();
    ui.line(format!("{} of {} would go, with {}", goes, plan.entries.len(), plural(plan.removed.len(), "ref")))?;
    Ok(0)
}

fn row(session: &Session, entry: &Entry, reasons: &[Reason]) -> Vec<String> {
    let verb = if reasons.is_empty() { "remove" } else { "keep" };
    let why = match reasons {
        [] => "the policy does not keep it".into(),
        reasons => reasons.iter().map(told).collect::<Vec<_>>().join(", "),
    };
    let when = entry.item.id.time().map_or_else(String::new, |at| age(at, session.now));
    let branch = entry.branch.clone().unwrap_or_else(|| "-".into());
    vec![verb.into(), entry.kind.into(), entry.name.clone(), branch, when, why]
}

fn told(reason: &Reason) -> String {
    match reason {
        Reason::Phase => "newest of its phase".into(),
        Reason::Undo => "next undo".into(),
        Reason::Redo => "next redo".into(),
        Reason::Grace => "can be undone".into(),
        Reason::Future => "in the future: a clock is wrong".into(),
        Reason::GoesWith(id) => format!("belongs to {id}"),
        other => other.as_str().into(),
    }
}

/// What stays against the policy, and what goes beside it: nothing happens silently.
fn tell_rest(plan: &Plan, ui: &mut Ui) -> Result<()> {
    for (name, why) in plan.stays.iter().take(SHOWN) {
        ui.warn(format!("stays: {name}: {why}"))?;
    }
    if plan.stays.len() > SHOWN {
        ui.warn(format!("stays: {} more; `--json` lists all", plan.stays.len() - SHOWN))?;
    }
    for name in &plan.merged {
        let name = quote_path(name.as_ref());
        ui.line(format!("remove  {name}: all of it is on another branch; its record stays"))?;
    }
    for (id, refs) in &plan.freed {
        ui.line(format!("let go  {} that {id} removed: the time to undo it is over", plural(refs.len(), "ref")))?;
    }
    Ok(())
}

fn done(session: &Session, plan: &Plan, what: (Option<&Remote>, &Retention), ui: &mut Ui) -> Result<u8> {
    let (remote, retention) = what;
    if !ui.is_json() {
        tell_rest(plan, ui)?;
        if plan.is_empty() {
            ui.line(format!("nothing to prune{}: the policy keeps all {}", place(remote), plan.entries.len()))?;
            return Ok(0);
        }
        for entry in plan.goes() {
            ui.line(format!("  {} {}", entry.kind, entry.name))?;
        }
    }
    let (goes, all) = (plan.goes().count(), plan.entries.len());
    let outcome = plan.apply(session, remote)?;
    let failed = outcome.removed.iter().filter(|(_, answer)| *answer != Answer::Done).count();
    if ui.is_json() {
        let named = |((name, old), answer): &((_, _), Answer)| match answer {
            Answer::Done => reference(name, *old, "removed", None),
            Answer::Refused(why) => reference(name, *old, "refused", Some(why.clone())),
            Answer::Unknown => reference(name, *old, "unknown", None),
        };
        let refs = outcome.removed.iter().map(named).collect();
        value(outcome.id.as_ref(), plan, refs, what, ui)?;
    } else {
        ui.done(format!("removed {goes} of {all}{}", place(remote)))?;
        match &outcome.id {
            Some(id) if remote.is_none() && goes > 0 => {
                ui.note(format!(
                    "`git checkpoint undo {id}` brings them back until a prune that comes {} later or more",
                    retention.grace
                ))?;
            }
            Some(id) => ui.note(format!("what was removed is kept here below refs/checkpoint/pruned/{id}/"))?,
            None => {}
        }
    }
    for ((name, _), answer) in outcome.removed.iter().filter(|(_, answer)| *answer != Answer::Done).take(SHOWN) {
        let why = if let Answer::Refused(why) = answer { why } else { "it is not known whether it went" };
        ui.warn(format!("{} stays at the remote: {why}", quote_path(name.as_ref())))?;
    }
    for line in outcome.said.lines().take(SHOWN).filter(|_| failed > 0) {
        ui.note(format!("  git: {line}"))?;
    }
    Ok(if failed > 0 { Kind::Refused.exit_code() } else { 0 })
}

fn place(remote: Option<&Remote>) -> String {
    remote.map(|remote| format!(" at {}", clean(remote.name()))).unwrap_or_default()
}

fn reference(name: &gix::bstr::BString, old: crate::model::Oid, state: &'static str, why: Option<String>) -> Ref {
    Ref { name: json::name(name), old: old.to_string(), state, why }
}

fn value(
    id: Option<&RecordId>,
    plan: &Plan,
    refs: Vec<Ref>,
    (remote, retention): (Option<&Remote>, &Retention),
    ui: &mut Ui,
) -> Result<()> {
    let row = |(entry, reasons): &(Entry, Vec<Reason>)| Row {
        id: entry.item.id.to_string(),
        kind: entry.kind,
        name: entry.name.clone(),
        branch: entry.branch.clone(),
        at: entry.item.id.time().map(json::time),
        keep: !reasons.is_empty(),
        reasons: reasons.iter().map(Reason::as_str).collect(),
    };
    let stays = |(name, because): &(String, String)| Stays { name: name.clone(), because: because.clone() };
    ui.value(&Value {
        id: id.map(ToString::to_string),
        remote: remote.map(|remote| remote.name().to_owned()),
        policy: retention.policy.to_string(),
        records: plan.entries.iter().map(row).collect(),
        refs,
        stays: plan.stays.iter().map(stays).collect(),
        freed: plan.freed.iter().map(|(id, _)| id.to_string()).collect(),
    })
}
