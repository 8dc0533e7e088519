//! A file of the worktree, replaced by content that was saved, in one step and only where what goes is saved as well.
//!
//! What comes is written beside it (`.<name>.checkpoint-new`), compared with what the record says of it and made durable. Then the
//! two are exchanged, and what came out is looked at: if somebody wrote to it a moment ago, they are exchanged back. A kill at
//! any moment leaves the one or the other at its place; what it leaves beside it, the next call removes if it is saved.

use std::{fs::File, io::Write, os::fd::AsFd};

use gix::bstr::{BStr, BString, ByteSlice};
use rustix::{
    fs::{AtFlags, Gid, Mode, OFlags, Stat, Uid},
    io::Errno,
};

use super::{
    content::{self, Digest, Keeper, Sum, Whole, companion_name},
    place::{Identity, NUMBER, Place, Set, c_name, cannot},
    space::{Room, lacking},
    take::add,
};
use crate::{
    error::{Error, Result},
    git::{Repo, restore::place as moves},
    model::Oid,
};

/// What is to be there.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Where its content is.
    pub object: Oid,
    /// What that has to be.
    pub digest: &'a Digest,
}

/// How what is there now is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Present {
    /// Not at all, as nothing was there.
    Nothing,
    /// Its bytes are this content.
    Bytes(Oid),
    /// In a form of its own, so that it cannot be compared.
    Otherwise,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Put {
    /// It was there already.
    Already,
    /// It is there now.
    Done,
}

/// Makes the file at `path` what is wanted. It can be called again after a crash. An error leaves what was there, or says so.
pub fn put(repo: &Repo, path: &BStr, wanted: Wanted<'_>, present: Present) -> Result<Put> {
    let place = Place::find(repo, path, true)?.ok_or_else(|| Error::bug("a folder that was made is not there"))?;
    let target = content::open(repo, wanted.object)?;
    let replacing = Replacing::new(repo, place, Some(target), present)?;
    let (before, digest) = replacing.begin()?;
    if digest.as_ref() == Some(wanted.digest) {
        return Ok(Put::Already);
    }
    let done = replacing.stage(wanted, before.file.as_ref().map(|opened| &opened.stat)).and_then(|()| {
        replacing.exchange(&before)?;
        replacing.finish()
    });
    if done.is_err() {
        replacing.remove_staged();
    }
    done.map(|()| Put::Done)
}

/// Takes the file at `path` away, if one is there.
pub fn remove(repo: &Repo, path: &BStr, present: Present) -> Result<Put> {
    let Some(place) = Place::find(repo, path, false)? else { return Ok(Put::Already) };
    let replacing = Replacing::new(repo, place, None, present)?;
    let (before, digest) = replacing.begin()?;
    if digest.is_none() {
        return Ok(Put::Already);
    }
    replacing.exchange(&before)?;
    replacing.finish().map(|()| Put::Done)
}

/// One file on its way.
struct Replacing<'r> {
    repo: &'r Repo,
    place: Place,
    /// `None`: no file is to be there.
    target: Option<Whole>,
    present: Present,
    /// What the bytes that are saved consist of.
    saved: Option<Whole>,
}

impl<'r> Replacing<'r> {
    fn new(repo: &'r Repo, place: Place, target: Option<Whole>, present: Present) -> Result<Self> {
        let saved = match present {
            Present::Bytes(object) => Some(content::open(repo, object)?),
            Present::Nothing | Present::Otherwise => None,
        };
        Ok(Replacing { repo, place, target, present, saved })
    }

    /// Removes what a killed call has left, and looks at what is there: all of it is saved, or what is wanted.
    fn begin(&self) -> Result<(Set, Option<Digest>)> {
        self.remove_staged();
        self.settle()?;
        let mut now = self.place.look()?;
        let Some((whole, digest)) = self.measure(&mut now)? else {
            return Ok((now, None));
        };
        let is_known = |found: Option<Oid>, of: &dyn Fn(&Whole) -> Option<Oid>| {
            found.is_none() || self.known().any(|known| of(known) == found)
        };
        let is_all_known = is_known(Some(whole.file), &|known| Some(known.file))
            && (0..NUMBER).all(|number| is_known(whole.companions[number], &|known| known.companions[number]));
        if is_all_known || self.present == Present::Otherwise {
            return Ok((now, Some(digest)));
        }
        Err(self.changed())
    }

