//! Many refs at once, quickly: names without opening a file, values on several threads.

use std::{io, path::Path};

use gix::bstr::{BStr, BString, ByteSlice};

use super::{find, to_path};
use crate::{
    error::{Context, Error, Result},
    git::Repo,
    model::Oid,
};

/// Below so many loose refs a second thread costs more than it saves.
const PARALLEL: usize = 64;

/// The names of the refs below `prefix` (which ends with `/`), in order. Reads folders and `packed-refs` only.
pub fn names(repo: &Repo, prefix: &str) -> Result<Vec<BString>> {
    Ok(known(repo, prefix)?.into_iter().map(|(name, _)| name).collect())
}

/// As [`names`], with what they point to where `packed-refs` says it.
pub fn known(repo: &Repo, prefix: &str) -> Result<Vec<(BString, Option<Oid>)>> {
    // Loose ones first: a ref that is being packed meanwhile is then in one of both.
    let mut loose = loose_names(repo, prefix)?;
    loose.sort_unstable();
    let mut loose = loose.into_iter().peekable();
    let mut refs = Vec::new();
    each_packed(repo, prefix, |name, id| {
        while let Some(earlier) = loose.next_if(|loose| loose.as_bstr() < name) {
            refs.push((earlier, None));
        }
        let same = loose.next_if(|loose| loose.as_bstr() == name);
        refs.push(same.map_or_else(|| (name.to_owned(), Some(id)), |loose| (loose, None)));
    })?;
    refs.extend(loose.map(|name| (name, None)));
    Ok(refs)
}

/// The refs below `prefix` (which ends with `/`) in order of their names, with what they point to directly.
pub fn list(repo: &Repo, prefix: &str) -> Result<Vec<(BString, Oid)>> {
    let mut refs = known(repo, prefix)?;
    read_loose(repo, &mut refs)?;
    refs.into_iter().filter_map(|(name, id)| resolve(repo, name, id).transpose()).collect()
}

/// What `id` says; where it is `None`, the ref is a symbolic one, was packed meanwhile, is gone, or is broken.
fn resolve(repo: &Repo, name: BString, id: Option<Oid>) -> Result<Option<(BString, Oid)>> {
    let id = match id {
        Some(id) => Some(id),
        None => find(repo, name.as_ref())?,
    };
    Ok(id.map(|id| (name, id)))
}

fn each_packed(repo: &Repo, prefix: &str, mut each: impl FnMut(&BStr, Oid)) -> Result<()> {
    const WHAT: &str = "cannot read the packed refs";
    let Some(packed) = repo.gix().refs.cached_packed_buffer().context(WHAT)? else { return Ok(()) };
    for reference in packed.iter_prefixed(prefix.into()).context(WHAT)? {
        let reference = reference.context(WHAT)?;
        each(reference.name.as_bstr(), reference.target());
    }
    Ok(())
}

fn loose_names(repo: &Repo, prefix: &str) -> Result<Vec<BString>> {
    let mut names = Vec::new();
    collect(&repo.common_dir().join(prefix), prefix.as_bytes().as_bstr(), &mut names)
        .with_context(|| format!("cannot list the refs in `{prefix}`"))?;
    Ok(names)
}

fn collect(dir: &Path, prefix: &BStr, names: &mut Vec<BString>) -> io::Result<()> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let Ok(file_name) = gix::path::os_string_into_bstring(entry.file_name()) else { continue };
        let mut name = prefix.to_owned();
        name.extend_from_slice(&file_name);
        if entry.file_type()?.is_dir() {
            name.push(b'/');
            collect(&entry.path(), name.as_ref(), names)?;
        } else if !name.ends_with(b".lock") && !file_name.starts_with(b".") {
            names.push(name);
        }
    }
    Ok(())
}

/// Reads the files of those that are not known yet; what they say stays unknown where that is not an object's name.
fn read_loose(repo: &Repo, refs: &mut [(BString, Option<Oid>)]) -> Result<()> {
    let base = repo.common_dir();
    let read = |refs: &mut [(BString, Option<Oid>)]| -> io::Result<()> {
        refs.iter_mut().filter(|(_, id)| id.is_none()).try_for_each(|(name, id)| {
            *id = read_one(&base.join(to_path(name.as_ref()).map_err(io::Error::other)?))?;
            Ok(())
        })
    };
    let unknown = refs.iter().filter(|(_, id)| id.is_none()).count();
    let result = if unknown < PARALLEL {
        read(refs)
    } else {
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get().clamp(2, 8));
        let part = refs.len().div_ceil(threads);
        std::thread::scope(|scope| {
            let parts: Vec<_> = refs.chunks_mut(part).map(|part| scope.spawn(|| read(part))).collect();
            parts.into_iter().try_for_each(|part| part.join().map_err(|_| io::Error::other("a thread panicked"))?)
        })
    };
    result.map_err(|error| Error::environment("cannot read refs").because(error))
}

fn read_one(path: &Path) -> io::Result<Option<Oid>> {
    match std::fs::read(path) {
        Ok(content) => Ok(Oid::from_hex(content.trim_ascii_end()).ok()),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::IsADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}
