//! What timed checkpoints leave in this repository alone: how far each phase is, who is at work, and what failed.
//!
//! All of it is advice that saves time. The records decide, so a file that is lost, old or damaged costs a look at
//! them and nothing else.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{Read, Seek, Write},
    path::Path,
};

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    git::{Repo, durable},
    model::{Course, Elapsed, Schedule},
};

const NOTES: &str = "phases.json";
const CLAIM: &str = "timed-claim";
const FAILURE: &str = "timed-failure.json";

/// A claim older than this is that of a process that has ended, however it did.
const CLAIM_HOLDS: Duration = Duration::seconds(60);

/// How far a phase is, as far as this repository knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// T0.
    pub began: DateTime<Utc>,
    /// When checkpoints are due.
    pub schedule: Schedule,
    /// The newest slot that was passed, with a checkpoint or because nothing had changed.
    pub slot: Elapsed,
    /// Whether it has ended, though git's configuration still names it.
    pub ended: bool,
}

#[derive(Serialize, Deserialize)]
struct StoredNote {
    began: DateTime<Utc>,
    schedule: String,
    minutes: u32,
    #[serde(default)]
    ended: bool,
}

type StoredNotes = BTreeMap<String, StoredNote>;

/// What is noted of a phase in the repository whose own folder (`Repo::state_dir`) this is.
pub fn note_of(state_dir: &Path, phase: &str) -> Option<Note> {
    let stored = read_notes(state_dir).remove(phase)?;
    let slot = Elapsed::from_minutes(stored.minutes);
    Some(Note { began: stored.began, schedule: stored.schedule.parse().ok()?, slot, ended: stored.ended })
}

fn read_notes(state_dir: &Path) -> StoredNotes {
    let bytes = fs::read(state_dir.join(NOTES)).ok();
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

/// Notes how far a phase is. To be called under the operation lock.
pub fn note(repo: &Repo, phase: &str, course: &Course, slot: Elapsed) -> Result<()> {
    let mut notes = read_notes(&repo.state_dir());
    let Course { began, schedule, .. } = course;
    let stored = StoredNote { began: *began, schedule: schedule.to_string(), minutes: slot.minutes(), ended: false };
    notes.insert(phase.to_owned(), stored);
    write(repo, NOTES, &notes)
}

/// Notes that a phase has ended, so that no hook looks again. To be called under the operation lock.
pub fn note_end(repo: &Repo, phase: &str) -> Result<()> {
    let mut notes = read_notes(&repo.state_dir());
    let schedule = Schedule::DEFAULT.to_string();
    let began = DateTime::UNIX_EPOCH;
    let note = notes.entry(phase.to_owned()).or_insert(StoredNote { began, schedule, minutes: 0, ended: false });
    if note.ended {
        return Ok(());
    }
    note.ended = true;
    write(repo, NOTES, &notes)
}

/// Forgets a phase. To be called under the operation lock.
pub fn forget(repo: &Repo, phase: &str) -> Result<()> {
    let mut notes = read_notes(&repo.state_dir());
    if notes.remove(phase).is_some() { write(repo, NOTES, &notes) } else { Ok(()) }
}

fn write(repo: &Repo, name: &str, value: &impl Serialize) -> Result<()> {
    let path = repo.state_dir().join(name);
    let bytes = serde_json::to_vec(value).map_err(|error| Error::bug("a note cannot be JSON").because(error))?;
    let written = durable::write_atomically(&path, &bytes, durable::shared_policy(repo));
    written.map_err(|error| durable::storage_error(&path, error))
}

/// Whether this process is the one to see to a checkpoint of `phase`; `slot` is `None` where it is not known which.
///
/// Of any number of processes that ask at once, one is told yes; the others neither wait nor fail.
pub fn claim(state_dir: &Path, phase: &str, slot: Option<Elapsed>, now: DateTime<Utc>) -> std::io::Result<bool> {
    fs::create_dir_all(state_dir)?;
    let path = state_dir.join(CLAIM);
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
    // Whoever holds it is about to claim, or has just done so.
    if file.try_lock().is_err() {
        return Ok(false);
    }
    let slot = slot.map_or("-".into(), |slot| slot.minutes().to_string());
    let what = format!("{phase} {slot}");
    if is_claimed(&mut file, &what, now) {
        return Ok(false);
    }
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(format!("{what}\n{}\n", now.timestamp()).as_bytes())?;
    share(&path, state_dir);
    Ok(true)
}

fn is_claimed(file: &mut File, what: &str, now: DateTime<Utc>) -> bool {
    let mut text = String::new();
    if file.read_to_string(&mut text).is_err() {
        return false;
    }
    let mut lines = text.lines();
    let same = lines.next() == Some(what);
    let since = lines.next().and_then(|time| DateTime::from_timestamp(time.parse().ok()?, 0));
    same && since.is_some_and(|since| since <= now && now - since < CLAIM_HOLDS)
}

/// The claim is the next user's as well, where the folder is.
fn share(path: &Path, dir: &Path) {
    #[cfg(unix)]
    if let (Ok(file), Ok(dir)) = (path.metadata(), dir.metadata()) {
        use std::os::unix::fs::PermissionsExt;
        let mode = dir.permissions().mode() & 0o666;
        if file.permissions().mode() & 0o666 != mode {
            let _as_it_is = fs::set_permissions(path, fs::Permissions::from_mode(mode));
        }
    }
    #[cfg(not(unix))]
    let _ = (path, dir);
}

/// Why a timed checkpoint could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// When.
    pub at: DateTime<Utc>,
    /// What failed and why, outermost first.
    pub chain: Vec<String>,
    /// What to do next.
    pub hints: Vec<String>,
    /// How often it failed since the last time it did not.
    pub times: u32,
}

