//! From what a user typed to a state: checkpoints, records, backups and plain revisions.

use gix::bstr::{BString, ByteSlice};
use regex::Regex;

use super::{Session, phase, undo};
use crate::{
    error::{Context, Error, Result},
    model::{Elapsed, Head, Kind, Oid, PhaseEvent, Record, RecordId, Selector, State, Validation, When},
};

/// A state that was found.
#[derive(Debug, Clone)]
pub struct Selected {
    /// What it is called in messages: the tag, the record's id, or what was typed.
    pub name: String,
    /// Its record, unless it is a plain commit.
    pub record: Option<Record>,
    /// The state itself. A plain commit is the state in which nothing is changed, on the current branch.
    pub state: State,
}

impl Selected {
    fn of(record: Record) -> Self {
        let name = record.tag().map_or_else(|| record.id.to_string(), ToString::to_string);
        Selected { name, state: record.state.clone(), record: Some(record) }
    }
}

/// Finds the state that `selector` names, as seen from `head`.
pub fn select(session: &Session, selector: &Selector, head: &Head) -> Result<Selected> {
    let of_branch = |record: &Record| record.state.head.branch() == head.branch();
    // What was fetched is taken by its name alone: others do not decide what the newest or the last good one is.
    let foreign = session.store().foreign()?;
    let is_own = |record: &Record| !foreign.contains(&record.id) && record.stands();
    let nth = |n: usize, wanted: &dyn Fn(&Record) -> bool, none: &str| {
        let found = newest_checkpoints(session, |record| of_branch(record) && wanted(record))?.nth(n).transpose()?;
        found.map(Selected::of).ok_or_else(|| shadowing(session, selector, nothing_found(session, head, none)))
    };
    match selector {
        Selector::Latest(0) => nth(0, &is_own, "there is no checkpoint"),
        Selector::Latest(n) => nth(*n, &is_own, &format!("there are not {} checkpoints", n + 1)),
        Selector::Good(n) => nth(
            *n,
            &|record| is_own(record) && record.validation() == Some(Validation::Validated),
            if *n == 0 {
                "no checkpoint has passed its checks"
            } else {
                "not so many checkpoints have passed their checks"
            },
        ),
        Selector::Elapsed(span) => of_slot(session, *span, head),
        Selector::Ago(when) => {
            let Some(time) = When::parse(when, session.now, session.local).map(|when| session.moment(when)) else {
                return Err(Error::usage(format!("`{when}` is not a time"))
                    .hint("write `@{2 hours ago}`, `@{yesterday}` or `@{2026-11-21 14:30}`"));
            };
            let time = time?;
            nth(0, &|record| is_own(record) && record.at <= time, &format!("no checkpoint is from before {when}"))
        }
        Selector::Before(pattern) => before(session, pattern, head),
        Selector::Name(name) => by_name(session, name, head),
    }
}

/// The checkpoints that `wanted` accepts and that were not undone, newest first, read as they are asked for.
pub fn newest_checkpoints<'s>(
    session: &'s Session,
    wanted: impl Fn(&Record) -> bool + 's,
) -> Result<impl Iterator<Item = Result<Record>> + 's> {
    let ids = session.store().ids()?;
    let undone = undo::undone(session, &ids)?;
    Ok(ids
        .into_iter()
        .rev()
        .filter(move |id| id.kind() == Some(Kind::Create) && !undone.contains(id))
        .map(|id| session.store().read(&id))
        .filter(move |record| record.as_ref().map_or(true, &wanted)))
}

