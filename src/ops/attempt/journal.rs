//! What the journal keeps of a try, so that another process can go on with it or take it back.

use gix::bstr::{BString, ByteSlice};
use serde::{Deserialize, Serialize};

use super::Request;
use crate::{
    error::{Error, Result},
    model::{Kind, Record, RecordId, State, TimeLimit, quote_path, unquote_path},
    ops::{
        Session,
        intent::{Intent, Stage, Then},
    },
    store::Journal,
};

/// The key beside those of the transition that puts back.
const KEY: &str = "try";

/// What was asked for, and how far it is.
#[derive(Debug, Clone)]
pub(super) struct Notebook {
    pub(super) id: RecordId,
    pub(super) request: Request,
    /// The folder that the command runs in, from the top of the worktree.
    pub(super) dir: BString,
    /// The turn that is next or goes on, from 0.
    pub(super) at: usize,
    /// How many turns there are.
    pub(super) turns: usize,
    /// Nothing more is to be tried.
    pub(super) is_over: bool,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    words: Vec<String>,
    dir: String,
    each: Option<String>,
    message: Option<String>,
    commit: bool,
    keep_going: bool,
    wait: bool,
    no_verify: bool,
    only: Vec<String>,
    limit: Option<String>,
    at: usize,
    turns: usize,
    is_over: bool,
}

impl Notebook {
    pub(super) fn new(session: &Session, record: &Record, request: Request, files: usize) -> Self {
        let turns = if request.each.is_some() { files } else { 1 };
        let dir = session.repo.prefix().clone();
        Notebook { id: record.id.clone(), request, dir, at: 0, turns, is_over: false }
    }

    /// Writes it durably; `good` is the state that is put back to.
    pub(super) fn write(&self, session: &Session, good: &State, stage: Stage) -> Result<()> {
        let mut request = serde_json::to_value(Intent::new(good, &[], Then::Done))
            .map_err(|error| Error::bug("an intent is no JSON").because(error))?;
        let own = serde_json::to_value(self.stored()).map_err(|error| Error::bug("a try is no JSON").because(error))?;
        request[KEY] = own;
        let journal = Journal {
            id: self.id.clone(),
            kind: Kind::Try,
            step: String::new(),
            started: session.now,
            pid: std::process::id(),
            request,
        };
        stage.reach(session, &journal)
    }

    /// The try that this worktree's journal tells of.
    pub(super) fn read(session: &Session) -> Result<Option<(Journal, Self)>> {
        let Some(journal) = session.interrupted()?.filter(|journal| journal.kind == Kind::Try) else { return Ok(None) };
        let damaged = || Error::environment("the journal of the interrupted try is damaged");
        let stored: Stored =
            serde_json::from_value(journal.request[KEY].clone()).map_err(|error| damaged().because(error)).map_err(
                |error| error.hint(format!("`git checkpoint undo {}` goes back to the state before it", journal.id)),
            )?;
        let notebook = Self::of(journal.id.clone(), stored).ok_or_else(damaged)?;
        Ok(Some((journal, notebook)))
    }

    fn stored(&self) -> Stored {
        let Request { words, each, message, commit, keep_going, wait, no_verify, only, limit } = &self.request;
        Stored {
            words: words.iter().map(|word| quote_path(word.as_bstr())).collect(),
            dir: quote_path(self.dir.as_bstr()),
            each: each.as_ref().map(|each| quote_path(each.as_bstr())),
            message: message.clone(),
            commit: *commit,
            keep_going: *keep_going,
            wait: *wait,
            no_verify: *no_verify,
            only: only.clone(),
            limit: limit.map(|limit| limit.to_string()),
            at: self.at,
            turns: self.turns,
            is_over: self.is_over,
        }
    }

    fn of(id: RecordId, stored: Stored) -> Option<Self> {
        let Stored { words, dir, each, message, commit, keep_going, wait, no_verify, only, limit, at, turns, is_over } =
            stored;
        let limit: Option<TimeLimit> = match limit {
            Some(limit) => Some(limit.parse().ok()?),
            None => None,
        };
        let each = match each {
            Some(each) => Some(unquote_path(&each)?),
            None => None,
        };
        let words = words.iter().map(|word| unquote_path(word)).collect::<Option<_>>()?;
        let request = Request { words, each, message, commit, keep_going, wait, no_verify, only, limit };
        Some(Notebook { id, request, dir: unquote_path(&dir)?, at, turns, is_over })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_gives_back_what_was_asked_for_byte_by_byte() {
        let request = Request {
            words: vec!["rm".into(), b"-\xff\n\"{}".as_slice().into(), "".into()],
            each: Some(b"a\xffb*".as_slice().into()),
            message: Some("one\ntwo".into()),
            commit: true,
            keep_going: true,
            wait: true,
            no_verify: false,
            only: vec!["unit".into()],
            limit: Some(TimeLimit::from_minutes(90)),
        };
        let id: RecordId = "20261121T143000.000Z-try-000000".parse().expect("an id");
        let notebook =
            Notebook { id: id.clone(), request: request.clone(), dir: "a b".into(), at: 3, turns: 9, is_over: true };
        let read = Notebook::of(id, notebook.stored()).expect("it is whole");
        assert_eq!(format!("{read:?}"), format!("{notebook:?}"));
    }
}
