//! A folder of our own for the file that a command writes or reads.
//!
//! It is below `<common-dir>/checkpoint/artifacts/`, for this user alone, and goes with the value. What a killed process has left
//! is removed by the next that begins; so one has to hold the lock of operations.

use std::{
    fs::{self, OpenOptions},
    io::{self, BufWriter, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::PathBuf,
};

use super::{
    content::{self, Digest, Keeper, Kept, Whole},
    space::{Room, lacking},
};
use crate::{
    error::{Error, Result},
    git::{Repo, durable, objects},
    model::Oid,
};

/// The folder, with the name of a file that is not there yet.
pub struct Scratch {
    dir: tempfile::TempDir,
}

impl Scratch {
    /// Makes one. To be called under the operation lock.
    pub fn new(repo: &Repo) -> Result<Self> {
        let all = Self::folder(repo);
        let wrap = |error: io::Error| durable::storage_error(&all, error);
        Self::tidy(repo)?;
        durable::create_passing_dirs(&all, durable::shared_policy(repo)).map_err(wrap)?;
        Ok(Scratch { dir: tempfile::Builder::new().prefix(durable::TEMPORARY).tempdir_in(&all).map_err(wrap)? })
    }

    /// Removes what killed processes have left. To be called under the operation lock.
    pub fn tidy(repo: &Repo) -> Result<()> {
        let all = Self::folder(repo);
        for entry in fs::read_dir(&all).into_iter().flatten().flatten() {
            if entry.file_name().as_encoded_bytes().starts_with(durable::TEMPORARY.as_bytes()) {
                fs::remove_dir_all(entry.path()).map_err(|error| durable::storage_error(&all, error))?;
            }
        }
        Ok(())
    }

    fn folder(repo: &Repo) -> PathBuf {
        repo.state_dir().join("artifacts")
    }

    /// The file, for `CHECKPOINT_FILE`.
    pub fn file(&self) -> PathBuf {
        self.dir.path().join("content")
    }

    /// Saves what a command has written there; an error if that is no file, or empty.
    pub fn keep(&self, repo: &Repo, what: &str) -> Result<Kept> {
        let path = self.file();
        let wrap = |error: io::Error| durable::storage_error(&path, error);
        let nothing = |why: &str| {
            Error::refused(format!("{what} has saved nothing"))
                .because(format!("its `save` command ended well, and {why}"))
                .hint("let the command write to \"$CHECKPOINT_FILE\"")
        };
        let is_file = match path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(nothing("wrote no file")),
            data => data.map_err(wrap)?.is_file(),
        };
        if !is_file {
            return Err(nothing("what is at $CHECKPOINT_FILE is no plain file"));
        }
        let mut file = OpenOptions::new().read(true).custom_flags(no_follow()).open(&path).map_err(wrap)?;
        let size = file.metadata().map_err(wrap)?.size();
        if size == 0 {
            return Err(nothing("the file is empty"));
        }
        let objects = objects::dir(repo);
        let room = Room::at(&objects)?;
        if size > room.free {
            let mut keeper = Keeper::measuring(repo);
            keeper.add(&mut file)?;
            io::Seek::rewind(&mut file).map_err(wrap)?;
            if keeper.new > room.free {
                return Err(lacking(what, (keeper.new, room), &objects));
            }
        }
        let kept = objects::apart(repo, || {
            let mut keeper = Keeper::keeping(repo);
            let whole = Whole { file: keeper.add(&mut file)?, companions: [None, None] };
            keeper.end(&whole)
        })?;
        objects::maintain(repo);
        Ok(kept)
    }

    /// Writes the content at `object` to the file; what it was.
    pub fn fill(&self, repo: &Repo, (object, size): (Oid, u64)) -> Result<Digest> {
        let path = self.file();
        let wrap = |error: io::Error| durable::storage_error(&path, error);
        let room = Room::at(self.dir.path())?;
        if size > room.free {
            return Err(lacking("what was saved", (size, room), self.dir.path()));
        }
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(wrap)?;
        let mut out = BufWriter::new(file);
        let digest = content::write_out(repo, object, &mut out)?;
        out.flush().map_err(wrap)?;
        Ok(digest)
    }
}

fn no_follow() -> i32 {
    i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits() | rustix::fs::OFlags::NONBLOCK.bits()).expect("flags are small")
}
