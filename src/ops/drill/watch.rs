//! What is seen of the commands of a rollback while they run.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use gix::bstr::ByteSlice;

use super::{
    picture::{self, Picture},
    report::{How, Ran},
};
use crate::{
    error::{Error, Result},
    git::Repo,
    model::{Step, StepOutcome},
    ops::{Session, rollback::Event},
};

/// What was seen.
pub(super) struct Seen {
    /// The commands that have ended.
    pub(super) ran: Vec<Ran>,
    /// Files that they made.
    pub(super) made: BTreeSet<PathBuf>,
    /// What was there after the commands before the rollback.
    pub(super) broken: Option<Picture>,
    /// What could not be looked at.
    pub(super) trouble: Option<Error>,
    /// Whether commands really run, so that they may change files.
    is_real: bool,
    /// The step that is made to fail.
    failing: Option<String>,
    names: BTreeSet<PathBuf>,
}

impl Seen {
    /// Nothing yet.
    pub(super) fn new(is_real: bool, failing: Option<String>) -> Self {
        Seen {
            ran: Vec::new(),
            made: BTreeSet::new(),
            broken: None,
            trouble: None,
            is_real,
            failing,
            names: BTreeSet::new(),
        }
    }

    /// Takes note of an event.
    pub(super) fn see(&mut self, session: &Session, event: &Event<'_>) {
        match event {
            Event::Begins(_) if self.is_real => self.names = picture::names(session.repo.workdir()),
            Event::Ended { step, .. } => self.ended(session, step),
            Event::Begins(_) | Event::Waits(_) | Event::Check(_) => {}
        }
    }

    fn ended(&mut self, session: &Session, step: &Step) {
        let is_made_to_fail = self.failing.as_deref() == Some(&step.name) && step.outcome == StepOutcome::Failed;
        let how = match (is_made_to_fail, self.is_real) {
            (true, _) => How::MadeToFail,
            (false, true) => How::Run,
            (false, false) => How::StoodIn,
        };
        let Step { name, outcome, took, detail } = step.clone();
        self.ran.push(Ran { name, how, outcome: outcome.as_str(), took, detail });
        if !self.is_real {
            return;
        }
        let now = picture::names(session.repo.workdir());
        self.made.extend(now.difference(&self.names).cloned());
        if step.name.starts_with("before: ") {
            match Picture::take(&session.repo) {
                Ok(picture) => self.broken = Some(picture),
                Err(error) => self.trouble = Some(error),
            }
        }
    }
}

/// The files of `now` that are not expected and that git ignores: no rollback makes these, but a command or a check may.
pub(super) fn extra_files(repo: &Repo, expected: &Picture, now: &Picture) -> Result<Vec<PathBuf>> {
    let mut input = Vec::new();
    for path in expected.extra(now) {
        input.extend_from_slice(&path_bytes(path));
        input.push(0);
    }
    if input.is_empty() {
        return Ok(Vec::new());
    }
    let said = repo.git(["check-ignore", "-z", "--stdin"]).stdin(input).output()?;
    let listed = said.stdout.split(|byte| *byte == 0).filter(|path| !path.is_empty());
    Ok(listed.filter_map(|path| gix::path::from_byte_slice(path).ok()).map(Path::to_owned).collect())
}

fn path_bytes(path: &Path) -> Vec<u8> {
    gix::path::into_bstr(path).map_or_else(|_| Vec::new(), |path| path.as_bytes().to_owned())
}
