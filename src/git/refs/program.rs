//! Transactions by the `git` program: where a `reference-transaction` hook wants to know, and where `packed-refs`
//! has to be rewritten.
//!
//! git makes refs durable only where it is told to (`core.fsync`, since version 2.36), and never their names.

use std::{collections::BTreeSet, io, path::PathBuf, time::Instant};

use gix::bstr::{BStr, ByteSlice};

use super::{Along, RefEdit, Transaction, files, mark::Mark, path_of, to_path};
use crate::{
    error::{Context, Result},
    git::{
        Repo,
        durable::{self, Durable},
    },
    model::Oid,
};

/// Makes git wait for the content of a ref before it gets its name.
const FSYNC: [&str; 2] = ["-c", "core.fsync=reference"];

/// Changes refs by `change`, with what comes along before and after it.
pub(super) fn with(along: Option<&mut dyn Along>, change: impl FnOnce() -> Result<Transaction>) -> Result<Transaction> {
    let Some(along) = along else { return change() };
    along.contents()?;
    let changed = change()?;
    if changed == Transaction::Done {
        let folders = along.names()?;
        folders.iter().try_for_each(|folder| durable::sync_dir(folder)).context("cannot make changed files durable")?;
    }
    Ok(changed)
}

/// As `refs::transaction`.
pub(super) fn apply(repo: &Repo, edits: &[RefEdit], message: &str) -> Result<Transaction> {
    let change = files::Change { edits, head: None, durable: Durable::Names };
    let paths: Vec<_> = edits.iter().map(|edit| path_of(repo, edit.name.as_ref())).collect::<Result<_>>()?;
    let input = input(edits, repo.gix().object_hash());
    let (mut dirs, _missing) = files::dirs_to_sync(&paths);
    dirs.insert(repo.common_dir().to_owned());
    let deadline = Instant::now() + files::lock_timeout(repo);
    // git compares what a symbolic ref leads to; a ref that became one is not what was expected.
    if let Some(name) = files::moved(repo, &change)? {
        return Ok(Transaction::Moved(name));
    }
    let _mark = Mark::new(repo, &change)?;
    loop {
        let call =
            repo.git([FSYNC, ["update-ref", "--no-deref"], ["-m", &one_line(message)], ["--stdin", "-z"]].concat());
        let output = call.stdin(input.clone()).output()?;
        if output.code == 0 {
            let packed = repo.common_dir().join("packed-refs");
            sync(repo, paths.iter().chain([&packed]), &dirs)?;
            return Ok(Transaction::Done);
        }
        if let Some(name) = files::moved(repo, &change)? {
            return Ok(Transaction::Moved(name));
        }
        let error = output.error("git update-ref --stdin");
        if !output.stderr.contains(".lock': File exists") {
            return Err(error.hint("look at what the hook `reference-transaction` says, if there is one"));
        }
        if Instant::now() >= deadline {
            return Err(files::lock_error(repo, files::held_lock(repo, &paths), error));
        }
    }
}

fn input(edits: &[RefEdit], hash: gix::hash::Kind) -> Vec<u8> {
    let mut input = b"start\0".to_vec();
    let oid = |oid: Option<Oid>| oid.unwrap_or_else(|| Oid::null(hash)).to_string();
    for edit in edits {
        let values = match (edit.old, edit.new) {
            // An update to the same value would be logged.
            (Some(old), Some(new)) if old == new => vec![("verify", oid(Some(old)))],
            (old, Some(new)) => vec![("update", oid(Some(new))), ("", oid(old))],
            (Some(old), None) => vec![("delete", oid(Some(old)))],
            (None, None) => vec![("verify", oid(None))],
        };
        for (index, (command, value)) in values.iter().enumerate() {
            if index == 0 {
                input.extend_from_slice(command.as_bytes());
                input.push(b' ');
                input.extend_from_slice(edit.name.as_bytes());
                input.push(0);
            }
            input.extend_from_slice(value.as_bytes());
            input.push(0);
        }
    }
    input.extend_from_slice(b"prepare\0commit\0");
    input
}

fn one_line(message: &str) -> String {
    message.replace(['\n', '\r', '\0'], " ")
}

/// Makes HEAD a symbolic ref to the branch, with an entry in its reflog.
pub(super) fn switch_head(repo: &Repo, branch: &BStr, message: &str) -> Result<()> {
    let branch = to_path(branch)?;
    let message = one_line(message);
    let args = [FSYNC, ["symbolic-ref", "-m"], [&message, "HEAD"]].concat();
    repo.git(args).arg(branch.as_os_str()).run()?;
    sync_head(repo)
}

/// Makes HEAD a commit, if it is at `old` now.
pub(super) fn detach_head(repo: &Repo, old: Option<Oid>, new: Oid, message: &str) -> Result<()> {
    let old = old.unwrap_or_else(|| Oid::null(new.kind()));
    let values = [new.to_string(), old.to_string()];
    let message = one_line(message);
    let args = [FSYNC, ["update-ref", "--no-deref"], ["-m", &message], ["HEAD", &values[0]]].concat();
    repo.git(args).arg(&values[1]).run()?;
    sync_head(repo)
}

fn sync_head(repo: &Repo) -> Result<()> {
    sync(repo, [&repo.git_dir().join("HEAD")].into_iter(), &[repo.git_dir().to_owned()].into())
}

/// Makes durable what git has written to these files, as far as they are there, and then the names in these folders.
fn sync<'p>(repo: &Repo, files: impl Iterator<Item = &'p PathBuf>, dirs: &BTreeSet<PathBuf>) -> Result<()> {
    let synced = |path: &PathBuf| match std::fs::File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        file => file?.sync_all(),
    };
    let mut files = files.filter(|path| !path.is_dir());
    let done = files.try_for_each(synced).and_then(|()| files::sync_dirs(repo.common_dir(), dirs));
    done.context("cannot make changed refs durable")
}
