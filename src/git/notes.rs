//! Notes of the user that follow commits which were picked.
//!
//! `git cherry-pick` copies none. Who wants notes to follow rewritten commits has said so in `notes.rewriteRef`, and a
//! commit that comes back from a backup is one that was rewritten in that sense.

use gix::{
    bstr::{BStr, BString, ByteSlice},
    note::plumbing::State,
    objs,
};

use crate::{
    error::{Context, Result},
    git::{
        Repo,
        capture::Identity,
        objects,
        refs::{self, RefEdit},
    },
    model::PickedCommit,
};

/// The setting with the names or patterns of the notes that follow.
const REWRITE_REF: &str = "notes.rewriteRef";

/// How notes would be changed so that they follow `picked`. A commit that has a note there keeps it, unless
/// `notes.rewriteMode` is `overwrite`.
pub fn follow(repo: &Repo, picked: &[PickedCommit], by: &Identity) -> Result<Vec<RefEdit>> {
    let mut edits = Vec::new();
    if picked.is_empty() || repo.gix().config_snapshot().boolean("notes.rewrite.cherry-pick") == Some(false) {
        return Ok(edits);
    }
    for name in wanted(repo)? {
        if let Some(old) = refs::find(repo, name.as_ref())?
            && let Some(tree) = copied(repo, repo.tree_of(old)?, picked)?
        {
            let commit = objs::Commit {
                tree,
                parents: [old].into_iter().collect(),
                author: by.signature.clone(),
                committer: by.signature.clone(),
                encoding: None,
                message: "Notes added by 'git checkpoint recover'\n".into(),
                extra_headers: Vec::new(),
            };
            let new = Some(objects::write(repo, &commit)?);
            edits.push(RefEdit { name, old: Some(old), new });
        }
    }
    Ok(edits)
}

/// The tree of notes with the copies; `None` where nothing is to be copied.
fn copied(repo: &Repo, tree: crate::model::Oid, picked: &[PickedCommit]) -> Result<Option<crate::model::Oid>> {
    const WHAT: &str = "cannot read the notes that `notes.rewriteRef` names";
    let overwrite =
        repo.gix().config_snapshot().string("notes.rewriteMode").is_some_and(|mode| mode.as_slice() == b"overwrite");
    let store = &repo.gix().objects;
    let mut state = State::new(tree, store).context(WHAT)?;
    let mut result = None;
    for PickedCommit { from, to } in picked {
        let Some(note) = state.get(from, store).context(WHAT)? else { continue };
        let present = state.get(to, store).context(WHAT)?;
        if from != to && present != Some(note) && (present.is_none() || overwrite) {
            result = Some(state.replace(*to, note, store).context("cannot change the notes")?.tree);
        }
    }
    Ok(result)
}

/// The refs of notes that the setting names, each once.
fn wanted(repo: &Repo) -> Result<Vec<BString>> {
    let config = repo.gix().config_snapshot();
    let patterns: Vec<BString> = config
        .plumbing()
        .strings(REWRITE_REF)
        .unwrap_or_default()
        .into_iter()
        .map(|value| BString::from(value.to_vec()))
        .filter(|value| value.starts_with(b"refs/notes/"))
        .collect();
    let mut names: Vec<BString> = Vec::new();
    if patterns.is_empty() {
        return Ok(names);
    }
    let all = repo.gix().references().context("cannot list refs")?;
    for found in all.prefixed("refs/notes/").context("cannot list refs")?.flatten() {
        let name = found.name().as_bstr();
        if patterns.iter().any(|pattern| matches(pattern.as_ref(), name)) && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

fn matches(pattern: &BStr, name: &BStr) -> bool {
    // As in git: a pattern without special characters is a name.
    gix::glob::wildmatch(pattern, name, gix::glob::wildmatch::Mode::empty()) || pattern.as_bytes() == name.as_bytes()
}