/// The checkpoint of a slot, which is the first one taken in it; or else one taken after exactly that time. Of the phase
/// that the branch is in, or else of its last one.
fn of_slot(session: &Session, span: Elapsed, head: &Head) -> Result<Selected> {
    let mut phase = phase::of(session, head).running().map(|phase| phase.name.clone());
    let (mut of_slot, mut exact, mut before, mut fallen) = (None, None, None, None);
    for record in newest_checkpoints(session, |record| record.state.head.branch() == head.branch())? {
        let Ok(record) = record else { continue };
        let Some(mark) = record.phase.clone() else { continue };
        if *phase.get_or_insert_with(|| mark.name.clone()) != mark.name {
            continue;
        }
        let (slot, is_start) = (mark.course.as_ref().map(|course| course.slot), mark.event == Some(PhaseEvent::Start));
        if !record.stands() {
            // Its checks did not pass; another one of the slot may have.
            if slot == Some(span) || mark.elapsed == Some(span) {
                fallen.get_or_insert(record);
            }
        } else if slot == Some(span) {
            of_slot = Some(record);
        } else if mark.elapsed == Some(span) {
            exact.get_or_insert(record);
        } else if slot.or(mark.elapsed).is_some_and(|time| time < span) {
            before.get_or_insert(record);
        }
        if is_start {
            break;
        }
    }
    if let Some(record) = of_slot.or(exact) {
        return Ok(Selected::of(record));
    }
    let none = if fallen.is_none() { "no checkpoint is" } else { "no checkpoint that passed its checks is" };
    let none = format!("{none} of T+{span}");
    let error = match before {
        Some(record) => Error::usage(format!("{none} on {}", head.in_words()))
            .hint(format!("the newest before it is `{}`", Selected::of(record).name)),
        None => nothing_found(session, head, &none),
    };
    let error = shadowing(session, &Selector::Elapsed(span), error);
    Err(match fallen {
        Some(record) => error.hint(format!("one that did not pass is saved as `{}`", Selected::of(record).name)),
        None => error,
    })
}

/// A tag or branch of the very name that was typed may have been meant; its full name reaches it.
fn shadowing(session: &Session, selector: &Selector, error: Error) -> Error {
    let name = selector.to_string();
    let full = ["refs/tags/", "refs/heads/"].map(|prefix| format!("{prefix}{name}"));
    let there =
        full.into_iter().find(|full| session.repo.gix().try_find_reference(full).is_ok_and(|found| found.is_some()));
    match there {
        Some(full) => error.hint(format!("`{name}` is also a ref: write `{full}` if that is meant")),
        None => error,
    }
}

fn nothing_found(session: &Session, head: &Head, what: &str) -> Error {
    let error = Error::usage(format!("{what} on {}", head.in_words()));
    let newest = newest_checkpoints(session, |_| true).ok().and_then(|mut all| all.next()).and_then(Result::ok);
    match newest {
        Some(record) => {
            let passed = if record.stands() { "" } else { ", whose checks did not pass" };
            let Selected { name, state, .. } = Selected::of(record);
            error.hint(format!("the newest of all is `{name}`, of {}{passed}", state.head.in_words()))
        }
        None => error.hint("`git checkpoint` takes one"),
    }
}

fn by_name(session: &Session, name: &str, head: &Head) -> Result<Selected> {
    if let Some(record) = by_id(session, name)? {
        return Ok(Selected::of(record));
    }
    let repo = session.repo.gix();
    // `refs/tags/good` is how a tag can be meant that has the name of another selector.
    let short = |prefix: &str| if name.starts_with("refs/") { name.strip_prefix(prefix) } else { Some(name) };
    let target_of = |prefix: &str, short: &str| {
        let found = repo.try_find_reference(&format!("{prefix}{short}")).ok().flatten()?;
        found.target().try_id().map(ToOwned::to_owned)
    };
    if let Some(short) = short("refs/tags/")
        && let Some(target) = target_of("refs/tags/", short)
    {
        if let Some(record) = session.store().record_of_object(target)? {
            return Ok(Selected { name: name.to_owned(), ..Selected::of(record) });
        }
        if let Some(record) = find_record(session, Kind::Create, |record| {
            record.tag().is_some_and(|tag| tag == short) && record.state.tip == target
        })? {
            return Ok(Selected::of(record));
        }
    }
    if let Some(short) = short("refs/heads/")
        && let Some(tip) = target_of("refs/heads/", short)
    {
        let record = find_record(session, Kind::Rollback, |record| {
            record.backup().is_some_and(|backup| backup == short) && record.state.tip == tip
        })?;
        if let Some(record) = record {
            return Ok(Selected { name: name.to_owned(), ..Selected::of(record) });
        }
    }
    match commit_of(session, name) {
        Some(commit) => plain(session, name, commit, head),
        None => Err(unknown(session, name)),
    }
}

/// The newest record of `kind` that `wanted` accepts.
fn find_record(session: &Session, kind: Kind, wanted: impl Fn(&Record) -> bool) -> Result<Option<Record>> {
    let store = session.store();
    for id in store.ids()?.iter().rev().filter(|id| id.kind() == Some(kind)) {
        if let Ok(record) = store.read(id)
            && wanted(&record)
        {
            return Ok(Some(record));
        }
    }
    Ok(None)
}

