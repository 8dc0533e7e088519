//! `git checkpoint jobs logs`.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Serialize;

use super::{Log, log};
use crate::{
    error::{Context, Error, Result},
    model::{JobState, RecordId},
    ops::{
        Session,
        jobs::{self, Listed},
    },
    ui::Ui,
};

/// How often a log that is followed is looked at.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Serialize)]
struct Logs {
    id: String,
    logs: Vec<Log>,
}

pub(super) fn logs(
    session: &Session,
    listed: &Listed,
    (wanted, follow): (Option<&str>, bool),
    ui: &mut Ui,
) -> Result<u8> {
    let id = &listed.job.id;
    let now = || -> Vec<(String, PathBuf)> {
        let all = jobs::logs(session, id).into_iter();
        all.filter(|(name, _)| wanted.is_none_or(|wanted| wanted == name)).collect()
    };
    if ui.is_json() {
        ui.value(&Logs { id: id.to_string(), logs: now().iter().map(log).collect() })?;
        return Ok(0);
    }
    let mut read = BTreeMap::new();
    loop {
        let is_over = !follow || !has_more(session, id);
        for (name, path) in now() {
            let seen = read.entry(path.clone()).or_insert(0);
            if *seen == 0 {
                ui.note(format!("{name}:"))?;
            }
            *seen = tell_from(&path, *seen, is_over, ui)?;
        }
        if is_over {
            break;
        }
        ui.flush()?;
        std::thread::sleep(PAUSE);
    }
    if !read.is_empty() {
        return Ok(0);
    }
    let all = jobs::logs(session, id);
    match wanted.filter(|_| !all.is_empty()) {
        Some(name) => {
            let names: Vec<_> = all.iter().map(|(name, _)| format!("`{name}`")).collect();
            Err(Error::usage(format!("the job has no output of a check `{name}`"))
                .hint(format!("it has that of {}", names.join(", "))))
        }
        None => ui.note("it has no output").map(|()| 0),
    }
}

/// Whether more output may come soon.
fn has_more(session: &Session, id: &RecordId) -> bool {
    let listed = jobs::list(session).into_iter().find(|listed| listed.job.id == *id);
    listed.is_some_and(|listed| matches!(listed.state, JobState::Queued | JobState::Running))
}

/// Prints a log from a place on, to the end of its last line or, at the end, all of it; the place after that.
fn tell_from(path: &Path, from: u64, all: bool, ui: &mut Ui) -> Result<u64> {
    const PIECE: u64 = 1 << 20;
    let what = || format!("cannot read `{}`", path.display());
    let mut file = File::open(path).with_context(what)?;
    let mut place = from;
    loop {
        file.seek(SeekFrom::Start(place)).with_context(what)?;
        let mut bytes = Vec::new();
        (&mut file).take(PIECE).read_to_end(&mut bytes).with_context(what)?;
        let is_end = (bytes.len() as u64) < PIECE;
        let line_end = bytes.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1);
        let shown = match line_end {
            Some(end) if !(is_end && all) => end,
            None if is_end && !all => 0,
            _ => bytes.len(),
        };
        if shown == 0 {
            return Ok(place);
        }
        let text = String::from_utf8_lossy(&bytes[..shown]);
        ui.line(text.strip_suffix('\n').unwrap_or(&text).replace("\r\n", "\n"))?;
        place += shown as u64;
        if is_end {
            return Ok(place);
        }
    }
}
