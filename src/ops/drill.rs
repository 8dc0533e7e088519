//! The main job, rehearsed on a throw-away copy: checkpoint, break, back up, roll back, compare, recover, undo; and the
//! rollback as it is configured, with a deliberate break (`rehearse`).
//!
//! The copy borrows the objects of the repository and has its own refs, index and files, so nothing that happens
//! here can reach the original. Every comparison is of bytes on disk and of what git itself says, not of records.

mod artifact;
mod breaks;
mod copy;
mod folder;
mod judge;
mod mess;
mod picture;
mod rehearse;
mod report;
mod scenario;
mod table;
mod watch;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{
    Session, create, recover,
    rollback::{self, RolledBack},
    trust,
    undo::{self, Direction},
};
use crate::{
    config::Env,
    error::{Context, Error, Kind, Result},
    git::Repo,
    model::{Scope, Selector},
};
use folder::Folder;
use picture::Picture;

pub use rehearse::rehearse;
pub use report::{Conduct, How, Outcome, Ran, Rehearsed};
pub use scenario::Scenario;
pub use table::{Row, State, is_of_interest, table};

/// How the drill went.
#[derive(Debug)]
#[must_use]
pub struct Drilled {
    /// Whether it was a copy of the repository the command was called in, or a small example.
    pub is_copy: bool,
    /// How many files the copy has.
    pub files: usize,
    /// What was done, in order.
    pub steps: Vec<Step>,
    /// Where the copy is, if it was to be kept.
    pub kept: Option<PathBuf>,
}

/// One step of the drill.
#[derive(Debug)]
pub struct Step {
    /// What was done.
    pub name: &'static str,
    /// How long it took, comparing not included.
    pub took: Duration,
    /// What is worth knowing of it.
    pub detail: String,
    /// What differs from what should be there; empty if nothing does.
    pub differences: Vec<String>,
}

impl Drilled {
    /// Whether every byte was where it should be.
    pub fn is_ok(&self) -> bool {
        self.steps.iter().all(|step| step.differences.is_empty())
    }
}

/// Runs the drill on a copy of the repository that `env` is in, or on an example where it is in none.
pub fn drill(env: &Env, keep: bool) -> Result<Drilled> {
    let source = match Repo::open(env) {
        Ok(repo) => Some(repo),
        Err(error) if error.kind() != Kind::Environment || Repo::is_at(env) => return Err(error),
        Err(_nowhere) => None,
    };
    let folder = Folder::make()?;
    let copy = folder.copy();
    let env = env.clone().without_repository().in_dir(&copy);
    match &source {
        Some(repo) => copy::of(repo, &copy)?,
        None => copy::example(&copy)?,
    }
    let mut run = Run { env: env.clone(), dir: copy, steps: Vec::new() };
    let files = run.rehearse()?;
    let kept = if keep { Some(folder.keep()?) } else { None };
    Ok(Drilled { is_copy: source.is_some(), files, steps: run.steps, kept })
}

struct Run {
    env: Env,
    dir: PathBuf,
    steps: Vec<Step>,
}

impl Run {
    fn rehearse(&mut self) -> Result<usize> {
        let taken = self.step("checkpoint", |session| {
            // The commands of the configuration were trusted for the repository itself, if at all.
            let request = create::Request { no_verify: true, ..create::Request::default() };
            let taken = create::take(session, &request, &trust::Standing::NoCommands, &mut |_| {})?;
            Ok((taken.record.id.to_string(), taken.record.id.to_string()))
        })?;
        let before = self.picture()?;

        let mess = self.step("break", |session| {
            let mess = mess::make(session)?;
            Ok((mess.describe(), mess))
        })?;
        let broken = self.picture()?;
        self.expect_different(&before, &broken)?;

        let back = self.step("back up, roll back", |session| {
            let selector = Selector::Name(taken.clone());
            let request = rollback::Request {
                reason: Some("drill".into()),
                scope: Scope::Code,
                no_steps: true,
                no_verify: true,
                ..rollback::Request::to(selector)
            };
            let done = rollback::run(session, rollback::plan(session, request)?, &mut |_| {})?;
            Ok((describe(&done), done))
        })?;
        self.compare(&before)?;

        self.step("recover the good commits", |session| {
            let request = recover::Request { what: mess.good.clone(), without_hooks: true, ..Default::default() };
            let recovered = recover::plan(session, &request)?.apply(session)?;
            if recovered.conflict.is_some() || recovered.picked.len() != mess.good.len() {
                return Err(Error::refused("the good commits did not come back"));
            }
            Ok((format!("{} of {} commits", recovered.picked.len(), mess.commits), ()))
        })?;
        let missing = mess.missing_good(&self.dir);
        self.last().differences.extend(missing);

        self.step("undo the recovery", |session| undo(session, Direction::Undo))?;
        self.compare(&before)?;
        self.step("undo the rollback", |session| undo(session, Direction::Undo))?;
        self.compare(&broken)?;
        self.step("redo the rollback", |session| undo(session, Direction::Redo))?;
        self.compare(&before)?;
        let _ = back;
        Ok(before.files())
    }

    /// Does one step with a session of its own, as a command would, and notes its time.
    fn step<T>(&mut self, name: &'static str, work: impl FnOnce(&Session) -> Result<(String, T)>) -> Result<T> {
        let started = Instant::now();
        let session = Session::open(&self.env)?;
        let (detail, value) = work(&session).with_context(|| format!("the drill failed at `{name}`"))?;
        self.steps.push(Step { name, took: started.elapsed(), detail, differences: Vec::new() });
        Ok(value)
    }

    fn last(&mut self) -> &mut Step {
        self.steps.last_mut().expect("a step was made before it is compared")
    }

    fn picture(&self) -> Result<Picture> {
        Picture::take(&Session::open(&self.env)?.repo)
    }

    fn compare(&mut self, expected: &Picture) -> Result<()> {
        let differences = expected.differences(&self.picture()?);
        self.last().differences = differences;
        Ok(())
    }

    /// A break that changes nothing would make every comparison after it worthless.
    fn expect_different(&mut self, before: &Picture, after: &Picture) -> Result<()> {
        if before.differences(after).is_empty() {
            return Err(Error::bug("the drill's break changed nothing"));
        }
        Ok(())
    }
}

fn describe(done: &RolledBack) -> String {
    let backup = done.record.backup().map_or_else(String::new, |name| format!("{name}, "));
    format!("{backup}{} files", done.files)
}

fn undo(session: &Session, direction: Direction) -> Result<(String, ())> {
    let done = undo::plan(session, &undo::Request { direction, id: None, no_steps: true, code_only: true })?
        .apply(session, &mut |_| {})?;
    Ok((done.undone.subject.clone(), ()))
}

/// Writes a file below `dir` with the folders it needs.
fn write(dir: &Path, name: &str, content: &[u8]) -> Result<()> {
    let path = dir.join(name);
    let made = path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&path, content));
    made.with_context(|| format!("cannot write `{}`", path.display()))
}
