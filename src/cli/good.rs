//! `git checkpoint recover --good`.

use serde::Serialize;

use super::{
    args,
    checks::says,
    json,
    recover::{because, summarize, value},
};
use crate::{
    check::Checked,
    config::Env,
    error::{Error, Result},
    git,
    model::{Verdict, quote_path},
    ops::{
        Session,
        recover::{
            self, Recovered,
            good::{self, Fate, Found, Judged, Short},
        },
        trials::Event,
        trust,
    },
    ui::{Ui, clean, plural, table},
};

/// A commit, and what becomes of it.
#[derive(Serialize)]
pub(super) struct FateValue {
    commit: String,
    subject: String,
    fate: &'static str,
    check: Option<String>,
    why: Option<String>,
    without: Vec<String>,
    paths: Vec<String>,
}

pub(super) fn run(
    args: &args::Recover,
    (request, session): (recover::Request, Session),
    env: &Env,
    ui: &mut Ui,
) -> Result<u8> {
    let standing = trust::gather(&session, env);
    let request = good::Request { recover: request, budget: args.good.budget()? };
    // Until they are over, what they run in has to be taken away first.
    git::ask_on_signals()?;
    let found = good::find(&session, &request, &standing, &mut |event| watch(&event, ui))?;
    git::end_on_signals()?;
    if !ui.is_json() {
        describe(&found, ui)?;
    }
    tell(&found, ui)?;
    let code = u8::from(found.is_hopeless());
    if args.dry_run {
        let preview = found.preview(&session)?;
        ui.note("nothing was changed")?;
        answer(&found, (&preview, true), ui)?;
        return Ok(code);
    }
    if !args.good.yes && !found.chosen().is_empty() && ui.is_interactive() && !ui.confirm("Bring them back?")? {
        return Err(Error::refused("nothing was changed"));
    }
    let lock = session.lock_unless(false, "recover")?;
    let done = found.apply(&session)?;
    drop(lock);
    answer(&found, (&done, false), ui)?;
    Ok(code)
}

/// How it goes. What cannot be shown is no reason not to go on.
pub(super) fn watch(event: &Event<'_>, ui: &mut Ui) {
    let _shown = match event {
        Event::InTheWay(paths) => in_the_way(paths, ui),
        Event::Running(count, since) => {
            ui.progress(&format!("{} since {} s", plural(*count, "validation"), since.as_secs()))
        }
        Event::Ended(number, commit, checked) => ended(*number, commit.to_hex_with_len(10), checked, ui),
    };
}

fn in_the_way(paths: &[String], ui: &mut Ui) -> Result<()> {
    let more = paths.len().saturating_sub(3);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let first: Vec<String> = paths.iter().take(3).map(|path| format!("`{path}`")).collect();
    ui.warn(format!("changed here, and by commits that may come back: {}{more}", first.join(", ")))?;
    ui.note("commit your changes, or put them away with `git stash -u`, before they do: else nothing comes back")
}

fn ended(number: usize, commit: impl std::fmt::Display, checked: &[Checked], ui: &mut Ui) -> Result<()> {
    let open: Vec<String> = checked
        .iter()
        .filter(|one| one.result.verdict != Verdict::Pass)
        .map(|one| {
            let why = one.result.why.as_ref().map(|why| format!(": {}", clean(why))).unwrap_or_default();
            format!("{} {}{why}", one.result.name, says(one.result.verdict))
        })
        .collect();
    let said = if open.is_empty() { "passes".to_owned() } else { open.join("; ") };
    ui.note(format!("{number}. {commit} {said}"))
}

/// The plan: what becomes of each commit.
fn describe(found: &Found, ui: &mut Ui) -> Result<()> {
    let row = |one: &Judged| vec![format!("  {}", one.commit.to_hex_with_len(10)), clean(&one.subject), in_words(one)];
    if !found.fates.is_empty() {
        ui.line(table(found.fates.iter().map(row).collect()))?;
    }
    let (chosen, all) = (found.chosen().len(), found.fates.len());
    let of = plural(all, "commit");
    ui.line(format!("{chosen} of {of} from {}; {}", clean(found.source()), spent(found.validations, all)))
}

/// `9 validations for 40 commits`
pub(super) fn spent(validations: usize, commits: usize) -> String {
    format!("{} for {}", plural(validations, "validation"), plural(commits, "commit"))
}

/// What else a person has to know before they agree.
fn tell(found: &Found, ui: &mut Ui) -> Result<()> {
    tell_of_flaky(&found.flaky, ui)?;
    match found.short {
        Some(Short::Budget) => ui.warn("no more was to be done, so this is only what was found out until then"),
        Some(Short::Silent) => {
            ui.warn("the checks have no answers any more, so this is only what was found out until then")
        }
        None => Ok(()),
    }
}

pub(super) fn tell_of_flaky(flaky: &[String], ui: &mut Ui) -> Result<()> {
    flaky.iter().try_for_each(|check| {
        ui.warn(format!("the check {check} is flaky: on the same files it has passed and failed; a pass counts"))
    })
}

fn in_words(one: &Judged) -> String {
    let why = one.why.as_ref().map(|why| format!(": {}", clean(why))).unwrap_or_default();
    match &one.fate {
        Fate::Picked => "comes back".to_owned(),
        Fate::Breaks(check) => format!("breaks {check}{why}"),
        Fate::NoAnswer(check) => format!("leaves {check} without an answer{why}"),
        Fate::Conflicts(paths, without) if without.is_empty() => {
            let paths: Vec<String> = paths.iter().take(3).map(|path| quote_path(path.as_ref())).collect();
            format!("conflicts in {}", paths.join(", ")).trim_end_matches(" in ").to_owned()
        }
        Fate::Conflicts(_, without) => {
            let names: Vec<String> = without.iter().map(|one| one.to_hex_with_len(10).to_string()).collect();
            format!("conflicts without {}", names.join(", "))
        }
        Fate::LeftOut(reason) => because(*reason, one.back_as),
        Fate::NotTried => "was not tried".to_owned(),
    }
}

fn answer(found: &Found, (done, is_preview): (&Recovered, bool), ui: &mut Ui) -> Result<()> {
    if ui.is_json() {
        let mut value = value(done, &[]);
        value.found(fates(found), found.validations, found.flaky.clone());
        value.checks(json::checked(&found.checked));
        return ui.value(&value);
    }
    if done.picked.is_empty() {
        return ui.line(if is_preview { "nothing would come back" } else { "nothing comes back" });
    }
    summarize(done, !is_preview, ui)
}

fn fates(found: &Found) -> Vec<FateValue> {
    let value = |one: &Judged| {
        let (check, paths, without) = match &one.fate {
            Fate::Breaks(check) | Fate::NoAnswer(check) => (Some(check.clone()), Vec::new(), Vec::new()),
            Fate::Conflicts(paths, without) => (None, paths.clone(), without.clone()),
            Fate::Picked | Fate::LeftOut(_) | Fate::NotTried => (None, Vec::new(), Vec::new()),
        };
        FateValue {
            commit: one.commit.to_string(),
            subject: one.subject.clone(),
            fate: one.fate.as_str(),
            check,
            why: one.why.clone(),
            without: without.iter().map(ToString::to_string).collect(),
            paths: paths.iter().map(|path| quote_path(path.as_ref())).collect(),
        }
    };
    found.fates.iter().map(value).collect()
}
