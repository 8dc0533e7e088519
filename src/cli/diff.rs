//! `git checkpoint diff`.

use serde::Serialize;

use super::{args, json, numbers, show};
use crate::{
    config::Env,
    error::Result,
    ops::{Session, diff},
    ui::Ui,
};

#[derive(Serialize)]
struct Value {
    from: String,
    to: Option<String>,
    files: Vec<json::File>,
    numbers: Vec<json::Compared>,
    artifacts: Vec<Artifact>,
}

/// An artifact and what happened to it.
#[derive(Serialize)]
struct Artifact {
    status: char,
    name: String,
}

pub(super) fn run(args: &args::Diff, env: &Env, ui: &mut Ui) -> Result<u8> {
    let session = super::open_and_remind(env, ui)?;
    let to = args.to.as_deref().map(show::selector).transpose()?;
    let difference = diff::diff(&session, &show::selector(&args.from)?, to.as_ref())?;
    if ui.is_json() {
        let (files, numbers) = (json::files(&difference.files), json::compared(&difference.numbers));
        let artifact = |(status, name): &(char, String)| Artifact { status: *status, name: name.clone() };
        let artifacts = difference.artifacts.iter().map(artifact).collect();
        ui.value(&Value { from: difference.from, to: difference.to, files, numbers, artifacts })?;
    } else if args.name_status {
        for (letter, path) in &difference.files {
            ui.line(format!("{letter} {path}"))?;
        }
        tell_artifacts(&difference, ui)?;
    } else {
        print(&difference, &session, args.stat, ui)?;
    }
    Ok(0)
}

fn print(difference: &diff::Difference, session: &Session, stat: bool, ui: &mut Ui) -> Result<()> {
    if !difference.files.is_empty() {
        let color = if ui.is_color() { "--color=always" } else { "--color=never" };
        let options: &[&str] = if stat { &[color, "--stat"] } else { &[color] };
        let patch = difference.patch(session, options)?;
        ui.bytes(&patch)?;
    }
    tell_artifacts(difference, ui)?;
    if !difference.numbers.is_empty() {
        let between = if difference.files.is_empty() { "" } else { "\n" };
        ui.line(format!("{between}numbers:\n{}", numbers::indented(&numbers::compared(&difference.numbers), 2)))?;
    }
    Ok(())
}

fn tell_artifacts(difference: &diff::Difference, ui: &mut Ui) -> Result<()> {
    let lines = difference.artifacts.iter().map(|(letter, name)| format!("{letter} {name} (artifact)"));
    lines.into_iter().try_for_each(|line| ui.line(line))
}
