//! Artifacts that could not be saved as they are now, or that are saved twice.

use gix::bstr::BStr;

use super::{Finding, Ground};
use crate::{
    config::Artifact,
    error::{Error, Result},
    git::{artifact, lookup, tracked},
    model::quote_path,
    ops::{Session, trust},
};

pub(super) fn check(ground: &Ground<'_>) -> Result<Vec<Finding>> {
    let (session, _) = Session::open_leniently(ground.env)?;
    let standing = trust::gather(&session, ground.env);
    if !session.config.has_artifacts() {
        return Ok(Vec::new());
    }
    let consent = match &standing {
        trust::Standing::Commands(trust) => trust.consent(),
        trust::Standing::NoFile | trust::Standing::NoCommands => None,
    };
    // Not even whether a file is there is looked at for somebody whom nobody trusts.
    let Some(consent) = consent else {
        let what = "there are artifacts, and none of them is saved: .checkpoint.toml was not agreed to";
        return Ok(vec![Finding::problem("artifacts", what).fix("`git checkpoint trust` shows it and asks")]);
    };
    let artifacts = session.config.artifacts(consent)?;
    let mut found = Vec::new();
    for artifact in artifacts {
        found.extend(judge(&session, artifact)?);
    }
    if found.is_empty() {
        let names: Vec<&str> = artifacts.iter().map(|artifact| artifact.name.as_str()).collect();
        found.push(Finding::ok("artifacts", format!("{} can be saved", names.join(", "))));
    }
    Ok(found)
}

fn judge(session: &Session, artifact: &Artifact) -> Result<Vec<Finding>> {
    let name = &artifact.name;
    let mut found = Vec::new();
    if let Some(path) = &artifact.path {
        found.extend(judge_path(session, artifact, BStr::new(path))?);
    }
    let commands = [("save", &artifact.save), ("restore", &artifact.restore)];
    for (what, command) in commands {
        let Some(program) = command.as_deref().and_then(lookup::program) else { continue };
        if !lookup::missing(&[program], session.repo.workdir(), session.env().var("PATH"))?.is_empty() {
            let what = format!("`{what}` of the artifact `{name}` cannot be run: there is no command `{program}`");
            found.push(Finding::problem("artifacts", what).fix(format!("install `{program}`, or put it on PATH")));
        }
    }
    Ok(found)
}

fn judge_path(session: &Session, artifact: &Artifact, path: &BStr) -> Result<Option<Finding>> {
    let (name, shown) = (&artifact.name, quote_path(path));
    if tracked::first(&session.repo, &[path.to_owned()])?.is_some() {
        let what = format!("the artifact `{name}` cannot be saved: git tracks `{shown}`");
        return Ok(Some(
            Finding::problem("artifacts", what).fix("take it out of .checkpoint.toml, or let git forget the file"),
        ));
    }
    let failed = |error: Error| Finding::failed("artifacts", &error);
    Ok(match artifact::is_there(&session.repo, path) {
        Err(error) => Some(failed(error)),
        Ok(false) if artifact.optional => None,
        Ok(false) => {
            let what = format!("the artifact `{name}` cannot be saved: there is no file `{shown}`");
            Some(Finding::problem("artifacts", what).fix("make it, correct its `path`, or give it `optional = true`"))
        }
        Ok(true) if session.repo.is_ignored(path)? => None,
        Ok(true) => {
            let what =
                format!("git does not ignore `{shown}`, so it is saved twice: as a file, and as the artifact `{name}`");
            Some(Finding::note("artifacts", what).fix(format!("add `/{shown}` to .gitignore")))
        }
    })
}
