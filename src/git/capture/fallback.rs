//! The same with the `git` program and a copy of the index, for what gix cannot do.
//!
//! Slower, but what git itself would store. The rules for what is skipped are the same: git is told exactly which
//! paths to take.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use gix::{
    bstr::{BStr, ByteSlice},
    index::{
        State,
        entry::{Flags, Mode},
    },
};

use super::{
    content::{Content, Job, Keep, LARGE},
    disk::{OnDisk, os_path},
    raw,
    trouble::{Attempt, Trouble},
    walk::{Found, Look, NewFile},
};
use crate::{
    config,
    error::{Context, Error, Result},
    git::{Git, Repo},
    model::{Oid, SkipReason},
};

/// Where the user's settings would keep git from storing what is there, or make it touch more than the copy.
const SETTINGS: [&str; 5] = [
    "core.safecrlf=false",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.splitIndex=false",
    "core.fsync=loose-object",
];

/// A copy of the index that git may change.
pub(super) struct IndexCopy {
    folder: tempfile::TempDir,
}

impl IndexCopy {
    /// Copies the index of `repo`, if there is one yet.
    pub(super) fn of(repo: &Repo) -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let copy = IndexCopy { folder };
        let copied = (|| match File::open(repo.index_path()) {
            Ok(mut index) => {
                let mut file = File::create(copy.path())?;
                std::io::copy(&mut index, &mut file)?;
                // By it git knows which files may have changed since unnoticed.
                file.set_modified(index.metadata()?.modified()?)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        })();
        copied.context("cannot copy the index")?;
        Ok(copy)
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("index")
    }

    fn git(&self, repo: &Repo, args: &[&str]) -> Git {
        let settings = SETTINGS.iter().flat_map(|setting| ["-c", *setting]);
        repo.git(settings.chain(args.iter().copied())).index_file(&self.path())
    }

    /// Lets git look at files that it was told not to look at.
    pub(super) fn unflag<'a>(&self, repo: &Repo, paths: impl Iterator<Item = &'a BStr>) -> Result<()> {
        let paths = joined(paths);
        if !paths.is_empty() {
            for flag in ["--no-assume-unchanged", "--no-skip-worktree"] {
                self.git(repo, &["update-index", flag, "-z", "--stdin"]).stdin(paths.clone()).run()?;
            }
        }
        Ok(())
    }

    /// Makes the entries of `paths` what is on disk.
    pub(super) fn update<'a>(&self, repo: &Repo, paths: impl Iterator<Item = &'a BStr>) -> Result<()> {
        let args = ["update-index", "--add", "--remove", "--replace", "-z", "--stdin"];
        self.git(repo, &args).stdin(joined(paths)).run().map(drop)
    }

    /// Reads what git made of it.
    pub(super) fn read(&self, repo: &Repo) -> Result<State> {
        let kind = repo.gix().object_hash();
        let file = gix::index::File::at(self.path(), kind, true, gix::index::decode::Options::default());
        Ok(file.context("cannot read the copy of the index")?.into_parts().0)
    }
}

fn joined<'a>(paths: impl Iterator<Item = &'a BStr>) -> Vec<u8> {
    paths.flat_map(|path| path.iter().copied().chain([0])).collect()
}

/// As `walk::walk`, told by git.
pub(super) fn find(repo: &Repo, index: &State, options: &config::Capture) -> Attempt<Found> {
    let copy = IndexCopy::of(repo)?;
    let mut found = Found::default();
    let flagged = index.entries().iter().filter(|entry| {
        let is_flagged = entry.flags.intersects(Flags::ASSUME_VALID | Flags::SKIP_WORKTREE);
        is_flagged && entry.mode != Mode::DIR && on_disk(repo.workdir(), entry.path(index)).is_some()
    });
    copy.unflag(repo, flagged.map(|entry| entry.path(index)))?;
    let changed = copy.git(repo, &["diff-files", "-z", "--name-only", "--ignore-submodules=all"]).run()?;
    let mut changed: Vec<&BStr> = paths(&changed).collect();
    // It does not name what it was told to take for unchanged, nor conflicts twice.
    let special =
        |entry: &&gix::index::Entry| entry.flags.stage_raw() != 0 || entry.flags.contains(Flags::INTENT_TO_ADD);
    changed.extend(index.entries().iter().filter(special).map(|entry| entry.path(index)));
    changed.sort_unstable();
    changed.dedup();
    for path in changed {
        sort_tracked(repo, index, path, &mut found);
    }
    for (at, entry) in index.entries().iter().enumerate().filter(|(_, entry)| entry.mode == Mode::COMMIT) {
        let path = entry.path(index);
        match on_disk(repo.workdir(), path) {
            Some(disk) if disk.kind == rustix::fs::FileType::Directory => found.submodules.push(at),
            _ => sort_tracked(repo, index, path, &mut found),
        }
    }
    let others = copy.git(repo, &["ls-files", "-z", "--others", "--exclude-standard"]).output()?;
    if others.code != 0 || others.stderr.contains("could not open directory") {
        return Err(others.error("git ls-files --others").into());
    }
    for path in paths(&others.stdout) {
        sort_new((repo.workdir(), index), path, options, &mut found)?;
    }
    found.tidy();
    Ok(found)
}

