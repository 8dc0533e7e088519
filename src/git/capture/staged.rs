//! What is staged: the tree of the index, how it differs from HEAD, and that its blobs survive a power cut.

use std::fs::File;

use gix::{
    bstr::BString,
    index::{
        State as Index,
        entry::{Mode, Stat},
    },
    objs::Write,
};

use super::{
    content::LARGE,
    edit::{self, Edit, Leaf},
    tree,
};
use crate::{
    error::{Context, Result},
    git::{Repo, durable, objects::flush},
    model::Oid,
};

/// When blobs in memory take more than this, they are written.
const MEMORY: usize = 64 << 20;

/// `git write-tree`, with conflicted paths as they are in HEAD, written through `writer`.
pub(super) fn tree(repo: &Repo, writer: &gix::Repository, index: &Index, head_tree: Oid) -> Result<Oid> {
    if let Some(id) = tree::known(index)
        && (id == head_tree || writer.objects.exists_without_refresh(&id))
    {
        return Ok(id);
    }
    let mut edits = Vec::new();
    for entry in index.entries().iter().filter(|entry| entry.flags.stage_raw() != 0) {
        let path = entry.path(index);
        let in_head = if head_tree.is_empty_tree() { None } else { crate::git::tree::entry(repo, head_tree, path)? };
        let to = in_head.map(|found| Leaf {
            mode: Mode::from(found.mode),
            id: found.id,
            stat: Stat::default(),
            left_out: false,
        });
        edits.push(Edit { path: path.to_owned(), to, in_tree: true });
    }
    edit::sort(&mut edits);
    Ok(tree::write(writer, index, &edits)?.id)
}

/// How a tree differs from another.
#[derive(Debug, Default)]
pub(super) struct Difference {
    /// How many paths of files differ.
    pub(super) count: usize,
    /// The blobs and trees that the second has where they differ.
    pub(super) objects: Vec<Oid>,
}

/// Compares two trees that `objects` has.
pub(super) fn difference(objects: &gix::Repository, (from, to): (Oid, Oid)) -> Result<Difference> {
    use gix::diff::tree::{Recorder, recorder::Change};
    if from == to {
        return Ok(Difference::default());
    }
    let load = |id: Oid| objects.find_tree(id).with_context(|| format!("cannot read tree {id}"));
    let mut new_objects = vec![to];
    let (from, to) = (load(from)?, load(to)?);
    let kind = objects.object_hash();
    let mut recorder = Recorder::default();
    gix::diff::tree(
        gix::objs::TreeRefIter::from_bytes(&from.data, kind),
        gix::objs::TreeRefIter::from_bytes(&to.data, kind),
        gix::diff::tree::State::default(),
        &objects.objects,
        &mut recorder,
    )
    .context("cannot compare two trees")?;
    let mut paths: Vec<BString> = Vec::new();
    for change in recorder.records {
        let (path, modes, new) = match change {
            Change::Addition { entry_mode, oid, path, .. } => (path, [entry_mode; 2], Some((entry_mode, oid))),
            Change::Deletion { entry_mode, path, .. } => (path, [entry_mode; 2], None),
            Change::Modification { previous_entry_mode, entry_mode, oid, path, .. } => {
                (path, [previous_entry_mode, entry_mode], Some((entry_mode, oid)))
            }
        };
        new_objects.extend(new.filter(|(mode, _)| !mode.is_commit()).map(|(_, id)| id));
        if modes.iter().any(|mode| !mode.is_tree()) {
            paths.push(path);
        }
    }
    // A file that becomes a folder, or the reverse, comes twice.
    paths.sort_unstable();
    paths.dedup();
    Ok(Difference { count: paths.len(), objects: new_objects })
}

/// Makes sure that what `git add` wrote survives a power cut, which git leaves to the kernel's leisure.
///
/// Small ones go to memory, where `objects::flush` finds them; large ones are made durable at once.
pub(super) fn keep(repo: &Repo, objects: &[Oid]) -> Result<()> {
    let objects_dir = repo.gix().objects.store_ref().path();
    let mut in_memory = 0;
    for id in objects {
        let hex = id.to_hex().to_string();
        let (fan_out, rest) = hex.split_at(2);
        let folder = objects_dir.join(fan_out);
        // What is in a pack was made durable with it.
        let Ok(file) = File::open(folder.join(rest)) else { continue };
        let header = repo.gix().find_header(*id).with_context(|| format!("cannot read object {id}"))?;
        if header.size() > LARGE {
            let synced = file.sync_all().and_then(|()| durable::sync_dir(&folder));
            synced.and_then(|()| durable::sync_dir(objects_dir)).context("cannot make a staged file durable")?;
            continue;
        }
        let object = repo.gix().find_object(*id).with_context(|| format!("cannot read object {id}"))?;
        in_memory += object.data.len();
        let stored = repo.gix().objects.write_buf_with_known_id(object.kind, &object.data, *id);
        stored.context("cannot keep a staged file's content")?;
        if in_memory > MEMORY {
            let _written = flush(repo)?;
            in_memory = 0;
        }
    }
    Ok(())
}

/// Blobs of conflict stages, which no tree has.
pub(super) fn conflict_blobs(index: &Index) -> Vec<Oid> {
    let stages = index.entries().iter().filter(|entry| entry.flags.stage_raw() != 0 && entry.mode != Mode::COMMIT);
    stages.map(|entry| entry.id).collect()
}
