//! What a move of HEAD leaves behind.

use gix::bstr::ByteSlice;

use super::Session;
use crate::{
    error::{Context, Result},
    model::{Oid, State},
};

/// The commits that HEAD has and the target has not, newest first.
pub(super) fn commits_left(session: &Session, now: &State, target: &State) -> Result<Vec<(Oid, String)>> {
    let Some(tip) = now.head.commit().filter(|tip| Some(*tip) != target.head.commit()) else {
        return Ok(Vec::new());
    };
    let walk = session.repo.gix().rev_walk([tip]).with_hidden(target.head.commit());
    let mut commits = Vec::new();
    for info in walk.all().context("cannot walk the history")? {
        let info = info.context("cannot walk the history")?;
        let commit = info.object().context("cannot read a commit")?;
        let subject = commit.message().context("cannot read a commit's message")?.summary().to_str_lossy().into_owned();
        commits.push((info.id, subject));
    }
    Ok(commits)
}
