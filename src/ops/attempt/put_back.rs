//! What a command did is taken back, and kept.

use std::collections::BTreeMap;

use gix::bstr::{BString, ByteSlice};

use super::{
    Broken,
    course::{Course, stuck},
};
use crate::{
    error::{Error, Result},
    git::{
        self,
        capture::{Captured, raw},
        refs, tree,
    },
    model::{Exit, Fate, Head, Oid, Skipped, State, Tried, Turn, quote_path},
    ops::{
        Session,
        intent::{Stage, Then},
        transition::{self, Transition},
    },
};

/// The refs below these are a user's own.
const THEIRS: [&str; 2] = ["refs/heads/", "refs/tags/"];
const STASH: &str = "refs/stash";

/// A ref that is no part of a state, and that changed while a command was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherRef {
    /// Its full name.
    pub name: BString,
    /// What it was.
    pub old: Option<Oid>,
    /// What it is.
    pub new: Option<Oid>,
}

/// The refs that are no part of a state, at one moment.
pub(super) type OtherRefs = BTreeMap<BString, Oid>;

/// The user's refs, but for the branch of `head`.
pub(super) fn other_refs(session: &Session, head: &Head) -> Result<OtherRefs> {
    let mut all = OtherRefs::new();
    for prefix in THEIRS {
        all.extend(refs::list(&session.repo, prefix)?);
    }
    all.extend(refs::find(&session.repo, STASH.into())?.map(|stash| (STASH.into(), stash)));
    if let Some(own) = head.branch() {
        all.remove(own);
    }
    Ok(all)
}

/// What differs between two moments.
pub(super) fn changed(before: &OtherRefs, now: &OtherRefs) -> Vec<OtherRef> {
    let names = before.keys().chain(now.keys().filter(|name| !before.contains_key(*name)));
    let one =
        |name: &BString| OtherRef { name: name.clone(), old: before.get(name).copied(), new: now.get(name).copied() };
    names.map(one).filter(|one| one.old != one.new).collect()
}

impl Course<'_> {
    /// Publishes what is there now, and goes back to the good state. Needs the operation lock.
    pub(super) fn put_back(&mut self, path: Option<&BString>, broken: Broken) -> Result<()> {
        let session = self.session;
        let mut now = session.capture().map_err(stuck)?;
        transition::check(session, &mut now, &self.good).map_err(stuck)?;
        let others = changed(&self.before, &other_refs(session, &self.good.head)?);
        let kept = self.to_be_kept(&now, &others)?;
        let reason = broken.to_string();
        let is_stopped = git::is_asked_to_stop() || matches!(broken, Broken::Exit(Exit::Stopped));
        if let Some(exit) = broken.exit() {
            self.told().exit = Some(exit);
        }
        if let Some(said) = broken.said().filter(|_| path.is_none()) {
            self.record.checks = said.results();
        }
        self.broken = Some(broken);
        if path.is_none() {
            self.told().fate = Some(Fate::PutBack);
            self.told().result = Some(now.state.clone());
        }
        self.save(&kept, &self.kept_output())?;
        if let Some(path) = path {
            let made = Some(now.state.tip);
            self.notes.add(Tried { path: path.clone(), turn: Turn::LeftOut, reason, made })?;
        }
        self.notebook.at = (self.notebook.at + 1).min(self.notebook.turns);
        self.notebook.is_over = path.is_none() || is_stopped || !self.notebook.request.keep_going;
        self.notebook.write(session, &self.good, Stage::Moving)?;
        carry(session, &now, &self.good, &self.record.subject).map_err(stuck)?;
        self.verify(path.is_some())
    }

    /// What has to stay alive with the record: what was made, and what refs that were moved or deleted led to.
    fn to_be_kept(&self, now: &Captured, others: &[OtherRef]) -> Result<Vec<Oid>> {
        let session = self.session;
        let mut kept = now.kept.clone();
        kept.push(now.state.tip);
        let own = match self.good.head.branch() {
            Some(branch) => refs::find(&session.repo, branch.as_ref())?,
            None => None,
        };
        let lost = others.iter().filter_map(|other| other.old).chain(own);
        kept.extend(lost.filter(|id| is_commit(session, *id)));
        kept.sort_unstable();
        kept.dedup();
        Ok(kept)
    }

    /// Looks whether the good state is there. What is not ours to move, as a submodule, may differ; then the next file would
    /// be blamed for it, so there is none.
    fn verify(&mut self, is_each: bool) -> Result<()> {
        let session = self.session;
        let Captured { state: now, skipped, .. } = session.capture().map_err(stuck)?;
        let is_new = |one: &Skipped| !self.record.skipped.contains(one) && !self.left.contains(one);
        let new: Vec<Skipped> = skipped.into_iter().filter(is_new).collect();
        self.left.extend(new);
        if raw::is_same(&session.repo, &now, &self.good)? {
            return Ok(());
        }
        for change in tree::diff(&session.repo, self.good.worktree, now.worktree)? {
            let is_submodule = [change.old, change.new].into_iter().flatten().any(|entry| entry.mode.is_commit());
            if !is_submodule {
                let path = quote_path(change.path.as_ref());
                return Err(stuck(
                    Error::environment(format!("`{path}` is not as it was before the command"))
                        .because("something else writes to the worktree"),
                ));
            }
        }
        self.notebook.is_over |= is_each;
        Ok(())
    }
}

