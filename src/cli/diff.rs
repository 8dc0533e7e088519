//! `git checkpoint diff`.

use serde::Serialize;

use super::{args, json, show};
use crate::{config::Env, error::Result, ops::diff, ui::Ui};

#[derive(Serialize)]
struct Value {
    from: String,
    to: Option<String>,
    files: Vec<json::File>,
}

pub(super) fn run(args: &args::Diff, env: &Env, ui: &mut Ui) -> Result<u8> {
    let session = super::open_and_remind(env, ui)?;
    let to = args.to.as_deref().map(show::selector).transpose()?;
    let difference = diff::diff(&session, &show::selector(&args.from)?, to.as_ref())?;
    if ui.is_json() {
        let files = json::files(&difference.files);
        ui.value(&Value { from: difference.from, to: difference.to, files })?;
    } else if args.name_status {
        for (letter, path) in &difference.files {
            ui.line(format!("{letter} {path}"))?;
        }
    } else if !difference.files.is_empty() {
        let color = if ui.is_color() { "--color=always" } else { "--color=never" };
        let options: &[&str] = if args.stat { &[color, "--stat"] } else { &[color] };
        let patch = difference.patch(&session, options)?;
        ui.bytes(&patch)?;
    }
    Ok(0)
}
