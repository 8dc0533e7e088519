//! Refs, read and changed: one transaction for all that belongs together, each with its expected old value.
//!
//! A transaction locks every ref, compares it, writes and fsyncs the new values beside the old ones, and only then
//! renames them into place, **in the order given**, deletions last. The renames are not one step: a crash between
//! two of them leaves the first ones done. So put the edits in an order in which every prefix is a safe state: what
//! keeps something alive before what shows it, and what shows it before what lets go of the old.

mod collision;
mod files;
mod head;
mod listing;
mod mark;
mod program;
mod reflog;

use std::{
    borrow::Cow,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use gix::{
    bstr::{BStr, BString},
    refs::{FullName, FullNameRef, Target},
};

use crate::{
    error::{Context, Error, Result},
    git::{Repo, durable::Durable},
    model::Oid,
};

pub use collision::{above, collision};
pub use head::move_head;
pub use listing::{known, list, names};
pub(super) use mark::remove_dead_locks;

/// Where refs are that all worktrees share.
const SHARED: [&str; 4] = ["refs/checkpoint", "refs/heads", "refs/notes", "refs/tags"];

/// One change of a ref that is not a symbolic one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefEdit {
    /// The full name.
    pub name: BString,
    /// What it must be before; `None`: it must not exist.
    pub old: Option<Oid>,
    /// What it becomes; `None`: it is deleted.
    pub new: Option<Oid>,
}

/// How a transaction ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Transaction {
    /// Everything was changed and is durable.
    Done,
    /// This ref is not what was expected, or its name collides with another's; nothing was changed.
    Moved(BString),
}

/// What comes into place along with refs, so that the disk is waited for once and not twice.
pub trait Along {
    /// Makes durable what is to come into place, not under its name yet; or objects, which refs are to show. Is called once it
    /// is sure that the refs can be changed.
    fn contents(&mut self) -> Result<()>;

    /// Gives it its names, after the refs have theirs. The folders whose names have changed are made durable with those of the
    /// refs.
    fn names(&mut self) -> Result<Vec<PathBuf>> {
        Ok(Vec::new())
    }
}

impl<F: FnMut() -> Result<()>> Along for F {
    fn contents(&mut self) -> Result<()> {
        self()
    }
}

/// Changes all of `edits`, in order, or none. `reflog` is the message of the reflog entries.
pub fn transaction(repo: &Repo, edits: &[RefEdit], reflog: &str) -> Result<Transaction> {
    change(repo, edits, reflog, (Durable::Names, None))
}

/// As [`transaction`], as durable as the caller needs it, and with what comes along.
pub fn transaction_with(
    repo: &Repo,
    edits: &[RefEdit],
    reflog: &str,
    (durable, along): (Durable, &mut dyn Along),
) -> Result<Transaction> {
    change(repo, edits, reflog, (durable, Some(along)))
}

fn change(
    repo: &Repo,
    edits: &[RefEdit],
    reflog: &str,
    (durable, along): (Durable, Option<&mut dyn Along>),
) -> Result<Transaction> {
    if edits.is_empty() || must_use_git(repo, edits)? {
        return program::with(along, || match edits {
            [] => Ok(Transaction::Done),
            edits => program::apply(repo, edits, reflog),
        });
    }
    files::apply(repo, &files::Change { edits, head: None, durable }, reflog, along)
}

/// What a ref points to directly (an annotated tag's object, not its commit); `None` if it does not exist.
pub fn find(repo: &Repo, name: &BStr) -> Result<Option<Oid>> {
    let mut name = full_name(name)?;
    // As deep as git follows.
    for _ in 0..5 {
        match find_target(repo, name.as_ref())? {
            None => return Ok(None),
            Some(Target::Object(id)) => return Ok(Some(id)),
            Some(Target::Symbolic(next)) => name = next,
        }
    }
    Err(Error::environment(format!("the symbolic ref `{}` leads nowhere", name.as_bstr())))
}

