//! One folder of the worktree, read once and laid beside its entries in the index.

use std::{ffi::CStr, ops::Range, os::fd::OwnedFd};

use gix::{
    bstr::{BStr, BString, ByteSlice},
    index::entry::{Flags, Mode},
};
use rustix::{
    fs::{AtFlags, FileType, OFlags},
    io::Errno,
};

use super::{
    disk::{OnDisk, os_path},
    trouble::{Attempt, Trouble},
    walk::{Hand, Look, NewFile, Scene},
};
use crate::model::SkipReason;

/// A folder to be read.
#[derive(Debug)]
pub(super) struct Folder {
    /// Relative to the top of the worktree, with `/` at its end; empty for the top.
    path: BString,
    /// Its entries in the index.
    entries: Range<usize>,
    /// The length of the topmost folder in `path` that has no tracked file; 0 if there is none.
    untracked: usize,
}

impl Folder {
    /// The top of the worktree.
    pub(super) fn top(entries: usize) -> Self {
        Folder { path: BString::default(), entries: 0..entries, untracked: 0 }
    }

    fn child(&self, name: &[u8], entries: Range<usize>) -> Self {
        let path: BString = [self.path.as_slice(), name, b"/"].concat().into();
        let untracked = match self.untracked {
            0 if entries.is_empty() => path.len() - 1,
            length => length,
        };
        Folder { path, entries, untracked }
    }
}

/// A name in a folder.
struct Name {
    /// Where it is in the text of all names, with the NUL at its end.
    text: Range<usize>,
    kind: FileType,
    inode: u64,
    /// Whether an entry of the index stands for it.
    is_tracked: bool,
}

/// A folder that was read.
struct Listing<'f> {
    folder: &'f Folder,
    dir: OwnedFd,
    /// All names in one piece: a folder has many, and each would be an allocation.
    text: Vec<u8>,
    names: Vec<Name>,
    /// Where the next name that is looked for is, most likely: both sides are in order.
    next: usize,
    has_dot_git: bool,
}

/// Reads `folder`; what was found in it, and the folders in it, go to `hand`.
pub(super) fn visit(scene: &Scene<'_>, folder: &Folder, hand: &mut Hand) -> Attempt<()> {
    let Some(mut listing) = Listing::read(scene, folder)? else {
        return missing_range(scene, folder.entries.clone(), hand);
    };
    if listing.has_dot_git && !folder.path.is_empty() && is_repository(scene, folder) {
        if folder.entries.is_empty() {
            hand.found.skip(folder.path.trim_end_with(|c| c == '/'), SkipReason::NestedRepository);
            return Ok(());
        }
        // Files of the outer repository are taken all the same; the inner one's own folder is not.
        hand.found.skip([folder.path.as_slice(), b".git"].concat(), SkipReason::NestedRepository);
    }
    listing.compare(scene, hand)?;
    listing.take_new(scene, hand)
}

fn is_repository(scene: &Scene<'_>, folder: &Folder) -> bool {
    let path = scene.root.join(os_path(folder.path.as_bstr())).join(".git");
    gix::discover::is_git(&path).is_ok()
}

/// The entries have no file any more; those that a sparse checkout left out never had one.
fn missing_range(scene: &Scene<'_>, range: Range<usize>, hand: &mut Hand) -> Attempt<()> {
    let mut last: Option<&BStr> = None;
    for at in range {
        let entry = scene.index.entry(at);
        let path = entry.path(scene.index);
        let is_left_out = entry.flags.contains(Flags::SKIP_WORKTREE) && entry.flags.stage_raw() == 0;
        if !is_left_out && last != Some(path) {
            hand.found.missing.push(at);
        }
        last = Some(path);
    }
    Ok(())
}

