//! Return to a state: back everything up under a branch, then put branch, index and files back, and verify it.

mod proof;

use std::time::{Duration, Instant};

use gix::bstr::{BString, ByteSlice};

use super::{
    Session, elsewhere, history, names, phase,
    select::{self, Selected},
    transition::{self, Then, Took, Transition},
};
use crate::{
    error::{Context, Error, Result},
    git::{
        capture::{Captured, raw, witness},
        restore,
        tree::{self, TreeChange},
    },
    model::{Conduct, Detail, Kind, Oid, Record, RecordId, Selector, SkipReason, State, quote_path},
};

pub use proof::{Proof, prove};

/// What the user asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The state to go to.
    pub selector: Selector,
    /// `--path`: only these, as bytes relative to the top of the worktree; empty for everything.
    pub paths: Vec<BString>,
    /// `--reason`.
    pub reason: Option<String>,
}

/// A rollback about to be done.
#[must_use]
pub struct Plan {
    /// The state it goes to, by name.
    pub to: Selected,
    /// The files that change, from the state now to that one.
    pub changes: Vec<TreeChange>,
    /// Commits that are on the branch now and will not be: id and subject, newest first.
    pub commits: Vec<(Oid, String)>,
    /// Whether nothing would change.
    pub is_there_already: bool,
    captured: Captured,
    target: State,
    record: Record,
    backup: Option<BString>,
}

/// What was done, or, for a dry run, would be.
#[derive(Debug)]
#[must_use]
pub struct RolledBack {
    /// The record, whose state is the one before.
    pub record: Record,
    /// The commit gone back to.
    pub to: Oid,
    /// How many files were written or deleted.
    pub files: usize,
    /// What was done, step by step.
    pub steps: Vec<Step>,
    /// Submodules that are not at the commit of the state: what is in them is theirs, and was not touched.
    pub submodules: Vec<String>,
    /// Whether the worktree, the index and HEAD are what they should be, captured anew; `None` for a dry run.
    pub verified: Option<bool>,
}

/// One step of a rollback.
#[derive(Debug, Clone)]
pub struct Step {
    /// What: `back up`, `restore`, `verify`.
    pub name: &'static str,
    /// Whether it succeeded.
    pub ok: bool,
    /// How long it took; zero for a dry run.
    pub took: Duration,
    /// What of it is worth knowing.
    pub detail: String,
}

/// Captures the state, finds the one to go to and refuses what cannot be done; changes nothing.
pub fn plan(session: &Session, request: &Request) -> Result<Plan> {
    session.refuse_if_busy()?;
    let mut captured = session.capture()?;
    let to = select::select(session, &request.selector, &captured.state.head)?;
    let target = if request.paths.is_empty() {
        refuse_other_branch(session, &captured.state, &to)?;
        elsewhere::refuse_shared(session, &captured.state.head, &to.state.head)?;
        to.state.clone()
    } else {
        only_paths(session, &captured.state, &to.state, &request.paths)?
    };
    refuse_what_is_no_file(session, &captured, &target, &request.paths)?;
    let is_there_already = raw::is_same(&session.repo, &captured.state, &target)?;
    transition::check(session, &mut captured, &target)?;
    let mark = phase::of(session, &captured.state.head).mark(session.now);
    let backup = (request.paths.is_empty() && !is_there_already).then(|| {
        let values = names::values(session, &captured.state.head, mark.as_ref());
        names::from_template(("phase.backup", session.config.names.backup.as_ref()), names::BACKUP, &values)
    });
    let record = Record {
        id: session.store().next_id(session.now, Kind::Rollback)?,
        at: session.now,
        subject: format!("rollback to {}", to.name),
        message: request.reason.clone(),
        phase: mark,
        state: captured.state.clone(),
        skipped: captured.skipped.clone(),
        refs: Vec::new(),
        checks: Vec::new(),
        artifacts: Vec::new(),
        steps: Vec::new(),
        detail: Detail::Rollback {
            selector: request.selector.to_string(),
            to: to.state.tip,
            backup: None,
            paths: request.paths.clone(),
            conduct: Conduct::default(),
        },
    };
    Ok(Plan {
        changes: restore::changes(&session.repo, &captured.state, &target)?,
        commits: history::commits_left(session, &captured.state, &target)?,
        backup: backup.transpose()?,
        is_there_already,
        captured,
        target,
        record,
        to,
    })
}