fn paths(output: &[u8]) -> impl Iterator<Item = &BStr> {
    output.split(|byte| *byte == 0).filter(|path| !path.is_empty()).map(ByteSlice::as_bstr)
}

fn sort_tracked(repo: &Repo, index: &State, path: &BStr, found: &mut Found) {
    let Some(entry) = index.entry_range(path).map(|range| range.start) else { return };
    match on_disk(repo.workdir(), path) {
        Some(disk) if disk.is_trackable() => found.looks.push(Look { entry, disk }),
        Some(disk) if disk.kind == rustix::fs::FileType::Directory => {
            if index.entry(entry).mode != Mode::COMMIT {
                found.missing.push(entry);
            }
        }
        Some(_) => found.skip(path, SkipReason::NotAFile),
        None => found.missing.push(entry),
    }
}

fn sort_new((root, index): (&Path, &State), path: &BStr, options: &config::Capture, found: &mut Found) -> Attempt<()> {
    let exclude = gix::ignore::Search::from_overrides(&options.exclude, gix::ignore::search::Ignore::default());
    let case = gix::glob::pattern::Case::Sensitive;
    let name = path.strip_suffix(b"/").unwrap_or(path).as_bstr();
    let mut folder = 0;
    for end in name.find_iter(b"/").chain([name.len()]) {
        let part = name[..end].as_bstr();
        let is_dir = end < name.len() || name.len() < path.len();
        if folder == 0 && is_dir && !index.path_is_directory(part) {
            folder = end;
        }
        let matched = exclude.pattern_matching_relative_path(part, Some(is_dir), case);
        if matched.is_some_and(|matched| !matched.pattern.is_negative()) {
            found.skip(part, SkipReason::Excluded);
            return Ok(());
        }
    }
    if name.len() < path.len() {
        found.skip(name, SkipReason::NestedRepository);
    } else if let Some(disk) = on_disk(root, path) {
        found.new.push(NewFile { path: path.to_owned(), disk, folder });
    }
    Ok(())
}

fn on_disk(root: &Path, path: &BStr) -> Option<OnDisk> {
    // A file behind a symbolic link to a folder is not in the worktree.
    let behind_link = path.find_iter(b"/").any(|end| {
        std::fs::symlink_metadata(root.join(os_path(path[..end].as_bstr()))).is_ok_and(|data| data.is_symlink())
    });
    if behind_link {
        return None;
    }
    rustix::fs::lstat(root.join(os_path(path))).ok().map(|data| OnDisk::new(&data))
}

/// As `content::read`, by git.
pub(super) fn contents(repo: &Repo, (jobs, keep): (&[Job], Keep)) -> Attempt<Vec<Content>> {
    let copy = IndexCopy::of(repo)?;
    let paths = || jobs.iter().map(|job| job.path.as_bstr());
    let tracked = jobs.iter().filter(|job| job.known.is_some()).map(|job| job.path.as_bstr());
    copy.unflag(repo, tracked)?;
    copy.update(repo, paths())?;
    let index = copy.read(repo)?;
    let raw = |job: &Job, id: Oid| if keep == Keep::Blobs { lost(repo, job, id) } else { Ok(None) };
    let content = |job: &Job| match index.entry_by_path(job.path.as_bstr()) {
        Some(entry) => Ok(Content { id: entry.id, raw: raw(job, entry.id)?, disk: job.disk }),
        None => Err(Trouble::Raced),
    };
    jobs.iter().map(content).collect()
}

/// The bytes on disk where git stores others: what its filters would give back is not known here.
fn lost(repo: &Repo, job: &Job, stored: Oid) -> Attempt<Option<Oid>> {
    if job.disk.kind != rustix::fs::FileType::RegularFile || job.disk.size > LARGE {
        return Ok(None);
    }
    let Some(bytes) = raw::on_disk(repo, job.path.as_bstr())? else { return Ok(None) };
    if raw::hash(repo, &bytes)? == stored {
        return Ok(None);
    }
    Ok(Some(repo.gix().write_blob(bytes).context("cannot keep a file")?.detach()))
}

/// The failure of both ways.
pub(super) fn both_failed(first: &Error, second: Error) -> Error {
    second.hint(format!("without the git program it failed, too: {}", first.chain().join(": ")))
}
