//! Carries a plan out, completely or not at all.
//!
//! Each step says how it is undone before the next begins; at a failure they are undone, the last one first. What was
//! done before a crash is not undone: every prefix of a plan is safe, and the next plan completes it.

use std::{
    ffi::OsString,
    fs, io,
    io::Write,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use super::{
    config, exclude,
    facts::Facts,
    folder::{self, IGNORE, MARK, TEMPORARY},
    folders::{self, Remembered},
    plan::{Over, Plan, Step},
    shim,
};
use crate::{
    error::{Context, Error, Result},
    git::{Repo, durable},
    model::HookEvent,
};

const WHAT_IS_KEPT: &str = "\
The hooks that git-checkpoint found in the folder beside this one. Its shims there run them; the links are what else is
there. `git checkpoint hooks uninstall` puts them back.
";

/// How a step is undone.
enum Undo {
    RemoveFile(PathBuf),
    RemoveFolder(PathBuf),
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    /// A file of ours as it was.
    Write {
        path: PathBuf,
        bytes: Vec<u8>,
        mode: u32,
    },
    /// A hook that was put back: kept again, and the shim back over it.
    KeepAgain {
        place: PathBuf,
        kept: PathBuf,
        shim: Option<Vec<u8>>,
    },
    Configuration {
        event: HookEvent,
        command: Option<OsString>,
        is_called: bool,
    },
    Remembered(Vec<Remembered>),
    Excluded(Vec<Vec<u8>>),
}

struct Work<'a> {
    repo: &'a Repo,
    facts: &'a Facts,
    remembered: Vec<Remembered>,
    undo: Vec<Undo>,
}

pub(super) fn apply(repo: &Repo, facts: &Facts, plan: &Plan) -> Result<()> {
    let mut work = Work { repo, facts, remembered: facts.remembered.clone(), undo: Vec::new() };
    let (tidying, steps): (Vec<&Step>, Vec<&Step>) = plan.steps.iter().partition(|step| step.is_tidying());
    for step in steps {
        if let Err(error) = work.perform(step) {
            return Err(work.take_back(error));
        }
    }
    tidying.into_iter().try_for_each(|step| work.perform(step))
}

