//! Whether a file still is what was captured, wherever it was moved to meanwhile.

use std::{ffi::CStr, fs::File, io, os::fd::BorrowedFd, path::Path};

use gix::{
    bstr::BStr,
    index::entry::{Mode, Stat},
    objs::Kind,
};
use rustix::{
    fs::{AtFlags, FileType, OFlags},
    io::Errno,
};

use super::{
    WorktreeIndex,
    content::{self, LARGE, read_whole},
    disk::{OnDisk, Rules, os_path},
    edit::Leaf,
    filter::{Filter, Need},
    large, raw,
};
use crate::{
    error::{Context, Result},
    git::Repo,
    model::{Oid, quote_path},
};

/// A file's name, in an open folder.
pub type Name<'a> = (BorrowedFd<'a>, &'a CStr);

/// Knows what was captured.
pub struct Witness<'a> {
    repo: &'a Repo,
    captured: &'a WorktreeIndex,
    /// Tells whether it still is that.
    pub eye: Eye,
    filter: Option<Filter<'a>>,
}

/// Compares files with what is expected of them.
#[derive(Debug, Clone, Copy)]
pub struct Eye {
    rules: Rules,
    hash: gix::hash::Kind,
}

/// What was captured at one path.
#[derive(Debug, Clone, Copy)]
pub struct Expected {
    leaf: Leaf,
    /// The blob that its bytes are, where size and time cannot prove that they were not changed since.
    bytes: Option<Oid>,
}

/// What is at a path now, to be compared with itself later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight {
    disk: OnDisk,
    mode: u32,
    /// Whether the file has other names: what is done to one of them changes the time of the inode.
    has_links: bool,
}

impl<'a> Witness<'a> {
    /// Of what `captured` has.
    pub fn new(repo: &'a Repo, captured: &'a WorktreeIndex) -> Self {
        let eye = Eye { rules: Rules::of(repo.gix()), hash: repo.gix().object_hash() };
        Witness { repo, captured, eye, filter: None }
    }

    /// Whether names that differ only in case, or in how an accent is written, are one file here.
    pub fn folds_names(&self) -> bool {
        let folds = self.repo.gix().config_snapshot().boolean("core.precomposeUnicode");
        self.eye.rules.ignore_case || folds == Some(true)
    }

    /// What a file at `path` has to be. `None` if none was captured there, or if a sparse checkout leaves it out.
    ///
    /// This looks at the file where it is now: what differs already is an expectation that nothing meets.
    pub fn expected(&mut self, path: &BStr) -> Result<Option<Expected>> {
        let Some((leaf, is_proven)) = self.captured.leaf(path).filter(|(leaf, _)| !leaf.left_out) else {
            return Ok(None);
        };
        let is_proven = is_proven && !self.has_links(path);
        let bytes = if is_proven { None } else { Some(self.bytes(path, &leaf)?) };
        Ok(Some(Expected { leaf, bytes }))
    }

    fn has_links(&self, path: &BStr) -> bool {
        rustix::fs::lstat(self.repo.workdir().join(os_path(path))).is_ok_and(|data| Sight::of(&data).has_links)
    }

    /// The blob of the bytes that the file is to have on disk.
    fn bytes(&mut self, path: &BStr, leaf: &Leaf) -> Result<Oid> {
        let filter = match &mut self.filter {
            Some(filter) => filter,
            None => self.filter.insert(Filter::new(self.repo.gix(), &self.captured.index).map_err(raw::stopped)?),
        };
        if leaf.mode == Mode::SYMLINK || filter.need(path).map_err(raw::stopped)? == Need::Nothing {
            return Ok(leaf.id);
        }
        let nothing = Oid::null(self.repo.gix().object_hash());
        let Ok((file, disk)) = content::open(self.repo.workdir(), path) else { return Ok(nothing) };
        let failed = || format!("cannot read `{}`", quote_path(path));
        if disk.size > LARGE {
            let bytes = large::hash(self.eye.hash, &file, disk.size).with_context(failed)?;
            return Ok(if large::id(self.repo, path, os_path(path))? == leaf.id { bytes } else { nothing });
        }
        let bytes = read_whole(file, disk.size).with_context(failed)?;
        let id = raw::hash(self.repo, &bytes)?;
        let cleaned = filter.convert(path, bytes).map_err(raw::stopped)?;
        Ok(if raw::hash(self.repo, &cleaned.stored)? == leaf.id { id } else { nothing })
    }
}

impl Eye {
    /// Whether what is seen where the file was captured seems to be it: no byte of it is read.
    pub fn resembles(&self, expected: &Expected, sight: &Sight) -> bool {
        // Another name of it may have been exchanged a moment ago. If it was only then linked, its bytes are not known.
        self.is_like(expected, sight, !sight.has_links || expected.bytes.is_none())
    }

