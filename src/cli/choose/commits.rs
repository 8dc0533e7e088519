//! The commits of a backup, and the work that was never committed, for `recover --interactive`.

use chrono::{DateTime, Utc};

use crate::{
    cli::recover::because,
    error::Result,
    git,
    model::{Oid, Verdict, quote_path},
    ops::{
        Session,
        recover::{self, Alone, Choices, Commit, Fate, Recovered, Request, Work, WorkFile},
    },
    ui::{
        Ui,
        pick::{Column, Facts, Item, List, Mode, Source, Text, Tone},
        plural,
    },
};

use super::patch;

const COLUMNS: [Column; 7] = [
    Column::new("commit", 10, 1),
    Column::new("outlook", 12, 2),
    Column::new("checks", 6, 3),
    Column::new("subject", 0, 0),
    Column::new("author", 16, 4).cut_to(12),
    Column::new("ago", 6, 5),
    Column::new("files", 6, 6),
];
const OUTLOOK: usize = 1;
const CHECKS: usize = 2;
const FILES: usize = 6;
/// So many lines of a summary say only where to.
const HEAD: usize = 2;

/// Lets a person choose; what is to be done then.
pub(in crate::cli) fn commits(session: &Session, request: &Request, ui: &mut Ui) -> Result<Request> {
    let choices = Choices::gather(session, request)?;
    let commits = choices.commits.len();
    let list = List {
        title: format!("Recover from {}", choices.name),
        verb: "go on",
        mode: Mode::Many,
        columns: COLUMNS.to_vec(),
        items: items(session, &choices),
        start: 0,
    };
    let mut all = All { session, choices, fates: vec![None; commits], told: vec![false; commits] };
    let chosen = super::pick(ui, list, &mut all)?;
    Ok(all.request(&chosen))
}

fn items(session: &Session, choices: &Choices<'_>) -> Vec<Item> {
    let commit = |commit: &Commit| {
        let short = commit.id.to_hex_with_len(10).to_string();
        let made = commit.at.map_or_else(String::new, |at| brief(at, session.now));
        Item {
            title: format!("{short} {}", commit.subject),
            cells: [&short, "...", "", &commit.subject, &commit.author, &made, ""].map(Text::plain).to_vec(),
            also: format!("{} {}", commit.id, commit.email),
            ..Item::default()
        }
    };
    let mut items: Vec<Item> = choices.commits.iter().map(commit).collect();
    let whole = items.len();
    if !choices.work.is_empty() {
        let files = choices.work.len().to_string();
        let what = "staged, unstaged and untracked work";
        items.push(Item {
            title: what.into(),
            cells: ["work", "", "", what, "", "", &files].map(Text::plain).to_vec(),
            ..Item::default()
        });
    }
    items.extend(choices.work.iter().map(|work| Item {
        title: quote_path(work.path.as_ref()),
        cells: ["", "", "", &in_words(work)].map(Text::plain).to_vec(),
        parent: Some(whole),
        ..Item::default()
    }));
    items
}

/// How long ago that was, in few letters.
fn brief(then: DateTime<Utc>, now: DateTime<Utc>) -> String {
    match (now - then).num_seconds() {
        ..0 => "-".into(),
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min", seconds / 60),
        seconds @ 3600..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

/// `staged M, unstaged M  src/a.txt`
fn in_words(work: &Work) -> String {
    let staged = work.staged.map(|letter| format!("staged {letter}"));
    let unstaged = work.unstaged.map(|letter| match letter {
        '?' => "untracked".to_owned(),
        letter => format!("unstaged {letter}"),
    });
    let state: Vec<String> = staged.into_iter().chain(unstaged).collect();
    format!("{}  {}", state.join(", "), quote_path(work.path.as_ref()))
}

/// The entries: commits first, then the work as a whole, then its files.
struct All<'s> {
    session: &'s Session,
    choices: Choices<'s>,
    fates: Vec<Option<Fate>>,
    /// Whether the list has it.
    told: Vec<bool>,
}

impl All<'_> {
    /// The one place where a choice becomes what is to be done.
    fn request(&self, chosen: &[usize]) -> Request {
        let (commits, files): (Vec<usize>, Vec<usize>) = chosen.iter().partition(|item| **item < self.fates.len());
        let files: Vec<usize> = files.into_iter().filter_map(|item| self.file(item)).collect();
        self.choices.request(&commits, &files)
    }

    /// Which file of the work it is; `None` for a commit, and for the work as a whole.
    fn file(&self, item: usize) -> Option<usize> {
        item.checked_sub(self.fates.len() + 1)
    }

    fn fate(&mut self, item: usize) -> Result<&Fate> {
        if self.fates[item].is_none() {
            self.fates[item] = Some(self.choices.fate(item)?);
        }
        Ok(self.fates[item].as_ref().expect("it was found out just now"))
    }

    fn name(&self, position: usize) -> String {
        let commit = &self.choices.commits[position];
        format!("{} {}", commit.id.to_hex_with_len(10), commit.subject)
    }
}