/// A ref's own content.
fn find_target(repo: &Repo, name: &FullNameRef) -> Result<Option<Target>> {
    if let Some(packed) = packed_only(repo, name)? {
        return Ok(packed);
    }
    let found = repo.gix().refs.try_find(name.as_partial_name());
    let found = found.with_context(|| format!("cannot read the ref `{}`", name.as_bstr()))?;
    // gix would go on to look for `refs/tags/<name>` and the like.
    Ok(found.filter(|found| found.name.as_ref() == name).map(|found| found.target))
}

/// What `packed-refs` says of a ref that is certainly no loose one. Most names that are looked for are those of refs that are
/// to be made, and for each gix would try five other places too, although the name is a full one.
fn packed_only(repo: &Repo, name: &FullNameRef) -> Result<Option<Option<Target>>> {
    let what = || format!("cannot read the ref `{}`", name.as_bstr());
    // `refs/tags` as well as all below it.
    let rest = SHARED.iter().find_map(|folder| name.as_bstr().strip_prefix(folder.as_bytes()));
    let is_shared = rest.is_some_and(|rest| matches!(rest, [] | [b'/', ..]));
    let may_be_loose = || -> Result<bool> {
        Ok(match path_of(repo, name.as_bstr())?.symlink_metadata() {
            Ok(data) => !data.is_dir(),
            Err(error) => !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
        })
    };
    if !is_shared || may_be_loose()? {
        return Ok(None);
    }
    let Some(packed) = repo.gix().refs.cached_packed_buffer().with_context(what)? else { return Ok(Some(None)) };
    let found = packed.try_find(name).with_context(what)?;
    Ok(Some(found.map(|found| Target::Object(found.target()))))
}

/// Where a loose ref is; HEAD is each worktree's own.
fn path_of(repo: &Repo, name: &BStr) -> Result<PathBuf> {
    let base = if name == "HEAD" { repo.git_dir() } else { repo.common_dir() };
    Ok(base.join(to_path(name)?))
}

fn to_path(name: &BStr) -> Result<Cow<'_, Path>> {
    gix::path::from_bstr(name).with_context(|| format!("`{name}` cannot be a file's name here"))
}

fn full_name(name: &BStr) -> Result<FullName> {
    FullName::try_from(name).map_err(|error| Error::usage(format!("`{name}` is not a ref's name")).because(error))
}

/// Whether only git can do it: it runs the `reference-transaction` hook, and knows how to rewrite `packed-refs`.
fn must_use_git(repo: &Repo, edits: &[RefEdit]) -> Result<bool> {
    if has_transaction_hook(repo) {
        return Ok(true);
    }
    if edits.iter().all(|edit| edit.new.is_some() || edit.old.is_none()) {
        return Ok(false);
    }
    let packed = repo.gix().refs.cached_packed_buffer().context("cannot read the packed refs")?;
    let Some(packed) = packed else { return Ok(false) };
    for edit in edits.iter().filter(|edit| edit.new.is_none()) {
        let name = full_name(edit.name.as_ref())?;
        if packed.try_find(name.as_ref()).context("cannot read the packed refs")?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether git would run something on every change of a ref: a hook file, or a hook in the configuration (git 2.54).
fn has_transaction_hook(repo: &Repo) -> bool {
    const EVENT: &str = "reference-transaction";
    let config = repo.gix().config_snapshot();
    let configured = config.plumbing().sections_by_name("hook").is_some_and(|mut sections| {
        sections.any(|section| section.values("event").iter().any(|event| *event == EVENT))
    });
    let dir = match config.trusted_path("core.hooksPath") {
        Ok(Some(dir)) => repo.workdir().join(dir),
        _ => repo.common_dir().join("hooks"),
    };
    configured || is_executable(&dir.join(EVENT))
}

fn is_executable(path: &Path) -> bool {
    #[cfg(unix)]
    return std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && gix::fs::is_executable(&meta));
    #[cfg(not(unix))]
    return path.is_file();
}
