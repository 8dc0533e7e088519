//! What a push takes away at the remote, and a ref that keeps it here.

use std::collections::BTreeSet;

use gix::{
    bstr::{BStr, BString, ByteSlice},
    prelude::FindExt as _,
};

use super::{Update, resolve::Remote};
use crate::{
    error::{Context, Error, Result},
    git::refs::{self, RefEdit, Transaction},
    model::Oid,
    ops::Session,
    store::names::DISCARDED,
};

/// So many of the commits are named.
const NAMED: usize = 10;

/// What a ref of the remote loses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discarded {
    /// The ref at the remote.
    pub remote_ref: BString,
    /// What it has now.
    pub tip: Oid,
    /// What is lost with it.
    pub loss: Loss,
}

/// What is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loss {
    /// So many commits, of which the newest are named with their subjects.
    Commits {
        /// How many.
        count: usize,
        /// The newest.
        newest: Vec<(Oid, String)>,
        /// The ref that keeps them here, once it was made.
        kept: Option<BString>,
    },
    /// Nobody can tell: the commits are not in this repository.
    Unknown,
}

/// What the updates take away at the remote.
pub(super) fn find(session: &Session, updates: &[Update], remote: &Remote<'_>) -> Result<Vec<Discarded>> {
    let mut found = Vec::new();
    let is_moved = |update: &&Update| update.remote.is_some() && update.remote != update.local;
    let mut elsewhere = None;
    for update in updates.iter().filter(is_moved) {
        let Some(tip) = update.remote else { continue };
        let discarded = |loss| Discarded { remote_ref: update.remote_ref.clone(), tip, loss };
        let odb = &session.repo.gix().objects;
        if odb.find(&tip, &mut Vec::new()).is_err() {
            found.push(discarded(Loss::Unknown));
            continue;
        }
        let Some(commit) = super::resolve::commit_of(session, tip)? else { continue };
        let remaining = match &elsewhere {
            Some(remaining) => remaining,
            None => elsewhere.insert(remaining(session, updates, remote)?),
        };
        if remaining.contains(&commit) {
            continue;
        }
        found.extend(loss(session, commit, remaining)?.map(discarded));
    }
    Ok(found)
}

/// The commits that the remote's refs will have after the push, as far as is known here.
fn remaining(session: &Session, updates: &[Update], remote: &Remote<'_>) -> Result<BTreeSet<Oid>> {
    let mut tips = BTreeSet::new();
    for local in updates.iter().filter_map(|update| update.local) {
        tips.extend(super::resolve::commit_of(session, local)?);
    }
    let touched = |name: &BStr| updates.iter().any(|update| remote.tracks(name, update.remote_ref.as_ref()));
    for (name, id) in remote.tracking_refs(session)? {
        if !touched(name.as_ref()) && !name.ends_with(b"/HEAD") {
            tips.extend(super::resolve::commit_of(session, id)?);
        }
    }
    Ok(tips)
}

fn loss(session: &Session, tip: Oid, remaining: &BTreeSet<Oid>) -> Result<Option<Loss>> {
    let input: String = remaining.iter().map(|id| format!("^{id}\n")).collect();
    let list = session.repo.git(["rev-list", "--topo-order", "--stdin"]).stdin(format!("{tip}\n{input}"));
    let listed = list.run().context("cannot tell which commits of the remote would be lost")?;
    let ids: Vec<&[u8]> = listed.lines().collect();
    if ids.is_empty() {
        return Ok(None);
    }
    let name = |hex: &&[u8]| -> Result<(Oid, String)> {
        let id = Oid::from_hex(hex).context("git named a commit that is no object's name")?;
        let commit = session.repo.gix().find_commit(id).context("cannot read a commit")?;
        let message = commit.message().context("cannot read a commit's message")?;
        Ok((id, message.summary().to_str_lossy().into_owned()))
    };
    let newest = ids.iter().take(NAMED).map(name).collect::<Result<_>>()?;
    Ok(Some(Loss::Commits { count: ids.len(), newest, kept: None }))
}

/// Makes a ref here for every history that would be lost, unless there is one already.
pub(super) fn keep(session: &Session, discarded: &mut [Discarded]) -> Result<()> {
    let present = refs::list(&session.repo, DISCARDED)?;
    let mut edits = Vec::new();
    for lost in discarded {
        let Loss::Commits { kept, .. } = &mut lost.loss else { continue };
        let short = lost.remote_ref.strip_prefix(b"refs/").unwrap_or(&lost.remote_ref);
        let ending = [b"/", short].concat();
        if let Some((name, _)) = present.iter().find(|(name, id)| *id == lost.tip && name.ends_with(&ending)) {
            *kept = Some(name.clone());
            continue;
        }
        let time = session.now.format("%Y%m%d-%H%M%S");
        let mut name = BString::from(format!("{DISCARDED}{time}-{}", lost.tip.to_hex_with_len(10)));
        name.extend_from_slice(&ending);
        edits.push(RefEdit { name: name.clone(), old: None, new: Some(lost.tip) });
        *kept = Some(name);
    }
    match refs::transaction(&session.repo, &edits, "checkpoint: keep what a push discards")? {
        Transaction::Done => Ok(()),
        Transaction::Moved(name) => {
            Err(Error::environment(format!("`{name}` was made by another process"))
                .hint("push again; nothing was pushed"))
        }
    }
}
