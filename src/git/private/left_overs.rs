//! Pristine worktrees whose owners were killed. Kept ones are nobody's leftovers: the next that takes one repairs it.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use super::{PRISTINE, admin, files::Files};
use crate::{
    error::{Context, Result},
    git::Repo,
};

/// Removes the pristine worktrees of this repository whose owners are gone.
pub fn remove_left_overs(repo: &Repo) -> Result<()> {
    for left in left_overs(repo) {
        let what = || format!("cannot remove `{}`", left.folder.display());
        admin::remove(repo, &left.admin).with_context(what)?;
        admin::remove_any(&left.folder).with_context(what)?;
    }
    Ok(())
}

/// How many of them there are.
pub fn count_left_overs(repo: &Repo) -> usize {
    left_overs(repo).len()
}

struct LeftOver {
    admin: PathBuf,
    /// What has the worktree in it, and its lock.
    folder: PathBuf,
    /// Taken.
    _lock: File,
}

fn left_overs(repo: &Repo) -> Vec<LeftOver> {
    admin::all(repo, PRISTINE).into_iter().filter_map(left_over).collect()
}

fn left_over(admin: PathBuf) -> Option<LeftOver> {
    // `<folder>/<worktree>/.git`; the folder is ours alone, so its name and its lock say all.
    let folder = admin::dot_git_of(&admin)?.ancestors().nth(2)?.to_owned();
    let is_named =
        |path: &Path| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(PRISTINE.as_bytes()));
    let lock = File::open(folder.join("lock")).ok()?;
    // A copy of a repository names the folders of the first.
    let dot_git = folder.join(PRISTINE).join(".git");
    let is_theirs = dot_git.exists() && !Files::leads_to(&dot_git, &admin);
    (is_named(&folder) && !is_theirs && lock.try_lock().is_ok()).then_some(LeftOver { admin, folder, _lock: lock })
}
