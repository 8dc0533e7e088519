//! Whether git tracks a path, and what is on disk that it does not.

use std::path::Path;

use gix::bstr::{BStr, BString, ByteSlice};

use super::Repo;
use crate::error::{Context, Result};

/// The first of these paths that the index has, as a file or as a folder of files.
pub fn first<'p>(repo: &Repo, paths: &'p [BString]) -> Result<Option<&'p BString>> {
    if paths.is_empty() {
        return Ok(None);
    }
    let index = repo.gix().index_or_empty().context("cannot read the index")?;
    let is_tracked = |path: &&BString| {
        index.entry_range(path.as_bstr()).is_some() || {
            let folder: BString = [path.as_slice(), b"/"].concat().into();
            index.prefixed_entries(folder.as_bstr()).is_some_and(|entries| !entries.is_empty())
        }
    };
    Ok(paths.iter().find(is_tracked))
}

/// What is on disk where files are to be written to `paths`, and in no index: git would overwrite it unasked where it is
/// ignored, and stop half-way where it is not.
pub fn in_the_way<'p>(repo: &Repo, paths: impl Iterator<Item = &'p BString>) -> Result<Option<BString>> {
    let index = repo.gix().index_or_empty().context("cannot read the index")?;
    let is_tracked = |path: &BStr| index.entry_range(path).is_some();
    for path in paths {
        for end in path.find_iter("/").chain([path.len()]) {
            let part = path[..end].as_bstr();
            let place = repo.workdir().join(gix::path::from_bstr(part).context("cannot use a path on this system")?);
            match place.symlink_metadata() {
                Ok(data) if !data.is_dir() => {
                    if !is_tracked(part) {
                        return Ok(Some(part.to_owned()));
                    }
                    break;
                }
                Ok(_) if end == path.len() => {
                    if let Some(inside) = untracked_in(&place, part, &is_tracked)? {
                        return Ok(Some(inside));
                    }
                }
                Ok(_) => {}
                // Nothing is there, so nothing is below it.
                Err(_) => break,
            }
        }
    }
    Ok(None)
}

/// The first file in a folder that is not tracked.
fn untracked_in(place: &Path, path: &BStr, is_tracked: &dyn Fn(&BStr) -> bool) -> Result<Option<BString>> {
    let failed = || format!("cannot read the folder `{}`", place.display());
    for entry in std::fs::read_dir(place).with_context(failed)? {
        let entry = entry.with_context(failed)?;
        let name = gix::path::into_bstr(std::path::PathBuf::from(entry.file_name())).context("cannot use a name")?;
        let inside: BString = [path.as_bytes(), b"/", name.as_bytes()].concat().into();
        let found = match entry.file_type().with_context(failed)?.is_dir() {
            true => untracked_in(&entry.path(), inside.as_bstr(), is_tracked)?,
            false => Some(inside).filter(|inside| !is_tracked(inside.as_bstr())),
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}
