//! `a` and `a/b` cannot both be refs, loose or packed. gix looks at neither.

use std::path::Path;

use gix::bstr::{BStr, BString, ByteSlice};

use super::{find_target, full_name, path_of};
use crate::{
    error::{Context, Result},
    git::Repo,
};

/// The existing ref that a new one of this full name would collide with, if there is one; the same name is none.
pub fn collision(repo: &Repo, name: &BStr) -> Result<Option<BString>> {
    if let Some(parent) = above(repo, name)? {
        return Ok(Some(parent));
    }
    let mut prefix = name.to_owned();
    prefix.push(b'/');
    let loose = path_of(repo, name)?;
    if let Some(child) = first_file(&loose, prefix.as_ref()) {
        return Ok(Some(child));
    }
    let packed = repo.gix().refs.cached_packed_buffer().context("cannot read the packed refs")?;
    let Some(packed) = packed else { return Ok(None) };
    let mut below = packed.iter_prefixed(prefix).context("cannot read the packed refs")?;
    let child = below.next().transpose().context("cannot read the packed refs")?;
    Ok(child.map(|child| child.name.as_bstr().to_owned()))
}

/// As [`collision`], with a ref whose name is the beginning of this one: no ending makes this one free.
pub fn above(repo: &Repo, name: &BStr) -> Result<Option<BString>> {
    for slash in name.find_iter(b"/").skip(1) {
        let parent = full_name(name[..slash].as_bstr());
        // `refs/heads` is no valid name and no ref.
        let Ok(parent) = parent else { continue };
        if find_target(repo, parent.as_ref()).ok().flatten().is_some() {
            return Ok(Some(parent.as_bstr().to_owned()));
        }
    }
    Ok(None)
}

/// Any ref below a folder. Empty folders are no obstacle, nor are locks.
fn first_file(dir: &Path, prefix: &BStr) -> Option<BString> {
    let entries = std::fs::read_dir(dir).ok()?;
    entries.flatten().find_map(|entry| {
        let mut name = prefix.to_owned();
        name.extend_from_slice(gix::path::os_string_into_bstring(entry.file_name()).ok()?.as_ref());
        if entry.file_type().ok()?.is_dir() {
            name.push(b'/');
            first_file(&entry.path(), name.as_ref())
        } else {
            (!name.ends_with(b".lock")).then_some(name)
        }
    })
}
