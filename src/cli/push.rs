//! `git checkpoint push`.

use serde::Serialize;

use super::{args, json};
use crate::{
    config::Env,
    error::{Error, Kind, Result},
    git::remote::{Answer, Cost, Remote, Update},
    model::quote_path,
    ops::{
        Session,
        push::{self, Choice, Facts, Left, Plan, Request, Theirs, Why},
    },
    ui::{Ui, clean, plural},
};

/// So many names of a kind are shown.
const SHOWN: usize = 10;

#[derive(Serialize)]
struct Value {
    remote: String,
    objects: u64,
    bytes: u64,
    refs: Vec<Ref>,
    left_out: Vec<LeftOut>,
}

#[derive(Serialize)]
struct Ref {
    #[serde(rename = "ref")]
    name: String,
    old: Option<String>,
    new: Option<String>,
    state: &'static str,
    why: Option<String>,
}

#[derive(Serialize)]
struct LeftOut {
    name: String,
    reason: &'static str,
    because: Option<String>,
    paths: Vec<String>,
}

pub(super) fn run(args: &args::Push, env: &Env, ui: &mut Ui) -> Result<u8> {
    let session = super::open_and_remind(env, ui)?;
    let request = Request { remote: args.remote.clone(), verify: !args.no_verify };
    let remote = Remote::of(&session.repo, env, request.remote.as_deref(), ui.is_interactive())?;
    let theirs = remote.list(&session.repo)?;
    let facts = push::gather(&session, &remote, &theirs)?;
    let (choice, plan) = choose(args, (&facts, &theirs), ui)?;
    let cost = push::cost(&session, &remote, (&plan, &theirs))?;
    if args.dry_run {
        return preview(&remote, &plan, cost, ui);
    }
    if plan.updates.is_empty() {
        return nothing(&remote, &plan, ui);
    }
    if !args.yes && ui.is_interactive() {
        describe(&remote, &plan, cost, "going to push", ui)?;
        if !ui.confirm("Push?")? {
            return Err(Error::refused("nothing was pushed"));
        }
    } else if !ui.is_json() {
        ui.note(format!("pushing {} to {}", size(cost), clean(remote.name())))?;
    }
    send(&session, (&remote, &request), (&facts, choice, plan), cost, ui)
}

/// What goes, after the question about secrets was answered.
fn choose(args: &args::Push, (facts, theirs): (&Facts, &Theirs), ui: &mut Ui) -> Result<(Choice, Plan)> {
    let all = Choice { untracked: args.with_untracked, secrets: true };
    let plan = push::plan(facts, theirs, all);
    if plan.secrets.is_empty() {
        return Ok((all, plan));
    }
    for (name, paths) in &plan.secrets {
        let paths = shortened(paths);
        ui.warn(format!("{name} has files that look like secrets: {paths}"))?;
    }
    // Nobody is asked here, so a flag that may stand in a script for years does not say it alone.
    if args.with_secrets && (args.yes || args.dry_run || ui.is_interactive()) {
        return Ok((all, plan));
    }
    if ui.is_interactive() && !args.dry_run {
        if ui.confirm("Let these leave this machine?")? {
            return Ok((all, plan));
        }
    } else if (args.with_untracked || args.with_secrets) && !args.dry_run {
        return Err(Error::refused("files that look like secrets would leave this machine; nothing was pushed")
            .hint("`--with-secrets --yes` sends them; without `--with-untracked` what git did not track stays here")
            .hint("`capture.exclude` in .checkpoint.toml keeps files out of checkpoints"));
    }
    let less = Choice { secrets: false, ..all };
    Ok((less, push::plan(facts, theirs, less)))
}

fn preview(remote: &Remote, plan: &Plan, cost: Cost, ui: &mut Ui) -> Result<u8> {
    if ui.is_json() {
        let refs = plan.updates.iter().map(|update| reference(update, "planned", None)).collect();
        value(remote, cost, refs, &plan.left, ui)?;
    } else if plan.updates.is_empty() {
        return nothing(remote, plan, ui);
    } else {
        describe(remote, plan, cost, "would push", ui)?;
    }
    Ok(0)
}

