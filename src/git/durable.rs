//! Files that survive a power cut: content first, then the name, then the folder that holds the name.
//!
//! git fsyncs neither loose objects nor tags by default, and gix fsyncs nothing, but a checkpoint that is gone after
//! a power cut was no checkpoint. Everything this program publishes goes through here.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use crate::{error::Error, git::Repo};

/// What has to survive a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durable {
    /// The content of every file that gets a name. The names themselves may be those of a moment ago, in order: that
    /// is enough where nothing is about to be destroyed, and each folder less to wait for counts.
    Content,
    /// The names too, before the call returns.
    Names,
}

/// Whether something is waited for until what is written below `dir` is durable. A file system in memory has nothing to
/// wait for, and to start a thread takes longer than all that it would do there.
pub(crate) fn takes_time(dir: &Path) -> bool {
    #[cfg(target_os = "linux")]
    {
        const TMPFS: rustix::fs::FsWord = 0x0102_1994;
        rustix::fs::statfs(dir).map_or(true, |system| system.f_type != TMPFS)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = dir;
        true
    }
}

/// Does the work for each, at once where there are several, so that the file system of `dir` can commit together what
/// each would wait for alone.
pub(crate) fn in_parallel<T: Sync>(
    dir: &Path,
    items: &[T],
    work: impl Fn(&T) -> io::Result<()> + Sync,
) -> io::Result<()> {
    let Some((first, others)) = items.split_first() else { return Ok(()) };
    let work = &work;
    if others.is_empty() || !takes_time(dir) {
        return items.iter().try_for_each(work);
    }
    std::thread::scope(|scope| {
        let parts = others.chunks(others.len().div_ceil(7).max(1));
        let on = |part: &[T]| part.iter().try_for_each(work);
        let start = |part| (std::thread::Builder::new().spawn_scoped(scope, move || on(part)).ok(), part);
        let threads: Vec<_> = parts.map(start).collect();
        let mut result = work(first);
        for (thread, part) in threads {
            // Where no thread can be had, it takes longer and nothing else.
            let done = thread.map(|thread| thread.join().expect("a thread that only syncs does not panic"));
            result = result.and(done.unwrap_or_else(|| on(part)));
        }
        result
    })
}

/// A file that has its name, while neither the name nor what is in the file is durable yet.
#[derive(Debug)]
#[must_use]
pub struct Unsynced {
    file: fs::File,
    folder: PathBuf,
}

impl Unsynced {
    /// Makes both durable, with nothing else to wait for.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()?;
        sync_dir(&self.folder)
    }
}

/// Gives `files` their names by `place`, in this order, once what is in all of them is durable. All is waited for at once:
/// what is in the files and in `also`, then that name and, where they are `wanted` too, those of the files, of their folders in
/// `top`, and of what is new there.
pub(crate) fn put_all(
    files: Vec<(tempfile::NamedTempFile, PathBuf)>,
    (also, wanted): (Option<&Unsynced>, Durable),
    top: &Path,
    place: impl Fn(tempfile::NamedTempFile, &Path) -> io::Result<()>,
) -> io::Result<()> {
    let contents: Vec<&fs::File> =
        files.iter().map(|(file, _)| file.as_file()).chain(also.map(|also| &also.file)).collect();
    in_parallel(top, &contents, |file| file.sync_all())?;
    let mut places = Vec::with_capacity(files.len());
    for (file, path) in files {
        place(file, &path)?;
        places.push(path);
    }
    let mut named: Vec<&Path> = also.map(|also| also.folder.as_path()).into_iter().collect();
    if wanted == Durable::Names {
        named.push(top);
        named.extend(places.iter().map(|path| parent_of(path)));
    }
    named.sort_unstable();
    named.dedup();
    in_parallel(top, &named, |dir| sync_dir(dir))
}

/// What the names of files on their way begin with.
pub(crate) const TEMPORARY: &str = "tmp_";

