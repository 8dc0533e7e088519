//! Where refs of a remote are put before anybody has looked at what they are.
//!
//! Names below `refs/checkpoint/incoming/` are nothing to any other command. Each call has a folder of its own, and what a
//! call that was killed left behind goes after a day.

use std::collections::BTreeMap;

use chrono::{Duration, NaiveDateTime};
use gix::bstr::{BString, ByteSlice};

use super::Session;
use crate::{
    error::{Error, Result},
    git::{
        refs::{self, RefEdit, Transaction},
        remote::Remote,
    },
    model::Oid,
    store::names::{INCOMING, slug},
};

const STAMP: &str = "%Y%m%dT%H%M%S";

/// How long a folder is left alone: no call takes longer.
const LEFT_ALONE: Duration = Duration::days(1);

/// The folder of one call.
#[derive(Debug)]
pub(super) struct Quarantine {
    prefix: String,
}

impl Quarantine {
    /// A folder for refs of `remote`; nothing is made yet.
    pub(super) fn new(session: &Session, remote: &str) -> Self {
        let stamp = session.now.format(STAMP);
        Quarantine { prefix: format!("{INCOMING}{stamp}.{}/{}/", std::process::id(), slug(remote)) }
    }

    /// Fetches the refs of these full names and gives what they point to; those that are gone by now are left out.
    pub(super) fn fetch(
        &self,
        session: &Session,
        remote: &Remote,
        wanted: &[BString],
    ) -> Result<BTreeMap<BString, Oid>> {
        let mut wanted: Vec<BString> = wanted.to_vec();
        for _ in 0..5 {
            let spec = |name: &BString| format!("+{name}:{}{}", self.prefix, short(name));
            if remote.fetch(&session.repo, &wanted.iter().map(spec).collect::<Vec<_>>())? {
                let here: BTreeMap<BString, Oid> = refs::list(&session.repo, &self.prefix)?.into_iter().collect();
                let found = |name: BString| {
                    let id = here.get(&BString::from(format!("{}{}", self.prefix, short(&name))))?;
                    Some((name, *id))
                };
                return Ok(wanted.into_iter().filter_map(found).collect());
            }
            // Somebody removes refs there just now.
            let theirs = remote.list(&session.repo)?;
            wanted.retain(|name| theirs.contains_key(name));
        }
        Err(Error::environment("the refs of the remote change all the time").hint("try again"))
    }

    /// Removes the folder, and what is old.
    pub(super) fn clear(&self, session: &Session) -> Result<()> {
        let all = refs::list(&session.repo, INCOMING)?;
        let is_old = |name: &BString| {
            let stamp = name[INCOMING.len()..].to_str_lossy();
            let stamp = stamp.split('.').next().unwrap_or_default();
            let at = NaiveDateTime::parse_from_str(stamp, STAMP);
            at.is_ok_and(|at| (session.now.naive_utc() - at).abs() > LEFT_ALONE)
        };
        let goes = |name: &BString| name.starts_with(self.prefix.as_bytes()) || is_old(name);
        let edit = |(name, id): (BString, Oid)| RefEdit { name, old: Some(id), new: None };
        let edits: Vec<RefEdit> = all.into_iter().filter(|(name, _)| goes(name)).map(edit).collect();
        match refs::transaction(&session.repo, &edits, "checkpoint: looked at")? {
            // Another call that removed the same has done the work.
            Transaction::Done | Transaction::Moved(_) => Ok(()),
        }
    }
}

fn short(name: &BString) -> String {
    name.strip_prefix(b"refs/").unwrap_or(name).to_str_lossy().into_owned()
}
