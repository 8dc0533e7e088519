//! Notes on trees, in `refs/notes/checkpoint`: verdicts that anyone with the same tree can use.
//!
//! A note is lines that each say one thing, so two writers never contradict each other: what both wrote is merged
//! line by line.

use gix::{
    bstr::{BStr, BString, ByteSlice},
    note::plumbing::State,
    objs,
};

use crate::{
    error::{Context, Error, Result},
    git::{
        Repo,
        capture::Identity,
        objects,
        refs::{self, RefEdit, Transaction},
    },
    model::Oid,
};

const NOTES: &str = "refs/notes/checkpoint";
const WHAT: &str = "cannot read the notes in `refs/notes/checkpoint`";

/// So often another writer may be faster.
const ATTEMPTS: usize = 20;

/// The note on a tree.
pub fn read(repo: &Repo, tree: Oid) -> Result<Option<BString>> {
    match refs::find(repo, BStr::new(NOTES))? {
        Some(commit) => note(repo, &mut state(repo, Some(commit))?, tree),
        None => Ok(None),
    }
}

/// Adds the lines of `content` to the note on a tree; lines that it has already stay once.
pub fn write(repo: &Repo, tree: Oid, content: &BStr, by: &Identity) -> Result<()> {
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
        let commit = objs::Commit {
            tree: notes,
            parents: old.into_iter().collect(),
            author: by.signature.clone(),
            committer: by.signature.clone(),
            encoding: None,
            message: "Notes added by 'git checkpoint'\n".into(),
            extra_headers: Vec::new(),
        };
        let new = objects::write(repo, &commit)?;
        objects::flush(repo)?;
        let edit = RefEdit { name: NOTES.into(), old, new: Some(new) };
        match refs::transaction(repo, &[edit], "notes: Notes added by 'git checkpoint'")? {
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
    let Some(blob) = state.get(&tree, &repo.gix().objects).context(WHAT)? else { return Ok(None) };
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
