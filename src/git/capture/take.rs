//! One attempt at a capture, from the index to the finished state.

use std::{sync::Arc, time::SystemTime};

use gix::{
    bstr::ByteSlice,
    index::{State as Index, entry::Flags},
};

use super::{
    Captured, Changes, Identity, WorktreeIndex,
    content::{self, Content, Job, Keep},
    edit::{self, Edit, Leaf},
    extras, fallback, raw, snapshot, sparse, staged, submodule, tree,
    trouble::Attempt,
    untracked, walk,
};
use crate::{
    config,
    error::{Context, Error, Result},
    git::Repo,
    model::{Head, Oid, Skipped, State},
};

/// An index of so many bytes is read by one thread: asking how many there may be takes as long.
const SMALL_INDEX: u64 = 1 << 20;

/// Who finds and reads what changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// This program.
    Gix,
    /// The `git` program.
    Git,
}

/// An attempt.
pub(super) struct Take<'a> {
    pub(super) repo: &'a Repo,
    pub(super) options: &'a config::Capture,
    pub(super) how: How,
    /// Where HEAD is.
    pub(super) head: &'a Head,
    pub(super) keep: Keep,
    /// Is called once while the files are looked at.
    pub(super) meanwhile: &'a dyn Fn(&Head),
}

/// What must be the same before and after an attempt.
pub(super) type Moment = (Head, Option<(u64, u64, SystemTime)>);

