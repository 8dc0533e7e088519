//! What goes wrong in a bad night: commits good and bad, edits, staged, untracked and deleted files.

use std::path::Path;

use gix::bstr::ByteSlice;

use super::write;
use crate::{
    config::FILE_NAME,
    error::{Error, Result},
    git::{Git, capture::Identity, tree},
    model::Oid,
    ops::Session,
};

const GOOD: [(&str, &[u8]); 2] =
    [("drill/good-1.txt", b"worth keeping\n"), ("drill/good-2.txt", b"also worth keeping\n")];

/// What was broken.
pub(super) struct Mess {
    /// The commits worth having back.
    pub(super) good: Vec<String>,
    /// How many commits were made.
    pub(super) commits: usize,
    edited: usize,
    deleted: usize,
}

impl Mess {
    pub(super) fn describe(&self) -> String {
        format!(
            "{} commits, {} edited, {} deleted, staged and untracked files",
            self.commits, self.edited, self.deleted
        )
    }

    /// The good files that are not there as they were committed; a checkout may write other line ends.
    pub(super) fn missing_good(&self, dir: &Path) -> Vec<String> {
        let is_there = |(name, content): &&(&str, &[u8])| {
            std::fs::read(dir.join(name)).is_ok_and(|now| now.replace("\r\n", "\n") == *content)
        };
        GOOD.iter().filter(|good| !is_there(good)).map(|(name, _)| format!("`{name}` did not come back")).collect()
    }
}

/// Breaks the copy that `session` is in.
pub(super) fn make(session: &Session) -> Result<Mess> {
    let repo = &session.repo;
    let dir = repo.workdir();
    let head = repo.head()?;
    let victims = victims(session)?;
    let commit = |subject: &str, paths: &[&str]| commit_only(session, subject, paths);
    let mut good = Vec::new();
    if head.commit().is_some() && can_commit(session)? {
        write(dir, GOOD[0].0, GOOD[0].1)?;
        good.push(commit("Add something good", &[GOOD[0].0])?);
        write(dir, "drill/bad.txt", b"this broke it\n")?;
        commit("Break it", &["drill/bad.txt"])?;
        write(dir, GOOD[1].0, GOOD[1].1)?;
        good.push(commit("Add another good thing", &[GOOD[1].0])?);
    }
    let (edited, deleted) = spoil(dir, &victims)?;
    write(dir, "drill/staged.txt", b"staged, never committed\n")?;
    repo.git(["add", "--force", "--sparse", "--", "drill/staged.txt"]).run()?;
    write(dir, "drill/untracked.txt", b"never added\n")?;
    let commits = if good.is_empty() { 0 } else { 3 };
    Ok(Mess { good, commits, edited, deleted })
}

/// Whether git would make a commit: not in the midst of a merge, nor while there are conflicts.
pub(super) fn can_commit(session: &Session) -> Result<bool> {
    let is_in_the_midst = session.repo.git_operation().is_some();
    Ok(!is_in_the_midst && session.repo.git(["ls-files", "-z", "--unmerged"]).run()?.is_empty())
}

/// Up to six files of HEAD that are on disk, but none that git itself or this program reads: spoilt, they would stop it.
fn victims(session: &Session) -> Result<Vec<String>> {
    let head = session.repo.head()?;
    victims_of(session, session.repo.head_tree(&head)?)
}

/// The same of another tree.
pub(super) fn victims_of(session: &Session, tree: Oid) -> Result<Vec<String>> {
    let empty = Oid::empty_tree(session.repo.gix().object_hash());
    let all = tree::diff(&session.repo, empty, tree)?;
    let is_for_git = |name: &str| name.rsplit('/').next().is_some_and(|file| file.starts_with(".git"));
    let dir = session.repo.workdir();
    let configuration = dir.join(FILE_NAME).canonicalize().ok();
    let is_for_us = |name: &str| configuration.is_some() && dir.join(name).canonicalize().ok() == configuration;
    let is_file = |name: &String| {
        !is_for_git(name) && !is_for_us(name) && dir.join(name).symlink_metadata().is_ok_and(|m| m.is_file())
    };
    Ok(all.iter().map(|change| change.path.to_string()).filter(is_file).take(6).collect())
}

/// Commits these files and nothing else: what the user had staged must not become part of the drill's commits.
pub(super) fn commit_only(session: &Session, subject: &str, paths: &[&str]) -> Result<String> {
    let repo = &session.repo;
    let call = |args: &[&str]| repo.git([&["--literal-pathspecs"], args].concat());
    let add = call(&["add", "--force", "--sparse", "--"]);
    paths.iter().fold(add, |call, path| call.arg(*path)).run()?;
    let call = commit_call(call(&["-c", "core.hooksPath=/dev/null"]), subject, &session.identity);
    paths.iter().fold(call.arg("--only").arg("--"), |call, path| call.arg(*path)).run()?;
    repo.head()?.commit().map(|id| id.to_string()).ok_or_else(|| Error::bug("a commit was made and HEAD has none"))
}

/// Edits every file but the last third, and deletes that.
fn spoil(dir: &Path, victims: &[String]) -> Result<(usize, usize)> {
    let edited = victims.len() - victims.len() / 3;
    for name in &victims[..edited] {
        write(dir, name, b"spoilt by the drill\n")?;
    }
    for name in &victims[edited..] {
        std::fs::remove_file(dir.join(name))
            .map_err(|error| Error::environment(format!("cannot delete `{name}`")).because(error))?;
    }
    Ok((edited, victims.len() - edited))
}

/// Commits everything that is staged or changed in `dir`, by the fallback identity.
pub(super) fn commit(dir: &Path, subject: &str) -> Result<()> {
    Git::in_dir(dir, ["-c", "user.name=git-checkpoint", "-c", "user.email=git-checkpoint@localhost"])
        .arg("-c")
        .arg("commit.gpgSign=false")
        .arg("commit")
        .arg("--quiet")
        .arg("--all")
        .arg(format!("--message={subject}"))
        .run()
        .map(|_| ())
}

fn commit_call(git: Git, subject: &str, identity: &Identity) -> Git {
    let git = git.fallback_identity(identity).arg("-c").arg("commit.gpgSign=false").arg("commit");
    git.arg("--quiet").arg("--no-verify").arg(format!("--message={subject}"))
}
