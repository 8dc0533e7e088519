//! What an exchange that was killed, or taken back, has left in its folder.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use gix::bstr::ByteSlice;

use super::Area;
use crate::{
    error::{Context, Result},
    git::{Repo, capture::witness, durable},
};

/// Where it is put, beside the index.
pub(in crate::git::restore) const FOLDER: &str = "checkpoint-rescued";

/// Removes the folder of an exchange. A file in it whose content the repository has not is moved to a place of its
/// own, which is returned: somebody saved it in the very moment in which its file was exchanged.
pub(in crate::git::restore) fn rescue(repo: &Repo) -> Result<Vec<PathBuf>> {
    let area = Area::of(repo);
    if !area.top.exists() {
        return Ok(Vec::new());
    }
    let mut kept = Vec::new();
    if area.begun().exists() {
        for folder in [area.incoming(), area.outgoing()] {
            look_through(repo, &folder, &folder, &mut kept)?;
        }
    }
    fs::remove_dir_all(&area.top).map_err(|error| durable::storage_error(&area.top, error))?;
    Ok(kept)
}

fn look_through(repo: &Repo, top: &Path, folder: &Path, kept: &mut Vec<PathBuf>) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(|| format!("cannot read `{}`", folder.display()))?,
    };
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot read `{}`", folder.display()))?;
        let place = entry.path();
        if entry.file_type().with_context(|| format!("cannot look at `{}`", place.display()))?.is_dir() {
            look_through(repo, top, &place, kept)?;
            continue;
        }
        let path = place.strip_prefix(top).expect("it is below");
        if !witness::is_known(repo, gix::path::into_bstr(path).context("cannot use a path")?.as_bstr(), &place)? {
            kept.push(keep(repo, path, &place).map_err(|error| durable::storage_error(&place, error))?);
        }
    }
    Ok(())
}

/// Moves it to where it stays, beside what was kept there before.
fn keep(repo: &Repo, path: &Path, place: &Path) -> io::Result<PathBuf> {
    let folder = repo.git_dir().join(FOLDER);
    for number in 1_u32.. {
        let mut name: OsString = path.as_os_str().to_owned();
        if number > 1 {
            name.push(format!(".{number}"));
        }
        let to = folder.join(name);
        if to.symlink_metadata().is_err() {
            fs::create_dir_all(to.parent().unwrap_or(&folder))?;
            fs::rename(place, &to)?;
            return Ok(to);
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