fn nothing(remote: &Remote, plan: &Plan, ui: &mut Ui) -> Result<u8> {
    if ui.is_json() {
        value(remote, Cost::default(), Vec::new(), &plan.left, ui)?;
    } else {
        ui.line(format!(
            "nothing to push: {} has it all{}",
            clean(remote.name()),
            if plan.left.is_empty() { "" } else { ", but for:" }
        ))?;
        tell_left(&plan.left, ui)?;
    }
    Ok(0)
}

fn describe(remote: &Remote, plan: &Plan, cost: Cost, verb: &str, ui: &mut Ui) -> Result<()> {
    ui.line(format!("{verb} {} to {}:", size(cost), clean(remote.name())))?;
    ui.line(format!("  {}", contents(&plan.updates.iter().collect::<Vec<_>>())))?;
    let shown = |update: &&Update| update.name.starts_with(b"refs/tags/") || update.name.starts_with(b"refs/heads/");
    let names: Vec<String> = plan.updates.iter().filter(shown).map(|update| quote_path(update.name.as_ref())).collect();
    for name in names.iter().take(SHOWN) {
        ui.line(format!("    {}", name.trim_start_matches("refs/")))?;
    }
    if names.len() > SHOWN {
        ui.line(format!("    … and {} more", names.len() - SHOWN))?;
    }
    tell_left(&plan.left, ui)
}

fn send(
    session: &Session,
    (remote, request): (&Remote, &Request),
    (facts, choice, plan): (&Facts, Choice, Plan),
    cost: Cost,
    ui: &mut Ui,
) -> Result<u8> {
    let outcome = push::apply(session, (remote, request), facts, (choice, plan))?;
    let is_unknown = outcome.refs.iter().any(|(_, answer)| *answer == Answer::Unknown);
    let code = match (outcome.is_complete(), is_unknown) {
        (true, _) => 0,
        (false, true) => Kind::Environment.exit_code(),
        (false, false) => Kind::Refused.exit_code(),
    };
    if ui.is_json() {
        let named = |(update, answer): &(Update, Answer)| match answer {
            Answer::Done => reference(update, "pushed", None),
            Answer::Refused(why) => reference(update, "refused", Some(why.clone())),
            Answer::Unknown => reference(update, "unknown", None),
        };
        value(remote, cost, outcome.refs.iter().map(named).collect(), &outcome.left, ui)?;
    } else {
        let done: Vec<&Update> =
            outcome.refs.iter().filter(|(_, answer)| *answer == Answer::Done).map(|(update, _)| update).collect();
        if done.is_empty() {
            ui.line(format!("nothing went to {}", clean(remote.name())))?;
        } else {
            ui.done(format!("pushed to {}: {}", clean(remote.name()), contents(&done)))?;
        }
        tell_left(&outcome.left, ui)?;
    }
    for (update, answer) in outcome.refs.iter().filter(|(_, answer)| *answer != Answer::Done).take(SHOWN * 2) {
        let name = quote_path(update.name.as_ref());
        match answer {
            Answer::Refused(why) => ui.warn(format!("{name} did not go: {why}"))?,
            _ => ui.warn(format!("whether {name} went is not known"))?,
        }
    }
    let failed = outcome.refs.iter().filter(|(_, answer)| *answer != Answer::Done).count();
    if failed > SHOWN * 2 {
        ui.warn(format!("and {} more; `--json` lists all", plural(failed - SHOWN * 2, "ref")))?;
    }
    for line in outcome.said.lines().take(SHOWN).filter(|_| failed > 0) {
        ui.note(format!("  git: {line}"))?;
    }
    if outcome.refuses_own_refs() {
        ui.warn("this remote takes no refs below refs/checkpoint/: its administrator can allow them; a tag alone is a whole checkpoint, and `git checkpoint push <path or URL>` to another repository keeps all")?;
    } else if failed > 0 {
        ui.note("`git checkpoint push` again sends what is missing")?;
    }
    Ok(code)
}

