//! Notes on trees, in `refs/notes/checkpoint`: verdicts that anyone with the same tree can use.
//!
//! A note is lines that each say one thing, so two writers never contradict each other: what both wrote is merged
//! line by line.

use gix::{
    bstr::{BStr, BString, ByteSlice},
    note::plumbing::State,
    objs,
};

use super::names::NOTES;
use crate::{
    error::{Context, Error, Result},
    git::{
        Repo,
        capture::Identity,
        durable::Durable,
        lock::Turn,
        objects,
        refs::{self, RefEdit, Transaction},
        tree,
    },
    model::Oid,
};

const WHAT: &str = "cannot read the notes in `refs/notes/checkpoint`";

/// More than all verdicts on a tree ever take, in bytes; a note that somebody else made may have any size.
const MAX_NOTE: u64 = 1 << 20;

/// So often a writer that waits for no turn may be faster: git itself, for one.
const ATTEMPTS: usize = 20;

/// The note on a tree, in the notes of this ref.
pub fn read(repo: &Repo, notes: &BStr, tree: Oid) -> Result<Option<BString>> {
    match refs::find(repo, notes)? {
        Some(commit) => note(repo, &mut state(repo, Some(commit))?, tree),
        None => Ok(None),
    }
}

/// Whether this is a commit of notes that can be read.
pub fn is_readable(repo: &Repo, commit: Oid) -> bool {
    repo.tree_of(commit).is_ok_and(|tree| State::new(tree, &repo.gix().objects).is_ok())
}

/// A commit, in memory, that has the lines of both: what is pushed where others have written too.
pub fn merge(repo: &Repo, theirs: Oid, ours: Oid, by: &Identity) -> Result<Oid> {
    let mut state = state(repo, Some(theirs))?;
    let mut notes = repo.tree_of(theirs)?;
    for (tree, blob) in all(repo, repo.tree_of(ours)?)? {
        let Some(added) = content(repo, blob)? else { continue };
        let present = note(repo, &mut state, tree)?.unwrap_or_default();
        let merged = union(present.as_ref(), added.as_ref());
        if merged != present {
            let blob = objects::write(repo, &objs::Blob { data: merged.into() })?;
            notes = state.replace(tree, blob, &repo.gix().objects).context("cannot change the notes")?.tree;
        }
    }
    commit(repo, notes, [theirs, ours], by)
}

/// Every note: the object it is on, and its blob.
fn all(repo: &Repo, tree: Oid) -> Result<Vec<(Oid, Oid)>> {
    let empty = Oid::empty_tree(repo.gix().object_hash());
    let named = tree::diff(repo, empty, tree)?.into_iter().filter_map(|change| {
        let hex: Vec<u8> = change.path.iter().copied().filter(|byte| *byte != b'/').collect();
        Some((Oid::from_hex(&hex).ok()?, change.new.filter(|new| new.mode.is_blob())?.id))
    });
    Ok(named.collect())
}

fn commit(repo: &Repo, tree: Oid, parents: impl IntoIterator<Item = Oid>, by: &Identity) -> Result<Oid> {
    let commit = objs::Commit {
        tree,
        parents: parents.into_iter().collect(),
        author: by.signature.clone(),
        committer: by.signature.clone(),
        encoding: None,
        message: "Notes added by 'git checkpoint'\n".into(),
        extra_headers: Vec::new(),
    };
    objects::write(repo, &commit)
}

/// Adds the lines of `content` to the note on a tree; lines that it has already stay once.
pub fn write(repo: &Repo, tree: Oid, content: &BStr, by: &Identity) -> Result<()> {
    // A state that was only looked at need not be kept.
    objects::apart(repo, || {
        let _turn = Turn::take(repo);
        try_write(repo, tree, content, by)
    })
}

fn try_write(repo: &Repo, tree: Oid, content: &BStr, by: &Identity) -> Result<()> {
    for _ in 0..ATTEMPTS {
        let old = refs::find(repo, BStr::new(NOTES))?;
        let mut state = state(repo, old)?;
        let present = note(repo, &mut state, tree)?.unwrap_or_default();
        let merged = union(present.as_ref(), content);
        if merged == present {
            return Ok(());
        }
        let blob = objects::write(repo, &objs::Blob { data: merged.into() })?;
        let notes = state.replace(tree, blob, &repo.gix().objects).context("cannot change the notes")?.tree;
        let new = commit(repo, notes, old, by)?;
        let edit = RefEdit { name: NOTES.into(), old, new: Some(new) };
        // What a power cut takes is found out again; it must only never leave a ref without its objects.
        let mut objects = || objects::flush_as(repo, (Durable::Content, None)).map(drop);
        let message = "notes: Notes added by 'git checkpoint'";
        match refs::transaction_with(repo, &[edit], message, (Durable::Content, &mut objects))? {
            Transaction::Done => return Ok(()),
            Transaction::Moved(_) => {}
        }
    }
    Err(Error::environment("others write notes all the time").hint("try again"))
}

fn state(repo: &Repo, commit: Option<Oid>) -> Result<State> {
    let tree = match commit {
        Some(commit) => repo.tree_of(commit)?,
        None => objects::write(repo, &objs::Tree::empty())?,
    };
    State::new(tree, &repo.gix().objects).context(WHAT)
}

fn note(repo: &Repo, state: &mut State, tree: Oid) -> Result<Option<BString>> {
    match state.get(&tree, &repo.gix().objects).context(WHAT)? {
        Some(blob) => content(repo, blob),
        None => Ok(None),
    }
}

/// What a note says; nothing where it is no text that this program could have written.
fn content(repo: &Repo, blob: Oid) -> Result<Option<BString>> {
    let header = repo.gix().find_header(blob).context(WHAT)?;
    if header.kind() != objs::Kind::Blob || header.size() > MAX_NOTE {
        return Ok(None);
    }
    let mut blob = repo.gix().find_blob(blob).context(WHAT)?;
    Ok(Some(blob.take_data().into()))
}

/// The lines of both, each once, in the order they came.
fn union(present: &BStr, added: &BStr) -> BString {
    let mut seen = std::collections::HashSet::new();
    let lines = present.lines().chain(added.lines()).filter(|line| !line.is_empty() && seen.insert(*line));
    let mut merged = Vec::new();
    for line in lines {
        merged.extend_from_slice(line);
        merged.push(b'\n');
    }
    merged.into()
}
