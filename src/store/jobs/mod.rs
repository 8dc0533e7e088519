//! Background checks, as they are kept in this repository alone: `<common-dir>/checkpoint/jobs/`.
//!
//! ```text
//! <record-id>/job.json   what is known of the job; written by who holds the lock; absent for checks in the foreground
//! <record-id>/lock       held by who works on it
//! <record-id>/cancel     somebody does not want it any more, and why
//! <record-id>/logs/      what its checks printed
//! <record-id>/before/    what those printed that were waited for
//! slot-<n>               held by a worker for as long as it lives
//! start                  held while it is decided whether a worker is needed, so that no job falls between two
//! due                    its time is when the next job is due; absent where none is
//! unheard                ids of jobs that ended badly and that nobody was told of
//! ```
//!
//! All of it is advice: the records decide which checkpoints are pending, so a file that is lost or damaged costs a look
//! at them and nothing else.

mod job;
mod locks;

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use chrono::{DateTime, Utc};

pub use job::{Attempt, Job};
pub use locks::Held;

use crate::{
    error::{Error, Result},
    git::{Repo, durable},
    model::{JobState, RecordId, until},
};

/// No job is larger, in bytes.
const MAX_JOB: u64 = 1 << 20;
/// No reason to cancel is longer, in bytes.
const MAX_REASON: u64 = 1 << 10;

/// The jobs of a repository.
#[derive(Debug, Clone)]
pub struct Jobs {
    dir: PathBuf,
    shared: i32,
}

/// A job as it was found.
#[derive(Debug)]
pub struct Found {
    /// Its record.
    pub id: RecordId,
    /// What its file says, or why that cannot be read.
    pub job: Result<Job, String>,
    /// Whether somebody works on it.
    pub is_held: bool,
}

impl Found {
    /// How far it is; `None` where only the record can tell.
    pub fn state(&self) -> Option<JobState> {
        match self.job.as_ref().ok()?.state {
            JobState::Running if !self.is_held => Some(JobState::Died),
            state => Some(state),
        }
    }
}

impl Jobs {
    /// Those of `repo`.
    pub fn of(repo: &Repo) -> Self {
        Jobs { dir: repo.state_dir().join("jobs"), shared: durable::shared_policy(repo) }
    }

    /// The folder of a job.
    pub fn folder(&self, id: &RecordId) -> PathBuf {
        self.dir.join(id.as_str())
    }

    /// The folder of what a job's checks print.
    pub fn logs(&self, id: &RecordId) -> PathBuf {
        self.folder(id).join("logs")
    }

