//! The moves themselves, each of which can be taken back.

use std::{
    collections::{HashMap, HashSet},
    fs, io, mem,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
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
        capture::witness::{Expected, Eye, Sight, look},
        durable, threads,
    },
    model::quote_path,
};

/// From so many files on, a second thread is worth its start.
const WORTH_A_THREAD: usize = 32;

/// All that was moved so far.
pub(super) struct Moves<'a> {
    repo: &'a Repo,
    area: Area,
    lane: Lane,
}

/// What moves files, one after the other.
struct Lane {
    eye: Eye,
    worktree: Folders,
    new: Folders,
    old: Folders,
    done: Vec<Done>,
    /// The file that was on another file system, or not as captured, or could not be moved; and why.
    stopped: Option<(BString, Stop)>,
}

/// Why a lane ended before all was moved.
enum Stop {
    /// Somebody changed the file after it was captured.
    Changed,
    Failed(io::Error),
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
    pub(super) fn begin(repo: &'a Repo, eye: Eye) -> Result<Self> {
        rescue(repo)?;
        let area = Area::of(repo);
        let make = fs::create_dir_all(area.incoming()).and_then(|()| fs::create_dir_all(area.outgoing()));
        make.map_err(|error| {
            drop(fs::remove_dir_all(&area.top));
            durable::storage_error(&area.top, error)
        })?;
        let lane = Lane::open(repo, &area, eye)?;
        Ok(Moves { repo, area, lane })
    }

    /// Lets several lanes work on a part of `items` each where there are many; what they say is in the order of the parts.
    /// Where no more lanes or threads can be had, it takes longer and nothing else.
    fn share<T: Sync, R: Send>(&mut self, items: &[T], work: impl Fn(&mut Lane, &[T]) -> R + Sync) -> Vec<R> {
        let count = threads::up_to(items.len().div_ceil(WORTH_A_THREAD));
        let others = (1..count).map(|_| Lane::open(self.repo, &self.area, self.lane.eye));
        let mut others = match others.collect::<Result<Vec<_>>>() {
            Ok(others) if !others.is_empty() => others,
            _ => return vec![work(&mut self.lane, items)],
        };
        let lanes: Vec<_> = std::iter::once(&mut self.lane).chain(&mut others).map(Mutex::new).collect();
        let parts = items.chunks(items.len().div_ceil(count));
        let on = |lane: &Mutex<&mut Lane>, part| work(&mut lane.lock().unwrap_or_else(PoisonError::into_inner), part);
        let said = thread::scope(|scope| {
            let start =
                |(lane, part)| (thread::Builder::new().spawn_scoped(scope, move || on(lane, part)).ok(), lane, part);
            let started: Vec<_> = lanes.iter().zip(parts).map(start).collect();
            let said = started.into_iter().map(|(thread, lane, part)| match thread {
                Some(thread) => thread.join().expect("a thread that only moves files does not panic"),
                None => on(lane, part),
            });
            said.collect()
        });
        drop(lanes);
        others.into_iter().for_each(|lane| self.lane.take_in(lane));
        said
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
            let moved = self.lane.move_out(path, expected);
            if !self.lane.goes_on(path, moved) {
                break;
            }
            // Where a file is to stand, the folder has to go now; all others go at the end.
            if path.find_iter("/").any(|end| arriving.contains(path[..end].as_bstr())) {
                self.lane.worktree.remove_empty_above(path);
            }
        }
        self.judge()
    }

    /// Puts the files in place that were written.
    pub(super) fn put(&mut self, steps: &[&Step]) -> Result<()> {
        let is_over = AtomicBool::new(false);
        self.share(steps, |lane, steps| {
            for step in steps {
                if is_over.load(Ordering::Relaxed) || !lane.put(step) {
                    is_over.store(true, Ordering::Relaxed);
                    break;
                }
            }
        });
        self.judge()
    }

    /// Looks once more at all that came out: whoever had a file open may have written to it since.
    pub(super) fn look_again(&mut self) -> Result<()> {
        let all = mem::take(&mut self.lane.done);
        self.share(&all, |lane, done| {
            for done in done {
                let seen = lane.is_still_out(done);
                if !lane.goes_on(done.path.as_bstr(), seen) {
                    break;
                }
            }
        });
        self.lane.done = all;
        self.judge()
    }

    /// Ends it: what came out is in the backup, and is let go. What cannot be removed is by the next restore.
    pub(super) fn let_go(mut self, steps: &[Step]) -> (Vec<Outcome>, Sweep) {
        let all = mem::take(&mut self.lane.done);
        let put = all.iter().filter_map(|done| Some((done.path.as_bstr(), done.put?)));
        let put: HashMap<&BStr, Sight> = put.collect();
        let outcomes = self.share(steps, |lane, steps| {
            let outcome = |step: &Step| lane.outcome(step, put.get(step.path.as_bstr()));
            steps.iter().map(outcome).collect::<Vec<_>>()
        });
        for step in steps.iter().filter(|step| step.new.is_none()) {
            self.lane.worktree.remove_empty_above(step.path.as_bstr());
        }
        let gone = all.iter().filter_map(|done| {
            let folder = match done.how {
                How::Exchanged => self.area.incoming(),
                How::Removed => self.area.outgoing(),
                How::Placed => return None,
            };
            Some(folder.join(gix::path::from_bstr(done.path.as_bstr()).ok()?))
        });
        let gone = gone.collect();
        (outcomes.into_iter().flatten().collect(), Sweep::of(self.area.top, gone))
    }

    /// Takes everything back, the last first, after `error`.
    pub(super) fn take_back(mut self, error: Error) -> TakenBack {
        let mut is_as_before = true;
        for done in mem::take(&mut self.lane.done).into_iter().rev() {
            // What cannot be taken back stays where it is, and the caller sees that the worktree is not as it was.
            is_as_before &= self.lane.reverse(&done).is_ok();
        }
        self.lane.worktree.remove_made();
        TakenBack::Failed(match rescue(self.repo) {
            Ok(kept) if kept.is_empty() && is_as_before && self.lane.crosses_devices() => {
                return TakenBack::CrossesDevices;
            }
            Ok(kept) => kept.iter().fold(error, |error, path| {
                error.hint(format!("what else was written there meanwhile is in `{}`", path.display()))
            }),
            Err(why) => {
                error.hint(format!("`{}` has files that could not be looked at: {why}", self.area.top.display()))
            }
        })
    }

    /// An error if a lane was stopped.
    fn judge(&mut self) -> Result<()> {
        let Some((path, stop)) = &mut self.lane.stopped else { return Ok(()) };
        let path = path.as_bstr();
        Err(match stop {
            Stop::Changed => Error::refused(format!("`{}` changed after it was captured", quote_path(path)))
                .hint("stop what is writing there, and try again"),
            Stop::Failed(error) => {
                let place = gix::path::from_bstr(path).map(|path| self.repo.workdir().join(path)).unwrap_or_default();
                let kind = error.kind();
                durable::storage_error(&place, mem::replace(error, kind.into()))
            }
        })
    }
}

