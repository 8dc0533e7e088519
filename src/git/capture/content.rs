//! From files to blobs: each changed file is read once, on a few threads.
//!
//! Small ones stay in memory, for the pack that `objects::flush` writes; a large one is streamed to disk and made
//! durable at once, so that memory does not depend on the size of files.

use std::{
    fs::File,
    io::{Read, Seek},
    path::Path,
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use gix::{
    bstr::{BStr, BString, ByteSlice},
    index::{State, entry::Mode},
    objs::{Kind, Write},
};
use rustix::{fs::OFlags, io::Errno};

use super::{
    disk::{OnDisk, os_path},
    filter::{Cleaned, Filter, Need, keeps_line_ends},
    trouble::{Attempt, Trouble},
};
use crate::{
    error::Context,
    git::{Repo, objects},
    model::Oid,
};

/// A larger file never is in memory as a whole.
pub(in crate::git) const LARGE: u64 = 8 << 20;

/// When blobs in memory take more than this, they are written.
const MEMORY: usize = 64 << 20;

/// From so many files on, more than one thread is worth its start.
const WORTH_A_THREAD: usize = 16;

/// A file to be read.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) path: BString,
    pub(super) mode: Mode,
    pub(super) disk: OnDisk,
    /// The blob that the index has for it.
    pub(super) known: Option<Oid>,
}

/// A file that was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Content {
    pub(super) id: Oid,
    /// Its bytes on disk, where git would not give them back.
    pub(super) raw: Option<Oid>,
    /// What it was when it was opened.
    pub(super) disk: OnDisk,
}

/// What came of a job.
enum Done {
    /// The blob, and what is to be kept of it: its bytes, those on disk.
    Blob(Content, Vec<(Oid, Vec<u8>)>),
    /// A large file that is stored as it is.
    Large(File, OnDisk),
    /// A large file that only the `git` program can convert.
    ForGit(OnDisk),
}

/// Whether blobs are kept, or only their names wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    Blobs,
    Names,
}

/// What the threads share.
struct Bench<'a> {
    root: &'a Path,
    index: &'a State,
    jobs: &'a [Job],
    next: AtomicUsize,
    stopped: AtomicBool,
    keep: Keep,
}