/// `2 records, 1 tag, 1 backup, verdicts`.
fn contents(updates: &[&Update]) -> String {
    let count = |prefix: &str| updates.iter().filter(|update| update.name.starts_with(prefix.as_bytes())).count();
    let kinds = [
        ("refs/checkpoint/records/", "record"),
        ("refs/tags/", "tag"),
        ("refs/heads/", "backup"),
        ("refs/checkpoint/phases/", "phase"),
        ("refs/checkpoint/pins/", "pin"),
    ];
    let mut parts: Vec<String> = kinds
        .iter()
        .map(|(prefix, noun)| (count(prefix), noun))
        .filter(|(number, _)| *number > 0)
        .map(|(number, noun)| plural(number, noun))
        .collect();
    if count("refs/notes/") > 0 {
        parts.push("verdicts".into());
    }
    if parts.is_empty() { plural(updates.len(), "ref") } else { parts.join(", ") }
}

fn tell_left(left: &[Left], ui: &mut Ui) -> Result<()> {
    for left in left.iter().take(SHOWN) {
        ui.warn(format!("stays here: {} {}", left.name, because(left)))?;
    }
    if left.len() > SHOWN {
        ui.warn(format!("stays here: {} more; `--json` lists all", left.len() - SHOWN))?;
    }
    Ok(())
}

fn because(left: &Left) -> String {
    let paths = shortened(&left.paths);
    match &left.why {
        Why::Untracked => format!("has what git did not track ({paths}); `--with-untracked` sends it"),
        Why::Secrets => format!("has files that look like secrets ({paths}); `--with-secrets` sends them"),
        Why::NameTaken => {
            "is something else at the remote, and is not overwritten; its record goes all the same".into()
        }
        Why::RecordDiffers => "is another record at the remote, and is not overwritten".into(),
        Why::Pruned => "was pruned there; `git push <remote> refs/checkpoint/records/<id>` sends it again".into(),
        Why::Unreadable(why) => format!("cannot be read: {why}"),
        Why::PhaseUnknown => "has a newer record at the remote; `git checkpoint fetch` first".into(),
    }
}

fn shortened(paths: &[String]) -> String {
    let shown = paths.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    if paths.len() > 5 { format!("{shown} and {} more", paths.len() - 5) } else { shown }
}

fn size(cost: Cost) -> String {
    let objects = usize::try_from(cost.objects).unwrap_or(usize::MAX);
    format!("{} ({})", plural(objects, "object"), bytes(cost.bytes))
}

/// About so many bytes, in their largest unit.
fn bytes(bytes: u64) -> String {
    let (unit, name) = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]
        .into_iter()
        .find(|(unit, _)| bytes >= *unit)
        .unwrap_or((1, "bytes"));
    format!("{} {name}", bytes.div_ceil(unit))
}

fn reference(update: &Update, state: &'static str, why: Option<String>) -> Ref {
    Ref { name: json::name(&update.name), old: json::id(update.old), new: json::id(update.new), state, why }
}

fn value(remote: &Remote, cost: Cost, refs: Vec<Ref>, left: &[Left], ui: &mut Ui) -> Result<()> {
    let left_out = |left: &Left| LeftOut {
        name: left.name.clone(),
        reason: left.why.as_str(),
        because: match &left.why {
            Why::Unreadable(why) => Some(why.clone()),
            _ => None,
        },
        paths: left.paths.clone(),
    };
    ui.value(&Value {
        remote: remote.name().to_owned(),
        objects: cost.objects,
        bytes: cost.bytes,
        refs,
        left_out: left.iter().map(left_out).collect(),
    })
}