impl Work<'_> {
    fn perform(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Configure(event) => self.configure(*event),
            Step::Unconfigure(event) => self.unconfigure(*event),
            step => {
                let place = place_of(step).to_owned();
                self.perform_on_files(step).map_err(|error| durable::storage_error(&place, error))
            }
        }
    }

    fn perform_on_files(&mut self, step: &Step) -> io::Result<()> {
        match step {
            Step::Remember { folder, made } => {
                self.undo.push(Undo::Remembered(self.remembered.clone()));
                self.remembered.push(Remembered { path: folder.clone(), made: *made });
                folders::write(self.repo, &self.remembered)
            }
            Step::Forget(path) => {
                self.remembered.retain(|folder| folder.path != *path);
                folders::write(self.repo, &self.remembered)
            }
            Step::MakeFolder(path) => {
                let mut missing: Vec<&Path> = path.ancestors().take_while(|path| !path.exists()).collect();
                missing.reverse();
                self.undo.extend(missing.into_iter().map(|path| Undo::RemoveFolder(path.to_owned())));
                durable::create_dirs(path, self.shared(path))
            }
            Step::MakeSaved(path) => self.make_saved(path),
            Step::Link { folder, saved, name } => {
                let mut target = OsString::from("..");
                for part in [folder.file_name().unwrap_or_default(), name] {
                    target.push("/");
                    target.push(part);
                }
                symlink(target, saved.join(name))?;
                self.undo.push(Undo::RemoveFile(saved.join(name)));
                Ok(())
            }
            Step::SetAside { from, to, .. } => {
                let over = fs::read(to).ok().filter(|bytes| shim::version(bytes).is_some());
                self.undo.push(Undo::Rename { from: to.clone(), to: from.clone() });
                if let Some(bytes) = over {
                    self.undo.insert(self.undo.len() - 1, Undo::Write { path: to.clone(), bytes, mode: 0o777 });
                }
                rename(from, to)
            }
            Step::Keep { from, to, .. } => {
                self.undo.push(Undo::Rename { from: to.clone(), to: from.clone() });
                second_name(from, to)
            }
            Step::PutShim { event, path, saved, over } => self.put_shim(*event, path, saved, *over),
            Step::Restore { from, to, .. } => {
                let shim = if to.is_file() { Some(fs::read(to)?) } else { None };
                self.undo.push(Undo::KeepAgain { place: to.clone(), kept: from.clone(), shim });
                rename(from, to)
            }
            Step::RemoveShim { path, .. } => {
                self.write_back(path)?;
                durable::remove(path)
            }
            Step::Drop(path) if path.is_dir() && !path.is_symlink() => {
                // Empty, or one of those that are made before they get their name.
                fs::remove_dir_all(path)
            }
            Step::Drop(path) => durable::remove(path),
            Step::Exclude(lines) => {
                self.undo.push(Undo::Excluded(self.facts.excluded.clone()));
                exclude::write(self.repo, lines)
            }
            Step::RemoveSaved(path) => remove_saved(path),
            Step::RemoveFolder(path) => match fs::remove_dir(path) {
                // Somebody else has put something there since, or removed it.
                Err(error) if matches!(error.kind(), io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::NotFound) => {
                    Ok(())
                }
                removed => removed,
            },
            Step::Configure(_) | Step::Unconfigure(_) => Ok(()),
        }
    }

    /// With its mark from the first moment on, so that a crash leaves no folder that nobody knows.
    fn make_saved(&mut self, path: &Path) -> io::Result<()> {
        let parent = path.parent().unwrap_or(path);
        let made = tempfile::Builder::new().prefix(TEMPORARY).tempdir_in(parent)?;
        for (name, text) in [(MARK, WHAT_IS_KEPT), (IGNORE, "*\n")] {
            durable::write_atomically(&made.path().join(name), text.as_bytes(), self.shared(path))?;
        }
        let folder = fs::metadata(parent)?.permissions().mode() & 0o777;
        fs::set_permissions(made.path(), fs::Permissions::from_mode(folder | 0o700))?;
        fs::rename(made.path(), path)?;
        let _its_name_is_another_now = made.keep();
        self.undo.push(Undo::RemoveFolder(path.to_owned()));
        for name in [MARK, IGNORE] {
            self.undo.push(Undo::RemoveFile(path.join(name)));
        }
        durable::sync_dir(parent)
    }

    fn put_shim(&mut self, event: HookEvent, path: &Path, saved: &Path, over: Over) -> io::Result<()> {
        let changed = || io::Error::other("it was changed by somebody else at this moment; try again");
        let kept = saved.join(event.as_str());
        match over {
            Over::Nothing if path.symlink_metadata().is_ok() => return Err(changed()),
            Over::Nothing => self.undo.push(Undo::RemoveFile(path.to_owned())),
            Over::Shim => self.write_back(path)?,
            // Where a second name could not be given the hook has moved, and its place is free.
            Over::Kept if path.symlink_metadata().is_err() => {}
            Over::Kept => {
                if !kept.symlink_metadata().is_ok_and(|data| folder::is_same(path, &kept, &data)) {
                    return Err(changed());
                }
                self.undo.push(Undo::Rename { from: kept, to: path.to_owned() });
            }
        }
        let bytes = shim::render(event, &self.facts.program, saved.file_name().unwrap_or_default());
        put(path, &bytes, self.shared(path))
    }

    fn configure(&mut self, event: HookEvent) -> Result<()> {
        let state = self.state(event);
        let (shim, wanted) = (state.shim.clone(), state.wanted.clone());
        let write = |work: &mut Self| {
            if shim.exists() {
                work.write_back(&shim)?;
            } else {
                work.undo.push(Undo::RemoveFile(shim.clone()));
            }
            if !folders::shims(work.repo).exists() {
                work.undo.insert(0, Undo::RemoveFolder(folders::shims(work.repo)));
            }
            durable::create_dirs(&folders::shims(work.repo), work.shared(&shim))?;
            put(&shim, &shim::render(event, &work.facts.program, "".as_ref()), work.shared(&shim))
        };
        write(self).map_err(|error| durable::storage_error(&shim, error))?;
        let undo = self.undo_configuration(event);
        let set = config::set(self.repo, event, &wanted, || self.undo.push(undo));
        set.context("cannot write hooks into git's configuration")
    }

    fn unconfigure(&mut self, event: HookEvent) -> Result<()> {
        let undo = self.undo_configuration(event);
        let unset = config::unset(self.repo, event, || self.undo.push(undo));
        unset.context("cannot take hooks out of git's configuration")?;
        let shim = self.state(event).shim.clone();
        let remove = |work: &mut Self| {
            if shim.exists() {
                work.write_back(&shim)?;
            }
            durable::remove(&shim)?;
            // With the last of them the folder goes as well.
            let _may_be_in_use = fs::remove_dir(folders::shims(work.repo));
            Ok(())
        };
        remove(self).map_err(|error| durable::storage_error(&shim, error))
    }

    fn undo_configuration(&self, event: HookEvent) -> Undo {
        let state = self.state(event);
        let (command, is_called) = (state.commands.last().cloned(), !state.events.is_empty());
        Undo::Configuration { event, command, is_called }
    }

    fn state(&self, event: HookEvent) -> &config::Configured {
        self.facts.configured.iter().find(|state| state.event == event).expect("every event has one")
    }

    /// Remembers a file of ours as it is.
    fn write_back(&mut self, path: &Path) -> io::Result<()> {
        let mode = fs::metadata(path)?.permissions().mode();
        self.undo.push(Undo::Write { path: path.to_owned(), bytes: fs::read(path)?, mode });
        Ok(())
    }

    /// `core.sharedRepository` is about what is in the repository.
    fn shared(&self, path: &Path) -> i32 {
        if path.starts_with(self.repo.common_dir()) { durable::shared_policy(self.repo) } else { 0 }
    }

    /// Undoes what was done, and says so, or what could not be undone.
    fn take_back(mut self, error: Error) -> Error {
        let mut failures = Vec::new();
        while let Some(undo) = self.undo.pop() {
            if let Err(failure) = self.undo_one(undo) {
                failures.push(failure.chain().join(": "));
            }
        }
        if failures.is_empty() {
            // The failure to write says so already.
            if error.hints().iter().any(|hint| hint.ends_with("nothing was changed")) {
                return error;
            }
            return error.hint("nothing was changed; when that is mended, try again");
        }
        let error = error.hint("`git checkpoint hooks status` shows how things stand; call this again to complete it");
        failures.into_iter().fold(error, |error, failure| error.hint(format!("not undone: {failure}")))
    }

    fn undo_one(&self, undo: Undo) -> Result<()> {
        let on = |path: &Path, result: io::Result<()>| match result {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result.with_context(|| format!("cannot put back `{}`", path.display())),
        };
        match undo {
            Undo::RemoveFile(path) => on(&path, fs::remove_file(&path)),
            Undo::RemoveFolder(path) => on(&path, fs::remove_dir(&path)),
            Undo::Rename { from, to } => on(&to, move_back(&from, &to)),
            Undo::Write { path, bytes, mode } => on(&path, put(&path, &bytes, 0).and_then(|()| set_mode(&path, mode))),
            Undo::KeepAgain { place, kept, shim } => on(&place, keep_again(&place, &kept, shim.as_deref())),
            Undo::Configuration { event, command, is_called } => match command {
                Some(command) if is_called => config::set(self.repo, event, &command, || ()),
                _ => config::unset(self.repo, event, || ()),
            },
            Undo::Remembered(folders) => on(self.repo.common_dir(), folders::write(self.repo, &folders)),
            Undo::Excluded(lines) => on(self.repo.common_dir(), exclude::write(self.repo, &lines)),
        }
    }
}

