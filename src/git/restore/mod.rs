//! From the state captured now to another: files, index and what git keeps beside them.
//!
//! git itself writes the files, so filters, line ends and links come out as they do in any checkout, and only files
//! that differ are written; `exchange` puts them in place without overwriting anything unseen. What it cannot know
//! how to (submodules, what a sparse checkout leaves out, names that differ only in case, files on another file system)
//! is left to `git read-tree -m -u` from the captured tree to the wanted one, in an index of its own. What neither
//! would leave alone, ignored files above all, [`obstacles()`] finds before anything is written.

mod absent;
mod beside;
mod exchange;
mod files;
mod ignored;
mod index;
mod lock;
mod obstacles;
mod raw;
mod sparse;
mod temporary;

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use gix::bstr::BString;

pub(in crate::git) use self::exchange::place;
pub use self::{absent::brought_back, index::unsafe_path};
use self::{lock::IndexLock, obstacles::Ground, temporary::TemporaryIndex};
use super::{
    durable, objects,
    tree::{self, TreeChange},
};
use crate::{
    error::{Error, Result},
    git::{
        Git, Repo,
        capture::{Captured, witness::Witness},
        refs::Along,
    },
    model::{Oid, State, quote_path},
};

/// How many obstacles an error names.
const NAMED: usize = 10;

/// A path that the restore would have to overwrite or delete although no backup holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// Relative to the top of the worktree.
    pub path: BString,
    /// What is in the way, for people: `is ignored and not part of the backup`.
    pub why: String,
}

/// What stands in the way of going from `from` to `target`; empty when the restore can be begun.
pub fn obstacles(repo: &Repo, from: &Captured, target: &State) -> Result<Vec<Obstacle>> {
    let changes = changes(repo, &from.state, target)?;
    Ok(Ground::survey(repo, from, &changes)?.obstacles)
}

/// What going from one state to another changes on disk.
pub fn changes(repo: &Repo, from: &State, target: &State) -> Result<Vec<TreeChange>> {
    tree::diff(repo, absent::on_disk(repo, from)?, absent::on_disk(repo, target)?)
}

/// Removes what a restore left behind when it was killed: the index lock and its own index. Only for the holder of
/// the operation lock.
/// What somebody saved while it was exchanged, and no backup has, is kept: see [`rescued`].
pub fn remove_left_overs(repo: &Repo) -> Result<()> {
    lock::remove_stale(repo)?;
    temporary::remove_left_over(repo);
    exchange::rescue(repo).map(drop)
}

/// Removes the index lock of a restore that was killed before its journal was there.
pub fn remove_dead_lock(repo: &Repo) -> Result<()> {
    lock::remove_dead(repo)
}

/// The folder of files that somebody saved in the moment in which a restore replaced them, if there are any.
pub fn rescued(repo: &Repo) -> Option<PathBuf> {
    let folder = repo.git_dir().join(exchange::RESCUED);
    folder.exists().then_some(folder)
}

/// A restore that has begun: it holds the index lock until it is finished or dropped.
///
/// The order is: [`Restore::begin`], [`Restore::write_files`], then the caller moves HEAD, and the index comes along,
/// then [`Restore::finish`]. After a crash in between, capture again and restore from there.
#[must_use]
pub struct Restore<'r> {
    repo: &'r Repo,
    index: TemporaryIndex,
    /// What is on disk, but for what stays there although the target has it not.
    from: Oid,
    /// What is to be on disk.
    to: Oid,
    target: State,
    unflag: bool,
    raw: raw::Rewrites,
    lock: IndexLock,
    captured: &'r Captured,
    witness: Witness<'r>,
    plan: exchange::Plan,
    is_in_place: bool,
}

impl<'r> Restore<'r> {
    /// Takes the lock of the index and prepares; changes nothing yet. The objects of both states must be on disk.
    pub fn begin(repo: &'r Repo, captured: &'r Captured, target: &State) -> Result<Self> {
        if let Some(extras) = target.extras {
            index::check(repo, extras)?;
            beside::read(repo, extras)?;
        }
        let mut raw = raw::Rewrites::of(repo, &captured.state, target)?;
        let lock = IndexLock::take(repo)?;
        let (present, to) = (absent::on_disk(repo, &captured.state)?, absent::on_disk(repo, target)?);
        if present != captured.state.worktree || to != target.worktree {
            let _written = objects::flush(repo)?;
        }
        let changes = tree::diff(repo, present, to)?;
        let ground = Ground::survey(repo, captured, &changes)?;
        if !ground.obstacles.is_empty() {
            return Err(in_the_way(&ground.obstacles));
        }
        raw.check(repo, &changes, &ground.equal)?;
        let mut index = TemporaryIndex::of(repo, &captured.worktree_index);
        files::accept(repo, &mut index, &ground.equal)?;
        let absent = tree::diff(repo, captured.state.worktree, present)?.into_iter().map(|change| change.path);
        files::forget(repo, &mut index, &absent.collect::<Vec<_>>())?;
        let spared = ignored::spared(repo, &captured.state, target, &changes)?;
        files::forget(repo, &mut index, &spared)?;
        let flagged =
            captured.state.extras.map_or_else(|| Ok(Vec::new()), |extras| index::skip_worktree(repo, extras))?;
        let unflag = !flagged.is_empty() && !sparse::is_on(repo);
        let mut witness = Witness::new(repo, &captured.worktree_index);
        let stays: HashSet<&BString> = ground.equal.iter().chain(&spared).collect();
        let moving = changes.into_iter().filter(|change| !stays.contains(&change.path)).collect();
        let plan = exchange::Plan::of(repo, &mut witness, moving)?;
        let from = ignored::without(repo, present, &spared)?;
        Ok(Restore {
            repo,
            index,
            from,
            to,
            target: target.clone(),
            unflag,
            raw,
            lock,
            captured,
            witness,
            plan,
            is_in_place: false,
        })
    }