fn refuse_other_branch(session: &Session, now: &State, to: &Selected) -> Result<()> {
    if to.state.head.branch() == now.head.branch() {
        return Ok(());
    }
    let (theirs, ours) = (to.state.head.in_words(), now.head.in_words());
    let error = Error::refused(format!("`{}` is of {theirs}, and this is {ours}", to.name));
    Err(elsewhere::hint_switch(session, &to.state.head, error)?
        .hint(format!("`git checkpoint rollback {} --path .` takes only its files, and leaves the branch", to.name)))
}

/// A pipe in place of a tracked file is in no backup, and for a capture that file is as it was: it would stay there.
fn refuse_what_is_no_file(session: &Session, now: &Captured, target: &State, paths: &[BString]) -> Result<()> {
    for skipped in now.skipped.iter().filter(|skipped| skipped.reason == SkipReason::NotAFile) {
        let path = &skipped.path;
        let is_asked_for = paths.is_empty() || paths.iter().any(|prefix| is_under(path, prefix));
        if is_asked_for && tree::entry(&session.repo, target.worktree, path.as_ref())?.is_some() {
            return Err(Error::refused(format!("`{}` is in the way", quote_path(path.as_ref())))
                .because("it is a socket, pipe or device where a file is to be")
                .hint("move it away, and try again; nothing was changed"));
        }
    }
    Ok(())
}

/// The state now, with what is under `paths` as `to` has it. HEAD stays.
fn only_paths(session: &Session, now: &State, to: &State, paths: &[BString]) -> Result<State> {
    let under = |change: &TreeChange| paths.iter().any(|path| is_under(&change.path, path));
    let mut matched = vec![false; paths.len()];
    let mut pick = |from: Oid, into: Oid| -> Result<Oid> {
        let changes = tree::diff(&session.repo, from, into)?;
        let wanted: Vec<TreeChange> = changes.into_iter().filter(under).collect();
        for (path, matched) in paths.iter().zip(&mut matched) {
            *matched |= wanted.iter().any(|change| is_under(&change.path, path));
        }
        tree::apply(&session.repo, from, &wanted)
    };
    let (index, worktree) = (pick(now.index, to.index)?, pick(now.worktree, to.worktree)?);
    for (path, _) in paths.iter().zip(matched).filter(|(_, matched)| !matched) {
        let known = [now.worktree, to.worktree].into_iter().any(|tree| has_path(session, tree, path));
        if !known {
            return Err(Error::usage(format!("`{}` is in neither state", quote_path(path.as_ref())))
                .hint("paths are relative to the current folder; `git checkpoint diff` lists what differs"));
        }
    }
    let mut exact = raw::read(&session.repo, now.extras)?;
    let is_wanted = |path: &BString| paths.iter().any(|prefix| is_under(path, prefix));
    exact.retain(|path, _| !is_wanted(path));
    exact.extend(raw::read(&session.repo, to.extras)?.into_iter().filter(|(path, _)| is_wanted(path)));
    let present = restore::brought_back(&session.repo, (now, to), index, &is_wanted)?;
    let extras = raw::put(&session.repo, present, &exact)?;
    Ok(State { index, worktree, head: now.head.clone(), tip: to.tip, extras })
}

fn has_path(session: &Session, tree: Oid, path: &BString) -> bool {
    path.is_empty()
        || session
            .repo
            .gix()
            .find_tree(tree)
            .ok()
            .and_then(|tree| tree.lookup_entry(path.split(|b| *b == b'/')).ok())
            .flatten()
            .is_some()
}

fn is_under(path: &BString, prefix: &BString) -> bool {
    prefix.is_empty() || path.strip_prefix(prefix.as_bytes()).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
}

impl Plan {
    /// What is not part of the backup and stays on disk as it is.
    pub fn skipped(&self) -> &[crate::model::Skipped] {
        &self.captured.skipped
    }

    /// Whether something that was not committed would be put away in the backup.
    pub fn has_uncommitted(&self) -> bool {
        !self.captured.changes.is_clean()
    }

    /// The branch that will hold what is there now, if its name is still free then.
    pub fn backup(&self) -> Option<&BString> {
        self.backup.as_ref()
    }

