//! Names in the worktree, given and taken without following a link and without overwriting anything.

use std::{
    ffi::CString,
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::Path,
};

use gix::bstr::{BStr, BString, ByteSlice};
use rustix::{
    fs::{AtFlags, CWD, Dir, Mode, OFlags, RenameFlags},
    io::Errno,
};

use crate::git::capture::witness::Name;

/// A folder tree, each folder opened by its own name, so that no link on the way leads out of it.
pub(in crate::git) struct Folders {
    top: OwnedFd,
    /// The folder that was opened last; files come in the order of their paths.
    last: Option<(BString, OwnedFd)>,
    /// The folders that were made.
    made: Vec<BString>,
}

impl Folders {
    pub(in crate::git) fn open(top: &Path) -> io::Result<Self> {
        Ok(Folders { top: rustix::fs::openat(CWD, top, FOLDER, Mode::empty())?, last: None, made: Vec::new() })
    }

    /// The folder that `path` is in and its name there; `create` makes what is missing.
    pub(in crate::git) fn at(&mut self, path: &BStr, create: bool) -> io::Result<(BorrowedFd<'_>, CString)> {
        let (folder, name) = match path.rfind_byte(b'/') {
            Some(slash) => (path[..slash].as_bstr(), &path[slash + 1..]),
            None => (BStr::new(""), path),
        };
        let name = CString::new(name.as_bytes())?;
        if folder.is_empty() {
            return Ok((self.top.as_fd(), name));
        }
        if self.last.as_ref().is_none_or(|(last, _)| last != folder) {
            self.last = None;
            let opened = self.enter(folder, create)?;
            self.last = Some((folder.to_owned(), opened));
        }
        let (_, opened) = self.last.as_ref().expect("it was just opened");
        Ok((opened.as_fd(), name))
    }

    fn enter(&mut self, folder: &BStr, create: bool) -> io::Result<OwnedFd> {
        let mut at = self.top.try_clone()?;
        let ends = folder.find_iter(b"/").chain([folder.len()]);
        let mut start = 0;
        for end in ends {
            let name = CString::new(folder[start..end].as_bytes())?;
            let mut opened = rustix::fs::openat(&at, &name, FOLDER, Mode::empty());
            if create && matches!(opened, Err(Errno::NOENT)) {
                match rustix::fs::mkdirat(&at, &name, Mode::from_raw_mode(0o777)) {
                    Ok(()) => self.made.push(folder[..end].into()),
                    // Another has made it meanwhile.
                    Err(Errno::EXIST) => {}
                    Err(error) => return Err(error.into()),
                }
                opened = rustix::fs::openat(&at, &name, FOLDER, Mode::empty());
            }
            at = opened?;
            start = end + 1;
        }
        Ok(at)
    }

    /// Removes the folders above `path` that are empty, the innermost first. What is in the others is somebody's.
    pub(super) fn remove_empty_above(&mut self, path: &BStr) {
        let mut path = path;
        while let Some(slash) = path.rfind_byte(b'/') {
            path = path[..slash].as_bstr();
            if !self.remove_folder(path) {
                return;
            }
        }
    }

    /// Takes over the folders that `other` made in the same tree.
    pub(super) fn take_in(&mut self, other: Folders) {
        self.made.extend(other.made);
    }

    /// Removes those of the folders that were made here that are empty.
    pub(super) fn remove_made(&mut self) {
        // What is in a folder goes before it, whoever has made it.
        self.made.sort_unstable();
        for folder in std::mem::take(&mut self.made).iter().rev() {
            self.remove_folder(folder.as_bstr());
        }
    }

    fn remove_folder(&mut self, folder: &BStr) -> bool {
        self.last = None;
        self.at(folder, false).is_ok_and(|(above, name)| rustix::fs::unlinkat(above, &name, AtFlags::REMOVEDIR).is_ok())
    }
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Whether the two folders are on different file systems.
pub(super) fn is_elsewhere(a: &Path, b: &Path) -> io::Result<bool> {
    Ok(rustix::fs::stat(a)?.st_dev != rustix::fs::stat(b)?.st_dev)
}

/// Exchanges two files. `Unsupported`: the file system cannot.
pub(in crate::git) fn exchange(a: Name<'_>, b: Name<'_>) -> io::Result<()> {
    rustix::fs::renameat_with(a.0, a.1, b.0, b.1, RenameFlags::EXCHANGE).map_err(|error| match error {
        Errno::INVAL | Errno::NOSYS | Errno::NOTSUP => io::ErrorKind::Unsupported.into(),
        error => error.into(),
    })
}

/// Moves a file to a name that must be free.
pub(in crate::git) fn rename_new(from: Name<'_>, to: Name<'_>) -> io::Result<()> {
    match rustix::fs::renameat_with(from.0, from.1, to.0, to.1, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            rustix::fs::linkat(from.0, from.1, to.0, to.1, AtFlags::empty())?;
            Ok(rustix::fs::unlinkat(from.0, from.1, AtFlags::empty())?)
        }
        result => Ok(result?),
    }
}

/// Removes a folder in which there are only folders, which no state knows of; whether it could.
pub(super) fn remove_empty((folder, name): Name<'_>) -> bool {
    let Ok(opened) = rustix::fs::openat(folder, name, FOLDER, Mode::empty()) else { return false };
    let Ok(entries) = Dir::read_from(&opened) else { return false };
    let names = entries.flatten().map(|entry| entry.file_name().to_owned());
    let mut inner = names.filter(|name| !matches!(name.to_bytes(), b"." | b".."));
    inner.all(|name| remove_empty((opened.as_fd(), &name)))
        && rustix::fs::unlinkat(folder, name, AtFlags::REMOVEDIR).is_ok()
}
