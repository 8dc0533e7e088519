//! What an index says beside its tree, for a state that is made, not captured: as `extras` keeps it.

use gix::{
    bstr::{BString, ByteSlice},
    objs::tree::EntryKind,
};

use crate::{
    error::{Context, Result},
    git::{
        Repo,
        tree::{self, Entry},
    },
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
    tree.upsert(UNMERGED, EntryKind::Blob, list).context("cannot edit a tree")?;
    Ok(tree.write().context("cannot write a tree")?.detach())
}

/// The lists of paths, each ended by a NUL, and whether something and a TAB come before the path.
const LISTS: [(&str, bool); 4] = [
    ("index/assume-unchanged", false),
    ("index/intent-to-add", false),
    ("index/intent-to-add-modes", true),
    (UNMERGED, true),
];

/// The conflict stages.
const UNMERGED: &str = "index/unmerged";

/// The extras `now` with what those of `to` say of the `wanted` paths, and nothing else of them: conflict stages, what is
/// only intended to be added, what is taken for unchanged. Files that git was told not to look for are not looked at.
pub fn with_paths(
    repo: &Repo,
    (now, to): (Option<Oid>, Option<Oid>),
    wanted: &dyn Fn(&BString) -> bool,
) -> Result<Option<Oid>> {
    let empty = Oid::empty_tree(repo.gix().object_hash());
    let mut tree = repo.gix().edit_tree(now.unwrap_or(empty)).context("cannot edit a tree")?;
    for (name, is_second) in LISTS {
        let lines = |extras: Option<Oid>| -> Result<_> {
            extras.map_or(Ok(None), |extras| list(repo, extras, name)).map(Option::unwrap_or_default)
        };
        let path_of = |line: &BString| -> BString {
            let split = line.split_once_str("\t").filter(|_| is_second);
            split.map_or(line.as_slice(), |(_, path)| path).into()
        };
        let (now, to) = (lines(now)?, lines(to)?);
        let mut list: Vec<_> = now.iter().filter(|line| !wanted(&path_of(line))).collect();
        list.extend(to.iter().filter(|line| wanted(&path_of(line))));
        // As an index has them; the stages of one path are in order already.
        list.sort_by_cached_key(|line| path_of(line));
        if list.is_empty() {
            tree.remove(name).context("cannot edit a tree")?;
        } else {
            let content: Vec<u8> = list.iter().flat_map(|line| line.iter().copied().chain([0])).collect();
            let content = repo.gix().write_blob(content).context("cannot keep what an index says")?;
            tree.upsert(name, EntryKind::Blob, content).context("cannot edit a tree")?;
        }
        if name == UNMERGED {
            let blobs = list.iter().filter_map(|line| blob_of(line)).filter(|id| repo.gix().has_object(*id));
            tree.remove("index/blobs").context("cannot edit a tree")?;
            for id in blobs {
                tree.upsert(format!("index/blobs/{id}"), EntryKind::Blob, id).context("cannot edit a tree")?;
            }
        }
    }
    let tree = tree.write().context("cannot write a tree")?.detach();
    Ok((tree != empty).then_some(tree))
}

/// The lines of a list in `extras`; `None` where there is no such list.
pub fn list(repo: &Repo, extras: Oid, name: &str) -> Result<Option<Vec<BString>>> {
    let Some(entry) = tree::entry(repo, extras, name.into())? else {
        return Ok(None);
    };
    let blob = repo.gix().find_blob(entry.id).with_context(|| format!("cannot read the list `{name}`"))?;
    let items = blob.data.split(|byte| *byte == 0).filter(|item| !item.is_empty());
    Ok(Some(items.map(BString::from).collect()))
}

/// The blob of a conflict stage; a submodule has none.
fn blob_of(line: &BString) -> Option<Oid> {
    let mut words = line.split_once_str("\t")?.0.fields();
    let mode = words.next()?;
    (mode != b"160000").then(|| Oid::from_hex(words.next()?).ok()).flatten()
}
