//! Where an artifact is: a plain file of the worktree, reached without following a link, so that no name leads out of it.

use std::{
    ffi::CString,
    fs::File,
    io::{self, Read},
    os::fd::{AsFd, OwnedFd},
};

use gix::bstr::{BStr, BString, ByteSlice};
use rustix::{
    fs::{AtFlags, FileType, Mode, OFlags, Stat},
    io::Errno,
};

use super::content::{self, COMPANIONS};
use crate::{
    error::{Error, Result},
    git::{Repo, restore::place::Folders, tree},
    model::quote_path,
};

/// What the journals of SQLite begin with, in the order of [`COMPANIONS`]. Where one begins otherwise, it is empty or not
/// needed, or a file that has nothing to do with it.
const MAGIC: [&[&[u8]]; 2] = [&[b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"], &[b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83"]];

/// The folder of an artifact's file, and its name there.
pub(super) struct Place {
    path: BString,
    pub(super) folder: OwnedFd,
    pub(super) name: BString,
}

/// A file that is there.
pub(super) struct Opened {
    pub(super) file: File,
    pub(super) stat: Stat,
}

/// What is there: the file, and its companions.
pub(super) struct Set {
    pub(super) file: Option<Opened>,
    pub(super) companions: [Option<Opened>; 2],
}

/// What changes with every change of a file that goes through the system.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Identity([i128; 7]);

impl Identity {
    pub(super) fn of(stat: &Stat) -> Self {
        Identity([
            i128::from(stat.st_dev),
            i128::from(stat.st_ino),
            i128::from(stat.st_size),
            i128::from(stat.st_mtime),
            i128::from(stat.st_mtime_nsec),
            i128::from(stat.st_mode),
            i128::from(stat.st_uid),
        ])
    }
}

impl Set {
    pub(super) fn identities(&self) -> Vec<Option<Identity>> {
        let all = std::iter::once(&self.file).chain(&self.companions);
        all.map(|one| one.as_ref().map(|opened| Identity::of(&opened.stat))).collect()
    }

    pub(super) fn size(&self) -> u64 {
        let all = self.file.iter().chain(self.companions.iter().flatten());
        all.map(|opened| u64::try_from(opened.stat.st_size).unwrap_or(0)).sum()
    }
}