fn is_commit(session: &Session, id: Oid) -> bool {
    session.repo.gix().find_header(id).is_ok_and(|header| header.kind() == gix::objs::Kind::Commit)
}

/// Goes from what is there, which is published, to another state.
pub(super) fn carry(session: &Session, now: &Captured, to: &State, subject: &str) -> Result<()> {
    end_git_operation(session)?;
    let transition = Transition { from: now, target: to, edits: Vec::new(), then: Then::Done };
    transition::carry(session, &transition, subject)
}

/// Forgets a rebase, `am` or bisect that a command left half done: none was going on before, and its files are no part of a
/// state. Files and index stay as they are; what is published has them.
pub(super) fn end_git_operation(session: &Session) -> Result<()> {
    let Some(operation) = session.repo.git_operation().filter(|operation| operation.blocks_restore()) else {
        return Ok(());
    };
    let args: &[&str] = match operation.command() {
        "bisect" => &["bisect", "reset", "HEAD"],
        "am" => &["am", "--quit"],
        command => &[command, "--quit"],
    };
    session.repo.git(args.iter().copied()).run().map(drop)
}

/// As [`other_refs`] and [`changed`], for those who only report.
pub(super) fn left_changed(session: &Session, before: &OtherRefs, head: &Head) -> Vec<OtherRef> {
    let is_kept = |one: &OtherRef| !one.name.starts_with(b"refs/checkpoint/".as_bstr());
    let now = other_refs(session, head).unwrap_or_default();
    changed(before, &now).into_iter().filter(is_kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_refs_is_told_name_by_name() {
        let id = |byte: u8| Oid::from_bytes_or_panic(&[byte; 20]);
        let refs = |names: &[(&str, u8)]| names.iter().map(|(name, byte)| ((*name).into(), id(*byte))).collect();
        let before: OtherRefs = refs(&[("a", 1), ("b", 2), ("c", 3)]);
        let now: OtherRefs = refs(&[("a", 1), ("b", 9), ("d", 4)]);
        let other = |name: &str, old: Option<u8>, new: Option<u8>| OtherRef {
            name: name.into(),
            old: old.map(id),
            new: new.map(id),
        };
        assert_eq!(
            changed(&before, &now),
            [other("b", Some(2), Some(9)), other("c", Some(3), None), other("d", None, Some(4))]
        );
        assert_eq!(changed(&before, &before), []);
    }
}
