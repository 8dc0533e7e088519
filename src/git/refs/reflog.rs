//! Entries in reflogs, as git writes them, for any identity: a missing `user.name` must not stop a rollback.

use std::{fs, io::Write, path::Path};

use gix::bstr::BStr;

use super::to_path;
use crate::{
    error::{Context, Result},
    git::{Repo, capture::Identity, durable},
    model::Oid,
};

/// What an entry says.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) old: Option<Oid>,
    pub(super) new: Oid,
    pub(super) message: &'a str,
}

/// Adds an entry to the log of the ref `name`, if git would keep one.
pub(super) fn append(repo: &Repo, name: &BStr, entry: Entry<'_>) -> Result<()> {
    let base = if name == "HEAD" { repo.git_dir() } else { repo.common_dir() };
    let path = base.join("logs").join(to_path(name)?);
    if !path.is_file() && !is_logged(repo, name) {
        return Ok(());
    }
    let shared = durable::shared_policy(repo);
    write(&path, &line(repo, entry), shared).with_context(|| format!("cannot write the reflog of `{name}`"))
}

/// git's rule for logs that do not exist yet (`core.logAllRefUpdates`).
fn is_logged(repo: &Repo, name: &BStr) -> bool {
    let config = repo.gix().config_snapshot();
    let value = config.string("core.logAllRefUpdates");
    if value.is_some_and(|value| value.eq_ignore_ascii_case(b"always")) {
        return true;
    }
    let usual = [&b"refs/heads/"[..], b"refs/remotes/", b"refs/notes/"];
    config.boolean("core.logAllRefUpdates").unwrap_or(true)
        && (name == "HEAD" || usual.iter().any(|prefix| name.starts_with(prefix)))
}

fn line(repo: &Repo, entry: Entry<'_>) -> Vec<u8> {
    let old = entry.old.unwrap_or_else(|| Oid::null(entry.new.kind()));
    let mut line = format!("{old} {} ", entry.new).into_bytes();
    let mut by = Vec::new();
    let known = Identity::of(repo, repo.now()).is_ok_and(|by_whom| by_whom.signature.write_to(&mut by).is_ok());
    if !known {
        by = format!("git-checkpoint <> {} +0000", repo.now().timestamp()).into_bytes();
    }
    line.extend_from_slice(&by);
    line.push(b'\t');
    // One line an entry, whatever the message holds.
    line.extend(entry.message.bytes().map(|byte| if byte == b'\n' || byte == b'\r' { b' ' } else { byte }));
    line.push(b'\n');
    line
}

fn write(path: &Path, line: &[u8], shared: i32) -> std::io::Result<()> {
    let dir = path.parent().expect("a reflog's path has a parent");
    fs::create_dir_all(dir)?;
    // What is left of a deleted `a/b` is in the way of the log of `a`.
    if path.is_dir() {
        fs::remove_dir(path)?;
    }
    let mut file = fs::OpenOptions::new().append(true).create(true).open(path)?;
    gix::fs::set_shared_repository_permissions(path, shared)?;
    file.write_all(line)
}