/// git's `core.sharedRepository`, in the form that `gix::fs` applies to files and folders; 0 leaves the umask alone.
pub(crate) fn shared_policy(repo: &Repo) -> i32 {
    let config = repo.gix().config_snapshot();
    let Some(value) = config.string("core.sharedRepository") else { return 0 };
    match value.to_string().as_str() {
        "umask" | "false" | "no" | "off" | "0" => 0,
        "group" | "true" | "yes" | "on" | "1" | "" => 0o660,
        "all" | "world" | "everybody" | "2" => 0o664,
        octal => match i32::from_str_radix(octal, 8) {
            Ok(mode) if mode & 0o600 == 0o600 => -(mode & 0o666),
            _ => 0,
        },
    }
}

/// Makes the names in a folder durable.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    #[cfg(unix)]
    fs::File::open(dir)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = dir;
    Ok(())
}

/// Creates a folder and its missing parents, each of them durable.
pub(crate) fn create_dirs(dir: &Path, shared: i32) -> io::Result<()> {
    create_dirs_and(dir, shared, sync_dir)
}

/// As [`create_dirs`], for what nobody misses after a power cut.
pub(crate) fn create_passing_dirs(dir: &Path, shared: i32) -> io::Result<()> {
    create_dirs_and(dir, shared, |_| Ok(()))
}

fn create_dirs_and(dir: &Path, shared: i32, named: fn(&Path) -> io::Result<()>) -> io::Result<()> {
    match fs::create_dir(dir) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && dir.is_dir() => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            create_dirs_and(parent_of(dir), shared, named)?;
            match fs::create_dir(dir) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
        }
        Err(error) => return Err(error),
    }
    gix::fs::set_shared_repository_permissions(dir, shared)?;
    named(parent_of(dir))
}

/// A new file beside its final place, which vanishes unless it is put there. git's own clean-up knows the prefix.
pub(crate) fn temp_file(dir: &Path, prefix: &str, mode: u32) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    builder.tempfile_in(dir)
}

/// Puts `bytes` at `path`, complete or not at all, durable when it returns. Missing folders are created.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8], shared: i32) -> io::Result<()> {
    let dir = parent_of(path);
    create_dirs(dir, shared)?;
    let mut file = temp_file(dir, TEMPORARY, 0o666)?;
    file.write_all(bytes)?;
    gix::fs::set_shared_repository_permissions(file.path(), shared)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_dir(dir)
}

/// Puts `bytes` at `path`, complete or not at all, for what can be found out again after a power cut. Missing folders are
/// created.
pub(crate) fn replace(path: &Path, bytes: &[u8], shared: i32) -> io::Result<()> {
    let dir = parent_of(path);
    create_passing_dirs(dir, shared)?;
    let mut file = temp_file(dir, TEMPORARY, 0o666)?;
    file.write_all(bytes)?;
    gix::fs::set_shared_repository_permissions(file.path(), shared)?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

/// As [`write_atomically`], but durable only once it is made so: until then a power cut may leave an empty file.
pub(crate) fn announce(path: &Path, bytes: &[u8], shared: i32) -> io::Result<Unsynced> {
    let folder = parent_of(path);
    create_dirs(folder, shared)?;
    let mut file = temp_file(folder, TEMPORARY, 0o666)?;
    file.write_all(bytes)?;
    gix::fs::set_shared_repository_permissions(file.path(), shared)?;
    let file = file.persist(path).map_err(|error| error.error)?;
    Ok(Unsynced { file, folder: folder.to_owned() })
}

/// Removes a file; it being gone already is fine. Durable when it returns.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Ok(()) => sync_dir(parent_of(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// The failure to write below `place`, with what a person can do about it.
pub(crate) fn storage_error(place: &Path, source: io::Error) -> Error {
    let shown = place.display();
    let hint = match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            Some(format!("free some space for `{shown}` and try again"))
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Some(format!("make `{shown}` writable for this user and try again"))
        }
        _ => None,
    };
    let error = Error::environment(format!("cannot write to `{shown}`")).because(source);
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

fn parent_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
