//! What to bring back: from backups, commits and ranges as they were typed, to commits in order.

use crate::{
    error::{Context, Error, Result},
    model::{Detail, Head, Kind, Oid, Record, RecordId, State},
    ops::{Session, select, undo},
};

use super::{Reason, Request, known, picks};

/// Where the commits come from.
#[derive(Debug, Clone)]
pub struct Source {
    /// For people: the backup's branch, or the commits as typed.
    pub name: String,
    /// Oldest first.
    pub commits: Vec<Oid>,
    /// Whether the user named the commits one by one.
    pub explicit: bool,
    /// The state with the uncommitted work, if it is a backup.
    pub backup: Option<State>,
    /// The record that has it.
    pub record: Option<RecordId>,
}

/// A commit of a backup, and what would become of it.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The commit.
    pub commit: Oid,
    /// Its first line.
    pub subject: String,
    /// Why it would be left out; `None` if it would be picked.
    pub reason: Option<Reason>,
    /// The commit that it is back as, where it is and that is known.
    pub back_as: Option<Oid>,
}

/// The commits of the backup that `request` names, or of the newest, and whether there is uncommitted work.
pub fn candidates(session: &Session, request: &Request) -> Result<(String, Vec<Candidate>, bool)> {
    let head = session.repo.head()?;
    let source = find(session, &Request { all: true, ..request.clone() }, &head)?;
    let applied = match head.commit() {
        Some(head) => known::of(session, &source.commits, head)?,
        None => Default::default(),
    };
    let picker = picks::picker(session, request)?;
    let mut candidates = Vec::new();
    for commit in &source.commits {
        let object = session.repo.gix().find_commit(*commit).context("cannot read a commit")?;
        let subject = object.message().context("cannot read a commit's message")?.summary().to_string();
        let reason = match () {
            () if applied.contains_key(commit) => Some(Reason::AlreadyApplied),
            () if object.parent_ids().count() > 1 => Some(Reason::Merge),
            () if !request.paths.are_all() && picker.changes(*commit, None)?.is_empty() => Some(Reason::OtherPaths),
            () => None,
        };
        let back_as = applied.get(commit).copied().flatten();
        candidates.push(Candidate { commit: *commit, subject, reason, back_as });
    }
    let has_uncommitted = source.backup.as_ref().is_some_and(|state| Some(state.tip) != state.head.commit());
    Ok((source.name, candidates, has_uncommitted))
}

/// Resolves what was typed.
pub(super) fn find(session: &Session, request: &Request, head: &Head) -> Result<Source> {
    let mut source = Source { name: String::new(), commits: Vec::new(), explicit: false, backup: None, record: None };
    let mut names = Vec::new();
    let mut revisions = Vec::new();
    for word in &request.what {
        match backup(session, word)? {
            Some(_) if source.backup.is_some() => {
                return Err(Error::usage("more than one backup was named").hint("recover from one after the other"));
            }
            Some(record) => {
                names.push(name(&record));
                (source.record, source.backup) = (Some(record.id), Some(record.state));
            }
            None => revisions.push(word.clone()),
        }
    }
    if source.backup.is_none() && revisions.is_empty() {
        let record = newest_backup(session)?;
        names.push(name(&record));
        (source.record, source.backup) = (Some(record.id), Some(record.state));
    }
    if revisions.is_empty() && request.all {
        let state = source.backup.as_ref().expect("a backup was named or found");
        source.commits = commits_beyond(session, state, head)?;
    }
    for word in &revisions {
        source.commits.extend(commits(session, word)?);
    }
    if let Some(chosen) = &request.chosen {
        source.commits.retain(|commit| chosen.commits.contains(commit));
    }
    source.explicit = !revisions.is_empty() && revisions.iter().all(|word| !word.contains(".."));
    names.extend(revisions);
    source.name = names.join(" ");
    Ok(source)
}