/// Where HEAD and the index are now.
pub(super) fn moment(repo: &Repo) -> Result<Moment> {
    use std::os::unix::fs::MetadataExt;
    let index = match std::fs::metadata(repo.index_path()) {
        Ok(data) => Some((data.ino(), data.len(), data.modified().context("cannot read the time of the index")?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(error).context("cannot read the index"),
    };
    Ok((repo.head()?, index))
}

/// The index, and what on disk differs from it.
struct Seen {
    index: Index,
    /// In order of paths.
    edits: Vec<Edit>,
    /// The bytes of files that git would not give back.
    raw: raw::Map,
    skipped: Vec<Skipped>,
    untracked: usize,
    /// The tree of HEAD.
    head_tree: Oid,
}

impl Take<'_> {
    /// Captures everything.
    pub(super) fn capture(&self, identity: &Identity) -> Attempt<Captured> {
        let repo = self.repo;
        let seen = self.see()?;
        let (head, head_tree) = (self.head.clone(), seen.head_tree);
        let index_tree = staged::tree(repo, repo.gix(), &seen.index, head_tree)?;
        let (worktree, cache) = match seen.edits.iter().any(|edit| edit.in_tree) {
            false => (index_tree, None),
            true => {
                let written = tree::write(repo.gix(), &seen.index, &seen.edits)?;
                (written.id, Some(written.cache))
            }
        };
        let staged = staged::difference(repo.gix(), (head_tree, index_tree))?;
        staged::keep(repo, &staged.objects)?;
        staged::keep(repo, &staged::conflict_blobs(&seen.index))?;
        let changes = counts(&seen, staged.count);
        let mut extras = extras::write(repo, &seen.index)?;
        if !seen.raw.is_empty() {
            extras.tree = raw::put(repo, extras.tree, &seen.raw)?;
        }
        let tip = snapshot::link(repo, &head, (index_tree, worktree), identity)?;
        Ok(Captured {
            state: State { head, index: index_tree, worktree, tip, extras: extras.tree },
            skipped: seen.skipped,
            changes,
            kept: extras.kept,
            worktree_index: WorktreeIndex { index: Arc::new(seen.index), edits: seen.edits, cache },
        })
    }

    /// Only counts.
    pub(super) fn changes(&self) -> Attempt<(Changes, Vec<Skipped>)> {
        let repo = self.repo;
        let seen = self.see()?;
        let head_tree = seen.head_tree;
        // Trees of the index are needed to compare it with HEAD, but only here.
        let scratch = repo.gix().clone();
        let index_tree = staged::tree(repo, &scratch, &seen.index, head_tree)?;
        let staged = staged::difference(&scratch, (head_tree, index_tree))?;
        let changes = counts(&seen, staged.count);
        Ok((changes, seen.skipped))
    }

    fn see(&self) -> Attempt<Seen> {
        let repo = self.repo;
        let index = read_index(repo)?;
        let disk = repo.gix().clone().into_sync();
        let mut head_tree = None;
        let mut meanwhile = || {
            head_tree = Some(repo.head_tree(self.head));
            (self.meanwhile)(self.head);
        };
        let mut found = match self.how {
            How::Gix => walk::walk(&disk, (repo.workdir(), &index), self.options, meanwhile)?,
            How::Git => {
                meanwhile();
                fallback::find(repo, &index, self.options)?
            }
        };
        let head_tree = head_tree.unwrap_or_else(|| repo.head_tree(self.head))?;
        let untracked = found.new.len();
        let (doubtful, mut raw) = match self.keep {
            Keep::Blobs => (raw::doubtful(repo, &index, &found)?, raw::one_way(repo, &index, &found)?),
            Keep::Names => Default::default(),
        };
        let new = untracked::choose(&mut found, self.options)?;
        let mut jobs = jobs(repo, &index, &found.looks, new);
        let seen_changed = jobs.len();
        jobs.extend(doubtful);
        let contents = match self.how {
            How::Gix => content::read(repo, &disk, &index, (&jobs, self.keep))?,
            How::Git => fallback::contents(repo, (&jobs, self.keep))?,
        };
        let (mut edits, mut dirty) = submodule::look(repo, &index, &found.submodules)?;
        edits.extend(found.missing.iter().map(|at| Edit::removal(index.entry(*at).path(&index))));
        let edit_of = |(job, content): (&Job, &Content)| content_edit(&index, job, content);
        edits.extend(jobs.iter().zip(&contents).take(seen_changed).map(edit_of));
        edits.extend(jobs.iter().zip(&contents).skip(seen_changed).map(edit_of).filter(|edit| edit.in_tree));
        let exact = jobs.iter().zip(&contents).filter_map(|(job, content)| Some((job.path.clone(), content.raw?)));
        raw.extend(exact);
        edit::sort(&mut edits);
        edit::clear_the_way(&index, &mut edits);
        let mut skipped = found.skipped;
        skipped.append(&mut dirty);
        skipped.sort_unstable();
        Ok(Seen { index, edits, raw, skipped, untracked, head_tree })
    }
}

fn read_index(repo: &Repo) -> Attempt<Index> {
    // git does not verify the checksum either where it only reads; it takes longer than all files' data.
    let skip_hash = true;
    let is_small = std::fs::metadata(repo.index_path()).is_ok_and(|data| data.len() < SMALL_INDEX);
    let options = gix::index::decode::Options { thread_limit: is_small.then_some(1), ..Default::default() };
    let file = gix::index::File::at_or_default(repo.index_path(), repo.gix().object_hash(), skip_hash, options);
    let damaged = |error: Error| {
        error.hint(format!("move `{}` away, and `git reset` makes a new one of HEAD", repo.index_path().display()))
    };
    let (mut index, _) = file.context("cannot read the index").map_err(damaged)?.into_parts();
    sparse::expand(repo, &mut index)?;
    Ok(index)
}

fn jobs(repo: &Repo, index: &Index, looks: &[walk::Look], new: Vec<walk::NewFile>) -> Vec<Job> {
    let rules = super::disk::Rules::of(repo.gix());
    let tracked = looks.iter().map(|look| {
        // Of conflict stages, git looks at ours for the mode.
        let range = look.entry..index.entries().len().min(look.entry + 3);
        let path = index.entry(look.entry).path(index);
        let stages = index.entries()[range].iter().take_while(|entry| entry.path(index) == path);
        let entry = stages.clone().find(|entry| entry.flags.stage_raw() == 2).unwrap_or(index.entry(look.entry));
        let mode = rules.mode(&look.disk, Some(entry.mode));
        Job { path: path.to_owned(), mode, disk: look.disk, known: Some(entry.id) }
    });
    let new = new.into_iter().map(|file| {
        let mode = rules.mode(&file.disk, None);
        Job { path: file.path, mode, disk: file.disk, known: None }
    });
    tracked.chain(new).collect()
}

fn content_edit(index: &Index, job: &Job, content: &Content) -> Edit {
    let same = index.entry_by_path(job.path.as_bstr()).is_some_and(|entry| {
        entry.id == content.id && entry.mode == job.mode && !entry.flags.contains(Flags::INTENT_TO_ADD)
    });
    let to = Leaf { mode: job.mode, id: content.id, stat: content.disk.stat, left_out: false };
    Edit { path: job.path.clone(), to: Some(to), in_tree: !same }
}

/// Counts what differs; `staged` is known already.
fn counts(seen: &Seen, staged: usize) -> Changes {
    let index = &seen.index;
    let in_conflict = |entry: &&gix::index::Entry| entry.flags.stage_raw() != 0;
    let mut conflicted: Vec<_> = index.entries().iter().filter(in_conflict).map(|entry| entry.path(index)).collect();
    conflicted.dedup();
    let is_unstaged = |edit: &&Edit| {
        let entry = index.entry_range(edit.path.as_bstr()).map(|range| index.entry(range.start));
        edit.in_tree && entry.is_some_and(|entry| entry.flags.stage_raw() == 0)
    };
    let unstaged = seen.edits.iter().filter(is_unstaged).count();
    Changes { staged, unstaged, untracked: seen.untracked, conflicted: conflicted.len() }
}
