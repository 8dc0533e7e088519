//! The engine that a rollback calls, called as a rollback does: in a process of its own, in the world of the test.

use std::cell::RefCell;

use git_checkpoint::{
    config::{Artifact, Env},
    error::{Error, Result},
    git::artifact,
    model::SavedArtifact,
    ops::{
        Session,
        artifacts::{self, Around, Restore, Way},
        trust,
    },
};

use crate::support::{TestRepo, answer};

/// Asks a process of its own.
pub(crate) struct Engine<'r> {
    repo: &'r TestRepo,
}

impl<'r> Engine<'r> {
    pub(crate) fn of(repo: &'r TestRepo) -> Self {
        Engine { repo }
    }

    /// The answers to these requests, all of them by one process: `restore <id>`, `restore-unchecked <id>`, `undo`,
    /// `resume <id> <id of what was there>`, `differing <id>`, `keep <path>`, `put <path>`.
    pub(crate) fn ask<S: AsRef<str>>(&self, requests: &[S]) -> Vec<String> {
        let lines: Vec<String> = requests.iter().map(|line| line.as_ref().to_owned()).collect();
        self.repo.inside("artifacts::engine::answers", &lines)
    }
}

type Pairs = Vec<(Artifact, SavedArtifact)>;

#[test]
#[ignore = "the other end of Engine::ask"]
fn answers() {
    let before: RefCell<Pairs> = RefCell::default();
    answer(|_, line| {
        let told = request(line, &before);
        told.unwrap_or_else(|error| format!("error: {}; hints: {}", error.chain().join(": "), error.hints().join("; ")))
    });
}

fn request(line: &str, before: &RefCell<Pairs>) -> Result<String> {
    let env = Env::from_process();
    let session = Session::open(&env)?;
    let _lock = session.lock("test")?;
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "restore" | "restore-unchecked" => {
            bring_back(&session, &wanted(&session, &env, rest)?, before, word == "restore")
        }
        "resume" => {
            let (to, present) = rest.split_once(' ').ok_or_else(|| Error::bug("two ids"))?;
            let (pairs, present) = (wanted(&session, &env, to)?, wanted(&session, &env, present)?);
            resume(&session, &pairs, &present)
        }
        "undo" => {
            let pairs = before.take();
            bring_back(&session, &pairs, before, true)
        }
        "differing" => {
            let pairs = wanted(&session, &env, rest)?;
            let differs = artifacts::differing(&session, &pairs)?;
            let told =
                pairs.iter().zip(differs).map(|((artifact, _), differs)| format!("{} {differs:?}", artifact.name));
            Ok(told.collect::<Vec<_>>().join(", "))
        }
        "keep" => Ok(format!("{:?}", artifact::keep_file(&session.repo, rest.into())?.map(|kept| kept.digest.size))),
        "put" => {
            let kept = artifact::keep_file(&session.repo, "data/db".into())?.ok_or_else(|| Error::bug("no file"))?;
            let wanted = artifact::Wanted { object: kept.object, digest: &kept.digest };
            Ok(format!("{:?}", artifact::put(&session.repo, rest.into(), wanted, artifact::Present::Nothing)?))
        }
        _ => Err(Error::bug("nobody knows this request")),
    }
}

/// What a record has, and how each comes back.
fn wanted(session: &Session, env: &Env, id: &str) -> Result<Pairs> {
    let id = id.parse().map_err(Error::usage)?;
    let record = session.store().read(&id)?;
    let standing = trust::gather(session, env);
    let configured = match trust::require(&standing) {
        Ok(consent) => artifacts::configured(session, consent)?,
        Err(_) => &[],
    };
    let ways = artifacts::ways(session, configured, (&id, &record.artifacts))?;
    let by = |(saved, way): (SavedArtifact, Way)| match way {
        Way::By(artifact) => Ok((artifact, saved)),
        Way::None(why) => Err(Error::refused(why)),
    };
    ways.into_iter().map(by).collect()
}

/// As a rollback that was killed goes on: what was there is saved already.
fn resume(session: &Session, pairs: &Pairs, present: &Pairs) -> Result<String> {
    let state = session.capture()?.state;
    let around = Around { stage: "rollback", commit: state.tip, tree: state.worktree, phase: None };
    let mut told = Vec::new();
    for ((artifact, to), (_, present)) in pairs.iter().zip(present) {
        let restored = artifacts::restore(session, &Restore { artifact, to, present: Some(present), around })?;
        told.push(format!("{} {restored:?}", artifact.name));
    }
    Ok(told.join(", "))
}

/// As a rollback does: look, save what is there, bring back.
fn bring_back(session: &Session, pairs: &Pairs, before: &RefCell<Pairs>, checked: bool) -> Result<String> {
    let state = session.capture()?.state;
    let around = Around { stage: "rollback", commit: state.tip, tree: state.worktree, phase: None };
    if checked {
        let saved: Vec<SavedArtifact> = pairs.iter().map(|(_, saved)| saved.clone()).collect();
        artifacts::check(session, &saved)?;
    }
    let present = artifacts::save_present(session, pairs, around)?;
    let artifacts: Vec<Artifact> = pairs.iter().map(|(artifact, _)| artifact.clone()).collect();
    *before.borrow_mut() = artifacts.into_iter().zip(present.iter().cloned()).collect();
    let mut told = Vec::new();
    for ((artifact, to), present) in pairs.iter().zip(&present) {
        let restored = artifacts::restore(session, &Restore { artifact, to, present: Some(present), around })?;
        // Once more, as after a crash.
        let again = artifacts::restore(session, &Restore { artifact, to, present: Some(present), around })?;
        let is_command = restored == artifacts::Restored::ByCommand;
        assert!(is_command || again == artifacts::Restored::Already, "{again:?}");
        told.push(format!("{} {restored:?}", artifact.name));
    }
    Ok(told.join(", "))
}
