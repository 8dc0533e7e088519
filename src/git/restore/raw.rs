//! The bytes of files that git itself would not give back, put over what it wrote.

use std::{
    collections::{BTreeSet, HashSet},
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use gix::{
    bstr::{BStr, BString, ByteSlice},
    index::entry::{Stage, Stat},
    objs::tree::EntryKind,
};

use super::{index, temporary::TemporaryIndex};
use crate::{
    error::{Context, Error, Result},
    git::{
        Repo,
        capture::raw::{self, Map},
        durable,
        tree::{self, TreeChange},
    },
    model::{State, quote_path},
};

/// The files to be made what they were on disk.
#[derive(Debug, Default)]
pub(super) struct Rewrites {
    wanted: Map,
    /// What the backup has of them.
    known: Map,
    /// Those that git writes; any other may be overwritten only as the backup has it.
    by_git: BTreeSet<BString>,
    written: Vec<BString>,
}

impl Rewrites {
    /// Those of `target` that may not be on disk now. A record that somebody else made may have anything there.
    pub(super) fn of(repo: &Repo, from: &State, target: &State) -> Result<Self> {
        let mut wanted = raw::read(repo, target.extras)?;
        if wanted.is_empty() {
            return Ok(Rewrites::default());
        }
        if let Some(path) = wanted.keys().find(|path| !tree::is_safe_path(path.as_bstr())) {
            return Err(index::unsafe_path(path));
        }
        for (path, id) in &wanted {
            if !repo.gix().has_object(*id) {
                let path = quote_path(path.as_bstr());
                return Err(
                    Error::environment(format!("the content of `{path}` is gone from the repository")).hint(tree::LOST)
                );
            }
        }
        // One that is in no tree was not kept by this program.
        let mut strays = Vec::new();
        for path in wanted.keys() {
            let entry = tree::entry(repo, target.worktree, path.as_bstr())?;
            let is_file = |entry: tree::Entry| matches!(entry.mode.kind(), EntryKind::Blob | EntryKind::BlobExecutable);
            if !entry.is_some_and(is_file) {
                strays.push(path.clone());
            }
        }
        wanted.retain(|path, _| !strays.contains(path));
        Ok(Rewrites { wanted, known: raw::read(repo, from.extras)?, ..Rewrites::default() })
    }

    /// Takes note of what git writes on the way along `changes`, and refuses what is in no backup. Files that are
    /// `equal` for git already it leaves alone.
    pub(super) fn check(&mut self, repo: &Repo, changes: &[TreeChange], equal: &[BString]) -> Result<()> {
        if self.wanted.is_empty() {
            return Ok(());
        }
        let equal: HashSet<&BString> = equal.iter().collect();
        let by_git = changes.iter().map(|change| &change.path).filter(|path| !equal.contains(path));
        self.by_git = by_git.cloned().collect();
        let (known, by_git) = (&self.known, &self.by_git);
        // What the capture read a moment ago is there already.
        self.wanted.retain(|path, id| by_git.contains(path) || known.get(path) != Some(id));
        self.wanted.keys().try_for_each(|path| self.is_due(repo, path).map(drop))
    }

    /// Whether the file differs and has to be written; refused where no backup has what is there.
    fn is_due(&self, repo: &Repo, path: &BString) -> Result<bool> {
        let Some(now) = raw::id_on_disk(repo, path.as_bstr())? else { return Ok(false) };
        if self.wanted.get(path) == Some(&now) {
            return Ok(false);
        }
        if self.by_git.contains(path) || self.known.get(path) == Some(&now) {
            return Ok(true);
        }
        let shown = quote_path(path.as_bstr());
        Err(Error::refused(format!("`{shown}` is not as the backup has it"))
            .hint("stop what is writing there, or move it away, and try again"))
    }

    /// Puts the bytes into those of `paths` that git has written to the folder `area`.
    pub(super) fn stage<'p>(&self, repo: &Repo, area: &Path, paths: impl Iterator<Item = &'p BString>) -> Result<()> {
        for (path, id) in paths.filter_map(|path| self.wanted.get_key_value(path)) {
            let blob = repo.gix().find_blob(*id).context("cannot read a file as it was")?;
            let place = area.join(gix::path::from_bstr(path.as_bstr()).context("cannot use a path on this system")?);
            fs::write(&place, &blob.data).map_err(|error| durable::storage_error(&place, error))?;
        }
        Ok(())
    }

    /// Writes those that are not there yet; each is complete or as it was.
    pub(super) fn write(&mut self, repo: &Repo) -> Result<()> {
        for (path, id) in &self.wanted {
            if self.is_due(repo, path)? {
                let blob = repo.gix().find_blob(*id).context("cannot read a file as it was")?;
                let place = place(repo, path.as_bstr())?;
                replace(repo, &place, &blob.data).map_err(|error| durable::storage_error(&place, error))?;
            }
            self.written.push(path.clone());
        }
        Ok(())
    }

    /// Makes git look at them again: what the index says of their size and time is of the file that git wrote.
    pub(super) fn note(&self, repo: &Repo, index: &mut TemporaryIndex) -> Result<()> {
        if self.written.is_empty() {
            return Ok(());
        }
        index.edit(repo, |index| {
            for path in &self.written {
                if let Some(entry) = index.entry_mut_by_path_and_stage(path.as_bstr(), Stage::Unconflicted) {
                    entry.stat = Stat::default();
                }
            }
            Ok(())
        })
    }
}

fn place(repo: &Repo, path: &BStr) -> Result<PathBuf> {
    Ok(repo.workdir().join(gix::path::from_bstr(path).context("cannot use a path on this system")?))
}

/// Puts `bytes` in place of a file, which keeps its permissions.
fn replace(repo: &Repo, place: &Path, bytes: &[u8]) -> io::Result<()> {
    // Beside the file, a left-over of a kill would become part of the worktree.
    let beside = place.parent().unwrap_or(place);
    for folder in [repo.git_dir(), beside] {
        let mut file = durable::temp_file(folder, durable::TEMPORARY, 0o600)?;
        file.write_all(bytes)?;
        file.as_file().set_permissions(fs::symlink_metadata(place)?.permissions())?;
        match file.persist(place) {
            Ok(_) => return Ok(()),
            Err(error) if error.error.kind() == io::ErrorKind::CrossesDevices => {}
            Err(error) => return Err(error.error),
        }
    }
    Err(io::ErrorKind::CrossesDevices.into())
}
