//! The files that git keeps beside the index while a merge, cherry-pick or revert is going on.
//!
//! The names come from a record, which may be someone else's: only what git itself would write there is written.

use std::{fs, io};

use gix::{
    bstr::{BStr, BString, ByteSlice},
    objs::tree::EntryKind,
};

use crate::{
    error::{Context, Result},
    git::{Repo, capture::extras::FILES, durable},
    model::Oid,
};

/// The folder of a cherry-pick or revert of several commits; it has files only.
const FOLDER: &str = "sequencer";

/// Removes what is there now and writes what `extras` has.
pub(super) fn put(repo: &Repo, extras: Option<Oid>) -> Result<()> {
    let files = match extras {
        Some(extras) => read(repo, extras)?,
        None => Vec::new(),
    };
    let git_dir = repo.git_dir();
    let failed = |error: io::Error| durable::storage_error(git_dir, error);
    let removed = |result: io::Result<()>| match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    };
    // Mostly there are none of them.
    for entry in fs::read_dir(git_dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        // The index is locked, so no git is at work on these: a lock is what one that was killed left behind.
        if FILES.iter().any(|file| file.as_bytes() == name.strip_suffix(b".lock").unwrap_or(name)) {
            removed(fs::remove_file(entry.path())).map_err(failed)?;
        } else if name == FOLDER.as_bytes() {
            removed(fs::remove_dir_all(entry.path())).map_err(failed)?;
        }
    }
    let shared = durable::shared_policy(repo);
    for (name, content) in files {
        let path = git_dir.join(gix::path::from_bstr(name.as_bstr()).context("cannot use a path on this system")?);
        durable::write_atomically(&path, &content, shared).map_err(|error| durable::storage_error(&path, error))?;
    }
    Ok(())
}

/// The files that may be written, with their content.
pub(super) fn read(repo: &Repo, extras: Oid) -> Result<Vec<(BString, Vec<u8>)>> {
    let read = || "cannot read what was kept of a merge in progress";
    let root = repo.gix().find_tree(extras).with_context(read)?;
    let Some(folder) = root.lookup_entry(["git-dir"]).with_context(read)?.filter(|entry| entry.mode().is_tree()) else {
        return Ok(Vec::new());
    };
    let mut files = Vec::new();
    let top = repo.gix().find_tree(folder.object_id()).with_context(read)?;
    for entry in top.iter() {
        let entry = entry.with_context(read)?;
        match entry.kind() {
            EntryKind::Blob if FILES.iter().any(|name| entry.filename() == *name) => {
                files.push((
                    entry.filename().to_owned(),
                    repo.gix().find_blob(entry.oid()).with_context(read)?.take_data(),
                ));
            }
            EntryKind::Tree if entry.filename() == FOLDER => {
                let inner = repo.gix().find_tree(entry.oid()).with_context(read)?;
                for entry in inner.iter() {
                    let entry = entry.with_context(read)?;
                    if entry.kind() == EntryKind::Blob && is_plain(entry.filename()) {
                        let name = [FOLDER.as_bytes(), b"/", entry.filename()].concat().into();
                        files.push((name, repo.gix().find_blob(entry.oid()).with_context(read)?.take_data()));
                    }
                }
            }
            _ => {}
        }
    }
    Ok(files)
}

/// A name such as git's own in that folder (`todo`, `abort-safety`): it leads nowhere else on any system.
fn is_plain(name: &BStr) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_written() {
        for name in ["todo", "abort-safety", "head", "opts"] {
            assert!(is_plain(name.into()), "{name}");
        }
        for name in ["", ".", "..", "a/b", "../hooks", "a\\b", "c:", "a b", "todo\n"] {
            assert!(!is_plain(name.into()), "{name}");
        }
    }
}