    fn known(&self) -> impl Iterator<Item = &Whole> {
        self.target.iter().chain(&self.saved)
    }

    fn measure(&self, set: &mut Set) -> Result<Option<(Whole, Digest)>> {
        if set.file.is_none() {
            return Ok(None);
        }
        let mut keeper = Keeper::measuring(self.repo);
        let whole = add(&mut keeper, set)?;
        let digest = keeper.end(&whole)?.digest;
        Ok(Some((whole, digest)))
    }

    /// What was exchanged by a call that was killed.
    fn settle(&self) -> Result<()> {
        for number in 0..=NUMBER {
            let name = self.swapped(number);
            let Some(left) = self.place.open(name.as_ref())? else { continue };
            let mut left = Set { file: Some(left), companions: [None, None] };
            let left = self.measure(&mut left)?.map(|(whole, _)| whole.file);
            let of = |known: &Whole| if number == 0 { Some(known.file) } else { known.companions[number - 1] };
            let is_saved = self.present == Present::Otherwise || self.known().any(|known| of(known) == left);
            if !is_saved {
                let shown = crate::model::quote_path(self.place.beside(name.as_ref()).as_ref());
                return Err(Error::refused(format!("`{shown}` was left by a call that was killed, and is not saved"))
                    .hint("look whether it is needed, and move it away; then try again"));
            }
            self.unlink(name.as_ref())?;
        }
        Ok(())
    }

    /// Writes what is wanted beside the file, and makes it durable.
    fn stage(&self, wanted: Wanted<'_>, like: Option<&Stat>) -> Result<()> {
        let Some(target) = &self.target else { return Ok(()) };
        let room = Room::in_folder(&self.place.folder)?;
        if wanted.digest.size > room.free {
            let what = format!("`{}` as it was saved", self.place.shown());
            return Err(lacking(&what, (wanted.digest.size, room), self.repo.workdir()));
        }
        let mut sum = Sum::new();
        let mut staged = Vec::new();
        let of_target = std::iter::once(Some(target.file)).chain(target.companions);
        for (number, oid) in of_target.enumerate().filter_map(|(number, oid)| Some((number, oid?))) {
            let mut file = self.create(self.staged(number).as_ref(), like)?;
            content::stream(self.repo, oid, &mut |bytes| {
                sum.add(bytes);
                file.write_all(bytes).map_err(|error| cannot("write", self.place.path(), error))
            })?;
            staged.push(file);
        }
        if sum.end() != *wanted.digest {
            return Err(damaged(&self.place.shown()));
        }
        staged.iter().try_for_each(|file| {
            like.into_iter().for_each(|like| make_alike(file, like));
            file.sync_all().map_err(|error| cannot("write", self.place.path(), error))
        })
    }

