//! Artifacts: saved with a state, and brought back with it.
//!
//! An artifact is a file that is copied, or what its `save` command makes of it. What is there is saved before it is replaced, by
//! its `save` command or as plain bytes, so a database that is damaged stands in nobody's way; and what was saved is
//! compared with its SHA-256 before anything is touched. All of it can be done again after a crash. Everything here is to be
//! called under the operation lock, but for [`check`], [`differing`] and [`ways`], which only read.

mod command;
mod restore;
mod save;

use std::collections::HashSet;

use gix::bstr::{BString, ByteSlice};

use crate::{
    config::{Artifact, Consent},
    error::{Context, Error, Result},
    git::artifact,
    model::{ArtifactForm, Oid, PhaseMark, RecordId, SavedArtifact},
    ops::Session,
};

pub use restore::{Restore, Restored, restore};
pub use save::{save, save_present};

/// What is told to the commands.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// What it is done for, as `CHECKPOINT_STAGE`: `checkpoint`, `rollback`, `undo` …
    pub stage: &'a str,
    /// The commit of the state.
    pub commit: Oid,
    /// Its tree.
    pub tree: Oid,
    /// The phase of the state.
    pub phase: Option<&'a PhaseMark>,
}

/// The artifacts of the configuration, for one who has the consent to exactly that.
pub fn configured<'s>(session: &'s Session, consent: &Consent) -> Result<&'s [Artifact]> {
    session.config.artifacts(consent)
}

/// How an artifact of a record comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Way {
    /// As this says.
    By(Artifact),
    /// Not at all, for this reason.
    None(String),
}

/// How each artifact of a record comes back: as the configuration says; one that it does not name as a file, if it was kept as
/// one by an operation of this repository.
pub fn ways(
    session: &Session,
    configured: &[Artifact],
    (id, saved): (&RecordId, &[SavedArtifact]),
) -> Result<Vec<(SavedArtifact, Way)>> {
    let foreign = session.store().foreign()?;
    Ok(saved.iter().map(|one| (one.clone(), way(one, configured, foreign.contains(id)))).collect())
}

fn way(saved: &SavedArtifact, configured: &[Artifact], is_foreign: bool) -> Way {
    let named = configured.iter().find(|artifact| artifact.name == saved.name);
    let path = saved.path.as_ref().map(|path| path.to_str().map(str::to_owned));
    let Ok(path) = path.transpose() else { return Way::None("its path is no text".into()) };
    match (named, path) {
        (Some(artifact), path) => {
            // Where it was then is where that state looks for it.
            Way::By(Artifact { path: path.or_else(|| artifact.path.clone()), ..artifact.clone() })
        }
        (None, _) if saved.form == ArtifactForm::Command => {
            Way::None("the configuration has no such artifact any more, so nothing says how it comes back".into())
        }
        (None, Some(_)) if is_foreign => {
            Way::None("the configuration has no such artifact, and the record is from elsewhere".into())
        }
        (None, Some(path)) => Way::By(Artifact::copy_of(&saved.name, &path)),
        (None, None) => Way::None("it has no path".into()),
    }
}

/// Whether the content of each is there and what its record says: before anything is changed.
pub fn check(session: &Session, saved: &[SavedArtifact]) -> Result<()> {
    for one in saved {
        let what = || format!("the artifact `{}` cannot be brought back", one.name);
        let digest = artifact::write_out(&session.repo, one.object, &mut std::io::sink()).with_context(what)?;
        if digest != digest_of(one) {
            return Err(Error::environment(what())
                .because("its content is damaged: its SHA-256 is another one than the record has")
                .hint(
                    "`git fsck` looks for damage in the repository; choose another checkpoint; nothing was changed",
                ));
        }
    }
    Ok(())
}

/// Whether what is there now is what was saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Differs {
    /// It is.
    No,
    /// It is not.
    Yes,
    /// Only its own program could tell.
    Unknown,
}

/// Compares what is there now with what was saved, in the same order.
pub fn differing(session: &Session, wanted: &[(Artifact, SavedArtifact)]) -> Result<Vec<Differs>> {
    let one = |(artifact, saved): &(Artifact, SavedArtifact)| {
        let Some(path) = path_of(artifact) else { return Ok(Differs::Unknown) };
        let now = artifact::measure_file(&session.repo, path.as_ref())?;
        Ok(match (now, saved.form) {
            (None, ArtifactForm::Absent) => Differs::No,
            (None, _) | (Some(_), ArtifactForm::Absent) => Differs::Yes,
            (Some(now), _) if now.digest == digest_of(saved) => Differs::No,
            (Some(_), ArtifactForm::Command) if by_command(artifact, saved) => Differs::Unknown,
            (Some(_), _) => Differs::Yes,
        })
    };
    wanted.iter().map(one).collect()
}

