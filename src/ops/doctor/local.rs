//! What operations leave in the repository's own folder: a journal, locks, files on their way; and the room for more.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use super::{Finding, Ground};
use crate::{
    error::{Context, Result},
    git::{durable, lock, private},
    store::Journal,
};

/// git's own locks are held for moments; one that is older than this is left over.
const OLD: Duration = Duration::from_secs(600);

/// An operation that has begun and not ended, ours or git's.
pub(super) fn operation(ground: &Ground<'_>) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    if let Some(journal) = Journal::read(ground.repo)? {
        let kind = journal.kind;
        found.push(
            Finding::problem("operation", format!("a {kind} was begun and has not ended"))
                .fix(format!("`git checkpoint {kind} --continue` finishes it, `--abort` goes back")),
        );
    }
    if let Some(operation) = ground.repo.git_operation() {
        let command = operation.command();
        let what = format!("a `git {command}` is in progress");
        found.push(Finding::note("operation", what).fix("end it before a rollback; checkpoints can be taken"));
    }
    if found.is_empty() {
        found.push(Finding::ok("operation", "none is in progress"));
    }
    Ok(found)
}

/// Locks: of this program, and those of git that nobody can hold any more.
pub(super) fn locks(ground: &Ground<'_>) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    if let Some(holder) = lock::holder(ground.repo) {
        found.push(if holder.has_ended {
            Finding::note(
                "locks",
                format!("`{}`, process {}, was killed; the next call clears up after it", holder.command, holder.pid),
            )
        } else {
            Finding::note(
                "locks",
                format!("`{}` is at work, process {}, since {}", holder.command, holder.pid, holder.since),
            )
        });
    }
    let (git_dir, common) = (ground.repo.git_dir(), ground.repo.common_dir());
    let mut paths: Vec<PathBuf> = ["index.lock", "HEAD.lock"].iter().map(|name| git_dir.join(name)).collect();
    paths.extend(["config.lock", "packed-refs.lock", "shallow.lock"].iter().map(|name| common.join(name)));
    collect_locks(&common.join("refs"), &mut paths);
    let now = SystemTime::from(ground.env.now());
    for path in paths {
        let Ok(age) = fs::symlink_metadata(&path).and_then(|data| data.modified()) else { continue };
        if now.duration_since(age).is_ok_and(|age| age >= OLD) {
            let what = format!("`{}` is left over: git refuses to change what it locks", path.display());
            found.push(
                Finding::problem("locks", what).fix(format!("if no git is at work, remove `{}`", path.display())),
            );
        } else {
            found.push(Finding::note(
                "locks",
                format!("`{}` is there: a git is at work, or was killed", path.display()),
            ));
        }
    }
    if found.is_empty() {
        found.push(Finding::ok("locks", "none is held"));
    }
    Ok(found)
}

fn collect_locks(dir: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect_locks(&path, paths);
        } else if path.extension().is_some_and(|end| end == "lock") {
            paths.push(path);
        }
    }
}

/// Files that were on their way when a process was killed.
pub(super) fn leftovers(ground: &Ground<'_>) -> Result<Vec<Finding>> {
    let state = ground.repo.state_dir();
    let mut number = 0;
    for dir in [state.clone(), state.join("journal"), state.join("hooks"), ground.repo.common_dir().join("hooks")] {
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        number += entries.filter(|entry| is_temporary(&entry.file_name())).count();
    }
    let mut found = Vec::new();
    if number > 0 {
        let what = format!("{number} temporary files of operations that were killed");
        found.push(
            Finding::note("leftovers", what).fix("the next operation, or `git checkpoint hooks install`, removes them"),
        );
    }
    let worktrees = private::count_left_overs(ground.repo);
    if worktrees > 0 {
        let what = format!("a private worktree of a check that was killed is in `git worktree list` ({worktrees})");
        found.push(Finding::note("leftovers", what).fix("the next check before a push removes it"));
    }
    let counted = ground.repo.git(["count-objects", "-v"]).run()?;
    let counted = String::from_utf8_lossy(&counted).into_owned();
    let garbage = counted.lines().find_map(|line| line.strip_prefix("garbage: ")?.trim().parse::<u64>().ok());
    if let Some(garbage) = garbage.filter(|number| *number > 0) {
        let what = format!("{garbage} files among git's objects are none");
        found.push(
            Finding::note("leftovers", what).fix("`git gc` removes what was left behind by processes that were killed"),
        );
    }
    if found.is_empty() {
        found.push(Finding::ok("leftovers", "none"));
    }
    Ok(found)
}

fn is_temporary(name: &std::ffi::OsStr) -> bool {
    name.as_encoded_bytes().starts_with(durable::TEMPORARY.as_bytes())
}

/// Room for checkpoints.
pub(super) fn disk(ground: &Ground<'_>) -> Result<Vec<Finding>> {
    let place = ground.repo.common_dir();
    let data = rustix::fs::statvfs(place)
        .with_context(|| format!("cannot ask for the free space of `{}`", place.display()))?;
    let files = (data.f_files > 0).then_some(data.f_favail);
    Ok(vec![room(data.f_bavail.saturating_mul(data.f_frsize), files)])
}

/// By the bytes that are free, and the files that can still be made where that is limited.
fn room(free: u64, files: Option<u64>) -> Finding {
    const MIB: u64 = 1 << 20;
    let free_text = format!("{} MiB are free for the repository", free / MIB);
    let fix = "free some space: a checkpoint that cannot be written is refused";
    match free / MIB {
        _ if files.is_some_and(|files| files < 1000) => {
            Finding::problem("disk", "the file system of the repository has hardly room for more files").fix(fix)
        }
        0..100 => Finding::problem("disk", format!("only {free_text}")).fix(fix),
        100..1024 => Finding::note("disk", format!("only {free_text}")).fix(fix),
        _ => Finding::ok("disk", free_text),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Level, *};

    #[test]
    fn little_room_is_told_before_it_is_gone() {
        for (mib, files, level) in [
            (0, None, Level::Problem),
            (99, Some(10_000), Level::Problem),
            (100, None, Level::Note),
            (1023, None, Level::Note),
            (1024, None, Level::Ok),
            (1 << 30, Some(999), Level::Problem),
        ] {
            assert_eq!(room(mib << 20, files).level, level, "{mib} {files:?}");
        }
    }
}
