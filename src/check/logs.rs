//! What checks printed: `<common-dir>/checkpoint/logs/<time>-<what>-<process>/<commit>-<check>.log`.
//!
//! Local files and not objects: they are for the one who waits at the terminal, and a log of many megabytes is nothing to
//! share. The newest runs are kept.

use std::{
    cell::Cell,
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};

use crate::{
    config::Moment,
    error::{Context, Result},
    git::{Repo, durable, lock},
    model::Oid,
};

/// So many runs are kept, beside those that go on.
const KEPT: usize = 20;

/// The most of a line that is shown, in characters.
const WIDTH: usize = 500;

/// The logs of one run.
pub struct Logs<'r> {
    repo: &'r Repo,
    dir: PathBuf,
    is_made: Cell<bool>,
    are_followed: bool,
}

impl<'r> Logs<'r> {
    /// Of a run at `now`, in a folder that is named so that runs sort by time. `what` is a word.
    pub fn of(repo: &'r Repo, now: DateTime<Utc>, what: &str) -> Self {
        let name = format!("{}-{what}-{}", now.format("%Y%m%dT%H%M%S%.3fZ"), std::process::id());
        Logs { repo, dir: repo.state_dir().join("logs").join(name), is_made: Cell::new(false), are_followed: false }
    }

    /// In a folder that is there and that somebody else sees to, who may want to follow what is printed.
    pub fn at(repo: &'r Repo, dir: PathBuf) -> Self {
        Logs { repo, dir, is_made: Cell::new(true), are_followed: true }
    }

    /// What writes to this log is about to begin. It makes the file when there is something to write, but whoever follows logs
    /// has to see which there are.
    pub fn begin(&self, log: &Path) {
        if self.are_followed {
            // The one who writes can make it too.
            let _made = fs::File::create(log);
        }
    }

    /// The file for one check of one commit. With the first one the folder is made, and the oldest runs are removed.
    pub fn file(&self, commit: Oid, check: &str) -> Result<PathBuf> {
        if !self.is_made.replace(true) {
            let made = durable::create_passing_dirs(&self.dir, durable::shared_policy(self.repo));
            made.with_context(|| format!("cannot make `{}`", self.dir.display()))?;
            // A log too many is no reason to stop.
            let _removed = self.dir.parent().map(remove_oldest);
        }
        Ok(self.dir.join(format!("{}-{check}.log", commit.to_hex_with_len(12))))
    }
}

fn remove_oldest(all: &Path) -> io::Result<()> {
    let mut runs = Vec::new();
    for entry in fs::read_dir(all)? {
        runs.push(entry?.file_name());
    }
    runs.sort();
    for name in runs.iter().rev().skip(KEPT).filter(|name| has_ended(name)) {
        fs::remove_dir_all(all.join(name))?;
    }
    Ok(())
}

/// Whether the process of the run in a folder of this name has ended; one that nobody can tell of has. A watch of this process
/// is one run after another, and those before the present one have ended.
fn has_ended(folder: &OsStr) -> bool {
    let name = folder.to_string_lossy();
    if name.ends_with(&format!("-{}-{}", Moment::Monitor.as_str(), std::process::id())) {
        return true;
    }
    let process = name.rsplit_once('-').map(|(_, process)| process);
    process.and_then(|process| process.parse::<u32>().ok()).is_none_or(|process| lock::has_ended(&process.to_string()))
}

/// What of a log is kept with a record: all of it, or else its beginning and its end.
pub fn excerpt(log: &Path) -> Vec<u8> {
    const HEAD: usize = 64 << 10;
    const TAIL: usize = 192 << 10;
    let mut bytes = fs::read(log).unwrap_or_default();
    if let Some(left_out) = bytes.len().checked_sub(HEAD + TAIL).filter(|left_out| *left_out > 0) {
        let note = format!("\n[{left_out} bytes are left out here]\n");
        bytes.splice(HEAD..HEAD + left_out, note.into_bytes());
    }
    bytes
}

/// The last lines of a log, for a person; empty if it cannot be read.
pub fn tail(log: &Path, lines: usize) -> Vec<String> {
    const MOST: u64 = 64 << 10;
    let read = || -> io::Result<Vec<u8>> {
        use std::io::{Read, Seek, SeekFrom};
        let mut file = fs::File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(MOST)))?;
        let mut bytes = Vec::new();
        file.take(MOST).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    last_lines(&read().unwrap_or_default(), lines)
}

/// The last lines of what a command printed, each as it would stand on a screen in the end, and at most 500 characters of it.
pub fn last_lines(output: &[u8], lines: usize) -> Vec<String> {
    let text = String::from_utf8_lossy(output);
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].iter().map(|line| shown(line)).collect()
}

fn shown(line: &str) -> String {
    let written = line.trim_end_matches('\r');
    // A progress bar writes over itself.
    let written = written.rsplit_once('\r').map_or(written, |(_, last)| last);
    let mut shown: String = written.chars().take(WIDTH).collect();
    if shown.len() < written.len() {
        shown.push('…');
    }
    shown
}
