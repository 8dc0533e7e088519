//! Puts what there is to read where it belongs: with the record always, into the worktree where the configuration says so.

use gix::bstr::BStr;

use super::{Document, Facts, document, entries, gather};
use crate::{
    error::{Context, Error, Result},
    git::{paper, tree},
    model::{Detail, Record},
    ops::Session,
    store::Attached,
};

/// What was written, and what could not be.
#[derive(Debug, Default)]
#[must_use]
pub struct Written {
    /// What `git show` prints the report by that is kept with the record.
    pub report: Option<String>,
    /// The log that got an entry, relative to the top of the worktree.
    pub log: Option<String>,
    /// The incident document, relative to the top of the worktree.
    pub document: Option<String>,
    /// Earlier documents that the rollback took away, and that were brought back.
    pub brought_along: Vec<String>,
    /// What went wrong on the way. Nothing of it is a reason to call the operation a failure.
    pub troubles: Vec<Error>,
}

/// The longest document that is brought along, in bytes.
const MAX_DOCUMENT: u64 = 1 << 20;

/// Writes what there is to read about the operation of `record`, which is published: its report into the record's files;
/// with `rollback.log` an entry, and with `rollback.documents` an incident document. To be called when the operation is
/// complete, with the configuration and the templates that its worktree has then. What was written before is not written
/// again.
pub fn write(session: &Session, record: &Record) -> Result<Written> {
    let facts = gather(session, record)?;
    let mut written = Written::default();
    match attach(session, record, &facts) {
        Ok(report) => written.report = report,
        Err(error) => written.troubles.push(error),
    }
    let rules = session.config.rollback();
    if let Some(log) = &rules.log {
        match add_entry(session, record, &facts, log, &mut written.troubles) {
            Ok(true) => written.log = Some(log.clone()),
            Ok(false) => {}
            Err(error) => written.troubles.push(error),
        }
    }
    if let Some(folder) = &rules.documents {
        match bring_along(session, record, folder) {
            Ok(brought) => written.brought_along = brought,
            Err(error) => written.troubles.push(error),
        }
        match add_document(session, record, (folder, &facts), &mut written.troubles) {
            Ok(path) => written.document = path,
            Err(error) => written.troubles.push(error),
        }
    }
    Ok(written)
}

/// The report, into the record's files.
fn attach(session: &Session, record: &Record, facts: &Facts) -> Result<Option<String>> {
    let store = session.store();
    if store.object(&record.id)?.is_none() {
        return Ok(None);
    }
    let text = super::built_in(Document::Report, facts)?;
    let attached = Attached { report: Some(text.as_bytes()), ..Attached::default() };
    store.attach(record, &attached, &session.identity)?;
    Ok(store.report(&record.id)?.map(|(revision, _)| revision))
}

/// A document of this worktree's template; what is wrong with that is told, and the program's own taken.
fn filled(session: &Session, kind: Document, facts: &Facts, troubles: &mut Vec<Error>) -> Result<String> {
    let filled = document(session, kind, facts)?;
    troubles.extend(filled.passed_over);
    Ok(filled.text)
}

fn add_entry(session: &Session, record: &Record, facts: &Facts, log: &str, troubles: &mut Vec<Error>) -> Result<bool> {
    let entry = filled(session, Document::RollbackLog, facts, troubles)?;
    let before = kept(session, record, log)?.and_then(|bytes| String::from_utf8(bytes).ok());
    paper::rewrite(&session.repo, log, &|present| {
        let present = present.map(std::str::from_utf8).transpose();
        let present = present.ok().filter(|text| text.is_none_or(|text| !text.contains('\0'))).ok_or_else(|| {
            Error::refused(format!("cannot write `{log}`"))
                .because("it is not UTF-8 text")
                .hint("it stays as it is; set `log` of `[rollback]` to another file")
        })?;
        Ok(entries::with_entry(present, before.as_deref(), record.id.as_str(), &entry).map(String::into_bytes))
    })
}