impl<'f> Listing<'f> {
    /// `None` if the folder is gone.
    fn read(scene: &Scene<'_>, folder: &'f Folder) -> Attempt<Option<Self>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        // With a slash at its end, a link that has taken its place a moment ago would be followed.
        let path = folder.path.strip_suffix(b"/").unwrap_or(b".").as_bstr();
        let unreadable = |error: Errno| Trouble::unreadable(folder.path.trim_end_with(|c| c == '/').as_bstr(), error);
        let dir = match rustix::fs::openat(&scene.top, os_path(path), flags, rustix::fs::Mode::empty()) {
            Ok(dir) => dir,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) if !folder.path.is_empty() => return Ok(None),
            Err(error) => return Err(unreadable(error)),
        };
        let (mut text, mut names) = (Vec::with_capacity(1 << 10), Vec::with_capacity(32));
        let mut has_dot_git = false;
        each_name(&dir, |name, kind, inode| match name.to_bytes() {
            b"." | b".." => {}
            b".git" => has_dot_git = true,
            bytes if scene.rules.ignore_case && bytes.eq_ignore_ascii_case(b".git") => has_dot_git = true,
            _ => {
                let start = text.len();
                text.extend_from_slice(name.to_bytes_with_nul());
                names.push(Name { text: start..text.len(), kind, inode, is_tracked: false });
            }
        })
        .map_err(unreadable)?;
        names.sort_unstable_by(|a, b| text[a.text.clone()].cmp(&text[b.text.clone()]));
        Ok(Some(Listing { folder, dir, text, names, next: 0, has_dot_git }))
    }

    fn name(&self, at: usize) -> &[u8] {
        let Range { start, end } = self.names[at].text;
        &self.text[start..end - 1]
    }

    fn full(&self, name: &[u8]) -> BString {
        [self.folder.path.as_slice(), name].concat().into()
    }

    /// `None` if it is gone.
    fn on_disk(&self, at: usize) -> Attempt<Option<OnDisk>> {
        let name = CStr::from_bytes_with_nul(&self.text[self.names[at].text.clone()]).map_err(|_| Errno::INVAL);
        match name.and_then(|name| rustix::fs::statat(&self.dir, name, AtFlags::SYMLINK_NOFOLLOW)) {
            Ok(data) => Ok(Some(OnDisk::new(&data))),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(error) => Err(Trouble::unreadable(self.full(self.name(at)).as_bstr(), error)),
        }
    }

    /// Where `name` of the index is in the folder; by its inode where the file system takes two names for one.
    fn position(&mut self, scene: &Scene<'_>, name: &[u8]) -> Option<usize> {
        let is_next = self.next < self.names.len() && self.name(self.next) == name;
        let found = if is_next { Ok(self.next) } else { self.search(name) };
        if let Ok(at) = found {
            self.next = at + 1;
            return Some(at);
        }
        if !scene.rules.ignore_case {
            return None;
        }
        let data = rustix::fs::statat(&self.dir, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        #[allow(clippy::unnecessary_cast)]
        self.names.iter().position(|found| found.inode == data.st_ino as u64)
    }

    fn search(&self, name: &[u8]) -> Result<usize, usize> {
        self.names.binary_search_by(|found| self.text[found.text.start..found.text.end - 1].cmp(name))
    }

    fn kind(&self, at: usize) -> Attempt<FileType> {
        match self.names[at].kind {
            FileType::Unknown => Ok(self.on_disk(at)?.map_or(FileType::Unknown, |disk| disk.kind)),
            kind => Ok(kind),
        }
    }

    /// Lays the entries of the index beside what was read.
    fn compare(&mut self, scene: &Scene<'_>, hand: &mut Hand) -> Attempt<()> {
        let Range { start: mut at, end } = self.folder.entries;
        let entries = scene.index.entries();
        while at < end {
            let path = entries[at].path(scene.index);
            let name = &path[self.folder.path.len()..];
            if let Some(slash) = name.find_byte(b'/') {
                let below = &path[..self.folder.path.len() + slash + 1];
                let count = entries[at..end].partition_point(|entry| entry.path(scene.index).starts_with(below));
                self.compare_folder(scene, &name[..slash], at..at + count, hand)?;
                at += count;
            } else {
                let stages = entries[at..end].iter().take_while(|entry| entry.path(scene.index) == path).count();
                self.compare_file(scene, name, at..at + stages, hand)?;
                at += stages;
            }
        }
        Ok(())
    }

    fn compare_folder(&mut self, scene: &Scene<'_>, name: &[u8], range: Range<usize>, hand: &mut Hand) -> Attempt<()> {
        match self.position(scene, name) {
            Some(found) if self.kind(found)? == FileType::Directory => {
                self.names[found].is_tracked = true;
                hand.folders.push(self.folder.child(name, range));
                Ok(())
            }
            _ => missing_range(scene, range, hand),
        }
    }

    /// `stages` are the entries of one path.
    fn compare_file(&mut self, scene: &Scene<'_>, name: &[u8], stages: Range<usize>, hand: &mut Hand) -> Attempt<()> {
        let entry = scene.index.entry(stages.start);
        let found = self.position(scene, name);
        let disk = found.map_or(Ok(None), |found| self.on_disk(found))?;
        let (Some(found), Some(disk)) = (found, disk) else { return missing_range(scene, stages, hand) };
        match disk.kind {
            FileType::Directory if entry.mode == Mode::COMMIT => {
                self.names[found].is_tracked = true;
                hand.found.submodules.push(stages.start);
            }
            FileType::Directory => missing_range(scene, stages, hand)?,
            _ if !disk.is_trackable() => {
                self.names[found].is_tracked = true;
                hand.found.skip(entry.path(scene.index), SkipReason::NotAFile);
            }
            _ => {
                self.names[found].is_tracked = true;
                if !scene.rules.is_unchanged(scene.index, entry, &disk) {
                    hand.found.looks.push(Look { entry: stages.start, disk });
                }
            }
        }
        Ok(())
    }

    /// Takes what no entry of the index stands for.
    fn take_new(&self, scene: &Scene<'_>, hand: &mut Hand) -> Attempt<()> {
        for at in 0..self.names.len() {
            if self.names[at].is_tracked {
                continue;
            }
            let name = self.name(at);
            let kind = self.kind(at)?;
            let path = self.full(name);
            let is_dir = kind == FileType::Directory;
            if kind == FileType::Unknown || hand.is_ignored(path.as_bstr(), is_dir)? {
                continue;
            }
            if scene.is_excluded(path.as_bstr(), is_dir) {
                hand.found.skip(path, SkipReason::Excluded);
            } else if is_dir {
                hand.folders.push(self.folder.child(name, 0..0));
            } else if let Some(disk) = self.on_disk(at)? {
                if disk.is_trackable() {
                    hand.found.new.push(NewFile { path, disk, folder: self.folder.untracked });
                } else {
                    hand.found.skip(path, SkipReason::NotAFile);
                }
            }
        }
        Ok(())
    }
}

/// Calls `each` with every name in a folder, `.` and `..` included, its sort and its inode.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn each_name(dir: &OwnedFd, mut each: impl FnMut(&CStr, FileType, u64)) -> Result<(), Errno> {
    // Most folders fit, so that the kernel is asked once for the names, and once for whether there are more.
    let mut buffer = [std::mem::MaybeUninit::uninit(); 16 << 10];
    let mut names = rustix::fs::RawDir::new(dir, &mut buffer);
    while let Some(entry) = names.next() {
        let entry = entry?;
        each(entry.file_name(), entry.file_type(), entry.ino());
    }
    Ok(())
}

/// Calls `each` with every name in a folder, `.` and `..` included, its sort and its inode.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn each_name(dir: &OwnedFd, mut each: impl FnMut(&CStr, FileType, u64)) -> Result<(), Errno> {
    for entry in rustix::fs::Dir::read_from(dir)? {
        let entry = entry?;
        each(entry.file_name(), entry.file_type(), entry.ino());
    }
    Ok(())
}