/// The record whose id this is, or begins with this, if it looks like one at all.
fn by_id(session: &Session, name: &str) -> Result<Option<Record>> {
    let looks_like_one = name.len() >= 4 && name.as_bytes()[..4].iter().all(u8::is_ascii_digit);
    if !looks_like_one {
        return Ok(None);
    }
    let store = session.store();
    let matching: Vec<RecordId> = store.ids()?.into_iter().filter(|id| id.as_str().starts_with(name)).collect();
    match matching.as_slice() {
        [] => Ok(None),
        [id] => store.read(id).map(Some),
        [first @ .., last] => {
            if let Some(exact) = first.iter().chain([last]).find(|id| id.as_str() == name) {
                return store.read(exact).map(Some);
            }
            let mut error = Error::usage(format!("`{name}` is the beginning of {} records", matching.len()));
            for id in matching.iter().rev().take(5) {
                error = error.hint(format!("it could be `{id}`"));
            }
            Err(error)
        }
    }
}

/// The commit that a git revision names, if any.
pub fn commit_of(session: &Session, revision: &str) -> Option<Oid> {
    let id = session.repo.gix().rev_parse_single(revision.as_bytes().as_bstr()).ok()?;
    let object = id.object().ok()?.peel_to_commit().ok()?;
    Some(object.id)
}

fn plain(session: &Session, name: &str, commit: Oid, head: &Head) -> Result<Selected> {
    let tree = session.repo.tree_of(commit)?;
    let state = State { head: head.at(Some(commit)), index: tree, worktree: tree, tip: commit, extras: None };
    Ok(Selected { name: name.to_owned(), record: None, state })
}

fn before(session: &Session, pattern: &str, head: &Head) -> Result<Selected> {
    let regex = Regex::new(pattern).map_err(|error| {
        Error::usage(format!("`{pattern}` is not a regular expression"))
            .because(error)
            .hint(r"a character with a meaning of its own is taken literally after a backslash: `before:\(")
    })?;
    let Some(tip) = head.commit() else {
        return Err(Error::usage(format!("`{}` has no commit yet", head.short_name()))
            .hint("`git checkpoint list` shows the checkpoints"));
    };
    let walk = session.repo.gix().rev_walk([tip]).all().context("cannot walk the history")?;
    for info in walk {
        let info = info.context("cannot walk the history")?;
        let info_id = info.id;
        let commit = info.object().context("cannot read a commit")?;
        let message = commit.message_raw().context("cannot read a commit's message")?.to_str_lossy();
        if !regex.is_match(&message) {
            continue;
        }
        let parent = commit.parent_ids().next().map(gix::Id::detach);
        let Some(parent) = parent else {
            return Err(Error::usage(format!(
                "the commit that matches `{pattern}` is the first: nothing is before it"
            ))
            .hint(format!("`git checkpoint rollback {}` goes to that commit itself", info_id.to_hex_with_len(10))));
        };
        return plain(session, &format!("before:{pattern}"), parent, head);
    }
    Err(Error::usage(format!("no commit of this branch has a message that matches `{pattern}`"))
        .hint("`git log --oneline` shows the messages"))
}

fn unknown(session: &Session, name: &str) -> Error {
    let mut names: Vec<BString> = Vec::new();
    for prefix in ["refs/tags/", "refs/heads/"] {
        let refs = crate::git::refs::list(&session.repo, prefix).unwrap_or_default();
        names.extend(refs.into_iter().filter_map(|(full, _)| full.strip_prefix(prefix.as_bytes()).map(BString::from)));
    }
    let mut error = Error::usage(format!("`{name}` is neither a checkpoint nor a commit"));
    for near in nearest(name, &names) {
        error = error.hint(format!("did you mean `{near}`?"));
    }
    error.hint("`git checkpoint list` shows all checkpoints")
}

/// Up to three of `names` that are like `name`, the likest first.
fn nearest<'n>(name: &str, names: &'n [BString]) -> Vec<&'n BString> {
    let mut scored: Vec<(f64, &BString)> = names
        .iter()
        .map(|candidate| (strsim::jaro_winkler(name, &candidate.to_str_lossy()), candidate))
        .filter(|(score, _)| *score > 0.75)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(a.1)));
    scored.into_iter().take(3).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likest_names_come_first() {
        let names = ["phase2-checkpoint-T+4h", "phase2-checkpoint-T+8h", "v1.0"].map(BString::from);
        let found = nearest("phase2-chekpoint-T+8h", &names);
        assert_eq!(found, [&names[1], &names[0]]);
        assert!(nearest("zzz", &names).is_empty());
    }
}
