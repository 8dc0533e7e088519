//! The moves themselves, each of which can be taken back.

use std::{
    collections::{HashMap, HashSet},
    fs, io,
};

use gix::bstr::{BStr, BString, ByteSlice as _};

use super::{
    Area, Outcome, Step, Sweep,
    place::{Folders, exchange, remove_empty, rename_new},
    rescue,
};
use crate::{
    error::{Error, Result},
    git::{
        Repo,
        capture::witness::{Expected, Sight, Witness, look},
        durable,
    },
    model::quote_path,
};

/// All that was moved so far.
pub(super) struct Moves<'a> {
    repo: &'a Repo,
    witness: &'a Witness<'a>,
    area: Area,
    worktree: Folders,
    new: Folders,
    old: Folders,
    done: Vec<Done>,
    /// Whether it ended at a file that is on another file system.
    crosses_devices: bool,
}

/// How it ended after everything was taken back.
pub(super) enum TakenBack {
    /// Nothing is exchanged, for a file is on another file system; the times of inodes have changed at most.
    CrossesDevices,
    /// What failed.
    Failed(Error),
}

/// A move that was made.
struct Done {
    path: BString,
    how: How,
    /// What came out, and what it had to be; `None`: nothing was there, or it was not as captured.
    out: Option<(Expected, Sight)>,
    /// What went in, as it was before.
    put: Option<Sight>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Exchanged,
    Removed,
    Placed,
}

impl<'a> Moves<'a> {
    pub(super) fn begin(repo: &'a Repo, witness: &'a Witness<'a>) -> Result<Self> {
        rescue(repo)?;
        let area = Area::of(repo);
        let open = || {
            fs::create_dir_all(area.incoming())?;
            fs::create_dir_all(area.outgoing())?;
            Ok([Folders::open(repo.workdir())?, Folders::open(&area.incoming())?, Folders::open(&area.outgoing())?])
        };
        let [worktree, new, old] = open().map_err(|error| durable::storage_error(&area.top, error))?;
        Ok(Moves { repo, witness, area, worktree, new, old, done: Vec::new(), crosses_devices: false })
    }

    /// Moves the files out that are to go.
    pub(super) fn remove(&mut self, steps: &[Step]) -> Result<()> {
        let begun = self.area.begun();
        fs::File::create(&begun).map_err(|error| durable::storage_error(&begun, error))?;
        let arriving = steps.iter().filter(|step| step.new.is_some());
        let arriving: HashSet<&BStr> = arriving.map(|step| step.path.as_bstr()).collect();
        for step in steps.iter().filter(|step| step.new.is_none()) {
            let Some(expected) = &step.expected else { continue };
            let path = step.path.as_bstr();
            let result = self.move_out(path, expected);
            self.judge(path, result)?;
            // Where a file is to stand, the folder has to go now; all others go at the end.
            if path.find_iter("/").any(|end| arriving.contains(path[..end].as_bstr())) {
                self.worktree.remove_empty_above(path);
            }
        }
        Ok(())
    }

    /// Puts the files in place that were written.
    pub(super) fn put(&mut self, steps: &[&Step]) -> Result<()> {
        for step in steps {
            let path = step.path.as_bstr();
            let result = match &step.expected {
                None => self.place(path),
                Some(expected) => self.exchange(path, expected),
            };
            self.judge(path, result)?;
        }
        Ok(())
    }

    /// Looks once more at all that came out: whoever had a file open may have written to it since.
    pub(super) fn look_again(&mut self) -> Result<()> {
        for done in &self.done {
            let folders = match done.how {
                How::Exchanged => &mut self.new,
                How::Removed => &mut self.old,
                How::Placed => continue,
            };
            let path = done.path.as_bstr();
            let Some((expected, out)) = &done.out else { return Err(changed(path)) };
            let name = folders.at(path, false);
            match name.and_then(|(folder, name)| self.witness.is_still(expected, out, (folder, &name))) {
                Ok(true) => {}
                Ok(false) => return Err(changed(path)),
                Err(error) => return Err(self.failed(path, error)),
            }
        }
        Ok(())
    }

    /// Ends it: what came out is in the backup, and is let go. What cannot be removed is by the next restore.
    pub(super) fn let_go(mut self, steps: &[Step]) -> (Vec<Outcome>, Sweep) {
        let put = self.done.iter().filter_map(|done| Some((done.path.as_bstr(), done.put?)));
        let put: HashMap<&BStr, Sight> = put.collect();
        let mut outcomes = Vec::with_capacity(steps.len());
        for step in steps {
            let path = step.path.as_bstr();
            let new = step.new.map(|entry| {
                let now = self.worktree.at(path, false).and_then(|(folder, name)| look((folder, &name)));
                let now = now.ok().flatten();
                // One that somebody has changed already is to be seen by git.
                let is_ours = |now: &Sight| put.get(path).is_some_and(|put| put.is_but_for_its_name(now));
                (entry, now.filter(is_ours).map_or_else(Default::default, |now| now.stat()))
            });
            if new.is_none() {
                self.worktree.remove_empty_above(path);
            }
            outcomes.push(Outcome { path: step.path.clone(), new });
        }
        let gone = self.done.iter().filter_map(|done| {
            let folder = match done.how {
                How::Exchanged => self.area.incoming(),
                How::Removed => self.area.outgoing(),
                How::Placed => return None,
            };
            Some(folder.join(gix::path::from_bstr(done.path.as_bstr()).ok()?))
        });
        let gone = gone.collect();
        (outcomes, Sweep::of(self.area.top, gone))
    }

