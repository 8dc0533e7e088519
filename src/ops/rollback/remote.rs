//! The branch at its remote is moved along: with the value that the remote has to have, the backup before it, and never over
//! commits that are nowhere else.
//!
//! Only commits go out. What was never committed is in the backup here, and `git checkpoint push` decides about that.

use std::collections::BTreeMap;

use gix::bstr::{BString, ByteSlice};

use crate::{
    error::{Context, Error, Result},
    git::remote::{Answer, Remote, Update},
    model::{Oid, quote_path},
    ops::{Session, quarantine::Quarantine},
};

/// So many commits are named.
const NAMED: usize = 10;

/// What the remote has to have, and what it gets.
#[derive(Debug)]
pub(super) struct Move {
    remote: Remote,
    /// The branch there.
    branch: BString,
    old: Oid,
    new: Oid,
    listed: BTreeMap<BString, Oid>,
}

/// Where the branch goes.
pub(super) struct Wanted<'a> {
    /// The full name of the branch here.
    pub(super) branch: &'a BString,
    /// The commit that it was at, which the backup keeps.
    pub(super) before: Oid,
    /// The commit that it is at after the rollback.
    pub(super) new: Oid,
    /// Whether git may ask a person for a password.
    pub(super) asks: bool,
}

/// Looks at the remote; `None` where there is nothing to move. Commits that would be nowhere else are an error that names them.
pub(super) fn plan(session: &Session, wanted: &Wanted<'_>) -> Result<Option<Move>> {
    let remote = Remote::of(&session.repo, session.env(), None, wanted.asks)?;
    let branch = branch_there(session, &remote, wanted.branch);
    let listed = remote.list(&session.repo)?;
    let Some(old) = listed.get(&branch).copied().filter(|old| *old != wanted.new) else {
        return Ok(None);
    };
    let quarantine = Quarantine::new(session, remote.name());
    let is_here = session.repo.gix().has_object(old);
    if !is_here {
        let _fetched = quarantine.fetch(session, &remote, std::slice::from_ref(&branch))?;
    }
    let lost = lost(session, old, wanted);
    if !is_here {
        quarantine.clear(session)?;
    }
    let lost = lost?;
    if lost.is_empty() {
        return Ok(Some(Move { remote, branch, old, new: wanted.new, listed }));
    }
    let name = quote_path(branch.strip_prefix(b"refs/heads/").unwrap_or(&branch).as_bstr());
    let count = lost.len();
    let commits = if count == 1 { "a commit that is".to_owned() } else { format!("{count} commits that are") };
    let mut error =
        Error::refused(format!("`{name}` at `{}` has {commits} not in the backup, and would be lost", remote.name()));
    for line in lost.iter().take(NAMED) {
        error = error.hint(line);
    }
    Err(error.hint(format!("`git fetch {}` gets them; without `--push` the remote stays as it is", remote.name())))
}

/// The name that the branch has there: the one it follows, if that is at this remote.
fn branch_there(session: &Session, remote: &Remote, branch: &BString) -> BString {
    let config = session.repo.gix().config_snapshot();
    let short = branch.strip_prefix(b"refs/heads/").unwrap_or(branch).as_bstr();
    let of_branch = |key: &str| config.plumbing().string_by("branch", Some(short), key);
    match (of_branch("remote"), of_branch("merge")) {
        (Some(name), Some(merge)) if name == remote.name() => merge,
        _ => branch.clone(),
    }
}

/// The commits that the branch there has and that neither the backup nor its new place has, newest first, in words.
fn lost(session: &Session, old: Oid, wanted: &Wanted<'_>) -> Result<Vec<String>> {
    let input = format!("{old}\n^{}\n^{}\n", wanted.before, wanted.new);
    let list = session.repo.git(["log", "--format=%h %an: %s", "--stdin"]).stdin(input);
    let listed = list.run().context("cannot tell which commits of the remote would be lost")?;
    Ok(listed.to_str_lossy().lines().map(str::to_owned).collect())
}

impl Move {
    /// What it is about, in words.
    pub(super) fn in_words(&self) -> String {
        let branch = quote_path(self.branch.strip_prefix(b"refs/heads/").unwrap_or(&self.branch).as_bstr());
        format!("{branch} at {}", self.remote.name())
    }

    /// Pushes the backup, then moves the branch if it still is where it was looked at; what was done, in words.
    pub(super) fn carry_out(&self, session: &Session, backup: (&BString, Oid)) -> Result<String> {
        let (name, tip) = backup;
        let keep = Update { name: [b"refs/heads/", name.as_slice()].concat().into(), old: None, new: Some(tip) };
        // It may have gone there before an interruption.
        if self.listed.get(&keep.name) != Some(&tip) {
            self.push(session, &keep)?;
        }
        self.push(session, &Update { name: self.branch.clone(), old: Some(self.old), new: Some(self.new) })?;
        Ok(format!("{} was {}, kept there as {name}", self.in_words(), self.old.to_hex_with_len(10)))
    }

    fn push(&self, session: &Session, update: &Update) -> Result<()> {
        let pushed = self.remote.push(&session.repo, std::slice::from_ref(update), false, false)?;
        let name = quote_path(update.name.as_bstr());
        match pushed.answers.get(&update.name) {
            Some(Answer::Done) => Ok(()),
            Some(Answer::Refused(why)) => {
                Err(Error::refused(format!("`{}` does not take `{name}`", self.remote.name()))
                    .because(why.clone())
                    .hint("somebody may have pushed meanwhile: look with `git fetch`, then push by hand"))
            }
            Some(Answer::Unknown) | None => {
                Err(Error::environment(format!("it is not known whether `{}` took `{name}`", self.remote.name()))
                    .because(pushed.said)
                    .hint(format!("`git ls-remote {}` shows what it has", self.remote.name())))
            }
        }
    }
}
