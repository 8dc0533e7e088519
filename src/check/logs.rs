//! What checks printed: `<common-dir>/checkpoint/logs/<time>-<what>-<process>/<commit>-<check>.log`.
//!
//! Local files and not objects: they are for the one who waits at the terminal, and a log of many megabytes is nothing to
//! share. The newest runs are kept.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};

use crate::{
    error::{Context, Result},
    git::{Repo, durable},
    model::Oid,
};

/// So many runs are kept.
const KEPT: usize = 20;

/// The logs of one run.
#[derive(Debug, Clone)]
pub struct Logs {
    dir: PathBuf,
}

impl Logs {
    /// A new folder for a run at `now`, named so that runs sort by time; the oldest are removed. `what` is a word.
    pub fn begin(repo: &Repo, now: DateTime<Utc>, what: &str) -> Result<Self> {
        let all = repo.state_dir().join("logs");
        let dir = all.join(format!("{}-{what}-{}", now.format("%Y%m%dT%H%M%S%.3fZ"), std::process::id()));
        let made = durable::create_dirs(&dir, durable::shared_policy(repo));
        made.with_context(|| format!("cannot make `{}`", dir.display()))?;
        // A log too many is no reason to stop.
        let _removed = remove_oldest(&all);
        Ok(Logs { dir })
    }

    /// Those in a folder that is there, which somebody else sees to.
    pub fn at(dir: &Path) -> Self {
        Logs { dir: dir.to_owned() }
    }

    /// The file for one check of one commit.
    pub fn file(&self, commit: Oid, check: &str) -> PathBuf {
        self.dir.join(format!("{}-{check}.log", commit.to_hex_with_len(12)))
    }
}

fn remove_oldest(all: &Path) -> io::Result<()> {
    let mut runs = Vec::new();
    for entry in fs::read_dir(all)? {
        runs.push(entry?.file_name());
    }
    runs.sort();
    for name in runs.iter().rev().skip(KEPT) {
        fs::remove_dir_all(all.join(name))?;
    }
    Ok(())
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
    let bytes = read().unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].iter().map(|line| (*line).to_owned()).collect()
}