/// Reads the files of `jobs`; the results are in their order. `disk` is the repository without memory.
pub(super) fn read(
    repo: &Repo,
    disk: &gix::ThreadSafeRepository,
    index: &State,
    (jobs, keep): (&[Job], Keep),
) -> Attempt<Vec<Content>> {
    let (next, stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
    let bench = Bench { root: repo.workdir(), index, jobs, next, stopped, keep };
    let threads = crate::git::threads::up_to(jobs.len().div_ceil(WORTH_A_THREAD));
    let mut done: Vec<Option<Content>> = vec![None; jobs.len()];
    let mut for_git = Vec::new();
    let mut in_memory = 0;
    let mut take = |at: usize, outcome: Attempt<Done>| -> Attempt<()> {
        match outcome? {
            Done::ForGit(disk) => for_git.push((at, disk)),
            Done::Large(mut file, disk) => {
                // Nothing is known about what grows while it is read, but that it will be another file then.
                let id = objects::write_stream(repo, disk.size, &mut (&mut file).take(disk.size)).map_err(|error| {
                    let is_cut = file.metadata().is_ok_and(|data| data.len() < disk.size);
                    if is_cut { Trouble::Raced } else { Trouble::Stop(error) }
                })?;
                done[at] = Some(Content { id, raw: None, disk });
            }
            Done::Blob(content, bytes) => {
                done[at] = Some(content);
                for (id, bytes) in bytes {
                    in_memory += bytes.len();
                    let stored = repo.gix().objects.write_buf_with_known_id(Kind::Blob, &bytes, id);
                    stored.context("cannot keep a file's content")?;
                    if in_memory > MEMORY {
                        let _written = objects::flush(repo)?;
                        in_memory = 0;
                    }
                }
            }
        }
        Ok(())
    };
    if threads <= 1 {
        bench.work(&disk.to_thread_local(), &mut take)?;
    } else {
        thread::scope(|scope| {
            let (send, receive) = mpsc::sync_channel(threads);
            for _ in 0..threads {
                let (send, bench) = (send.clone(), &bench);
                scope.spawn(move || {
                    let mut batch = Batch { send, items: Vec::new(), bytes: 0 };
                    let worked = bench.work(&disk.to_thread_local(), &mut |at, outcome| batch.add(at, outcome));
                    // Without a receiver the first failure is known already.
                    worked.or_else(|trouble| batch.add(0, Err(trouble))).and_then(|()| batch.pass_on()).ok();
                });
            }
            drop(send);
            let outcome = receive.iter().flatten().try_for_each(|(at, outcome)| take(at, outcome));
            bench.stopped.store(true, Ordering::Relaxed);
            drop(receive);
            outcome
        })?;
    }
    for (at, content) in super::large::convert_with_git(repo, index, (jobs, keep), &for_git)? {
        done[at] = Some(content);
    }
    Ok(done
        .into_iter()
        .map(|content| content.expect("every job was done, or the first failure was returned"))
        .collect())
}

/// What a thread has done and not passed on yet: waking the one that waits takes longer than reading a small file.
struct Batch {
    send: mpsc::SyncSender<Vec<(usize, Attempt<Done>)>>,
    items: Vec<(usize, Attempt<Done>)>,
    bytes: usize,
}

impl Batch {
    const ITEMS: usize = 64;
    const BYTES: usize = 1 << 20;

    fn add(&mut self, at: usize, outcome: Attempt<Done>) -> Attempt<()> {
        if let Ok(Done::Blob(_, kept)) = &outcome {
            self.bytes += kept.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
        }
        self.items.push((at, outcome));
        if self.items.len() < Self::ITEMS && self.bytes < Self::BYTES { Ok(()) } else { self.pass_on() }
    }

    fn pass_on(&mut self) -> Attempt<()> {
        self.bytes = 0;
        self.send.send(std::mem::take(&mut self.items)).map_err(|_receiver_gone| Trouble::Raced)
    }
}

impl Bench<'_> {
    fn work(&self, repo: &gix::Repository, take: &mut dyn FnMut(usize, Attempt<Done>) -> Attempt<()>) -> Attempt<()> {
        let mut filter = None;
        loop {
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = self.jobs.get(at) else { return Ok(()) };
            if self.stopped.load(Ordering::Relaxed) {
                return Ok(());
            }
            let outcome = if job.disk.kind == rustix::fs::FileType::Symlink {
                self.read_link(repo, job)
            } else {
                let filter = match &mut filter {
                    Some(filter) => filter,
                    None => filter.insert(Filter::new(repo, self.index)?),
                };
                self.read_file(repo, filter, job)
            };
            take(at, outcome)?;
        }
    }

    fn read_link(&self, repo: &gix::Repository, job: &Job) -> Attempt<Done> {
        let full = self.root.join(os_path(job.path.as_bstr()));
        let target = match rustix::fs::readlink(&full, Vec::new()) {
            Ok(target) => target.into_bytes(),
            Err(Errno::NOENT | Errno::INVAL | Errno::NOTDIR) => return Err(Trouble::Raced),
            Err(error) => return Err(Trouble::unreadable(job.path.as_bstr(), error)),
        };
        self.blob(repo, job, (job.disk, Cleaned { stored: target, raw: None }))
    }

    fn read_file(&self, repo: &gix::Repository, filter: &mut Filter<'_>, job: &Job) -> Attempt<Done> {
        let path = job.path.as_bstr();
        let (file, disk) = open(self.root, path)?;
        // A symbolic link where the file system has none is a file that holds its target.
        if disk.size <= LARGE || job.mode == Mode::SYMLINK {
            let cleaned = if job.mode == Mode::SYMLINK {
                let mut bytes = Vec::new();
                (&file).read_to_end(&mut bytes).map_err(|error| Trouble::unreadable(path, error))?;
                Cleaned { stored: bytes, raw: None }
            } else {
                filter.read(path, file, disk.size)?
            };
            return self.blob(repo, job, (disk, cleaned));
        }
        let as_it_is = match filter.need(path)? {
            Need::Nothing => true,
            Need::LineEnds { auto } => {
                let (scanned, _) = open(self.root, path)?;
                keeps_line_ends(scanned, auto).map_err(|error| Trouble::unreadable(path, error))?
            }
            Need::Conversion => false,
        };
        if !as_it_is {
            return Ok(Done::ForGit(disk));
        }
        // Most large files that have to be read were only touched.
        if self.keep == Keep::Names || job.known.is_some() {
            let unreadable = |error| Trouble::unreadable(path, error);
            let id = super::large::hash(repo.object_hash(), &file, disk.size).map_err(unreadable)?;
            (&file).rewind().map_err(unreadable)?;
            if self.keep == Keep::Names || job.known == Some(id) {
                return Ok(Done::Blob(Content { id, raw: None, disk }, Vec::new()));
            }
        }
        Ok(Done::Large(file, disk))
    }

    fn blob(&self, repo: &gix::Repository, job: &Job, (disk, cleaned): (OnDisk, Cleaned)) -> Attempt<Done> {
        let hash = |bytes: &[u8]| {
            gix::objs::compute_hash(repo.object_hash(), Kind::Blob, bytes)
                .map_err(|error| Trouble::unsupported("cannot hash a file", error))
        };
        let id = hash(&cleaned.stored)?;
        let raw = cleaned.raw.as_deref().map(hash).transpose()?;
        // Also what git has already: only `objects::flush` knows whether that survives a power cut.
        let mut kept = vec![(id, cleaned.stored)];
        kept.extend(raw.zip(cleaned.raw));
        kept.retain(|(id, _)| self.keep == Keep::Blobs && job.known != Some(*id));
        Ok(Done::Blob(Content { id, raw, disk }, kept))
    }
}

/// What a file had when it was opened; what is appended while it is read does not count.
pub(super) fn read_whole(file: File, size: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    // Without a limit, the file would be asked for its size and its position first, and for more at the end.
    file.take(size).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Opens a file, without waiting on a pipe and without following a link that took its place.
pub(super) fn open(root: &Path, path: &BStr) -> Attempt<(File, OnDisk)> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let full = root.join(os_path(path));
    let unreadable = |error: Errno| Trouble::unreadable(path, error);
    let fd = match rustix::fs::open(&full, flags, rustix::fs::Mode::empty()) {
        Ok(fd) => fd,
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NXIO) => return Err(Trouble::Raced),
        Err(error) => return Err(unreadable(error)),
    };
    let disk = OnDisk::new(&rustix::fs::fstat(&fd).map_err(unreadable)?);
    if disk.kind != rustix::fs::FileType::RegularFile {
        return Err(Trouble::Raced);
    }
    Ok((File::from(fd), disk))
}