impl Source for All<'_> {
    fn detail(&mut self, item: usize) -> Result<Vec<Text>> {
        if item >= self.fates.len() {
            let shown = self.choices.work_patch(self.file(item))?;
            return Ok(patch::lines(&shown, "`git diff` shows all"));
        }
        let outlook = in_full(self.fate(item)?);
        let commit = &self.choices.commits[item];
        let made = commit.at.map(|at| self.session.local_of(at).format("%Y-%m-%d %H:%M, ").to_string());
        let made = made.unwrap_or_default();
        let mut lines = vec![Text::plain(&format!("{made}{} <{}>", commit.author, commit.email))];
        lines.extend(outlook);
        lines.push(Text::default());
        let rest = format!("`git show {}` shows all", commit.id.to_hex_with_len(10));
        lines.extend(patch::lines(&self.choices.patch(item)?, &rest));
        Ok(lines)
    }

    fn facts(&mut self, item: usize) -> Result<Facts> {
        if item >= self.fates.len() {
            return Ok(Facts::default());
        }
        self.told[item] = true;
        let fate = self.fate(item)?;
        let files = if fate.files > 0 { fate.files.to_string() } else { String::new() };
        Ok(Facts {
            cells: vec![(OUTLOOK, in_short(fate)), (CHECKS, checks(fate)), (FILES, Text::plain(&files))],
            blocked: fate.left_out().map(|reason| format!("left out: {}", because(reason, fate.back_as))),
            needs: fate.needs.clone().unwrap_or_default(),
        })
    }

    fn unknown(&self) -> Option<usize> {
        self.told.iter().position(|told| !told)
    }

    fn summary(&mut self, chosen: &[usize]) -> Result<Vec<Text>> {
        let request = self.request(chosen);
        match recover::plan(self.session, &request) {
            Ok(plan) => {
                let waiting = plan.conflict().map_or(0, |conflict| conflict.commits.len().saturating_sub(1));
                let mut lines = self.sum_up(&plan.preview(), (waiting, plan.untold()));
                lines.extend(self.sum_up_work(&plan.preview(), &request));
                if lines.len() == HEAD {
                    lines.push(Text::plain("there is nothing to do"));
                }
                Ok(lines)
            }
            Err(error) => {
                let why = error.chain().into_iter().chain(error.hints().iter().cloned());
                let why = why.map(|line| Text::new(Tone::Bad, &line));
                let end = [Text::default(), Text::plain("This would be refused, and nothing changed.")];
                Ok([Text::new(Tone::Strong, "It cannot be done"), Text::default()]
                    .into_iter()
                    .chain(why)
                    .chain(end)
                    .collect())
            }
        }
    }

    fn is_stopped(&self) -> bool {
        git::is_asked_to_stop()
    }
}

