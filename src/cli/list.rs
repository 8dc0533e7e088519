//! `git checkpoint list`.

use super::{args, create, json, numbers};
use crate::{
    config::Env,
    error::Result,
    model::Record,
    ops::{list, numbers::series},
    ui::{Ui, age, table},
};

pub(super) fn run(args: &args::List, env: &Env, ui: &mut Ui) -> Result<u8> {
    let session = super::open_and_remind(env, ui)?;
    let listed = list::list(&session, args.limit, args.all)?;
    for message in &listed.unreadable {
        ui.warn(message)?;
    }
    if ui.is_json() {
        ui.value(&listed.records.iter().map(json::Checkpoint::of).collect::<Vec<_>>())?;
    } else if listed.records.is_empty() {
        ui.note("there is no checkpoint yet; `git checkpoint` takes one")?;
    } else {
        let row = |record: &Record| {
            let fetched = if listed.elsewhere.contains(&record.id) { ", fetched" } else { "" };
            vec![
                create::name(record),
                age(record.at, session.now),
                record.state.head.short_name(),
                record.state.tip.to_hex_with_len(10).to_string(),
                format!("{}{fetched}", record.validation().map_or("", |state| state.as_str())),
                record.subject.clone(),
            ]
        };
        ui.line(table(listed.records.iter().map(row).collect()))?;
        let series = series(&listed.records);
        if !series.is_empty() {
            ui.line(format!("\n{}", numbers::courses(&series, env.is_utf8())))?;
        }
    }
    Ok(0)
}
