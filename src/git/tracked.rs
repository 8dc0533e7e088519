//! Whether git tracks a path.

use gix::bstr::{BString, ByteSlice};

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