/// The bytes of a file in the state before, where they are kept as they were.
fn kept(session: &Session, record: &Record, path: &str) -> Result<Option<Vec<u8>>> {
    let entry = tree::entry(&session.repo, record.state.worktree, BStr::new(path.as_bytes()))?;
    let Some(entry) = entry.filter(|entry| entry.mode.is_blob()) else { return Ok(None) };
    let what = || format!("cannot read `{path}` of the state before");
    if session.repo.gix().find_header(entry.id).with_context(what)?.size() > MAX_DOCUMENT * 64 {
        return Ok(None);
    }
    let mut blob = session.repo.gix().find_object(entry.id).with_context(what)?;
    Ok(Some(std::mem::take(&mut blob.data)))
}

/// Brings back the documents of earlier incidents that the rollback took away: they tell of states, and are no part of one.
fn bring_along(session: &Session, record: &Record, folder: &str) -> Result<Vec<String>> {
    let Detail::Rollback { to, .. } = &record.detail else { return Ok(Vec::new()) };
    let mut brought = Vec::new();
    for change in tree::diff(&session.repo, record.state.worktree, session.repo.tree_of(*to)?)? {
        let Ok(path) = std::str::from_utf8(&change.path) else { continue };
        let name = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
        let Some(name) = name.filter(|name| change.new.is_none() && is_document(name)) else { continue };
        if session.repo.workdir().join(path).symlink_metadata().is_ok() {
            continue;
        }
        if let Some(bytes) = kept(session, record, path)? {
            brought.push(paper::create(&session.repo, folder, std::iter::once(name.to_owned()), &bytes)?);
        }
    }
    Ok(brought)
}

/// Whether a file of this name is one that [`add_document`] makes.
fn is_document(name: &str) -> bool {
    let kinds = [Document::CriticalFailure, Document::SecurityIncident, Document::ProductionIncident];
    let date = name.get(..11).is_some_and(|date| {
        date.char_indices().all(|(at, c)| if matches!(at, 4 | 7 | 10) { c == '-' } else { c.is_ascii_digit() })
    });
    date && name.ends_with(".md")
        && !name.contains('/')
        && kinds.iter().any(|kind| name[11..].starts_with(kind.as_str()))
}

fn add_document(
    session: &Session,
    record: &Record,
    (folder, facts): (&str, &Facts),
    troubles: &mut Vec<Error>,
) -> Result<Option<String>> {
    let kind = Document::fitting(facts);
    let short = record.id.as_str().rsplit('-').next().unwrap_or_default();
    let stem = format!("{}-{}-{short}", session.local_of(record.at).format("%Y-%m-%d"), kind.as_str());
    let mark = format!("<!-- checkpoint {} -->\n", record.id);
    // A second call for the same operation finds what the first one wrote.
    let first = session.repo.workdir().join(folder).join(format!("{stem}.md"));
    if std::fs::read_to_string(first).is_ok_and(|text| text.contains(&mark)) {
        return Ok(None);
    }
    let text = format!("{}\n\n{mark}", filled(session, kind, facts, troubles)?.trim_end());
    let names = std::iter::once(format!("{stem}.md")).chain((2..100).map(|n| format!("{stem}.{n}.md")));
    paper::create(&session.repo, folder, names, text.as_bytes()).map(Some)
}

#[cfg(test)]
mod tests {
    #[test]
    fn documents_are_known_by_their_names() {
        for (name, is) in [
            ("2026-11-21-critical-failure-9f3a2c.md", true),
            ("2026-11-21-production-incident-9f3a2c.2.md", true),
            ("2026-11-21-notes.md", false),
            ("notes.md", false),
            ("2026-11-21-critical-failure-9f3a2c/x.md", false),
            ("é", false),
        ] {
            assert_eq!(super::is_document(name), is, "{name}");
        }
    }
}
