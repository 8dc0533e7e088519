//! What is kept of a try that goes on, beside its record: the files that it is run for, and what became of those so far.
//!
//! `<common-dir>/checkpoint/try/<record-id>/files` and `…/done`. Local, and gone when it ends. The record has all that could
//! be lost; here is only what a report needs, so that ten thousand files do not make ten thousand long records.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::PathBuf,
};

use gix::bstr::{BString, ByteSlice, ByteVec};
use serde::{Deserialize, Serialize};

use crate::{
    error::{Context, Result},
    git::durable,
    model::{Oid, RecordId, Tried, Turn, quote_path, unquote_path},
    ops::Session,
};

/// Where it is written down what became of each file.
pub(super) struct Notes {
    done: File,
    /// What became of files until now.
    pub(super) tried: Vec<Tried>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    path: String,
    turn: String,
    reason: String,
    made: Option<String>,
}

fn folder(session: &Session, id: &RecordId) -> PathBuf {
    session.repo.state_dir().join("try").join(id.as_str())
}

/// Notes for a try of these files, from the top of the worktree.
pub(super) fn begin(session: &Session, id: &RecordId, files: &[BString]) -> Result<Notes> {
    let folder = folder(session, id);
    let mut list = Vec::new();
    for file in files {
        list.push_str(file);
        list.push(0);
    }
    let shared = durable::shared_policy(&session.repo);
    let written = durable::write_atomically(&folder.join("files"), &list, shared);
    written.map_err(|error| durable::storage_error(&folder, error))?;
    open(session, id).map(|done| Notes { done, tried: Vec::new() })
}

fn open(session: &Session, id: &RecordId) -> Result<File> {
    let path = folder(session, id).join("done");
    let file = OpenOptions::new().append(true).create(true).open(&path);
    file.map_err(|error| durable::storage_error(&path, error))
}

/// The notes of a try that was interrupted, and its files.
pub(super) fn read(session: &Session, id: &RecordId) -> Result<(Notes, Vec<BString>)> {
    let folder = folder(session, id);
    let what = || format!("cannot read `{}`", folder.display());
    let list = fs::read(folder.join("files")).with_context(what)?;
    let files = list.split(|byte| *byte == 0).filter(|file| !file.is_empty()).map(BString::from).collect();
    let done = match fs::read(folder.join("done")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        done => done.with_context(what)?,
    };
    let whole = done.lines_with_terminator().filter(|line| line.ends_with(b"\n"));
    let tried = whole.filter_map(|line| tried(serde_json::from_slice(line).ok()?)).collect();
    let mut file = open(session, id)?;
    if !done.is_empty() && !done.ends_with(b"\n") {
        // Of a line that was cut off nothing is known.
        file.write_all(b"\n").with_context(what)?;
    }
    Ok((Notes { done: file, tried }, files))
}

/// Forgets a try that has ended.
pub(super) fn forget(session: &Session, id: &RecordId) {
    // A folder too many is no reason to fail.
    let _gone = fs::remove_dir_all(folder(session, id));
}

impl Notes {
    /// Writes down what became of a file, durably: it is not tried again.
    pub(super) fn add(&mut self, tried: Tried) -> Result<()> {
        let line = Line {
            path: quote_path(tried.path.as_bstr()),
            turn: tried.turn.as_str().into(),
            reason: tried.reason.clone(),
            made: tried.made.map(|made| made.to_string()),
        };
        let mut bytes = serde_json::to_vec(&line).context("cannot write down what was tried")?;
        bytes.push(b'\n');
        let written = self.done.write_all(&bytes).and_then(|()| self.done.sync_data());
        written.context("cannot write down what was tried")?;
        self.tried.push(tried);
        Ok(())
    }
}

fn tried(line: Line) -> Option<Tried> {
    Some(Tried {
        path: unquote_path(&line.path)?,
        turn: Turn::from_word(&line.turn)?,
        reason: line.reason,
        made: line.made.and_then(|made| Oid::from_hex(made.as_bytes()).ok()),
    })
}
