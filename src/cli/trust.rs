//! `git checkpoint trust`.

use serde::Serialize;

use super::args;
use crate::{
    config::{Env, FILE_NAME, Trust, Wanted},
    error::{Error, Result},
    model::{DiffLine, difference},
    ops::{
        Session, jobs,
        trust::{self, Plan, Question, Standing},
    },
    ui::{Ui, exact, plural},
};

#[derive(Serialize)]
struct Value {
    state: Option<&'static str>,
    hash: Option<String>,
    file: String,
    commands: Vec<Command>,
    changes: Vec<Change>,
    why: Option<String>,
    revoked: Option<usize>,
}

#[derive(Serialize)]
struct Command {
    name: String,
    on: Vec<&'static str>,
    run: String,
}

#[derive(Serialize)]
struct Change {
    status: char,
    line: String,
}

pub(super) fn run(args: &args::Trust, env: &Env, ui: &mut Ui) -> Result<u8> {
    if args.revoke {
        return revoke(args.dry_run, env, ui);
    }
    let session = super::open(env, ui)?;
    let standing = trust::gather(&session, env);
    if args.show {
        return show(&session, &standing, ui);
    }
    let asked = match trust::plan(&session.config, &standing) {
        Plan::Ask(asked) => asked,
        _ if ui.is_json() => return show(&session, &standing, ui),
        Plan::NoFile => {
            return Err(Error::refused(format!("there is no `{FILE_NAME}` here, so there is nothing to trust"))
                .hint("`git checkpoint init` writes one"));
        }
        Plan::NoCommands => {
            ui.line(format!("{FILE_NAME} names no command, so there is nothing to trust"))?;
            return Ok(0);
        }
        Plan::Trusted => {
            ui.done(format!("{FILE_NAME} is trusted already"))?;
            return Ok(0);
        }
    };
    if args.dry_run {
        return show(&session, &standing, ui);
    }
    if !ask(&session, env, &asked, ui)? {
        return Err(Error::refused("nothing is trusted that was not before"));
    }
    Ok(0)
}

/// Shows what is to be trusted and asks; the answer of nobody is an error, the answer no is `false`.
pub(super) fn ask(session: &Session, env: &Env, asked: &Question, ui: &mut Ui) -> Result<bool> {
    if !ui.is_interactive() {
        return Err(trust::nobody_to_ask(asked));
    }
    for line in described(session, asked) {
        ui.tell(line)?;
    }
    if !ui.confirm("Let these commands run?")? {
        return Ok(false);
    }
    let given = trust::apply(session, env, asked)?;
    ui.done(format!("trusted: {FILE_NAME} with the hash {}", given.hash))?;
    if given.changed_meanwhile {
        ui.warn(format!("{FILE_NAME} has another content by now than was shown; that one is not trusted"))?;
    }
    // What fails here is tried again by the next call.
    if let Ok(Some((number, _))) = jobs::trusted_again(session, env) {
        ui.note(format!("{} waited for that", plural(number, "background job")))?;
    }
    Ok(true)
}

/// The file, or what has changed in it, then the commands: what counts most stands last, next to the question.
fn described(session: &Session, asked: &Question) -> Vec<String> {
    let path = session.repo.workdir().join(FILE_NAME);
    let mut lines = Vec::new();
    match &asked.last {
        Some(last) => {
            lines.push(format!("{}, against what was trusted last:", path.display()));
            lines.extend(changes(last, &asked.source.text).iter().map(|change| match change.status {
                '@' => "  ...".to_owned(),
                mark => format!("  {mark} {}", change.line),
            }));
        }
        None => {
            lines.push(format!("{}:", path.display()));
            lines.extend(asked.source.text.lines().map(|line| format!("  | {}", exact(line))));
        }
    }
    lines.push(String::new());
    lines.push("commands that would run:".into());
    lines.extend(asked.wanted.iter().map(described_command));
    lines.push(format!("hash: {}", asked.source.hash));
    lines.extend(asked.why.as_ref().map(|why| format!("note: {why}")));
    lines
}

