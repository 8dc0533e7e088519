//! Files put in place one by one, each exchanged for what was there, so that nothing is overwritten unseen.
//!
//! The new files are written into a folder of their own: by git, so that filters, line ends and links are its own, or
//! without it where none of these has a say. Then each is
//! exchanged with the file in the worktree, in one step, and what came out is looked at: if it is not what was
//! captured, somebody saved it a moment ago, and every exchange is taken back. Only when all are in place, and all
//! that came out is still what was captured, it is let go.
//!
//! A kill in between leaves the folder; [`rescue()`] keeps what no backup has of it.
//!
//! Files on another file system than the folder cannot be exchanged with it: then all is left to git.

mod moves;
pub(in crate::git) mod place;
mod plain;
mod rescue;
mod stage;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    thread,
};

use gix::{
    bstr::{BString, ByteSlice},
    index::entry::Stat,
};

use self::moves::{Moves, TakenBack};
pub(super) use self::rescue::{FOLDER as RESCUED, rescue};
use super::{lock::IndexLock, raw::Rewrites, sparse};
use crate::{
    error::Result,
    git::{
        Repo,
        capture::witness::{Expected, Witness},
        durable,
        tree::{self, Entry, TreeChange},
    },
};

/// The folder beside the index in which all this happens.
struct Area {
    top: PathBuf,
}

impl Area {
    fn of(repo: &Repo) -> Self {
        Area { top: repo.git_dir().join("checkpoint-files") }
    }

    /// The files that are to come, and those that were exchanged for them.
    fn incoming(&self) -> PathBuf {
        self.top.join("new")
    }

    /// The files that went.
    fn outgoing(&self) -> PathBuf {
        self.top.join("old")
    }

    /// Is there from before the first file of the worktree is in it.
    fn begun(&self) -> PathBuf {
        self.top.join("begun")
    }
}

/// What is to be done at one path.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) path: BString,
    /// What has to be there before; `None`: nothing.
    expected: Option<Expected>,
    /// What git is to write; `None`: the file goes.
    pub(super) new: Option<Entry>,
}

impl Step {
    fn is_rule(&self) -> bool {
        self.path.rsplit(|byte| *byte == b'/').next() == Some(b".gitattributes")
    }
}

/// What the index has to know of a path: the file that is there now, as it was written, or that there is none.
pub(super) struct Outcome {
    pub(super) path: BString,
    pub(super) new: Option<(Entry, Stat)>,
}

impl Outcome {
    /// The same, as a change of a tree.
    pub(super) fn change(&self) -> TreeChange {
        TreeChange { path: self.path.clone(), old: None, new: self.new.map(|(entry, _)| entry) }
    }
}

/// What is changed by exchanging, and whether git has other things to do.
#[derive(Debug, Default)]
pub(super) struct Plan {
    steps: Vec<Step>,
    pub(super) has_more: bool,
    /// Whether files were exchanged and taken back, so that the times of their inodes are others.
    pub(super) was_taken_back: bool,
    /// Ends at the latest when the restore does.
    sweep: Option<Sweep>,
}