impl Lane {
    fn open(repo: &Repo, area: &Area, eye: Eye) -> Result<Self> {
        let failed = |error| durable::storage_error(&area.top, error);
        let open = |folder: &Path| Folders::open(folder).map_err(failed);
        let (worktree, new, old) = (open(repo.workdir())?, open(&area.incoming())?, open(&area.outgoing())?);
        Ok(Lane { eye, worktree, new, old, done: Vec::new(), stopped: None })
    }

    /// Takes over what another has done after this one.
    fn take_in(&mut self, other: Lane) {
        self.done.extend(other.done);
        self.worktree.take_in(other.worktree);
        self.stopped = self.stopped.take().or(other.stopped);
    }

    fn crosses_devices(&self) -> bool {
        let is_so = |stop: &Stop| matches!(stop, Stop::Failed(error) if error.kind() == io::ErrorKind::CrossesDevices);
        self.stopped.as_ref().is_some_and(|(_, stop)| is_so(stop))
    }

    /// Whether it was as captured, which was to be found out; else the lane stops here.
    fn goes_on(&mut self, path: &BStr, is_as_captured: io::Result<bool>) -> bool {
        let stop = match is_as_captured {
            Ok(true) => return true,
            Ok(false) => Stop::Changed,
            Err(error) => Stop::Failed(error),
        };
        self.stopped = Some((path.to_owned(), stop));
        false
    }

    /// Puts one file in place; whether that could be done.
    fn put(&mut self, step: &Step) -> bool {
        let path = step.path.as_bstr();
        let put = match &step.expected {
            None => self.place(path),
            Some(expected) => self.exchange(path, expected),
        };
        self.goes_on(path, put)
    }

    /// Whether what came out still is what it was then.
    fn is_still_out(&mut self, done: &Done) -> io::Result<bool> {
        let folders = match done.how {
            How::Exchanged => &mut self.new,
            How::Removed => &mut self.old,
            How::Placed => return Ok(true),
        };
        let Some((expected, out)) = &done.out else { return Ok(false) };
        let (folder, name) = folders.at(done.path.as_bstr(), false)?;
        self.eye.is_still(expected, out, (folder, &name))
    }

    /// What the index has to know of it. What was put there was `put`.
    fn outcome(&mut self, step: &Step, put: Option<&Sight>) -> Outcome {
        let new = step.new.map(|entry| {
            let now = self.worktree.at(step.path.as_bstr(), false).and_then(|(folder, name)| look((folder, &name)));
            let now = now.ok().flatten();
            // One that somebody has changed already is to be seen by git.
            let is_ours = |now: &Sight| put.is_some_and(|put| put.is_but_for_its_name(now));
            (entry, now.filter(is_ours).map_or_else(Default::default, |now| now.stat()))
        });
        Outcome { path: step.path.clone(), new }
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
        if !self.eye.resembles(expected, &sight) {
            return Ok(false);
        }
        let (old, old_name) = self.old.at(path, true)?;
        rename_new((live, &live_name), (old, &old_name))?;
        let out = self.eye.came_out(expected, (old, &old_name));
        let out_now = out.as_ref().ok().copied().flatten().map(|sight| (*expected, sight));
        self.done.push(Done { path: path.to_owned(), how: How::Removed, out: out_now, put: None });
        Ok(out?.is_some())
    }

    /// Exchanges a file for the new one; whether it was what was captured.
    fn exchange(&mut self, path: &BStr, expected: &Expected) -> io::Result<bool> {
        let Some((live, live_name)) = present(self.worktree.at(path, false))? else { return self.place(path) };
        let Some(sight) = look((live, &live_name))? else { return self.place(path) };
        if !self.eye.resembles(expected, &sight) {
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
        let out = self.eye.came_out(expected, (new, &new_name));
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
}

/// What was found; `None` if a folder on the way is not there.
fn present<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}