/// Whether every word names a backup; also if there is none.
pub(super) fn only_backups(session: &Session, what: &[String]) -> Result<bool> {
    for word in what {
        if backup(session, word)?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the commit has more than one parent.
pub(super) fn is_merge(session: &Session, commit: Oid) -> Result<bool> {
    let commit = session.repo.gix().find_commit(commit).with_context(|| format!("cannot read commit {commit}"))?;
    Ok(commit.parent_ids().count() > 1)
}

fn name(record: &Record) -> String {
    record.backup().map_or_else(|| record.id.to_string(), ToString::to_string)
}

/// The record of a rollback (or an undo, which saves the state before it too) that `word` names by its backup
/// branch or its id.
fn backup(session: &Session, word: &str) -> Result<Option<Record>> {
    let store = session.store();
    let ids = store.ids()?;
    let is_id = |id: &&RecordId| word.len() >= 15 && id.as_str().starts_with(word);
    if let Some(id) = ids.iter().find(is_id) {
        return store.read(id).map(Some);
    }
    for id in ids.iter().rev().filter(|id| id.kind() == Some(Kind::Rollback)) {
        // A record that cannot be read names no branch.
        if let Ok(record) = store.read(id)
            && record.backup().is_some_and(|backup| backup == word)
        {
            return Ok(Some(record));
        }
    }
    Ok(None)
}

fn newest_backup(session: &Session) -> Result<Record> {
    let store = session.store();
    let ids = store.ids()?;
    let mut passed = undo::undone(session, &ids)?;
    // What others backed up is recovered by its name.
    passed.extend(store.foreign()?);
    let head = session.repo.head()?;
    for id in ids.iter().rev().filter(|id| id.kind() == Some(Kind::Rollback) && !passed.contains(id)) {
        let record = store.read(id)?;
        let whole = matches!(&record.detail, Detail::Rollback { paths, .. } if paths.is_empty());
        if whole && record.state.head.branch() == head.branch() {
            return Ok(record);
        }
    }
    Err(Error::usage(format!("there is no backup of `{}` to recover from", head.short_name()))
        .hint("name commits or a range, as in `git checkpoint recover main..topic`")
        .hint("`git checkpoint log` shows what was backed up"))
}

/// The commits that the backup has and HEAD has not, oldest first.
fn commits_beyond(session: &Session, state: &State, head: &Head) -> Result<Vec<Oid>> {
    let Some(tip) = state.head.commit() else { return Ok(Vec::new()) };
    between(session, head.commit(), tip)
}

/// One commit, or the commits of a range, oldest first.
fn commits(session: &Session, word: &str) -> Result<Vec<Oid>> {
    let unknown = || {
        Error::usage(format!("`{word}` is neither a backup, nor a commit, nor a range"))
            .hint("`git checkpoint log` shows the backups")
    };
    if word.starts_with('-') {
        return Err(unknown());
    }
    if let Some(commit) = select::commit_of(session, word) {
        return Ok(vec![commit]);
    }
    if let Some((from, to)) = word.split_once("..").filter(|(_, to)| !to.starts_with('.')) {
        let named = |revision: &str| select::commit_of(session, if revision.is_empty() { "HEAD" } else { revision });
        if let (Some(from), Some(to)) = (named(from), named(to)) {
            return between(session, Some(from), to);
        }
    }
    // Git knows more ways to name commits than these.
    let known = session.repo.git(["rev-parse", "--revs-only", "--quiet", "--end-of-options", word]).output()?;
    let range: Vec<String> = String::from_utf8_lossy(&known.stdout).lines().map(str::to_owned).collect();
    if known.code != 0 || range.iter().all(|line| line.starts_with('^')) {
        return Err(unknown());
    }
    // A full name is taken for one whether it is there or not.
    let ids = range.iter().filter_map(|line| Oid::from_hex(line.trim_start_matches('^').as_bytes()).ok());
    if let Some(gone) = { ids }.find(|id| !session.repo.gix().has_object(*id)) {
        return Err(Error::usage(format!("{gone} is not in this repository, or not any more"))
            .hint(
                "a commit that no branch, tag or record keeps is removed by `git gc`; another clone may still have it",
            )
            .hint("`git checkpoint log` shows the backups"));
    }
    rev_list(session, &range)
}

/// The commits that `tip` has and `from` has not, oldest first.
pub(super) fn between(session: &Session, from: Option<Oid>, tip: Oid) -> Result<Vec<Oid>> {
    let mut line = Vec::new();
    let mut next = Some(tip);
    for info in session.repo.gix().rev_walk([tip]).with_hidden(from).all().context("cannot walk the history")? {
        let info = info.context("cannot walk the history")?;
        // Where lines of history meet, their order is git's to say.
        if info.parent_ids.len() > 1 || next != Some(info.id) {
            let range: Vec<String> = from.iter().map(|from| format!("^{from}")).chain([tip.to_string()]).collect();
            return rev_list(session, &range);
        }
        next = info.parent_ids.first().copied();
        line.push(info.id);
    }
    line.reverse();
    Ok(line)
}

fn rev_list(session: &Session, range: &[String]) -> Result<Vec<Oid>> {
    let stdin = range.iter().flat_map(|line| [line.as_str(), "\n"]).collect::<String>();
    let out = session.repo.git(["rev-list", "--reverse", "--topo-order", "--stdin"]).stdin(stdin).run()?;
    let parse = |line: &str| Oid::from_hex(line.as_bytes()).context("git printed a commit that is none");
    String::from_utf8_lossy(&out).lines().map(parse).collect()
}
