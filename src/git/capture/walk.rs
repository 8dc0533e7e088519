//! One pass over the worktree, on a few threads: what may differ from the index, and what is new.
//!
//! git looks at the files of the index first and at the folders afterwards; here a folder is read once, its tracked
//! files are looked up in what was read and asked for their data by name relative to it, which is what makes a clean
//! worktree cheap. No file is opened here but `.gitignore`.

use std::{os::fd::OwnedFd, path::Path, thread};

use gix::{
    bstr::{BStr, BString, ByteSlice},
    index::State,
    worktree::Stack,
};
use rustix::fs::{Mode, OFlags};

use super::{
    disk::{OnDisk, Rules},
    folder::{Folder, visit},
    queue::Queue,
    trouble::{Attempt, Trouble},
};
use crate::{
    config,
    git::threads,
    model::{SkipReason, Skipped},
};

/// From so many tracked files on, more than one thread is worth its start.
const WORTH_A_THREAD: usize = 1000;

/// A tracked path whose content has to be read to know whether it changed.
#[derive(Debug)]
pub(super) struct Look {
    /// Its (first) entry in the index.
    pub(super) entry: usize,
    pub(super) disk: OnDisk,
}

/// A file that is neither tracked nor ignored.
#[derive(Debug)]
pub(super) struct NewFile {
    pub(super) path: BString,
    pub(super) disk: OnDisk,
    /// The length of the topmost folder in `path` that has no tracked file; 0 if there is none.
    pub(super) folder: usize,
}

/// What a walk found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) looks: Vec<Look>,
    /// (First) entries of the index whose file is gone.
    pub(super) missing: Vec<usize>,
    /// Entries of the index that are submodules with a folder.
    pub(super) submodules: Vec<usize>,
    pub(super) new: Vec<NewFile>,
    pub(super) skipped: Vec<Skipped>,
}

impl Found {
    pub(super) fn skip(&mut self, path: impl Into<BString>, reason: SkipReason) {
        self.skipped.push(Skipped { path: path.into(), reason });
    }

    fn append(&mut self, mut other: Found) {
        self.looks.append(&mut other.looks);
        self.missing.append(&mut other.missing);
        self.submodules.append(&mut other.submodules);
        self.new.append(&mut other.new);
        self.skipped.append(&mut other.skipped);
    }

    /// Brings everything into the order of paths.
    pub(super) fn tidy(&mut self) {
        self.looks.sort_unstable_by_key(|look| look.entry);
        self.missing.sort_unstable();
        self.submodules.sort_unstable();
        self.new.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        self.skipped.sort_unstable();
        self.skipped.dedup();
    }
}

/// What every thread needs to know.
pub(super) struct Scene<'a> {
    pub(super) index: &'a State,
    pub(super) root: &'a Path,
    /// The same, open: a folder is found from here in fewer steps than from the root of the file system.
    pub(super) top: OwnedFd,
    pub(super) rules: Rules,
    pub(super) exclude: gix::ignore::Search,
    pub(super) case: gix::glob::pattern::Case,
}

/// What a thread has of its own.
pub(super) struct Hand {
    ignores: Stack,
    repo: gix::Repository,
    pub(super) found: Found,
    pub(super) folders: Vec<Folder>,
}

impl Hand {
    /// Whether git ignores `path`, or a folder it is in.
    pub(super) fn is_ignored(&mut self, path: &BStr, is_dir: bool) -> Attempt<bool> {
        let mode = is_dir.then_some(gix::index::entry::Mode::DIR);
        match self.ignores.at_path(path, mode, &self.repo.objects) {
            Ok(platform) => Ok(platform.is_excluded()),
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                let folder = path.rfind_byte(b'/').map_or(&path[..0], |slash| &path[..=slash]);
                Err(Trouble::unreadable([folder.as_bytes(), b".gitignore"].concat().as_bstr(), error))
            }
            Err(error) => Err(Trouble::unsupported("cannot tell what git ignores", error)),
        }
    }
}

impl Scene<'_> {
    /// Whether `capture.exclude` names the path.
    pub(super) fn is_excluded(&self, path: &BStr, is_dir: bool) -> bool {
        self.exclude
            .pattern_matching_relative_path(path, Some(is_dir), self.case)
            .is_some_and(|found| !found.pattern.is_negative())
    }
}

/// Walks the worktree of `repo`, which keeps no objects in memory, beside `index`, and does something else meanwhile.
pub(super) fn walk(
    repo: &gix::ThreadSafeRepository,
    (root, index): (&Path, &State),
    options: &config::Capture,
    meanwhile: impl FnOnce(),
) -> Attempt<Found> {
    let local = repo.to_thread_local();
    let ignores = local
        .excludes(index, None, gix::worktree::stack::state::ignore::Source::default())
        .map_err(|error| Trouble::unsupported("cannot read what git ignores", error))?
        .detach();
    let rules = Rules::of(&local);
    let top = rustix::fs::open(root, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        .map_err(|error| Trouble::unreadable(b"".as_bstr(), error))?;
    let scene = Scene {
        index,
        root,
        top,
        rules,
        exclude: gix::ignore::Search::from_overrides(&options.exclude, gix::ignore::search::Ignore::default()),
        case: if rules.ignore_case { gix::glob::pattern::Case::Fold } else { gix::glob::pattern::Case::Sensitive },
    };
    let queue = Queue::new(Folder::top(index.entries().len()));
    let threads = threads::up_to(1 + index.entries().len() / WORTH_A_THREAD);

    let mut found = if threads == 1 {
        meanwhile();
        work(&scene, &queue, ignores, local)?
    } else {
        // This one does not walk: a thread may be begun on the processor of the one that starts it, and then it stands there for
        // as long as that one works, with another processor idle.
        thread::scope(|scope| -> Attempt<Found> {
            let one = |_| {
                let (scene, queue, ignores) = (&scene, &queue, ignores.clone());
                scope.spawn(move || work(scene, queue, ignores, repo.to_thread_local()))
            };
            let all: Vec<_> = (0..threads).map(one).collect();
            meanwhile();
            let mut found = Found::default();
            for one in all {
                found.append(one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
            }
            Ok(found)
        })?
    };
    found.tidy();
    Ok(found)
}

fn work(scene: &Scene<'_>, queue: &Queue<Folder>, ignores: Stack, repo: gix::Repository) -> Attempt<Found> {
    let mut hand = Hand { ignores, repo, found: Found::default(), folders: Vec::new() };
    while let Some(folder) = queue.take() {
        let outcome = visit(scene, &folder, &mut hand);
        queue.done(&mut hand.folders);
        if let Err(trouble) = outcome {
            queue.stop();
            return Err(trouble);
        }
    }
    Ok(hand.found)
}
