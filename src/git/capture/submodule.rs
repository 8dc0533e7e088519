//! Submodules: the commit each is at is recorded, as `git add` does; what it has changed itself is only named.

use gix::{
    bstr::BStr,
    index::{State, entry::Mode},
};

use super::{
    disk::os_path,
    edit::{Edit, Leaf},
};
use crate::{
    error::{Context, Result},
    git::{Git, Repo},
    model::{Oid, SkipReason, Skipped},
};

/// What is to be recorded of the submodules at `entries`, and which have changes of their own.
pub(super) fn look(repo: &Repo, index: &State, entries: &[usize]) -> Result<(Vec<Edit>, Vec<Skipped>)> {
    let (mut edits, mut skipped) = (Vec::new(), Vec::new());
    for at in entries {
        let entry = index.entry(*at);
        let path = entry.path(index);
        let status = status(repo, path)?;
        let is_pending = entry.flags.stage_raw() != 0;
        // Where it has no commit, or was never cloned, git leaves the entry alone.
        let id = status.commit.unwrap_or(entry.id);
        if id != entry.id || is_pending {
            let to = Leaf { mode: Mode::COMMIT, id, stat: entry.stat, left_out: false };
            edits.push(Edit { path: path.to_owned(), to: Some(to), in_tree: true });
        }
        if status.is_dirty {
            skipped.push(Skipped { path: path.to_owned(), reason: SkipReason::SubmoduleChanges });
        }
    }
    Ok((edits, skipped))
}

struct Status {
    commit: Option<Oid>,
    is_dirty: bool,
}

fn status(repo: &Repo, path: &BStr) -> Result<Status> {
    let dir = repo.workdir().join(os_path(path));
    // Else git would find the outer repository from there.
    if gix::discover::is_git(&dir.join(".git")).is_err() {
        let is_empty = std::fs::read_dir(&dir).is_ok_and(|mut names| names.next().is_none());
        return Ok(Status { commit: None, is_dirty: !is_empty });
    }
    let args = ["-c", "core.fsmonitor=false", "status", "--porcelain=v2", "--branch", "-z", "--ignore-submodules=none"];
    let output = Git::in_dir(&dir, args).run()?;
    let (mut commit, mut is_dirty) = (None, false);
    for line in output.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
        match line.strip_prefix(b"# branch.oid ") {
            Some(b"(initial)") => {}
            Some(hex) => {
                let id = Oid::from_hex(hex).with_context(|| format!("cannot read the commit of submodule `{path}`"))?;
                commit = Some(id);
            }
            None => is_dirty |= !line.starts_with(b"# "),
        }
    }
    // A submodule that only has files yet holds work that nothing records.
    Ok(Status { commit, is_dirty })
}
