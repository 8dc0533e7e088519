//! Transactions on ref files, through gix's locks.
//!
//! gix's own commit fsyncs nothing, does not log HEAD, needs an identity, and takes "must not exist" as fulfilled
//! by a ref of the same value. So the locks and the renames are gix's, and what must be exact is done here, while
//! the locks are held.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use gix::{
    bstr::{BString, ByteSlice},
    lock::acquire::Fail,
    refs::{
        Target,
        store::WriteReflog,
        transaction::{Change as GixChange, LogChange, PreviousValue, RefEdit as GixEdit, RefLog},
    },
};

use super::{Along, RefEdit, Transaction, collision::collision, find_target, full_name, mark::Mark, path_of, reflog};
use crate::{
    error::{Context, Error, Result},
    git::{
        Repo,
        durable::{self, Durable},
    },
    model::Oid,
};

/// How long to wait for locks that others hold, in all; longer if `core.filesRefLockTimeout` says so.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
pub(super) const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// All that one transaction changes.
pub(super) struct Change<'a> {
    pub(super) edits: &'a [RefEdit],
    pub(super) head: Option<HeadEdit>,
    pub(super) durable: Durable,
}

/// A change of HEAD itself, done after all others.
pub(super) struct HeadEdit {
    /// What HEAD must be.
    pub(super) old: Target,
    /// What it becomes; the same as `old` where only the branch it is on moves.
    pub(super) new: Target,
    /// The commits before and after, for the reflog.
    pub(super) log: Option<(Option<Oid>, Oid)>,
}

/// As `refs::transaction_with`, HEAD included.
pub(super) fn apply(
    repo: &Repo,
    change: &Change<'_>,
    message: &str,
    mut along: Option<&mut dyn Along>,
) -> Result<Transaction> {
    let edits = gix_edits(change)?;
    let mut store = repo.gix().refs.clone();
    store.write_reflog = WriteReflog::Disable;
    let paths: Vec<PathBuf> = edits.iter().map(|edit| path_of(repo, edit.name.as_bstr())).collect::<Result<_>>()?;
    let (mut dirs, new_dirs) = dirs_to_sync(&paths);
    // Dropped after the locks, which it explains.
    let _mark = Mark::new(repo, change)?;
    let deadline = Instant::now() + lock_timeout(repo);
    let prepared = loop {
        let prepared = store.transaction().prepare(edits.iter().cloned(), Fail::Immediately, Fail::Immediately);
        let error = match prepared {
            Ok(prepared) => break prepared,
            Err(error) => error,
        };
        if let Some(name) = moved(repo, change)? {
            return Ok(Transaction::Moved(name));
        }
        let lock = held_lock(repo, &paths);
        if !(error.is_retryable() || error.is_conflict() || error.is_not_found()) && lock.is_none() {
            let place = repo.common_dir().join("refs");
            return Err(cannot_lock(&place, error));
        }
        if Instant::now() >= deadline {
            return Err(lock_error(repo, lock, error));
        }
        std::thread::sleep(LOCK_PAUSE);
    };
    // The locks are held: nothing that is compared now can change before the renames.
    if let Some(name) = moved(repo, change)? {
        return Ok(Transaction::Moved(name));
    }
    let (dir, shared) = (repo.common_dir(), durable::shared_policy(repo));
    let written: Vec<&PathBuf> =
        edits.iter().zip(&paths).filter(|(edit, _)| writes(edit)).map(|(_, path)| path).collect();
    let synced = match &mut along {
        None => sync_locks(dir, &written, shared),
        // Both are waited for together; only the names come one after the other.
        Some(along) if durable::takes_time(dir) => std::thread::scope(|scope| {
            let sync = || sync_locks(dir, &written, shared);
            let syncing = std::thread::Builder::new().spawn_scoped(scope, sync).ok();
            let contents = along.contents();
            let synced = syncing.map(|syncing| syncing.join().expect("a thread that only syncs does not panic"));
            contents.map(|()| synced.unwrap_or_else(sync))
        })?,
        Some(along) => along.contents().map(|()| sync_locks(dir, &written, shared))?,
    };
    synced.map_err(|error| durable::storage_error(&dir.join("refs"), error))?;
    for dir in &new_dirs {
        gix::fs::set_shared_repository_permissions(dir, shared).context("cannot share a folder of refs")?;
    }
    write_reflogs(repo, change, message)?;
    prepared.commit(None).context("cannot put refs in place; some of them may be changed already")?;
    dirs.extend(along.map_or_else(|| Ok(Vec::new()), Along::names)?);
    if change.durable == Durable::Names {
        sync_dirs(dir, &dirs).context("cannot make changed refs durable")?;
    }
    Ok(Transaction::Done)
}

/// A ref that is not what is expected, or whose name another one is in the way of.
pub(super) fn moved(repo: &Repo, change: &Change<'_>) -> Result<Option<BString>> {
    if let Some(head) = &change.head {
        let name = full_name(b"HEAD".as_bstr())?;
        if find_target(repo, name.as_ref())?.as_ref() != Some(&head.old) {
            return Ok(Some("HEAD".into()));
        }
    }
    for edit in change.edits {
        let name = full_name(edit.name.as_ref())?;
        let actual = find_target(repo, name.as_ref()).ok().flatten();
        let expected = edit.old.map(Target::Object);
        let collides = || match edit.new {
            Some(_) if edit.old.is_none() => collision(repo, name.as_bstr()).map(|other| other.is_some()),
            _ => Ok(false),
        };
        if actual != expected || collides()? {
            return Ok(Some(edit.name.clone()));
        }
    }
    Ok(None)
}

