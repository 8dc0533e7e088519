//! Background checks: jobs that nobody sees to.

use super::{Finding, Ground};
use crate::{
    error::Result,
    model::JobState,
    ops::{Session, jobs},
};

/// A job that was to begin so long ago, and whose turn has not come, is not seen to.
const PATIENCE: chrono::Duration = chrono::Duration::hours(1);

/// Jobs whose process has died, that wait for a person, or that nobody has begun.
pub(super) fn jobs(ground: &Ground<'_>) -> Result<Vec<Finding>> {
    let (session, _) = Session::open_leniently(ground.env)?;
    let all = jobs::list(&session);
    let mut found = Vec::new();
    for listed in all.iter().filter(|listed| listed.state.is_open()) {
        let (name, job) = (listed.name(), &listed.job);
        let because = job.reason.as_deref().map_or_else(String::new, |why| format!(": {why}"));
        match listed.state {
            JobState::Died => found.push(
                Finding::note("jobs", format!("the process that ran the checks of {name} has died"))
                    .fix("the next hook or command runs them again; `git checkpoint jobs` does it now"),
            ),
            JobState::Waiting if job.on_hold => found.push(
                Finding::note("jobs", format!("the checks of {name} wait{because}"))
                    .fix(format!("then `git checkpoint jobs retry {}`", job.id)),
            ),
            JobState::Queued if session.now - job.since() > PATIENCE && all.iter().all(|one| !one.is_running()) => {
                found.push(
                    Finding::note("jobs", format!("nobody has begun with the checks of {name}"))
                        .fix(format!("`git checkpoint jobs retry {}`", job.id)),
                );
            }
            _ => {}
        }
    }
    if found.is_empty() {
        let open = all.iter().filter(|listed| listed.state.is_open()).count();
        let what = if open == 0 { "none is to be run".into() } else { format!("{open} to be run, and seen to") };
        found.push(Finding::ok("jobs", what));
    }
    Ok(found)
}