/// Which of two lists of saved artifacts differ, by name: `A` added, `D` gone, `M` another content.
pub fn changes(from: &[SavedArtifact], to: &[SavedArtifact]) -> Vec<(char, String)> {
    let is_there = |one: &SavedArtifact| one.form != ArtifactForm::Absent;
    let of = |list: &[SavedArtifact], name: &str| {
        list.iter().find(|one| one.name == name).filter(|one| is_there(one)).cloned()
    };
    let mut seen = HashSet::new();
    let names = from.iter().chain(to).map(|one| &one.name).filter(|name| seen.insert((*name).clone()));
    let change = |name: &String| {
        let letter = match (of(from, name), of(to, name)) {
            (None, Some(_)) => 'A',
            (Some(_), None) => 'D',
            (Some(from), Some(to)) if from.sha256 != to.sha256 => 'M',
            _ => return None,
        };
        Some((letter, name.clone()))
    };
    names.filter_map(change).collect()
}

/// Whether a command brings it back, and not its bytes in the place of the file. Plain bytes of an artifact that has a `save`
/// command were kept because that failed, so they are no food for `restore`.
fn by_command(artifact: &Artifact, saved: &SavedArtifact) -> bool {
    match saved.form {
        ArtifactForm::Absent => false,
        ArtifactForm::Command => artifact.restore.is_some(),
        ArtifactForm::Copy => artifact.restore.is_some() && artifact.save.is_none(),
    }
}

fn path_of(artifact: &Artifact) -> Option<BString> {
    artifact.path.as_deref().map(BString::from)
}

fn digest_of(saved: &SavedArtifact) -> artifact::Digest {
    artifact::Digest { size: saved.size, sha256: saved.sha256.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(name: &str, form: ArtifactForm, path: Option<&str>) -> SavedArtifact {
        SavedArtifact {
            name: name.into(),
            object: Oid::empty_blob(gix::hash::Kind::Sha1),
            size: 0,
            sha256: name.into(),
            form,
            path: path.map(BString::from),
        }
    }

    fn artifact(name: &str, path: Option<&str>, commands: (Option<&str>, Option<&str>)) -> Artifact {
        let (save, restore) = commands;
        Artifact {
            path: path.map(str::to_owned),
            save: save.map(str::to_owned),
            restore: restore.map(str::to_owned),
            ..Artifact::copy_of(name, "x")
        }
    }

    #[test]
    fn an_artifact_comes_back_as_configured_or_as_the_file_that_it_was() {
        use ArtifactForm::{Absent, Command, Copy};
        let configured = [
            artifact("db", Some("now.db"), (Some("save"), Some("restore"))),
            artifact("pg", None, (Some("s"), Some("r"))),
        ];
        let path = |way: &Way| match way {
            Way::By(artifact) => Some((artifact.path.clone(), artifact.restore.is_some())),
            Way::None(_) => None,
        };
        let text = |text: &str| Some(text.to_owned());
        for (saved, is_foreign, expected) in [
            (saved("db", Command, Some("now.db")), false, Some((text("now.db"), true))),
            (saved("db", Copy, Some("then.db")), true, Some((text("then.db"), true))),
            (saved("pg", Command, None), false, Some((None, true))),
            (saved("gone", Command, Some("x")), false, None),
            (saved("gone", Copy, Some("x")), false, Some((text("x"), false))),
            (saved("gone", Absent, Some("x")), false, Some((text("x"), false))),
            (saved("gone", Copy, Some("x")), true, None),
            (saved("gone", Copy, None), false, None),
        ] {
            assert_eq!(path(&way(&saved, &configured, is_foreign)), expected, "{saved:?}");
        }
    }

    #[test]
    fn plain_bytes_of_what_has_a_save_command_go_in_the_place_of_the_file() {
        use ArtifactForm::{Absent, Command, Copy};
        let both = (Some("s"), Some("r"));
        for (commands, form, expected) in [
            (both, Command, true),
            (both, Copy, false),
            ((None, Some("r")), Copy, true),
            ((Some("s"), None), Command, false),
            ((None, None), Copy, false),
            (both, Absent, false),
        ] {
            let artifact = artifact("db", Some("x"), commands);
            assert_eq!(by_command(&artifact, &saved("db", form, Some("x"))), expected, "{commands:?} {form:?}");
        }
    }

    #[test]
    fn what_differs_is_told_by_name() {
        use ArtifactForm::{Absent, Copy};
        let other = |one: SavedArtifact| SavedArtifact { sha256: "other".into(), ..one };
        let from = [
            saved("same", Copy, None),
            saved("less", Copy, None),
            saved("new", Absent, None),
            saved("mod", Copy, None),
        ];
        let to = [
            saved("same", Copy, None),
            saved("new", Copy, None),
            other(saved("mod", Copy, None)),
            saved("no", Absent, None),
        ];
        let told = changes(&from, &to);
        assert_eq!(told, [('D', "less".into()), ('A', "new".into()), ('M', "mod".into())]);
    }
}
