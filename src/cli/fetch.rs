//! `git checkpoint fetch`.

use serde::Serialize;

use super::{args, json};
use crate::{
    config::Env,
    error::Result,
    git::{refs::RefEdit, remote::Remote},
    model::Oid,
    ops::fetch::{self, Left, Why},
    store::names,
    ui::{Ui, clean, plural},
};

/// So many names of a kind are shown.
const SHOWN: usize = 10;

#[derive(Serialize)]
struct Value {
    remote: String,
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
}

#[derive(Serialize)]
struct LeftOut {
    name: String,
    reason: &'static str,
    because: Option<String>,
}

pub(super) fn run(args: &args::Fetch, env: &Env, ui: &mut Ui) -> Result<u8> {
    let session = super::open_and_remind(env, ui)?;
    let remote = Remote::of(&session.repo, env, args.remote.as_deref(), ui.is_interactive())?;
    let plan = fetch::plan(&session, &remote, args.pruned)?;
    if args.dry_run {
        let planned =
            |(id, new, old): &(_, Oid, Option<Oid>)| reference(&names::record(id), *old, Some(*new), "planned");
        let records: Vec<Ref> = plan.records.iter().map(planned).collect();
        let text = format!("would fetch {} from {}", plural(records.len(), "record"), clean(remote.name()));
        return answer(&remote, (records, text), &plan.left, ui);
    }
    let fetched = fetch::apply(&session, &remote, plan)?;
    let shared = |edit: &&RefEdit| !edit.name.starts_with(names::FETCHED.as_bytes());
    let made: Vec<&RefEdit> = fetched.refs.iter().filter(shared).collect();
    let text = if made.is_empty() {
        format!("nothing new at {}", clean(remote.name()))
    } else {
        format!("fetched from {}: {}", clean(remote.name()), contents(&made))
    };
    let refs = made.iter().map(|edit| reference(&edit.name, edit.old, edit.new, "fetched")).collect();
    answer(&remote, (refs, text), &fetched.left, ui)
}

fn answer(remote: &Remote, (refs, text): (Vec<Ref>, String), left: &[Left], ui: &mut Ui) -> Result<u8> {
    if ui.is_json() {
        let left_out = |left: &Left| LeftOut {
            name: left.name.clone(),
            reason: left.why.as_str(),
            because: match &left.why {
                Why::Unusable(why) | Why::Withheld(why) => Some(why.clone()),
                _ => None,
            },
        };
        let left_out = left.iter().map(left_out).collect();
        ui.value(&Value { remote: remote.name().to_owned(), refs, left_out })?;
        return Ok(0);
    }
    ui.done(text)?;
    let (pruned, others): (Vec<&Left>, Vec<&Left>) = left.iter().partition(|left| left.why == Why::Pruned);
    if !pruned.is_empty() {
        ui.note(format!("{} pruned here before; `--pruned` gets them again", plural(pruned.len(), "record")))?;
    }
    for left in others.iter().take(SHOWN) {
        ui.warn(format!("left out: {} {}", left.name, because(&left.why)))?;
    }
    if others.len() > SHOWN {
        ui.warn(format!("left out: {} more; `--json` lists all", others.len() - SHOWN))?;
    }
    Ok(0)
}

fn contents(made: &[&RefEdit]) -> String {
    let count = |prefix: &str| made.iter().filter(|edit| edit.name.starts_with(prefix.as_bytes())).count();
    let kinds =
        [(names::RECORDS, "record"), ("refs/tags/", "tag"), ("refs/heads/", "backup"), (names::PHASES, "phase")];
    let kinds = kinds.map(|(prefix, noun)| (count(prefix), noun));
    let mut parts: Vec<String> =
        kinds.iter().filter(|(number, _)| *number > 0).map(|(number, noun)| plural(*number, noun)).collect();
    if count(names::VERDICTS) > 0 {
        parts.push("verdicts".into());
    }
    parts.join(", ")
}

fn because(why: &Why) -> String {
    match why {
        Why::BadName => "is not the name of a record".into(),
        Why::Future => "is dated in the future: the clock there or here is wrong".into(),
        Why::Pruned => "was pruned here".into(),
        Why::Differs => "is another record than the one here, which stays".into(),
        Why::Unusable(why) => format!("cannot be used: {why}"),
        Why::NameTaken => "is something else here, and stays; its record is here".into(),
        Why::OddName => "could be taken for something else; its record is here".into(),
        Why::Phase => "names no record of that phase".into(),
        Why::Withheld(why) => format!("could not be fetched: {why}"),
    }
}

fn reference(name: &gix::bstr::BString, old: Option<Oid>, new: Option<Oid>, state: &'static str) -> Ref {
    Ref { name: json::name(name), old: json::id(old), new: json::id(new), state }
}