    /// Writes the files that differ; stops with its name at a file that changed after the capture.
    pub fn write_files(&mut self) -> Result<()> {
        let outcomes = self.plan.carry_out(self.repo, &self.witness, (&self.lock, &self.raw))?;
        let moved: Vec<TreeChange> = outcomes.iter().map(exchange::Outcome::change).collect();
        let all = (!self.plan.has_more).then_some(self.to);
        index::enter(self.repo, &mut self.index, outcomes, (all, self.captured.worktree_index.read_files()))?;
        if self.plan.was_taken_back {
            files::look_again(self.repo, &mut self.index)?;
        }
        if self.plan.has_more {
            // git is told that what was exchanged was so before: else a file in place of a folder is in its way.
            let from = tree::apply(self.repo, self.from, &moved)?;
            let _written = objects::flush(self.repo)?;
            files::write(self.repo, &mut self.index, &self.lock, [from, self.to])?;
        }
        sparse::keep_on_disk(self.repo, &mut self.index, &self.target)?;
        self.raw.write(self.repo)?;
        self.index.save().map(drop)
    }

    /// Puts the index in place, unless it came along with HEAD, and ends it.
    pub fn finish(mut self) -> Result<()> {
        if self.is_in_place {
            return Ok(());
        }
        self.contents()?;
        let folders = self.names()?;
        let synced = folders.iter().try_for_each(|folder| durable::sync_dir(folder));
        synced.map_err(|error| durable::storage_error(self.repo.git_dir(), error))
    }
}

/// The index, and the files of a merge in progress if the target had one.
impl Along for Restore<'_> {
    fn contents(&mut self) -> Result<()> {
        index::complete(self.repo, &mut self.index, (&self.target, self.to), self.unflag)?;
        self.raw.note(self.repo, &mut self.index)?;
        let new = self.index.save()?;
        let sync = || {
            std::fs::File::open(new)?.sync_all()?;
            gix::fs::set_shared_repository_permissions(new, durable::shared_policy(self.repo))
        };
        sync().map_err(|error| durable::storage_error(new, error))
    }

    fn names(&mut self) -> Result<Vec<PathBuf>> {
        beside::put(self.repo, self.target.extras)?;
        let real = self.repo.index_path();
        let put = std::fs::rename(self.index.save()?, &real);
        put.map_err(|error| durable::storage_error(&real, error))?;
        self.is_in_place = true;
        Ok(vec![self.repo.git_dir().to_owned()])
    }
}

/// A call of git on the temporary index, which is kept plain: no part of it lives elsewhere, and no hook is run.
fn git_on(repo: &Repo, index: &Path, args: &[&str]) -> Git {
    let plain = [
        "core.fsmonitor=false",
        "core.untrackedCache=false",
        "core.splitIndex=false",
        "core.hooksPath=/dev/null",
        "index.sparse=false",
        "index.skipHash=false",
        "submodule.recurse=false",
    ];
    let settings = plain.iter().flat_map(|setting| ["-c", setting]);
    repo.git(settings.chain(args.iter().copied())).index_file(index)
}

fn in_the_way(obstacles: &[Obstacle]) -> Error {
    let count = obstacles.len();
    let paths = if count == 1 {
        "1 path that no backup holds is".into()
    } else {
        format!("{count} paths that no backup holds are")
    };
    let mut named: Vec<String> =
        obstacles.iter().take(NAMED).map(|one| format!("`{}` {}", quote_path(one.path.as_ref()), one.why)).collect();
    if count > NAMED {
        named.push(format!("and {} more", count - NAMED));
    }
    Error::refused(format!("{paths} in the way: {}", named.join("; ")))
        .hint("move what is named out of the way, and try again; nothing was changed")
}