    fn create(&self, name: &BStr, like: Option<&Stat>) -> Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(if like.is_some() { 0o600 } else { 0o666 });
        let made = rustix::fs::openat(&self.place.folder, c_name(name), flags, mode);
        made.map(File::from).map_err(|error| cannot("write", self.place.path(), error.into()))
    }

    /// Exchanges it for what is there, or takes that away. The companions of what goes first: they must not meet what comes.
    fn exchange(&self, before: &Set) -> Result<()> {
        if self.place.look()?.identities() != before.identities() {
            return Err(self.changed());
        }
        let done = self.move_companions(before, false).and_then(|()| self.exchange_file(before));
        if done.is_err() {
            self.move_companions(before, true)?;
        }
        done
    }

    /// Moves those that were there aside, or back.
    fn move_companions(&self, before: &Set, is_back: bool) -> Result<()> {
        let folder = &self.place.folder;
        for number in (0..NUMBER).filter(|number| before.companions[*number].is_some()) {
            let own = c_name(companion_name(self.place.name.as_ref(), number).as_ref());
            let aside = c_name(self.swapped(number + 1).as_ref());
            let (from, to) = if is_back { (&aside, &own) } else { (&own, &aside) };
            match rustix::fs::renameat(folder, from, folder, to) {
                Err(Errno::NOENT) => {}
                done => done.map_err(|error| cannot("replace", self.place.path(), error.into()))?,
            }
        }
        Ok(())
    }

    fn exchange_file(&self, before: &Set) -> Result<()> {
        let failed = |error: std::io::Error| cannot("replace", self.place.path(), error);
        let (name, swapped) = (c_name(self.place.name.as_ref()), c_name(self.swapped(0).as_ref()));
        let folder = self.place.folder.as_fd();
        if self.target.is_some() {
            let staged = c_name(self.staged(0).as_ref());
            if before.file.is_none() {
                return moves::rename_new((folder, &staged), (folder, &name)).map_err(failed);
            }
            rustix::fs::renameat(folder, &staged, folder, &swapped).map_err(|error| failed(error.into()))?;
            match moves::exchange((folder, &swapped), (folder, &name)) {
                Err(error) if error.kind() == std::io::ErrorKind::Unsupported => {
                    return rustix::fs::renameat(folder, &swapped, folder, &name).map_err(|error| failed(error.into()));
                }
                done => done.map_err(failed)?,
            }
        } else {
            moves::rename_new((folder, &name), (folder, &swapped)).map_err(failed)?;
        }
        let out = self.place.open(self.swapped(0).as_ref())?;
        if out.map(|out| Identity::of(&out.stat)) == before.file.as_ref().map(|file| Identity::of(&file.stat)) {
            return Ok(());
        }
        let back = match self.target {
            Some(_) => moves::exchange((folder, &swapped), (folder, &name)),
            None => moves::rename_new((folder, &swapped), (folder, &name)),
        };
        back.map_err(failed)?;
        Err(self.changed())
    }

    /// Puts the companions beside it, and lets go of what came out.
    fn finish(&self) -> Result<()> {
        let companions = self.target.as_ref().map_or([None, None], |target| target.companions);
        for number in (0..NUMBER).filter(|number| companions[*number].is_some()) {
            let (from, to) = (self.staged(number + 1), companion_name(self.place.name.as_ref(), number));
            let folder = &self.place.folder;
            rustix::fs::renameat(folder, c_name(from.as_ref()), folder, c_name(to.as_ref()))
                .map_err(|error| cannot("replace", self.place.path(), error.into()))?;
        }
        self.place.sync()?;
        (0..=NUMBER).try_for_each(|number| self.unlink(self.swapped(number).as_ref()))?;
        self.place.sync()
    }

    /// The name of what comes: of the file, and of its companions.
    fn staged(&self, number: usize) -> BString {
        self.aside(number, b".checkpoint-new")
    }

    /// The name of what goes, between the exchange and its end.
    fn swapped(&self, number: usize) -> BString {
        self.aside(number, b".checkpoint-old")
    }

    fn aside(&self, number: usize, ending: &[u8]) -> BString {
        let name = [b".", self.place.name.as_bytes(), ending].concat();
        if number == 0 { name.into() } else { companion_name(name.as_bstr(), number - 1) }
    }

    fn remove_staged(&self) {
        for number in 0..=NUMBER {
            // What stays is in the way of the next one, who says so.
            let _removed = self.unlink(self.staged(number).as_ref());
        }
    }

    fn unlink(&self, name: &BStr) -> Result<()> {
        match rustix::fs::unlinkat(&self.place.folder, c_name(name), AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(cannot("remove", self.place.beside(name).as_ref(), error.into())),
        }
    }

    fn changed(&self) -> Error {
        Error::refused(format!("the artifact `{}` has changed since it was saved", self.place.shown()))
            .because("what would be replaced is in no record")
            .hint("stop what writes to it, and try again; nothing of it was changed")
    }
}

/// The error for content that is not what its record says.
pub fn damaged(what: &str) -> Error {
    Error::environment(format!("`{what}` as it was saved is damaged")).because("its SHA-256 is another one than the record has")
        .hint("`git fsck` looks for damage in the repository; choose another checkpoint; what is there now was not touched")
}

/// Mode and owner of what was there; an owner that cannot be set stays that of this process.
fn make_alike(file: &File, like: &Stat) {
    let _owner = rustix::fs::fchown(file, Some(Uid::from_raw(like.st_uid)), Some(Gid::from_raw(like.st_gid)));
    let _mode = rustix::fs::fchmod(file, Mode::from_raw_mode(like.st_mode));
}
