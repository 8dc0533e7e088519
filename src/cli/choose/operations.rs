//! What was done, for `undo` and `redo` without an argument.

use crate::{
    error::Result,
    git,
    model::Kind,
    ops::{
        Session, log,
        undo::{self, Direction, Request, Undone},
    },
    ui::{
        Ui, age,
        pick::{Column, Item, List, Mode, Source, Text, Tone},
        plural,
    },
};

const COLUMNS: [Column; 4] = [
    Column::new("operation", 9, 1),
    Column::new("done", 14, 2),
    Column::new("what", 0, 0),
    Column::new("branch", 16, 3),
];

/// Lets a person choose one; its id, or `None` where there is nothing to choose. The one that is taken back without a question
/// of which is under the cursor at first.
pub(in crate::cli) fn operation(session: &Session, request: &Request, ui: &mut Ui) -> Result<Option<String>> {
    session.refuse_if_busy()?;
    let [undo, redo] = undo::next(session, &session.store().ids()?)?;
    let (next, title, verb) = match request.direction {
        Direction::Undo => (undo, "Undo an operation", "undo it"),
        Direction::Redo => (redo, "Redo what an undo took back", "redo it"),
    };
    // That there is nothing is said as ever.
    let Some(next) = next else { return Ok(None) };
    let (mut entries, _unreadable) = log::log(session, None)?;
    entries.retain(|entry| match request.direction {
        Direction::Undo => entry.record.kind() != Kind::Resume,
        Direction::Redo => entry.record.kind() == Kind::Undo,
    });
    let list = List {
        title: title.into(),
        verb,
        mode: Mode::One,
        columns: COLUMNS.to_vec(),
        items: entries.iter().map(|entry| item(session, entry)).collect(),
        start: entries.iter().position(|entry| entry.record.id == next).unwrap_or(0),
    };
    let mut all = All { session, entries, request };
    let chosen = super::pick(ui, list, &mut all)?;
    Ok(chosen.first().map(|item| all.entries[*item].record.id.to_string()))
}

fn item(session: &Session, entry: &log::Entry) -> Item {
    let record = &entry.record;
    let blocked = match () {
        () if entry.elsewhere => Some("it was done in another clone"),
        () if entry.undone => Some("it was taken back already"),
        () => None,
    };
    let note = match () {
        () if entry.elsewhere => "(elsewhere) ",
        () if entry.undone => "(undone) ",
        () => "",
    };
    let reason = record.message.as_deref().and_then(|message| message.lines().next()).unwrap_or_default();
    let reason = if reason.is_empty() || reason == record.subject { String::new() } else { format!(": {reason}") };
    let what = format!("{note}{}{reason}", record.subject);
    let branch = record.state.head.short_name();
    Item {
        title: format!("{} {}", record.kind(), record.id),
        cells: [&record.kind().to_string(), &age(record.at, session.now), &what, &branch]
            .map(|text| Text::plain(text))
            .to_vec(),
        also: record.id.to_string(),
        blocked: blocked.map(str::to_owned),
        ..Item::default()
    }
}

struct All<'a> {
    session: &'a Session,
    entries: Vec<log::Entry>,
    request: &'a Request,
}

impl All<'_> {
    /// What taking it back would do.
    fn outcome(&self, id: &str) -> Result<Vec<Text>> {
        let plan = undo::plan(self.session, &Request { id: Some(id.to_owned()), ..self.request.clone() })?;
        Ok(in_full(&plan.preview(self.session)?, self.request.direction))
    }
}

impl Source for All<'_> {
    fn detail(&mut self, item: usize) -> Result<Vec<Text>> {
        let entry = &self.entries[item];
        let record = &entry.record;
        let at = self.session.local_of(record.at).format("%Y-%m-%d %H:%M");
        let mut lines = vec![Text::plain(&at.to_string()), Text::plain(&record.subject)];
        lines.extend(record.message.iter().flat_map(|message| message.lines()).map(Text::plain));
        let step = |step: &crate::model::Step| Text::new(Tone::Dim, &format!("  {} {}", step.name, step.detail));
        lines.extend(record.steps.iter().map(step));
        lines.push(Text::default());
        match self.outcome(record.id.as_str()) {
            Ok(outcome) => lines.extend(outcome),
            Err(error) => {
                lines.push(Text::new(Tone::Warn, "it cannot be taken back now:"));
                let why = error.chain().into_iter().chain(error.hints().iter().cloned());
                lines.extend(why.map(|line| Text::plain(&format!("  {line}"))));
            }
        }
        Ok(lines)
    }

    fn is_stopped(&self) -> bool {
        git::is_asked_to_stop()
    }
}

fn in_full(done: &Undone, direction: Direction) -> Vec<Text> {
    let word = if direction == Direction::Undo { "undoing" } else { "redoing" };
    let commit = done.head.commit().map_or_else(|| "no commit".into(), |id| id.to_hex_with_len(10).to_string());
    let mut lines = vec![Text::new(Tone::Strong, &format!("{word} it leaves {} at {commit}", done.head.short_name()))];
    if !done.commits.is_empty() {
        lines
            .push(Text::plain(&format!("{} of the branch, kept in the record:", plural(done.commits.len(), "commit"))));
        let line = |(id, subject): &(crate::model::Oid, String)| {
            Text::new(Tone::Warn, &format!("  {} {subject}", id.to_hex_with_len(10)))
        };
        lines.extend(done.commits.iter().map(line));
    }
    for edit in &done.refs {
        let (tone, word) = if edit.new.is_some() { (Tone::Added, "back") } else { (Tone::Removed, "gone") };
        lines.push(Text::new(tone, &format!("{word}: {}", crate::cli::json::name(&edit.name))));
    }
    lines.push(Text::plain(&format!("{} change", plural(done.files.len(), "file"))));
    lines.extend(done.files.iter().map(|(letter, path)| {
        let tone = match letter {
            'A' => Tone::Added,
            'D' => Tone::Removed,
            _ => Tone::Plain,
        };
        Text::new(tone, &format!("  {letter} {path}"))
    }));
    lines
}