fn gix_edits(change: &Change<'_>) -> Result<Vec<GixEdit>> {
    let mut edits = Vec::with_capacity(change.edits.len() + 1);
    for edit in change.edits {
        let expected =
            edit.old.map_or(PreviousValue::MustNotExist, |old| PreviousValue::MustExistAndMatch(Target::Object(old)));
        let change = match (edit.new, edit.old) {
            (Some(new), _) => GixChange::Update { log: LogChange::default(), expected, new: Target::Object(new) },
            (None, Some(_)) => GixChange::Delete { expected, log: RefLog::AndReference },
            // It must not exist, and stays so: `moved` looks at it.
            (None, None) => continue,
        };
        edits.push(GixEdit::new(full_name(edit.name.as_ref())?, change));
    }
    if let Some(head) = &change.head {
        let mode = if head.old == head.new { RefLog::Only } else { RefLog::AndReference };
        let log = LogChange { mode, ..LogChange::default() };
        let expected = PreviousValue::MustExistAndMatch(head.old.clone());
        let change = GixChange::Update { log, expected, new: head.new.clone() };
        edits.push(GixEdit::new(full_name(b"HEAD".as_bstr())?, change));
    }
    Ok(edits)
}

/// Whether its lock has the value that the ref will have.
fn writes(edit: &GixEdit) -> bool {
    matches!(&edit.change, GixChange::Update { log, .. } if log.mode == RefLog::AndReference)
}

fn write_reflogs(repo: &Repo, change: &Change<'_>, message: &str) -> Result<()> {
    for edit in change.edits {
        if let Some(new) = edit.new.filter(|new| edit.old != Some(*new)) {
            reflog::append(repo, edit.name.as_ref(), reflog::Entry { old: edit.old, new, message })?;
        }
    }
    match change.head.as_ref().and_then(|head| head.log) {
        Some((old, new)) => reflog::append(repo, b"HEAD".as_bstr(), reflog::Entry { old, new, message }),
        None => Ok(()),
    }
}

pub(super) fn lock_timeout(repo: &Repo) -> Duration {
    match repo.gix().config_snapshot().integer("core.filesRefLockTimeout") {
        // Less than zero is "for ever" to git; an hour is as good and ends.
        Some(millis) if millis < 0 => Duration::from_secs(3600),
        Some(millis) => LOCK_TIMEOUT.max(Duration::from_millis(millis.unsigned_abs())),
        None => LOCK_TIMEOUT,
    }
}

pub(super) fn lock_path(path: &Path) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}

/// The lock file that is in the way, if it still is.
pub(super) fn held_lock(repo: &Repo, paths: &[PathBuf]) -> Option<PathBuf> {
    let packed = repo.common_dir().join("packed-refs.lock");
    paths.iter().map(|path| lock_path(path)).chain([packed]).find(|path| path.is_file())
}

pub(super) fn lock_error(
    repo: &Repo,
    lock: Option<PathBuf>,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> Error {
    let Some(lock) = lock else {
        return Error::environment("refs are being changed by another process all the time").because(source);
    };
    let seconds = lock_timeout(repo).as_secs();
    let lock = lock.display();
    Error::environment(format!("`{lock}` was held by another process for {seconds} s")).because(source).hint(format!(
        "wait until other git commands in this repository have ended; if none is running, remove the file `{lock}`"
    ))
}

fn cannot_lock(place: &Path, error: gix::Error) -> Error {
    match error.downcast_any_ref::<io::Error>().map(io::Error::kind) {
        Some(kind) => durable::storage_error(place, io::Error::new(kind, error)),
        None => Error::environment("cannot lock the refs to change").because(error),
    }
}

/// The folders that get a new name, which are those of the refs and those of every folder that is missing yet; and the
/// missing ones.
pub(super) fn dirs_to_sync(paths: &[PathBuf]) -> (BTreeSet<PathBuf>, BTreeSet<PathBuf>) {
    let (mut dirs, mut missing) = (BTreeSet::new(), BTreeSet::new());
    for path in paths {
        for dir in path.ancestors().skip(1) {
            dirs.insert(dir.to_owned());
            if dir.is_dir() {
                break;
            }
            missing.insert(dir.to_owned());
        }
    }
    (dirs, missing)
}

pub(super) fn sync_dirs(dir: &Path, dirs: &BTreeSet<PathBuf>) -> io::Result<()> {
    // A folder that a deletion emptied is gone, and so is its name, from a folder further up.
    let there = dirs.iter().map(|dir| dir.ancestors().find(|dir| dir.is_dir()).unwrap_or(dir));
    let there: Vec<&Path> = there.collect::<BTreeSet<_>>().into_iter().collect();
    durable::in_parallel(dir, &there, |dir| durable::sync_dir(dir))
}

/// Makes the new values durable before they get their names.
fn sync_locks(dir: &Path, paths: &[&PathBuf], shared: i32) -> io::Result<()> {
    durable::in_parallel(dir, paths, |path| match std::fs::File::open(lock_path(path)) {
        Ok(file) => {
            gix::fs::set_shared_repository_permissions(&lock_path(path), shared)?;
            file.sync_all()
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    })
}