    /// Takes everything back, the last first, after `error`.
    pub(super) fn take_back(mut self, error: Error) -> TakenBack {
        let mut is_as_before = true;
        for done in std::mem::take(&mut self.done).into_iter().rev() {
            // What cannot be taken back stays where it is, and the caller sees that the worktree is not as it was.
            is_as_before &= self.reverse(&done).is_ok();
        }
        self.worktree.remove_made();
        TakenBack::Failed(match rescue(self.repo) {
            Ok(kept) if kept.is_empty() && is_as_before && self.crosses_devices => return TakenBack::CrossesDevices,
            Ok(kept) => kept.iter().fold(error, |error, path| {
                error.hint(format!("what else was written there meanwhile is in `{}`", path.display()))
            }),
            Err(why) => {
                error.hint(format!("`{}` has files that could not be looked at: {why}", self.area.top.display()))
            }
        })
    }

    fn reverse(&mut self, done: &Done) -> io::Result<()> {
        let path = done.path.as_bstr();
        let (live, live_name) = self.worktree.at(path, done.how == How::Removed)?;
        match done.how {
            How::Exchanged => {
                let (new, new_name) = self.new.at(path, false)?;
                exchange((live, &live_name), (new, &new_name))
            }
            How::Removed => {
                let (old, old_name) = self.old.at(path, false)?;
                rename_new((old, &old_name), (live, &live_name))
            }
            How::Placed => {
                let (new, new_name) = self.new.at(path, false)?;
                rename_new((live, &live_name), (new, &new_name))
            }
        }
    }

    /// Moves a file out of the worktree; whether it was what was captured.
    fn move_out(&mut self, path: &BStr, expected: &Expected) -> io::Result<bool> {
        let Some((live, live_name)) = present(self.worktree.at(path, false))? else { return Ok(true) };
        let Some(sight) = look((live, &live_name))? else { return Ok(true) };
        if !self.witness.resembles(expected, &sight) {
            return Ok(false);
        }
        let (old, old_name) = self.old.at(path, true)?;
        rename_new((live, &live_name), (old, &old_name))?;
        let out = self.witness.came_out(expected, (old, &old_name));
        let out_now = out.as_ref().ok().copied().flatten().map(|sight| (*expected, sight));
        self.done.push(Done { path: path.to_owned(), how: How::Removed, out: out_now, put: None });
        Ok(out?.is_some())
    }

    /// Exchanges a file for the new one; whether it was what was captured.
    fn exchange(&mut self, path: &BStr, expected: &Expected) -> io::Result<bool> {
        let Some((live, live_name)) = present(self.worktree.at(path, false))? else { return self.place(path) };
        let Some(sight) = look((live, &live_name))? else { return self.place(path) };
        if !self.witness.resembles(expected, &sight) {
            return Ok(false);
        }
        let (new, new_name) = self.new.at(path, false)?;
        let put = look((new, &new_name))?;
        match exchange((live, &live_name), (new, &new_name)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                return Ok(self.move_out(path, expected)? && self.place(path)?);
            }
            Err(error) => return Err(error),
        }
        let out = self.witness.came_out(expected, (new, &new_name));
        let out_now = out.as_ref().ok().copied().flatten().map(|sight| (*expected, sight));
        self.done.push(Done { path: path.to_owned(), how: How::Exchanged, out: out_now, put });
        Ok(out?.is_some())
    }

    /// Puts a file where nothing is; whether nothing was there.
    fn place(&mut self, path: &BStr) -> io::Result<bool> {
        let (new, new_name) = self.new.at(path, false)?;
        let put = look((new, &new_name))?;
        let (live, live_name) = self.worktree.at(path, true)?;
        let is_taken = |error: &io::Error| error.kind() == io::ErrorKind::AlreadyExists;
        let mut placed = rename_new((new, &new_name), (live, &live_name));
        if placed.as_ref().is_err_and(is_taken) && remove_empty((live, &live_name)) {
            placed = rename_new((new, &new_name), (live, &live_name));
        }
        match placed {
            Ok(()) => {}
            Err(error) if is_taken(&error) => return Ok(false),
            Err(error) => return Err(error),
        }
        self.done.push(Done { path: path.to_owned(), how: How::Placed, out: None, put });
        Ok(true)
    }

    fn judge(&mut self, path: &BStr, is_as_captured: io::Result<bool>) -> Result<()> {
        match is_as_captured {
            Ok(true) => Ok(()),
            Ok(false) => Err(changed(path)),
            Err(error) => {
                self.crosses_devices |= error.kind() == io::ErrorKind::CrossesDevices;
                Err(self.failed(path, error))
            }
        }
    }

    fn failed(&self, path: &BStr, error: io::Error) -> Error {
        let place = gix::path::from_bstr(path).map(|path| self.repo.workdir().join(path)).unwrap_or_default();
        durable::storage_error(&place, error)
    }
}

/// What was found; `None` if a folder on the way is not there.
fn present<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}

fn changed(path: &BStr) -> Error {
    Error::refused(format!("`{}` changed after it was captured", quote_path(path)))
        .hint("stop what is writing there, and try again")
}