    /// What it would do, without doing it.
    pub fn preview(mut self) -> RolledBack {
        let step = |name, detail| Step { name, ok: true, took: Duration::ZERO, detail };
        let files = self.changes.len();
        let steps =
            vec![step("back up", saved_under(&self.backup, &self.record.id)), step("restore", files_text(files))];
        self.set_backup();
        RolledBack {
            to: self.target.head.commit().unwrap_or(self.target.tip),
            record: self.record,
            files,
            steps,
            submodules: Vec::new(),
            verified: None,
        }
    }

    fn set_backup(&mut self) {
        if let Detail::Rollback { backup, .. } = &mut self.record.detail {
            backup.clone_from(&self.backup);
        }
    }

    /// Whether the state now is the one asked for, and the submodules that alone are not. Rules that went away or came
    /// back change what of the untracked files is seen at all: one that the state before ignored, or that the rules
    /// now ignore, has stayed where it was.
    fn verify(&self, session: &Session) -> Result<(bool, Vec<String>)> {
        let mut now = session.capture()?.state;
        let mut submodules = Vec::new();
        for change in tree::diff(&session.repo, self.target.worktree, now.worktree)? {
            let path = change.path.as_ref();
            if [change.old, change.new].into_iter().flatten().any(|entry| entry.mode.is_commit()) {
                submodules.push(quote_path(path));
                continue;
            }
            let before = tree::entry(&session.repo, self.captured.state.worktree, path)?;
            let has_stayed = match (change.old, change.new) {
                (None, _) => before.is_none(),
                (Some(_), None) if tree::entry(&session.repo, now.index, path)?.is_some() => false,
                (Some(old), None) if before == Some(old) => {
                    let place = gix::path::from_bstr(path).context("cannot use a path on this system")?;
                    session.repo.workdir().join(place).symlink_metadata().is_ok()
                }
                // Brought back by its path, and ignored by the rules that stay.
                (Some(old), None) => witness::is_on_disk(&session.repo, path, old.id)?,
                _ => false,
            };
            if !has_stayed {
                return Ok((false, submodules));
            }
        }
        now.worktree = self.target.worktree;
        Ok((raw::is_same(&session.repo, &now, &self.target)?, submodules))
    }

    /// Does it.
    pub fn apply(mut self, session: &Session) -> Result<RolledBack> {
        let name = self.backup.clone();
        let transition = Transition { from: &self.captured, target: &self.target, edits: Vec::new(), then: Then::Done };
        let mut took = Took::default();
        if !self.is_there_already {
            took = transition::run(session, &transition, &mut self.record, &|record, attempt| {
                if let Detail::Rollback { backup, .. } = &mut record.detail {
                    *backup = name.as_ref().map(|name| names::attempt(name, attempt));
                }
            })?;
        }
        let verifying = Instant::now();
        let (verified, submodules) = self.verify(session)?;
        let backup = self.record.backup().cloned();
        let files = self.changes.len();
        let steps = vec![
            Step { name: "back up", ok: true, took: took.saving, detail: saved_under(&backup, &self.record.id) },
            Step { name: "restore", ok: true, took: took.moving, detail: files_text(files) },
            Step {
                name: "verify",
                ok: verified,
                took: verifying.elapsed(),
                detail: if verified && !submodules.is_empty() {
                    "HEAD, index and files are the state, but for submodules"
                } else if verified {
                    "HEAD, index and files are exactly the state"
                } else {
                    "the state is not the one asked for"
                }
                .into(),
            },
        ];
        let to = self.target.head.commit().unwrap_or(self.target.tip);
        Ok(RolledBack { to, record: self.record, files, steps, submodules, verified: Some(verified) })
    }
}

fn saved_under(backup: &Option<BString>, id: &RecordId) -> String {
    backup.as_ref().map_or_else(|| id.to_string(), |name| format!("branch {name}"))
}

fn files_text(files: usize) -> String {
    format!("{files} {}", if files == 1 { "file" } else { "files" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_covers_itself_and_what_is_below() {
        let under = |path: &str, prefix: &str| is_under(&path.into(), &prefix.into());
        assert!(under("src/a.rs", "src") && under("src", "src") && under("anything", ""));
        assert!(!under("srcs/a.rs", "src") && !under("src", "src/a.rs"));
    }
}
