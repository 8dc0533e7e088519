//! Conflict stages for a state that is made, not captured: as `extras` keeps those of an index.

use gix::{bstr::BString, objs::tree::EntryKind};

use crate::{
    error::{Context, Result},
    git::{Repo, tree::Entry},
    model::Oid,
};

/// One stage of a path in conflict.
#[derive(Debug, Clone)]
pub struct Stage {
    /// The path.
    pub path: BString,
    /// 1 the common ancestor, 2 ours, 3 theirs.
    pub number: u8,
    /// What that side has there.
    pub entry: Entry,
}

/// The extras `extras` with these stages and no others.
pub fn with_stages(repo: &Repo, extras: Option<Oid>, stages: &[Stage]) -> Result<Oid> {
    let empty = Oid::empty_tree(repo.gix().object_hash());
    let mut tree = repo.gix().edit_tree(extras.unwrap_or(empty)).context("cannot edit a tree")?;
    let mut list = Vec::new();
    for stage in stages {
        let about = format!("{:06o} {} {}\t", stage.entry.mode.value(), stage.entry.id, stage.number);
        list.extend_from_slice(about.as_bytes());
        list.extend_from_slice(&stage.path);
        list.push(0);
        if !stage.entry.mode.is_commit() {
            let kept = format!("index/blobs/{}", stage.entry.id);
            tree.upsert(kept, EntryKind::Blob, stage.entry.id).context("cannot edit a tree")?;
        }
    }
    let list = repo.gix().write_blob(list).context("cannot keep conflict stages")?;
    tree.upsert("index/unmerged", EntryKind::Blob, list).context("cannot edit a tree")?;
    Ok(tree.write().context("cannot write a tree")?.detach())
}
