//! Artifacts, saved: with a state, and before they are replaced.

use gix::bstr::{BStr, BString};

use super::{Around, by_command, command, path_of};
use crate::{
    config::Artifact,
    error::{Context, Error, Result},
    git::{
        artifact::{self, Kept, Scratch},
        objects, tracked,
    },
    model::{ArtifactForm, SavedArtifact, quote_path},
    ops::Session,
};

/// Saves them as they are now. Their content is on disk when it returns; nothing refers to it yet. An error if one of them cannot be
/// saved: the state would not be whole.
pub fn save(session: &Session, artifacts: &[Artifact], around: Around<'_>) -> Result<Vec<SavedArtifact>> {
    if !artifacts.is_empty() {
        Scratch::tidy(&session.repo)?;
    }
    refuse_tracked(session, artifacts)?;
    artifacts.iter().map(|artifact| save_one(session, artifact, around)).collect()
}

fn save_one(session: &Session, artifact: &Artifact, around: Around<'_>) -> Result<SavedArtifact> {
    let is_gone = match path_of(artifact) {
        // What is not there its program might make, and that would be saved then.
        Some(path) => !is_there(session, path.as_ref())?,
        None => false,
    };
    if is_gone && artifact.optional {
        return absent(session, artifact);
    }
    if is_gone {
        return Err(missing(artifact));
    }
    match &artifact.save {
        Some(save) => by_its_command(session, artifact, save, around),
        None => copy(session, artifact)?.ok_or_else(|| missing(artifact)),
    }
}

/// Saves what is there now of each artifact that is about to be brought back to what is beside it: by its command where a command
/// brings it back too; as plain bytes where these will be replaced. Where the one fails, it is tried in the other way.
pub fn save_present(
    session: &Session,
    wanted: &[(Artifact, SavedArtifact)],
    around: Around<'_>,
) -> Result<Vec<SavedArtifact>> {
    if !wanted.is_empty() {
        Scratch::tidy(&session.repo)?;
    }
    let artifacts: Vec<Artifact> = wanted.iter().map(|(artifact, _)| artifact.clone()).collect();
    refuse_tracked(session, &artifacts)?;
    wanted.iter().map(|(artifact, to)| present(session, (artifact, to), around)).collect()
}

fn present(
    session: &Session,
    (artifact, to): (&Artifact, &SavedArtifact),
    around: Around<'_>,
) -> Result<SavedArtifact> {
    if let Some(path) = path_of(artifact)
        && !is_there(session, path.as_ref())?
    {
        return absent(session, artifact);
    }
    let bytes = || match copy(session, artifact)? {
        Some(saved) => Ok(saved),
        None => absent(session, artifact),
    };
    let by_its_command = |save: &String| by_its_command(session, artifact, save, around);
    let saved = match (&artifact.save, &artifact.path) {
        (Some(save), Some(_)) if by_command(artifact, to) => {
            by_its_command(save).or_else(|error| either(error, bytes()))
        }
        (Some(save), Some(_)) => bytes().or_else(|error| either(error, by_its_command(save))),
        (Some(save), None) => by_its_command(save),
        (None, _) => bytes(),
    };
    saved.with_context(|| format!("what is there now of the artifact `{}` cannot be saved", artifact.name)).map_err(
        |error| error.hint("nothing was changed; what is there is not replaced by anything unless it is saved"),
    )
}

/// The second try; where it fails as well, the first error is the one that helps.
fn either(first: Error, second: Result<SavedArtifact>) -> Result<SavedArtifact> {
    second.map_err(|_| first)
}

fn by_its_command(session: &Session, artifact: &Artifact, save: &str, around: Around<'_>) -> Result<SavedArtifact> {
    let scratch = Scratch::new(&session.repo)?;
    command::run(session, (artifact, "save", save), &scratch, around)?;
    let kept = scratch.keep(&session.repo, &format!("the artifact `{}`", artifact.name))?;
    Ok(saved(artifact, ArtifactForm::Command, kept))
}

fn copy(session: &Session, artifact: &Artifact) -> Result<Option<SavedArtifact>> {
    let Some(path) = path_of(artifact) else {
        return Err(Error::bug("an artifact without a path was to be copied"));
    };
    let kept = artifact::keep_file(&session.repo, path.as_ref())?;
    Ok(kept.map(|kept| saved(artifact, ArtifactForm::Copy, kept)))
}

fn absent(session: &Session, artifact: &Artifact) -> Result<SavedArtifact> {
    let object = objects::apart(&session.repo, || {
        let object = objects::write(&session.repo, &gix::objs::BlobRef { data: b"" })?;
        objects::flush(&session.repo)?;
        Ok(object)
    })?;
    let digest = artifact::write_out(&session.repo, object, &mut std::io::sink())?;
    Ok(saved(artifact, ArtifactForm::Absent, Kept { object, digest }))
}

fn saved(artifact: &Artifact, form: ArtifactForm, kept: Kept) -> SavedArtifact {
    let Kept { object, digest } = kept;
    let (name, path) = (artifact.name.clone(), path_of(artifact));
    SavedArtifact { name, object, size: digest.size, sha256: digest.sha256, form, path }
}

fn is_there(session: &Session, path: &BStr) -> Result<bool> {
    artifact::is_there(&session.repo, path)
}

fn missing(artifact: &Artifact) -> Error {
    let path = quote_path(artifact.path.as_deref().unwrap_or_default().into());
    Error::refused(format!("the artifact `{}` is not there", artifact.name))
        .because(format!("there is no file `{path}`"))
        .hint("make it, or correct its `path` in `.checkpoint.toml`")
        .hint("with `optional = true` a state without it is one too; `--no-artifacts` saves without any of them")
}

/// What git tracks belongs to the snapshot, and going back would write it twice.
pub(super) fn refuse_tracked(session: &Session, artifacts: &[Artifact]) -> Result<()> {
    let paths: Vec<BString> = artifacts.iter().filter_map(path_of).collect();
    match tracked::first(&session.repo, &paths)? {
        None => Ok(()),
        Some(path) => Err(Error::usage(format!("`{}` cannot be an artifact", quote_path(path.as_ref())))
            .because("git tracks it, so it is part of every state already")
            .hint("take the `[[artifact]]` out of `.checkpoint.toml`, or let git forget the file and ignore it")),
    }
}
