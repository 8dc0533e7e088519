//! An artifact, brought back.

use super::{Around, by_command, command, digest_of, path_of, save::refuse_tracked};
use crate::{
    config::Artifact,
    error::{Error, Result},
    git::artifact::{self, Present, Put, Scratch, Wanted},
    model::{ArtifactForm, SavedArtifact},
    ops::Session,
};

/// What is to be brought back.
#[derive(Debug, Clone, Copy)]
pub struct Restore<'a> {
    /// How, as `ways` gave it.
    pub artifact: &'a Artifact,
    /// What it is to be.
    pub to: &'a SavedArtifact,
    /// How what is there now was saved by `save_present`; `None` if nothing may be lost, as nothing is there.
    pub present: Option<&'a SavedArtifact>,
    /// What its command is told.
    pub around: Around<'a>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Restored {
    /// It was as wanted.
    Already,
    /// The file is what was saved.
    Put,
    /// Its command has brought it back.
    ByCommand,
    /// The file is gone, as it was then.
    Removed,
}

/// Brings it back. It can be called again after a crash, with the same values. On an error what was there is there, as it was
/// saved, or the error says that it is not.
pub fn restore(session: &Session, restore: &Restore<'_>) -> Result<Restored> {
    refuse_tracked(session, std::slice::from_ref(restore.artifact))?;
    if by_command(restore.artifact, restore.to) {
        run(session, restore)
    } else {
        put(session, restore, present(restore))
    }
}

fn present(restore: &Restore<'_>) -> Present {
    match restore.present {
        None => Present::Nothing,
        Some(saved) => match saved.form {
            ArtifactForm::Absent => Present::Nothing,
            ArtifactForm::Copy => Present::Bytes(saved.object),
            ArtifactForm::Command => Present::Otherwise,
        },
    }
}

/// Puts the bytes in the place of the file.
fn put(session: &Session, restore: &Restore<'_>, present: Present) -> Result<Restored> {
    let Some(path) = path_of(restore.artifact) else {
        return Err(Error::usage(format!("the artifact `{}` cannot be brought back", restore.artifact.name))
            .because("it has neither a `restore` command nor a `path`")
            .hint("give it one of them in `.checkpoint.toml`"));
    };
    if restore.to.form == ArtifactForm::Absent {
        return Ok(match artifact::remove(&session.repo, path.as_ref(), present)? {
            Put::Already => Restored::Already,
            Put::Done => Restored::Removed,
        });
    }
    let wanted = Wanted { object: restore.to.object, digest: &digest_of(restore.to) };
    Ok(match artifact::put(&session.repo, path.as_ref(), wanted, present)? {
        Put::Already => Restored::Already,
        Put::Done => Restored::Put,
    })
}

/// Lets its command bring it back; if that fails, what was there comes back.
fn run(session: &Session, restore: &Restore<'_>) -> Result<Restored> {
    let Restore { artifact, to, present, around } = *restore;
    let is_known = present.is_some_and(|present| present.form == to.form && digest_of(present) == digest_of(to));
    if is_known {
        return Ok(Restored::Already);
    }
    let error = match load(session, (artifact, to), around) {
        Ok(()) => return Ok(Restored::ByCommand),
        Err(Loading::NotBegun(error)) => return Err(error),
        Err(Loading::Failed(error)) => error,
    };
    let Some(present) = present else {
        return Err(error.hint("it may be brought back in part: nothing was there before"));
    };
    let back = Restore { artifact, to: present, present: None, around };
    match put_back(session, &back) {
        Ok(()) => Err(error.hint("what was there before is back")),
        Err(again) => Err(error
            .hint(format!("what was there before could not be put back either: {}", again.chain().join(": ")))
            .hint(format!("it is whole in the record of this operation, as the artifact `{}`", artifact.name))),
    }
}

/// What is half-way now is in nobody's interest.
fn put_back(session: &Session, back: &Restore<'_>) -> Result<()> {
    if by_command(back.artifact, back.to) {
        return match load(session, (back.artifact, back.to), back.around) {
            Ok(()) => Ok(()),
            Err(Loading::NotBegun(error) | Loading::Failed(error)) => Err(error),
        };
    }
    put(session, back, Present::Otherwise).map(drop)
}

/// Why a command has not brought back what it was to.
enum Loading {
    /// It was not run.
    NotBegun(Error),
    /// It was, and did not end well.
    Failed(Error),
}

/// Writes what was saved to a file, looks whether it is whole, and runs `restore`.
fn load(session: &Session, (artifact, to): (&Artifact, &SavedArtifact), around: Around<'_>) -> Result<(), Loading> {
    let ready = || -> Result<(Scratch, &str)> {
        let restore = artifact.restore.as_deref().ok_or_else(|| Error::bug("there is no `restore` to be run"))?;
        let scratch = Scratch::new(&session.repo)?;
        if scratch.fill(&session.repo, (to.object, to.size))? != digest_of(to) {
            return Err(artifact::damaged(&artifact.name));
        }
        Ok((scratch, restore))
    };
    let (scratch, restore) = ready().map_err(Loading::NotBegun)?;
    command::run(session, (artifact, "restore", restore), &scratch, around).map_err(Loading::Failed)
}