/// The removal of a folder beside other work; whoever drops it waits for its end. What cannot be removed stays there.
#[derive(Debug)]
struct Sweep {
    folder: PathBuf,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Sweep {
    /// So many files go with their folder before a thread would have begun, where nothing else is waited for.
    const FEW: usize = 8;
    /// Below so many files one thread is enough.
    const MANY: usize = 64;

    /// Of the folder, in which these files are.
    fn of(folder: PathBuf, mut files: Vec<PathBuf>) -> Self {
        // Where no thread can be had, all goes at the end.
        let start = |remove: Box<dyn FnOnce() + Send>| thread::Builder::new().spawn(remove).ok();
        if files.len() <= Self::FEW {
            let all = folder.clone();
            let sweep = durable::takes_time(&folder).then(|| start(Box::new(move || drop(fs::remove_dir_all(all)))));
            return Sweep { folder, threads: sweep.flatten().into_iter().collect() };
        }
        let second = if files.len() < Self::MANY { Vec::new() } else { files.split_off(files.len() / 2) };
        let remove =
            |files: Vec<PathBuf>| start(Box::new(move || files.iter().for_each(|file| drop(fs::remove_file(file)))));
        let parts = [files, second].into_iter().filter(|part| !part.is_empty());
        Sweep { folder, threads: parts.filter_map(remove).collect() }
    }
}

impl Drop for Sweep {
    fn drop(&mut self) {
        // None of them can panic: they only remove.
        self.threads.drain(..).for_each(|thread| drop(thread.join()));
        fs::remove_dir_all(&self.folder).ok();
    }
}

impl Plan {
    /// Of `changes` those that can be made so: files and links whose names the file system tells apart. Submodules,
    /// and what a sparse checkout leaves out, are for git.
    pub(super) fn of(repo: &Repo, witness: &mut Witness<'_>, changes: Vec<TreeChange>) -> Result<Plan> {
        let (is_sparse, folds) = (sparse::is_on(repo), witness.folds_names());
        let is_module = |entry: Option<Entry>| entry.is_some_and(|entry| entry.mode.is_commit());
        let modules = changes.iter().filter(|change| is_module(change.old) || is_module(change.new));
        let modules: BTreeSet<BString> = modules.map(|change| change.path.clone()).collect();
        let in_module =
            |path: &BString| path.find_iter("/").chain([path.len()]).any(|end| modules.contains(path[..end].as_bstr()));
        // Only git knows the patterns, and what they leave out of the files that are there.
        let mut plan = Plan { has_more: is_sparse && !changes.is_empty(), ..Plan::default() };
        for TreeChange { path, old, new } in changes {
            let is_plain = !in_module(&path) && (!folds || (old.is_some() && new.is_some()));
            let expected = if is_plain && old.is_some() { witness.expected(path.as_bstr())? } else { None };
            if new.is_some() && !tree::is_writable_path(repo, path.as_bstr()) {
                return Err(super::unsafe_path(&path));
            }
            if is_plain && (expected.is_some() || (old.is_none() && !is_sparse)) {
                plan.steps.push(Step { path, expected, new });
            } else {
                plan.has_more = true;
            }
        }
        Ok(plan)
    }

    /// Does it: all of it, or nothing and an error. If a file system is in the way, nothing of it, and git is to do
    /// all.
    pub(super) fn carry_out(
        &mut self,
        repo: &Repo,
        witness: &Witness<'_>,
        (lock, raw): (&IndexLock, &Rewrites),
    ) -> Result<Vec<Outcome>> {
        if self.steps.is_empty() {
            return Ok(Vec::new());
        }
        // Known from the start, it spares the filters a second run.
        let is_elsewhere = place::is_elsewhere(repo.git_dir(), repo.workdir());
        if is_elsewhere.map_err(|error| durable::storage_error(repo.workdir(), error))? {
            self.leave_to_git();
            return Ok(Vec::new());
        }
        let mut moves = Moves::begin(repo, witness.eye)?;
        match self.make(repo, &mut moves, (lock, raw)) {
            Ok(()) => {
                let (outcomes, sweep) = moves.let_go(&self.steps);
                self.sweep = Some(sweep);
                Ok(outcomes)
            }
            Err(error) => match moves.take_back(error) {
                TakenBack::CrossesDevices => {
                    self.leave_to_git();
                    self.was_taken_back = true;
                    Ok(Vec::new())
                }
                TakenBack::Failed(error) => Err(error),
            },
        }
    }

    fn leave_to_git(&mut self) {
        self.steps.clear();
        self.has_more = true;
    }

    fn make(&self, repo: &Repo, moves: &mut Moves<'_>, (lock, raw): (&IndexLock, &Rewrites)) -> Result<()> {
        // git reads attributes in the worktree: those of the target have to be there before other files are written.
        let has_rules = self.steps.iter().any(Step::is_rule);
        let arriving = self.steps.iter().filter(|step| step.new.is_some());
        let (first, second): (Vec<&Step>, Vec<&Step>) = arriving.partition(|step| !has_rules || step.is_rule());
        let area = Area::of(repo).incoming();
        let stage = |steps: &[&Step], area: &Path| {
            stage::write(repo, area, lock, steps)?;
            raw.stage(repo, area, steps.iter().map(|step| &step.path))
        };
        stage(&first, &area)?;
        moves.remove(&self.steps)?;
        moves.put(&first)?;
        if !second.is_empty() {
            stage(&second, &area)?;
            moves.put(&second)?;
        }
        moves.look_again()
    }
}
