//! The least that tells whether a branch is in a phase: a few files, read as they are.
//!
//! A hook runs after every commit and checkout, and nearly always there is nothing to do. So the repository is not
//! opened for that; what cannot be told by a glance is told by a look.

use std::{
    fs,
    path::{Path, PathBuf},
};

use gix::bstr::{BString, ByteSlice};

use crate::config::Env;

/// Where a worktree's files are, and the branch that is checked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glance {
    /// The `.git` folder of this worktree.
    pub git_dir: PathBuf,
    /// The folder that all worktrees share.
    pub common_dir: PathBuf,
    /// The short name of the branch; during a rebase the one that is being rebased. `None` when detached.
    pub branch: Option<BString>,
}

/// What git's configuration says of a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Configured {
    /// It is in no phase.
    None,
    /// It is in this one.
    Phase(String),
    /// Other files have a say, so that only all of the configuration can tell.
    Unclear,
}

/// An operation that git carries out commit by commit, and whose steps are no state to save.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sequence {
    /// `git rebase`, which ends with `post-rewrite`.
    Rebase,
    /// `git am`, or `git cherry-pick` and `git revert` of several commits: no hook tells their end.
    Other,
}

impl Glance {
    /// Looks; `None` where there is no worktree of a repository.
    pub fn at(env: &Env) -> Option<Self> {
        let git_dir = git_dir(env)?;
        let common_dir = match fs::read(git_dir.join("commondir")) {
            Ok(text) => git_dir.join(gix::path::from_bstr(text.trim_ascii_end().as_bstr()).ok()?),
            Err(_) => git_dir.clone(),
        };
        let head = fs::read(git_dir.join("HEAD")).ok()?;
        let head = head.trim_ascii_end();
        let branch = match head.strip_prefix(b"ref: ") {
            Some(name) => name.strip_prefix(b"refs/heads/").map(BString::from),
            None => rebased(&git_dir),
        };
        Some(Glance { git_dir, common_dir, branch })
    }

    /// The phase of the branch, by the repository's own configuration file.
    pub fn phase(&self) -> Configured {
        let Some(branch) = &self.branch else { return Configured::None };
        let Ok(text) = fs::read(self.common_dir.join("config")) else { return Configured::Unclear };
        let lower = text.to_ascii_lowercase();
        if lower.contains_str("[include") || lower.contains_str("worktreeconfig") {
            return Configured::Unclear;
        }
        if !lower.contains_str("checkpointphase") {
            return Configured::None;
        }
        let Some(config) = text.to_str().ok().and_then(|text| gix::config::File::try_from(text).ok()) else {
            return Configured::Unclear;
        };
        let name = config.string_by("branch", Some(branch.as_bstr()), "checkpointPhase");
        let name = name.map(|name| name.to_string()).filter(|name| !name.is_empty());
        name.map_or(Configured::None, Configured::Phase)
    }

    /// Whether the configuration names the phase of any branch.
    pub fn has_phases(&self) -> bool {
        let text = fs::read(self.common_dir.join("config")).unwrap_or_default().to_ascii_lowercase();
        ["checkpointphase", "[include", "worktreeconfig"].iter().any(|word| text.contains_str(word))
    }

    /// This program's own folder, as `Repo::state_dir`.
    pub fn state_dir(&self) -> PathBuf {
        self.common_dir.join("checkpoint")
    }

    /// The sequence that is under way.
    pub fn sequence(&self) -> Option<Sequence> {
        sequence(&self.git_dir)
    }
}

/// The sequence that is under way in the worktree with this `.git` folder.
pub fn sequence(git_dir: &Path) -> Option<Sequence> {
    let has = |name: &str| git_dir.join(name).exists();
    if has("rebase-merge") || (has("rebase-apply") && !has("rebase-apply/applying")) {
        Some(Sequence::Rebase)
    } else if has("rebase-apply") || has("sequencer") {
        Some(Sequence::Other)
    } else {
        None
    }
}

fn git_dir(env: &Env) -> Option<PathBuf> {
    if let Some(dir) = env.var("GIT_DIR") {
        return Some(env.cwd().join(dir));
    }
    env.cwd().ancestors().find_map(|dir| {
        let dot_git = dir.join(".git");
        let data = dot_git.metadata().ok()?;
        if data.is_dir() {
            return Some(dot_git);
        }
        let text = fs::read(&dot_git).ok()?;
        let path = text.trim_ascii_end().strip_prefix(b"gitdir: ")?;
        Some(dir.join(gix::path::from_bstr(path.as_bstr()).ok()?))
    })
}

/// The branch that a rebase will put HEAD back on.
fn rebased(git_dir: &Path) -> Option<BString> {
    let name = ["rebase-merge/head-name", "rebase-apply/head-name"].into_iter().find_map(|name| {
        let text = fs::read(git_dir.join(name)).ok()?;
        Some(BString::from(text.trim_ascii_end().strip_prefix(b"refs/heads/")?))
    });
    name.filter(|name| !name.is_empty())
}
