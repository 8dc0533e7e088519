//! `git checkpoint pin` and `git checkpoint unpin`.

use serde::Serialize;

use super::{args, show};
use crate::{
    config::Env,
    error::Result,
    ops::pin,
    ui::{Ui, clean},
};

#[derive(Serialize)]
struct Value {
    id: String,
    pinned: bool,
}

pub(super) fn run(wanted: bool, args: &args::Pin, env: &Env, ui: &mut Ui) -> Result<u8> {
    let session = super::open_and_remind(env, ui)?;
    let done = pin::set(&session, &show::selector(&args.selector)?, wanted, args.dry_run)?;
    if ui.is_json() {
        ui.value(&Value {
            id: done.id.to_string(),
            pinned: if args.dry_run { done.was_so == wanted } else { wanted },
        })?;
        return Ok(0);
    }
    let state = if wanted { "pinned" } else { "not pinned" };
    let name = clean(&done.name);
    match (done.was_so, args.dry_run) {
        (true, _) => ui.line(format!("{name} was {state} already"))?,
        (false, true) => ui.line(format!("{name} would be {state}"))?,
        (false, false) => ui.done(format!("{name} is {state}"))?,
    }
    Ok(0)
}