impl Place {
    /// The place of `path`, relative to the top of the worktree. `None`: its folder is not there, unless `create` makes it.
    pub(super) fn find(repo: &Repo, path: &BStr, create: bool) -> Result<Option<Self>> {
        let is_git = |part: &[u8]| part.eq_ignore_ascii_case(b".git");
        if !tree::is_writable_path(repo, path) || path.split(|byte| *byte == b'/').any(is_git) {
            return Err(refused(path, "leads out of the worktree, or into git's own files"));
        }
        let wrap = |error: io::Error| cannot("look at", path, error);
        let mut folders = Folders::open(repo.workdir()).map_err(wrap)?;
        let (folder, name) = match folders.at(path, create) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if is_no_folder(&error) => {
                return Err(refused(path, "goes through a symbolic link, or through a file"));
            }
            Err(error) => return Err(wrap(error)),
        };
        let folder = folder.try_clone_to_owned().map_err(wrap)?;
        // A repository may keep its own files anywhere.
        for own in [repo.git_dir(), repo.common_dir()] {
            let is_below = |own: &std::path::Path| real_path(repo, path).is_some_and(|real| real.starts_with(own));
            if is_below(own) {
                return Err(refused(path, "leads into git's own files"));
            }
        }
        Ok(Some(Place { path: path.to_owned(), folder, name: BString::from(name.into_bytes()) }))
    }

    /// The path, as people see it.
    pub(super) fn shown(&self) -> String {
        quote_path(self.path.as_ref())
    }

    pub(super) fn path(&self) -> &BStr {
        self.path.as_ref()
    }

    /// What is there now.
    pub(super) fn look(&self) -> Result<Set> {
        let file = self.open(self.name.as_bstr())?;
        let mut companions = [None, None];
        for (number, companion) in companions.iter_mut().enumerate() {
            *companion = self.companion(number)?;
        }
        Ok(Set { file, companions })
    }

    /// A file in the folder of this one; an error, by name, if it is none.
    pub(super) fn open(&self, name: &BStr) -> Result<Option<Opened>> {
        let path = self.beside(name);
        let wrap = |error: Errno| cannot("read", path.as_ref(), error.into());
        let raw = c_name(name);
        let kind = match rustix::fs::statat(&self.folder, &raw, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return Ok(None),
            stat => FileType::from_raw_mode(stat.map_err(wrap)?.st_mode),
        };
        match kind {
            FileType::RegularFile => {}
            FileType::Symlink => return Err(refused(path.as_ref(), "is a symbolic link")),
            FileType::Directory => {
                return Err(refused(path.as_ref(), "is a folder")
                    .hint("give the artifact a `save` and a `restore` command, with `tar` for example"));
            }
            _ => return Err(refused(path.as_ref(), "is a socket, pipe or device")),
        }
        // What is exchanged for a pipe in this moment must not hold anything up.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(&self.folder, &raw, flags, Mode::empty()) {
            Err(Errno::NOENT) => return Ok(None),
            file => file.map_err(wrap)?,
        };
        let stat = rustix::fs::fstat(&file).map_err(wrap)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(refused(path.as_ref(), "is no plain file any more"));
        }
        Ok(Some(Opened { file: file.into(), stat }))
    }

    fn companion(&self, number: usize) -> Result<Option<Opened>> {
        let name = content::companion_name(self.name.as_ref(), number);
        let kind = rustix::fs::statat(&self.folder, c_name(name.as_ref()), AtFlags::SYMLINK_NOFOLLOW);
        if !kind.is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile) {
            return Ok(None);
        }
        let Some(mut opened) = self.open(name.as_ref())? else { return Ok(None) };
        let mut beginning = [0; 8];
        let wrap = |error: io::Error| cannot("read", self.beside(name.as_ref()).as_ref(), error);
        let length = read_up_to(&mut opened.file, &mut beginning).map_err(wrap)?;
        let is_one = MAGIC[number].iter().any(|magic| beginning[..length].starts_with(magic));
        io::Seek::rewind(&mut opened.file).map_err(wrap)?;
        Ok(is_one.then_some(opened))
    }

    /// The path of another name in the same folder.
    pub(super) fn beside(&self, name: &BStr) -> BString {
        let folder = self.path.rfind_byte(b'/').map_or(0, |slash| slash + 1);
        [&self.path[..folder], name.as_bytes()].concat().into()
    }

    /// Makes the names in the folder durable.
    pub(super) fn sync(&self) -> Result<()> {
        rustix::fs::fsync(self.folder.as_fd()).map_err(|error| cannot("write", self.path.as_ref(), error.into()))
    }
}

/// How many companions there can be.
pub(super) const NUMBER: usize = COMPANIONS.len();

pub(super) fn c_name(name: &BStr) -> CString {
    CString::new(name.as_bytes()).expect("no path that was let through has a zero byte")
}

fn read_up_to(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match file.read(&mut buffer[length..])? {
            0 => break,
            more => length += more,
        }
    }
    Ok(length)
}

fn real_path(repo: &Repo, path: &BStr) -> Option<std::path::PathBuf> {
    let path = gix::path::from_bstr(path).ok()?;
    repo.workdir().join(path).parent()?.canonicalize().ok()
}

fn is_no_folder(error: &io::Error) -> bool {
    [Errno::NOTDIR, Errno::LOOP].iter().any(|one| error.raw_os_error() == Some(one.raw_os_error()))
}

pub(super) fn refused(path: &BStr, why: &str) -> Error {
    Error::refused(format!("`{}` cannot be an artifact", quote_path(path)))
        .because(format!("it {why}"))
        .hint("an artifact is a plain file of the worktree; name the file itself in `path`, relative to the top")
}

pub(super) fn cannot(what: &str, path: &BStr, error: io::Error) -> Error {
    Error::environment(format!("cannot {what} the artifact `{}`", quote_path(path))).because(error)
}