/// The failure of the last timed checkpoint, if it failed.
pub fn failure(state_dir: &Path) -> Option<Failure> {
    serde_json::from_slice(&fs::read(state_dir.join(FAILURE)).ok()?).ok()
}

/// Keeps a failure for `status`. There is nowhere to tell that this failed as well.
pub fn remember_failure(state_dir: &Path, error: &Error, now: DateTime<Utc>) {
    let times = failure(state_dir).map_or(0, |before| before.times).saturating_add(1);
    let failure = Failure { at: now, chain: error.chain(), hints: error.hints().to_vec(), times };
    let Ok(bytes) = serde_json::to_vec(&failure) else { return };
    // Whoever takes the operation lock clears away what others have half written.
    let _lost = (0..5).find(|_| durable::write_atomically(&state_dir.join(FAILURE), &bytes, 0).is_ok());
}

/// It works again.
pub fn forget_failure(state_dir: &Path) {
    let _kept = fs::remove_file(state_dir.join(FAILURE));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_claimed_once_until_the_claim_is_old() {
        let dir = tempfile::tempdir().expect("a folder");
        let at = |seconds: i64| DateTime::from_timestamp(1_795_269_600 + seconds, 0).expect("in range");
        let slot = |hours: u32| Some(Elapsed::from_minutes(hours * 60));
        for (phase, slot, seconds, expected) in [
            ("a", slot(4), 0, true),
            ("a", slot(4), 0, false),
            ("a", slot(4), 59, false),
            ("a", slot(8), 59, true),
            ("b", slot(8), 59, true),
            ("b", None, 59, true),
            ("b", None, 60, false),
            ("b", None, 119, true),
            // The clock was set back: the claim is of no time that can be told.
            ("b", None, 0, true),
        ] {
            let claimed = claim(dir.path(), phase, slot, at(seconds)).expect("the folder is writable");
            assert_eq!(claimed, expected, "{phase} {slot:?} {seconds}");
        }
    }

    #[test]
    fn of_many_at_once_one_has_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let now = DateTime::from_timestamp(1_795_269_600, 0).expect("in range");
        let ask = || claim(dir.path(), "phase2", None, now).expect("the folder is writable");
        let claimed = std::thread::scope(|scope| {
            let asking: Vec<_> = (0..50).map(|_| scope.spawn(ask)).collect();
            asking.into_iter().filter_map(|thread| thread.join().ok()).filter(|claimed| *claimed).count()
        });
        assert_eq!(claimed, 1);
    }
}