    /// Whether the file at `name`, which came out and was seen as `out`, still is what it was then.
    pub fn is_still(&self, expected: &Expected, out: &Sight, name: Name<'_>) -> io::Result<bool> {
        if out.has_links && expected.bytes.is_some() {
            return Ok(self.came_out(expected, name)?.is_some());
        }
        Ok(look(name)?.as_ref() == Some(out))
    }

    /// Whether the file that was moved to `name` is what was captured; its inode's own time has changed by that.
    pub fn came_out(&self, expected: &Expected, name: Name<'_>) -> io::Result<Option<Sight>> {
        let Some(sight) = look(name)?.filter(|sight| self.is_like(expected, sight, false)) else { return Ok(None) };
        Ok(self.has_bytes(expected, name, &sight.disk)?.then_some(sight))
    }

    fn is_like(&self, expected: &Expected, sight: &Sight, with_ctime: bool) -> bool {
        self.rules.matches(&expected.leaf.stat, &sight.disk, with_ctime)
            && self.rules.mode(&sight.disk, Some(expected.leaf.mode)) == expected.leaf.mode
    }

    fn has_bytes(&self, expected: &Expected, (folder, name): Name<'_>, disk: &OnDisk) -> io::Result<bool> {
        let Some(wanted) = expected.bytes else { return Ok(true) };
        if disk.kind == FileType::Symlink {
            let target = rustix::fs::readlinkat(folder, name, Vec::new())?;
            let id = gix::objs::compute_hash(self.hash, Kind::Blob, target.as_bytes());
            return Ok(id.is_ok_and(|id| id == wanted));
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(folder, name, flags, rustix::fs::Mode::empty())?);
        match large::hash(self.hash, &file, disk.size) {
            Ok(id) => Ok(id == wanted),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Sight {
    // The type of the field differs between systems.
    #[allow(clippy::unnecessary_cast)]
    fn of(data: &rustix::fs::Stat) -> Self {
        let is_file = FileType::from_raw_mode(data.st_mode) == FileType::RegularFile;
        Sight { disk: OnDisk::new(data), mode: data.st_mode as u32, has_links: is_file && data.st_nlink > 1 }
    }

    /// The stat data, as an index has it.
    pub fn stat(&self) -> Stat {
        self.disk.stat
    }

    /// Whether `other` is the same file, unchanged, with another name at most.
    pub fn is_but_for_its_name(&self, other: &Sight) -> bool {
        let plain = |sight: &Sight| Stat { ctime: Default::default(), ..sight.disk.stat };
        self.mode == other.mode && self.disk.size == other.disk.size && plain(self) == plain(other)
    }
}

/// Whether the repository has the content of the file at `place`, which was in the worktree at `path`: its bytes, or
/// what git makes of them there.
pub fn is_known(repo: &Repo, path: &BStr, place: &Path) -> Result<bool> {
    let failed = || format!("cannot read `{}`", place.display());
    let data = place.symlink_metadata().with_context(failed)?;
    if data.is_symlink() {
        let target = gix::path::into_bstr(std::fs::read_link(place).with_context(failed)?).with_context(failed)?;
        return Ok(repo.gix().has_object(raw::hash(repo, &target)?));
    }
    if !data.is_file() {
        return Ok(false);
    }
    let file = File::open(place).with_context(failed)?;
    if repo.gix().has_object(large::hash(repo.gix().object_hash(), &file, data.len()).with_context(failed)?) {
        return Ok(true);
    }
    Ok(repo.gix().has_object(large::id(repo, path, place)?))
}

/// Whether what is on disk at `path` has the content of the blob `id`, whether or not git would see it there.
pub fn is_on_disk(repo: &Repo, path: &BStr, id: Oid) -> Result<bool> {
    let place = repo.workdir().join(os_path(path));
    let failed = || format!("cannot read `{}`", place.display());
    match place.symlink_metadata() {
        Ok(data) if data.is_symlink() => {
            let target = gix::path::into_bstr(std::fs::read_link(&place).with_context(failed)?).with_context(failed)?;
            Ok(raw::hash(repo, &target)? == id)
        }
        Ok(data) if data.is_file() => {
            let file = File::open(&place).with_context(failed)?;
            let bytes = large::hash(repo.gix().object_hash(), &file, data.len()).with_context(failed)?;
            Ok(bytes == id || large::id(repo, path, os_path(path))? == id)
        }
        _ => Ok(false),
    }
}

/// What is at a name in a folder, if anything.
pub fn look((folder, name): Name<'_>) -> io::Result<Option<Sight>> {
    match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(data) => Ok(Some(Sight::of(&data))),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