fn place_of(step: &Step) -> &Path {
    match step {
        Step::Remember { folder, .. } => folder,
        Step::Link { saved: path, .. }
        | Step::SetAside { to: path, .. }
        | Step::Keep { to: path, .. }
        | Step::PutShim { path, .. }
        | Step::Restore { to: path, .. }
        | Step::RemoveShim { path, .. }
        | Step::MakeFolder(path)
        | Step::MakeSaved(path)
        | Step::Drop(path)
        | Step::RemoveSaved(path)
        | Step::RemoveFolder(path)
        | Step::Forget(path) => path,
        Step::Exclude(_) | Step::Configure(_) | Step::Unconfigure(_) => Path::new("info/exclude"),
    }
}

/// A script that can be run, complete or not there at all.
fn put(path: &Path, bytes: &[u8], shared: i32) -> io::Result<()> {
    let dir = path.parent().unwrap_or(path);
    let mut file = durable::temp_file(dir, TEMPORARY, 0o777)?;
    file.write_all(bytes)?;
    gix::fs::set_shared_repository_permissions(file.path(), shared)?;
    file.as_file().sync_all()?;
    // No writer may be left when git runs it, or the kernel refuses.
    file.into_temp_path().persist(path).map_err(|error| error.error)?;
    durable::sync_dir(dir)
}

fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    [from, to].iter().filter_map(|path| path.parent()).try_for_each(durable::sync_dir)
}

/// Gives the file, or link, at `from` a second name. Where the file system has no second names it is moved: then it
/// has only the new one until a shim stands in its place.
fn second_name(from: &Path, to: &Path) -> io::Result<()> {
    let linked = rustix::fs::linkat(rustix::fs::CWD, from, rustix::fs::CWD, to, rustix::fs::AtFlags::empty());
    match linked.map_err(io::Error::from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(error),
        Err(_) if from.is_symlink() => symlink(fs::read_link(from)?, to)?,
        Err(_) => fs::rename(from, to)?,
        Ok(()) => {}
    }
    to.parent().map_or(Ok(()), durable::sync_dir)
}

/// As [`rename`]; of two names of one file, which a rename would leave alone, the first goes.
fn move_back(from: &Path, to: &Path) -> io::Result<()> {
    let data = from.symlink_metadata()?;
    if to.symlink_metadata().is_ok_and(|other| (other.dev(), other.ino()) == (data.dev(), data.ino())) {
        return durable::remove(from);
    }
    rename(from, to)
}

/// Undoes that `kept` was moved to `place`, over `shim`.
fn keep_again(place: &Path, kept: &Path, shim: Option<&[u8]>) -> io::Result<()> {
    if kept.symlink_metadata().is_ok() {
        // It was not moved.
        return Ok(());
    }
    second_name(place, kept)?;
    match shim {
        Some(bytes) => put(place, bytes, 0),
        None => fs::remove_file(place),
    }
}

fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o7777))
}

/// The links and marks, and the folder if that was all; what is left then is the user's alone.
fn remove_saved(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?.path();
        if folder::is_our_link(path, &entry) {
            fs::remove_file(entry)?;
        }
    }
    // The mark last: without it nobody would know what the folder is.
    for name in [IGNORE, MARK] {
        durable::remove(&path.join(name))?;
    }
    match fs::remove_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
        removed => removed.and_then(|()| path.parent().map_or(Ok(()), durable::sync_dir)),
    }
}
