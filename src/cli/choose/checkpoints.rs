//! The checkpoints, for `rollback` without an argument.

use crate::{
    cli::{create, list::validation},
    error::Result,
    git,
    model::{Record, Selector},
    ops::{Session, diff, list, rollback, select},
    ui::{
        Ui, age,
        pick::{Column, Item, List, Mode, Source, Text, Tone},
        plural,
    },
};

use super::patch;

const COLUMNS: [Column; 6] = [
    Column::new("checkpoint", 36, 1),
    Column::new("taken", 14, 2),
    Column::new("state", 12, 3),
    Column::new("message", 0, 0),
    Column::new("phase", 16, 4),
    Column::new("branch", 16, 5),
];

/// Lets a person choose one; what it is called. The newest that `latest` would be is under the cursor at first.
pub(in crate::cli) fn checkpoint(session: &Session, is_whole: bool, ui: &mut Ui) -> Result<String> {
    session.refuse_if_busy()?;
    let head = session.repo.head()?;
    let latest = select::select(session, &Selector::Latest(0), &head);
    let listed = list::list(session, (None, true), |record, _| record)?;
    let mut records = listed.shown;
    records.retain(|record| !listed.marks.undone.contains(&record.id));
    let latest = match latest {
        // It says what there is to do.
        Err(error) if records.is_empty() => return Err(error),
        latest => latest.ok().and_then(|selected| selected.record).map(|record| record.id),
    };
    let start = records.iter().position(|record| Some(&record.id) == latest.as_ref()).unwrap_or(0);
    let blocked = |record: &Record| {
        let is_elsewhere = is_whole && rollback::is_of_other_branch(&head, &record.state);
        is_elsewhere.then(|| format!("it is of {}, and this is {}", record.state.head.in_words(), head.in_words()))
    };
    let items = records.iter().map(|record| Item { blocked: blocked(record), ..item(session, record) }).collect();
    let list = List {
        title: "Roll back to a checkpoint".into(),
        verb: "go back to it",
        mode: Mode::One,
        columns: COLUMNS.to_vec(),
        items,
        start,
    };
    let mut all = All { session, records, now: None };
    let chosen = super::pick(ui, list, &mut all)?;
    Ok(chosen.first().map_or_else(String::new, |item| all.records[*item].id.to_string()))
}

fn item(session: &Session, record: &Record) -> Item {
    let name = create::name(record);
    let phase = record.phase.as_ref().map_or_else(String::new, |phase| match phase.elapsed {
        Some(elapsed) => format!("{} T+{elapsed}", phase.name),
        None => phase.name.clone(),
    });
    let state = record.validation().map_or("", |state| state.as_str());
    let tone = if record.stands() { Tone::Plain } else { Tone::Bad };
    let cells = vec![
        Text::plain(&name),
        Text::plain(&age(record.at, session.now)),
        Text::new(tone, state),
        Text::plain(&record.subject),
        Text::plain(&phase),
        Text::plain(&record.state.head.short_name()),
    ];
    Item { title: name, cells, also: record.id.to_string(), ..Item::default() }
}

struct All<'s> {
    session: &'s Session,
    records: Vec<Record>,
    /// The tree of what is on disk now, once it was looked at.
    now: Option<crate::model::Oid>,
}

impl Source for All<'_> {
    fn detail(&mut self, item: usize) -> Result<Vec<Text>> {
        let record = &self.records[item];
        let at = self.session.local_of(record.at).format("%Y-%m-%d %H:%M");
        let commit = record.state.tip.to_hex_with_len(10);
        let mut lines = vec![Text::plain(&format!("{at}  {commit}  {}", record.id))];
        lines.extend(record.message.iter().flat_map(|message| message.lines()).map(Text::plain));
        lines.extend(validation(record).map(|state| {
            let tone = if record.stands() { Tone::Plain } else { Tone::Bad };
            Text::new(tone, &state)
        }));
        let now = match self.now {
            Some(now) => now,
            None => *self.now.insert(self.session.capture()?.state.worktree),
        };
        let difference = diff::to_state(self.session, now, record)?;
        if difference.files.is_empty() {
            lines.push(Text::new(Tone::Good, "no file is different from now"));
            return Ok(lines);
        }
        let title = format!("going back changes {}:", plural(difference.files.len(), "file"));
        lines.extend([Text::default(), Text::new(Tone::Strong, &title)]);
        let shown = difference.patch(self.session, &patch::OPTIONS)?;
        lines.extend(patch::lines(&shown, &format!("`git checkpoint diff {}` shows all", record.id)));
        Ok(lines)
    }

    fn is_stopped(&self) -> bool {
        git::is_asked_to_stop()
    }
}