impl All<'_> {
    fn sum_up(&self, done: &Recovered, (waiting, untold): (usize, &[Oid])) -> Vec<Text> {
        let place = |id: &Oid| self.choices.commits.iter().position(|commit| commit.id == *id);
        let named = |id: &Oid| place(id).map_or_else(|| id.to_string(), |place| self.name(place));
        let mut lines = vec![Text::new(Tone::Strong, &format!("Onto {}", done.head.short_name())), Text::default()];
        if !done.picked.is_empty() {
            lines.push(Text::plain(&format!("{} picked:", plural(done.picked.len(), "commit"))));
            lines.extend(done.picked.iter().map(|one| Text::new(Tone::Good, &format!("  {}", named(&one.from)))));
        }
        if !done.left_out.is_empty() {
            lines.push(Text::plain(&format!("{} left out:", done.left_out.len())));
            let why = |(id, reason): &(Oid, _)| because(*reason, done.back_as.get(id).copied());
            let line = |one: &(Oid, _)| Text::new(Tone::Warn, &format!("  {}: {}", named(&one.0), why(one)));
            lines.extend(done.left_out.iter().map(line));
        }
        if !untold.is_empty() {
            let what = plural(untold.len(), "commit");
            lines.push(Text::plain(&format!("{what} for `git cherry-pick`, which stops at the first that conflicts:")));
            lines.extend(untold.iter().map(|id| Text::new(Tone::Warn, &format!("  {}", named(id)))));
        }
        if let Some((commit, paths)) = &done.conflict {
            let who = commit.as_ref().map_or_else(|| "the uncommitted work".into(), named);
            lines.push(Text::plain("stops at a conflict, to be settled by you:"));
            lines.push(Text::new(Tone::Bad, &format!("  {who}")));
            lines.extend(paths.iter().map(|path| Text::new(Tone::Bad, &format!("    in {path}"))));
            if waiting > 0 {
                lines.push(Text::plain(&format!("  {} follow when it is settled", plural(waiting, "commit"))));
            }
        }
        lines
    }

    /// What becomes of the work that was never committed.
    fn sum_up_work(&self, done: &Recovered, request: &Request) -> Vec<Text> {
        let (what, count) = ("the uncommitted work", plural(self.choices.work.len(), "file"));
        let is_part = done.is_part;
        let what = if is_part { format!("{} of {count} of {what}", done.files.len()) } else { what.into() };
        let verb = if is_part && done.files.len() > 1 { ("come", "do") } else { ("comes", "does") };
        let mut lines = match (request.uncommitted, done.uncommitted) {
            (false, _) => return Vec::new(),
            (true, true) => vec![Text::plain(&format!("{what} {} back", verb.0))],
            (true, false) => vec![Text::new(Tone::Warn, &format!("{what} {} not come back yet", verb.1))],
        };
        if is_part {
            let kinds = |file: &WorkFile| file.kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ");
            let line = |file: &WorkFile| format!("  {}  {}", kinds(file), quote_path(file.path.as_ref()));
            lines.extend(done.files.iter().map(|file| Text::new(Tone::Good, &line(file))));
        }
        lines
    }
}

/// In a column.
fn in_short(fate: &Fate) -> Text {
    match (&fate.alone, &fate.needs) {
        (Alone::Applies, _) => Text::new(Tone::Good, "applies"),
        (Alone::LeftOut(reason), _) => Text::new(Tone::Dim, reason.as_str().trim_start_matches("already-")),
        (Alone::Conflicts(_), Some(needs)) if !needs.is_empty() => {
            Text::new(Tone::Warn, &format!("needs {}", needs.len()))
        }
        (Alone::Conflicts(_), _) => Text::new(Tone::Bad, "conflicts"),
        (Alone::Untold, _) => Text::new(Tone::Warn, "unknown"),
    }
}

fn checks(fate: &Fate) -> Text {
    match fate.verdict() {
        Some(Verdict::Pass) => Text::new(Tone::Good, "pass"),
        Some(Verdict::Fail) => Text::new(Tone::Bad, "fail"),
        Some(Verdict::Inconclusive) | None => Text::default(),
    }
}

/// Beside the list.
fn in_full(fate: &Fate) -> Vec<Text> {
    let mut lines = Vec::new();
    match (&fate.alone, &fate.needs) {
        (Alone::Applies, _) => lines.push(Text::new(Tone::Good, "applies by itself")),
        (Alone::LeftOut(reason), _) => {
            lines.push(Text::new(Tone::Warn, &format!("left out: {}", because(*reason, fate.back_as))));
        }
        (Alone::Conflicts(paths), needs) => {
            let what = match needs {
                Some(needs) if !needs.is_empty() => "conflicts without what it needs",
                _ => "conflicts with what is here",
            };
            let paths: Vec<String> = paths.iter().map(|path| quote_path(path.as_ref())).collect();
            let paths = if paths.is_empty() { String::new() } else { format!(", in {}", paths.join(", ")) };
            lines.push(Text::new(Tone::Warn, &format!("{what}{paths}")));
        }
        (Alone::Untold, _) => {
            lines.push(Text::new(Tone::Warn, "only `git cherry-pick` can tell what becomes of it with these options"));
        }
    }
    lines.extend(fate.verdicts.iter().map(|(name, verdict)| {
        let tone = if *verdict == Verdict::Pass { Tone::Good } else { Tone::Bad };
        Text::new(tone, &format!("check {name}: {}", verdict.as_str()))
    }));
    lines
}
