//! What works without being asked: trusted commands, the timer, timed checkpoints.

use super::{Finding, Ground};
use crate::{
    error::Result,
    ops::{Session, phase, schedule, trust},
    store::timed,
};

/// Whether what the configuration names would run.
pub(super) fn trust(ground: &Ground<'_>) -> Result<Vec<Finding>> {
    let (session, _) = Session::open_leniently(ground.env)?;
    let standing = trust::gather(&session, ground.env);
    Ok(vec![if standing.is_missing() {
        Finding::note("trust", "no command in .checkpoint.toml runs: its content was not agreed to")
            .fix("`git checkpoint trust` shows it and asks")
    } else {
        Finding::ok("trust", standing.as_str().unwrap_or("there is no .checkpoint.toml").replace('-', " "))
    }])
}

/// Whether a phase of this branch is looked after in hours without a git command.
pub(super) fn schedule(ground: &Ground<'_>) -> Result<Vec<Finding>> {
    let scheduled = schedule::status(ground.env)?;
    let mut found = Vec::new();
    let gone = scheduled.repositories.iter().filter(|(_, exists)| !exists).count();
    if gone > 0 {
        let what = format!("{gone} of the repositories that the timer visits are gone; its next run takes them off");
        found.push(Finding::note("schedule", what));
    }
    if scheduled.schedulers.len() > 1 {
        found.push(
            Finding::problem("schedule", "there is more than one timer, so everything is visited twice")
                .fix("`git checkpoint schedule start` leaves one"),
        );
    }
    let is_visited = !scheduled.schedulers.is_empty() && scheduled.here.as_ref().is_some_and(|(_, listed)| *listed);
    let (session, _) = Session::open_leniently(ground.env)?;
    let is_running = matches!(phase::of(&session, &session.repo.head()?), phase::Membership::Running(_));
    if is_running && !is_visited {
        found.push(
            Finding::note("schedule", "no timer visits this repository: what is due is taken after git commands only")
                .fix("`git checkpoint schedule start`, or `git checkpoint watch` in a container"),
        );
    }
    if found.is_empty() {
        found.push(Finding::ok(
            "schedule",
            if is_visited { "a timer visits this repository" } else { "none is needed" },
        ));
    }
    Ok(found)
}

/// Whether the last timed checkpoint could be taken.
pub(super) fn timed(ground: &Ground<'_>) -> Result<Vec<Finding>> {
    let failure = timed::failure(&ground.repo.state_dir());
    Ok(vec![match failure {
        None => Finding::ok("timed", "no timed checkpoint has failed"),
        Some(failure) => {
            let finding =
                Finding::problem("timed", format!("the last timed checkpoint failed: {}", failure.chain.join(": ")));
            if failure.hints.is_empty() { finding } else { finding.fix(failure.hints.join("; ")) }
        }
    }])
}
