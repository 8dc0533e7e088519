//! A file that is there, saved as it is at one moment.

use std::{io::Read, time::Duration};

use gix::bstr::BStr;

use super::{
    content::{Keeper, Kept, Whole},
    place::{Place, Set},
    space::{Room, lacking},
};
use crate::{
    error::{Error, Result},
    git::{Repo, objects},
    model::Oid,
};

/// So often it is tried to read a file that is written to meanwhile.
const ATTEMPTS: u32 = 4;
const PAUSE: Duration = Duration::from_millis(60);

/// Saves the file at `path`, relative to the top of the worktree, with the journals that a database has beside it: its objects
/// are on disk when it returns. `None` if there is no file. An error that names it if it is no plain file of the worktree, if
/// there is no room, or if it is written to all the time.
pub fn keep_file(repo: &Repo, path: &BStr) -> Result<Option<Kept>> {
    let Some(place) = Place::find(repo, path, false)? else { return Ok(None) };
    for attempt in 0..ATTEMPTS {
        let mut set = place.look()?;
        if set.file.is_none() {
            return Ok(None);
        }
        if attempt == 0 {
            make_sure_of_room(repo, &place, set.size())?;
        }
        let before = set.identities();
        let kept = objects::apart(repo, || take(Keeper::keeping(repo), &mut set))?;
        if place.look()?.identities() == before {
            objects::maintain(repo);
            return Ok(Some(kept));
        }
        std::thread::sleep(PAUSE * (attempt + 1));
    }
    Err(Error::refused(format!("the artifact `{}` was written to while it was saved", place.shown()))
        .because("a copy of it would be of no moment in particular")
        .hint("stop what writes to it, and try again")
        .hint("or let its own program save it, with `save` and `restore` in `[[artifact]]`"))
}

/// Whether there is a file at `path`; an error that names it if it is none that can be saved.
pub fn is_there(repo: &Repo, path: &BStr) -> Result<bool> {
    let Some(place) = Place::find(repo, path, false)? else { return Ok(false) };
    place.look().map(|set| set.file.is_some())
}

/// What the file at `path` is, without saving it; `None` if there is none.
pub fn measure_file(repo: &Repo, path: &BStr) -> Result<Option<Kept>> {
    let Some(place) = Place::find(repo, path, false)? else { return Ok(None) };
    let mut set = place.look()?;
    if set.file.is_none() {
        return Ok(None);
    }
    take(Keeper::measuring(repo), &mut set).map(Some)
}

/// What the files of a set are, one by one, and all of them together.
pub(super) fn take(mut keeper: Keeper<'_>, set: &mut Set) -> Result<Kept> {
    let whole = add(&mut keeper, set)?;
    keeper.end(&whole)
}

pub(super) fn add(keeper: &mut Keeper<'_>, set: &mut Set) -> Result<Whole> {
    let mut one = |opened: &mut super::place::Opened| -> Result<Oid> {
        // A file that grows would have no end.
        let size = u64::try_from(opened.stat.st_size).unwrap_or(0);
        keeper.add(&mut (&mut opened.file).take(size))
    };
    let file = set.file.as_mut().ok_or_else(|| Error::bug("what is not there was to be read"))?;
    let file = one(file)?;
    let mut companions = [None, None];
    for (oid, opened) in companions.iter_mut().zip(&mut set.companions) {
        *oid = opened.as_mut().map(&mut one).transpose()?;
    }
    Ok(Whole { file, companions })
}

/// Refuses what cannot fit before anything of it is written.
fn make_sure_of_room(repo: &Repo, place: &Place, size: u64) -> Result<()> {
    let dir = objects::dir(repo);
    let room = Room::at(&dir)?;
    if size <= room.free {
        return Ok(());
    }
    let what = format!("the artifact `{}`", place.shown());
    // What could never be there as a whole need not be read to know that.
    if size > room.all {
        return Err(lacking(&what, (size, room), &dir));
    }
    let mut keeper = Keeper::measuring(repo);
    add(&mut keeper, &mut place.look()?)?;
    if keeper.new > room.free { Err(lacking(&what, (keeper.new, room), &dir)) } else { Ok(()) }
}
