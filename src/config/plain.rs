//! Files of a worktree that somebody else may have put there, read without following them anywhere.

use std::{io::ErrorKind, path::Path};

use crate::error::{Context, Error, Result};

/// More than anybody writes, in bytes.
const MAX_LENGTH: u64 = 1 << 20;

/// The folder of the templates that take the place of those of the program; at the top of the worktree.
pub const TEMPLATES: &str = ".checkpoint/templates";

/// The text of the template `name` that this worktree has, if it has one.
pub fn template(workdir: &Path, name: &str) -> Result<Option<String>> {
    read(workdir, &format!("{TEMPLATES}/{name}"))
}

/// The file's text, if there is one. It may be somebody else's, so only a plain file of this worktree is read: a pipe
/// would wait for ever, and a link could show what is none of the repository's business.
pub(super) fn read(workdir: &Path, name: &str) -> Result<Option<String>> {
    let path = workdir.join(name);
    let cannot = || format!("cannot read `{name}`");
    let refused = |why: &str| {
        Error::usage(cannot()).because(why.to_owned()).hint(format!("put a plain file there, or remove `{name}`"))
    };
    match path.symlink_metadata() {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(error).with_context(cannot),
        Ok(_) => {}
    }
    let real = match path.canonicalize() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(refused("it is a link to nothing")),
        real => real.with_context(cannot)?,
    };
    if !real.starts_with(workdir.canonicalize().with_context(cannot)?) {
        return Err(refused("it is a link that leads out of the worktree"));
    }
    let data = real.metadata().with_context(cannot)?;
    if !data.is_file() {
        return Err(refused("it is not a file"));
    }
    if data.len() > MAX_LENGTH {
        return Err(refused("it is larger than 1 MiB"));
    }
    let bytes = std::fs::read(&real).with_context(cannot)?;
    String::from_utf8(bytes).map(Some).map_err(|_| refused("it is not UTF-8 text"))
}