    /// Where is kept what a check printed that was waited for, until the record has it; `None` for a name that no check has.
    pub fn log_before(&self, id: &RecordId, check: &str) -> Option<PathBuf> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let is_name = !check.is_empty() && !check.starts_with('.') && check.chars().all(is_plain);
        is_name.then(|| self.folder(id).join("before").join(format!("{check}.log")))
    }

    /// The ids of all jobs, oldest first. What is not named by an id is none.
    pub fn ids(&self) -> Vec<RecordId> {
        let entries = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let mut ids: Vec<RecordId> = folders.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
        ids.sort();
        ids
    }

    /// All jobs, oldest first.
    pub fn all(&self) -> Vec<Found> {
        self.ids().iter().map(|id| self.find(id)).collect()
    }

    /// One job; one that is not there cannot be read.
    pub fn find(&self, id: &RecordId) -> Found {
        // In this order: who works on it writes the file before letting go, and takes the lock before writing.
        let path = self.folder(id).join("lock");
        let was_held = locks::is_held(&path);
        let job = self.read(id);
        Found { id: id.clone(), job, is_held: was_held || locks::is_held(&path) }
    }

    /// What the file of a job says.
    pub fn read(&self, id: &RecordId) -> Result<Job, String> {
        let bytes = read_plain(&self.folder(id).join("job.json"), MAX_JOB).map_err(|error| error.to_string())?;
        Job::decode(id, &bytes)
    }

    /// Whether there is such a job.
    pub fn has(&self, id: &RecordId) -> bool {
        self.folder(id).is_dir()
    }

    /// Whether it is one of checks that somebody waits for, or waited for until they died.
    pub fn is_foreground(&self, id: &RecordId) -> bool {
        self.has(id) && self.folder(id).join("job.json").symlink_metadata().is_err()
    }

    /// Takes the lock of a job, whose folder is made where it is missing; `None` where somebody works on it.
    pub fn lock(&self, id: &RecordId) -> Result<Option<Held>> {
        self.lock_within(id, Duration::from_millis(300))
    }

    /// As [`Jobs::lock`], waiting so long.
    pub fn lock_within(&self, id: &RecordId, patience: Duration) -> Result<Option<Held>> {
        let (dir, path) = (self.folder(id), self.folder(id).join("lock"));
        let take = || {
            durable::create_dirs(&dir, self.shared)?;
            let held = locks::try_within(&path, patience)?;
            gix::fs::set_shared_repository_permissions(&path, self.shared)?;
            Ok(held)
        };
        let held = take().map_err(|error| durable::storage_error(&dir, error))?;
        // One that was removed while we waited is none.
        Ok(held.filter(|_| path.exists()))
    }

    /// Puts what is known of a job in the place of what was. Its lock must be held.
    pub fn write(&self, job: &Job, _lock: &Held) -> Result<()> {
        let path = self.folder(&job.id).join("job.json");
        let bytes = job.encode().map_err(|error| Error::bug("a job cannot be JSON").because(error))?;
        let written = durable::write_atomically(&path, &bytes, self.shared);
        written.map_err(|error| durable::storage_error(&path, error))
    }

    /// Removes a job and its logs. Its lock must be held.
    pub fn remove(&self, id: &RecordId, _lock: &Held) -> Result<()> {
        let dir = self.folder(id);
        // The file first: a folder without it and without a pending record is nothing.
        let removed = durable::remove(&dir.join("job.json")).and_then(|()| fs::remove_dir_all(&dir));
        removed.map_err(|error| durable::storage_error(&dir, error))
    }

    /// Asks whoever works on it to leave it.
    pub fn ask_to_cancel(&self, id: &RecordId, why: &str) -> Result<()> {
        let path = self.folder(id).join("cancel");
        let written = durable::write_atomically(&path, why.as_bytes(), self.shared);
        written.map_err(|error| durable::storage_error(&path, error))
    }

    /// Why it is not wanted any more, where that is so.
    pub fn cancelled(&self, id: &RecordId) -> Option<String> {
        let path = self.folder(id).join("cancel");
        let data = path.symlink_metadata().ok()?;
        let why = read_plain(&path, data.len().min(MAX_REASON)).unwrap_or_default();
        Some(String::from_utf8_lossy(&why).into_owned())
    }

    /// It is wanted again, or it was left.
    pub fn forget_cancel(&self, id: &RecordId) -> Result<()> {
        let path = self.folder(id).join("cancel");
        durable::remove(&path).map_err(|error| durable::storage_error(&path, error))
    }

    /// Keeps everybody else from deciding whether a worker is needed; waits for who does now.
    pub fn decide(&self) -> Result<Held> {
        let path = self.dir.join("start");
        let take = || {
            durable::create_dirs(&self.dir, self.shared)?;
            let held = locks::wait(&path)?;
            gix::fs::set_shared_repository_permissions(&path, self.shared).or_else(only_ours)?;
            Ok(held)
        };
        take().map_err(|error| durable::storage_error(&path, error))
    }

    /// Takes one of `number` slots, unless as many workers are at work.
    pub fn slot(&self, number: usize, _deciding: &Held) -> Result<Option<Held>> {
        for n in 0..number.max(1) {
            let path = self.dir.join(format!("slot-{n}"));
            if let Some(held) = locks::try_soon(&path).map_err(|error| durable::storage_error(&path, error))? {
                let _as_it_is = gix::fs::set_shared_repository_permissions(&path, self.shared);
                return Ok(Some(held));
            }
        }
        Ok(None)
    }

    /// Whether one of `number` slots is free.
    pub fn has_free_slot(&self, number: usize, _deciding: &Held) -> bool {
        (0..number.max(1)).any(|n| !locks::is_held(&self.dir.join(format!("slot-{n}"))))
    }

    /// Notes when the next job is due, or that none is.
    pub fn note_due(&self, due: Option<DateTime<Utc>>, _deciding: &Held) -> Result<()> {
        let path = self.dir.join("due");
        let Some(due) = due else {
            return durable::remove(&path).map_err(|error| durable::storage_error(&path, error));
        };
        let set = || {
            let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path)?;
            gix::fs::set_shared_repository_permissions(&path, self.shared).or_else(only_ours)?;
            file.set_modified(SystemTime::from(due))
        };
        set().map_err(|error| durable::storage_error(&path, error))
    }

    /// Notes that somebody should hear how this job ended.
    pub fn note_unheard(&self, id: &RecordId) -> Result<()> {
        let _deciding = self.decide()?;
        let path = self.dir.join("unheard");
        let add = || {
            let mut file = OpenOptions::new().append(true).create(true).open(&path)?;
            gix::fs::set_shared_repository_permissions(&path, self.shared).or_else(only_ours)?;
            file.write_all(format!("{id}\n").as_bytes())
        };
        add().map_err(|error| durable::storage_error(&path, error))
    }

    /// The jobs that nobody was told of; they count as told from now on.
    pub fn take_unheard(&self) -> Vec<RecordId> {
        let path = self.dir.join("unheard");
        if path.symlink_metadata().is_err() {
            return Vec::new();
        }
        let Ok(_deciding) = self.decide() else { return Vec::new() };
        let text = read_plain(&path, MAX_JOB).unwrap_or_default();
        // What cannot be removed would be told for ever.
        if fs::remove_file(&path).is_err() {
            return Vec::new();
        }
        let mut ids: Vec<RecordId> =
            String::from_utf8_lossy(&text).lines().filter_map(|line| line.parse().ok()).collect();
        ids.sort();
        ids.dedup();
        ids
    }

    /// From 0 to 1, never the same.
    pub fn jitter() -> f64 {
        f64::from(super::next_id::random()) / f64::from(u32::MAX)
    }
}

/// Whether a job is due and nobody sees to it, in the repository whose own folder (`Repo::state_dir`) this is. For hooks:
/// usually it costs one look at one file that is not there.
pub fn is_worker_missing(state_dir: &Path, now: DateTime<Utc>) -> bool {
    let dir = state_dir.join("jobs");
    let Ok(due) = dir.join("due").metadata().and_then(|data| data.modified()) else { return false };
    if until(Some(due.into()), now).is_some() {
        return false;
    }
    // Whoever decides now sees to it.
    matches!(locks::try_now(&dir.join("start")), Ok(Some(_deciding)) if !locks::is_held(&dir.join("slot-0")))
}

/// The beginning of a plain file; nothing else is opened, as it could wait for ever.
fn read_plain(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    if !path.symlink_metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is not a plain file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A file of another user has the mode that it has.
fn only_ours(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::PermissionDenied { Ok(()) } else { Err(error) }
}