fn described_command(wanted: &Wanted) -> String {
    // Not by `lines`, which would hide a carriage return.
    let command: Vec<_> = wanted.run.trim_end_matches('\n').split('\n').map(exact).collect();
    format!("  {} (on {}): {}", wanted.name, wanted.on.join(", "), command.join("\n      "))
}

fn changes(last: &str, now: &str) -> Vec<Change> {
    let change = |line| match line {
        DiffLine::Gap => Change { status: '@', line: String::new() },
        DiffLine::Both(line) => Change { status: ' ', line: exact(&line) },
        DiffLine::Removed(line) => Change { status: '-', line: exact(&line) },
        DiffLine::Added(line) => Change { status: '+', line: exact(&line) },
    };
    difference(last, now).into_iter().map(change).collect()
}

fn show(session: &Session, standing: &Standing, ui: &mut Ui) -> Result<u8> {
    let (last, why) = match standing {
        Standing::Commands(Trust::Changed { last, why }) => (Some(last), why.clone()),
        Standing::Commands(Trust::Untrusted { why }) => (None, why.clone()),
        _ => (None, None),
    };
    let source = session.config.source.as_ref();
    let changes = last.zip(source).map(|(last, source)| changes(last, &source.text)).unwrap_or_default();
    let wanted = session.config.wanted();
    let file = session.repo.workdir().join(FILE_NAME).display().to_string();
    if ui.is_json() {
        let command = |wanted: Wanted| Command { on: wanted.on, name: wanted.name, run: wanted.run };
        let hash = source.map(|source| source.hash.to_string());
        let commands = wanted.into_iter().map(command).collect();
        ui.value(&Value { state: standing.as_str(), hash, file, commands, changes, why, revoked: None })?;
        return Ok(0);
    }
    let Some(source) = source else {
        ui.line(format!("there is no {FILE_NAME} here"))?;
        return Ok(0);
    };
    let state = match standing {
        Standing::Commands(Trust::Trusted(_)) => "trusted",
        Standing::Commands(Trust::Untrusted { .. }) => "not trusted; nothing in it runs",
        Standing::Commands(Trust::Changed { .. }) => "changed since it was trusted; nothing in it runs",
        Standing::NoCommands | Standing::NoFile => "names no command, so there is nothing to trust",
    };
    ui.line(format!("{file}: {state}"))?;
    for change in &changes {
        ui.line(if change.status == '@' {
            "  ...".to_owned()
        } else {
            format!("  {} {}", change.status, change.line)
        })?;
    }
    for wanted in &wanted {
        ui.line(described_command(wanted))?;
    }
    ui.line(format!("hash: {}", source.hash))?;
    if let Some(why) = why {
        ui.note(why)?;
    }
    Ok(0)
}

/// Works with a configuration that cannot be read, too.
fn revoke(dry_run: bool, env: &Env, ui: &mut Ui) -> Result<u8> {
    let (session, _unusable) = Session::open_leniently(env)?;
    let revoked = if dry_run { trust::count(&session, env) } else { trust::revoke(&session, env)? };
    let standing = trust::gather(&session, env);
    if ui.is_json() {
        let hash = session.config.source.as_ref().map(|source| source.hash.to_string());
        let file = session.repo.workdir().join(FILE_NAME).display().to_string();
        let (commands, changes) = (Vec::new(), Vec::new());
        ui.value(&Value {
            state: standing.as_str(),
            hash,
            file,
            commands,
            changes,
            why: None,
            revoked: Some(revoked),
        })?;
        return Ok(0);
    }
    let verb = if dry_run { "would revoke" } else { "revoked" };
    ui.done(format!("{verb}: {} of {FILE_NAME}", plural(revoked, "trusted content")))?;
    if !dry_run && matches!(standing, Standing::Commands(Trust::Trusted(_))) {
        ui.warn("GIT_CHECKPOINT_TRUST still agrees to the present content")?;
    }
    Ok(0)
}
