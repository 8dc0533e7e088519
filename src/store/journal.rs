//! What is being done in a worktree right now, so that after a crash the next call can finish it or take it back.
//!
//! One file a worktree, `<common-dir>/checkpoint/journal/<name>.json`, whole or not there at all, and durable before
//! the step that it announces begins.

use std::{fs, io, path::PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    error::{Context, Error, Result},
    git::{
        Repo,
        durable::{self, Unsynced},
    },
    model::{Kind, RecordId},
};

/// The version of the file that this program writes, and the newest that it reads.
const FORMAT: u32 = 1;

/// An operation that has begun and not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal {
    /// The record that the operation has or will have.
    pub id: RecordId,
    /// What the operation does.
    pub kind: Kind,
    /// The step that was about to begin, in the operation's own words.
    pub step: String,
    /// When the operation began.
    pub started: DateTime<Utc>,
    /// The process that does it.
    pub pid: u32,
    /// What was asked for, in the operation's own form.
    pub request: serde_json::Value,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    format: u32,
    id: String,
    kind: String,
    step: String,
    started: DateTime<Utc>,
    pid: u32,
    request: serde_json::Value,
}

impl Journal {
    /// What is in progress in this worktree; an error that names the file if it cannot be read.
    pub fn read(repo: &Repo) -> Result<Option<Self>> {
        let path = path(repo)?;
        let bytes = match fs::read(&path) {
            // It was announced, and the power was cut before it was durable: nothing had begun.
            Ok(bytes) if bytes.is_empty() => return Ok(None),
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(&path, error)),
        };
        // The format first: a newer one may have any other form.
        let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(|error| unreadable(&path, error))?;
        let format = value.get("format").and_then(serde_json::Value::as_u64);
        if let Some(newer) = format.filter(|format| *format > u64::from(FORMAT)) {
            return Err(Error::environment(format!(
                "the journal `{}` is of format {newer}, this version reads up to {FORMAT}",
                path.display()
            ))
            .hint("update git-checkpoint to the version that began this operation"));
        }
        let stored: Stored = serde_json::from_value(value).map_err(|error| unreadable(&path, error))?;
        let id = stored.id.parse().map_err(|why: String| unreadable(&path, why))?;
        let kind = stored.kind.parse().map_err(|why: String| unreadable(&path, why))?;
        let Stored { step, started, pid, request, .. } = stored;
        Ok(Some(Journal { id, kind, step, started, pid, request }))
    }

    /// The journal of any worktree in which something is in progress; read by nobody here, so that one of a newer version
    /// counts too.
    pub fn anywhere(repo: &Repo) -> Result<Option<PathBuf>> {
        let dir = repo.state_dir().join("journal");
        let entries = match fs::read_dir(&dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            entries => entries.map_err(|error| unreadable(&dir, error))?,
        };
        let has_begun = |entry: &fs::DirEntry| entry.metadata().is_ok_and(|data| data.len() > 0);
        let paths = entries.flatten().filter(has_begun).map(|entry| entry.path());
        Ok({ paths }.find(|path| path.extension().is_some_and(|extension| extension == "json")))
    }

    /// Puts it in the place of the one before, durably.
    pub fn write(&self, repo: &Repo) -> Result<()> {
        let (path, bytes) = (path(repo)?, self.encoded()?);
        let written = durable::write_atomically(&path, &bytes, durable::shared_policy(repo));
        written.map_err(|error| durable::storage_error(&path, error))
    }

    /// As [`Journal::write`] for the first step of an operation, which a kill does not undo; it survives a power cut only
    /// once what is returned was made durable, together with something else. Until then nothing may be changed.
    pub fn announce(&self, repo: &Repo) -> Result<Option<Unsynced>> {
        let path = path(repo)?;
        if path.metadata().is_ok_and(|data| data.len() > 0) {
            // What it says of earlier steps must not be lost.
            return self.write(repo).map(|()| None);
        }
        let announced = durable::announce(&path, &self.encoded()?, durable::shared_policy(repo));
        announced.map(Some).map_err(|error| durable::storage_error(&path, error))
    }

    fn encoded(&self) -> Result<Vec<u8>> {
        let stored = Stored {
            format: FORMAT,
            id: self.id.to_string(),
            kind: self.kind.to_string(),
            step: self.step.clone(),
            started: self.started,
            pid: self.pid,
            request: self.request.clone(),
        };
        let mut bytes = serde_json::to_vec_pretty(&stored).context("cannot write the journal")?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// The operation has ended; it not having begun is fine.
    pub fn remove(repo: &Repo) -> Result<()> {
        let path = path(repo)?;
        durable::remove(&path).map_err(|error| durable::storage_error(&path, error))
    }
}

/// The file that is locked for as long as somebody is at work on what takes long in this worktree.
pub fn long_lock(repo: &Repo) -> Result<PathBuf> {
    Ok(path(repo)?.with_extension("running"))
}

/// The main worktree's file is `main.json`; a linked worktree's has its name in `.git/worktrees` after a mark that
/// keeps one called `main` apart.
fn path(repo: &Repo) -> Result<PathBuf> {
    let mut name = match repo.git_dir().strip_prefix(repo.common_dir().join("worktrees")) {
        Ok(linked) => {
            let mut name = std::ffi::OsString::from("worktree-");
            name.push(linked.file_name().ok_or_else(|| Error::bug("a linked worktree has no name"))?);
            name
        }
        Err(_main) => "main".into(),
    };
    name.push(".json");
    Ok(repo.state_dir().join("journal").join(name))
}

fn unreadable(path: &std::path::Path, why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::environment(format!("the journal `{}` cannot be read", path.display())).because(why).hint(format!(
        "an operation was interrupted; look at `git checkpoint log` and `git status`, then remove `{}`",
        path.display()
    ))
}
