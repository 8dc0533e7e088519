//! Run checks by hand, on the working state or on any other.

use super::{
    Session, select, trust,
    validate::{self, Setting},
};
use crate::{
    check::{Cache, Event, Seen, Selection, Subject, Validated, select as select_checks},
    config::{Check, FILE_NAME, Moment},
    error::{Error, Result},
    model::{Selector, Verdict},
};

/// What the user asked for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The state; `None` for the working state.
    pub selector: Option<Selector>,
    /// `--on`: the checks of this moment.
    pub moment: Option<Moment>,
    /// `--only`: the checks of these names.
    pub only: Vec<String>,
    /// `--no-cache`: whatever is known already.
    pub no_cache: bool,
    /// `--jobs`: so many at once.
    pub jobs: Option<usize>,
}

/// What will be run.
pub struct Plan<'s> {
    subject: Subject,
    is_commit: bool,
    setting: Setting<'s>,
}

/// What was found out.
#[derive(Debug)]
#[must_use]
pub struct Outcome {
    /// What the checks said.
    pub validated: Validated,
    /// Whether the state is a commit that others can have too, and not only the working state.
    pub is_commit: bool,
    /// The worst answer of those that matter.
    pub verdict: Verdict,
    /// Why verdicts could not be kept.
    pub unkept: Option<Error>,
}

/// Finds the state and the checks; runs nothing.
pub fn plan<'s>(session: &'s Session, request: &'s Request, trusted: &'s trust::Standing) -> Result<Plan<'s>> {
    let consent = trust::require(trusted)?;
    let all = session.config.checks(consent)?;
    let checks = selected(all, request)?;
    validate::refuse_missing(&checks, session)?;
    let (subject, is_commit, seen) = subject(session, request)?;
    let moment = request.moment.unwrap_or(Moment::Checkpoint);
    let setting = Setting {
        checks,
        cache: if request.no_cache { Cache::None } else { Cache::Passes },
        jobs: request.jobs,
        seen,
        ..Setting::of(session, moment, &[])
    };
    Ok(Plan { subject, is_commit, setting })
}

fn selected<'s>(all: &'s [Check], request: &Request) -> Result<Vec<&'s Check>> {
    if let Some(unknown) = request.only.iter().find(|name| all.iter().all(|check| check.name != **name)) {
        let distance = |check: &&Check| strsim::damerau_levenshtein(unknown, &check.name);
        let nearest = all.iter().min_by_key(distance).filter(|check| distance(check) <= 3);
        let error = Error::usage(format!("there is no check named `{unknown}` in `{FILE_NAME}`"));
        let names = || all.iter().map(|check| check.name.as_str()).collect::<Vec<_>>().join(", ");
        return Err(match nearest {
            Some(check) => error.hint(format!("did you mean `{}`?", check.name)),
            None => error.hint(format!("there are: {}", names())),
        });
    }
    // Who names a check means it, whenever it runs otherwise.
    let moment =
        if request.only.is_empty() { Some(request.moment.unwrap_or(Moment::Checkpoint)) } else { request.moment };
    let checks = select_checks(all, &Selection { moment, only: &request.only });
    match (checks.is_empty(), moment) {
        (true, Some(moment)) => Err(Error::usage(format!("no check is for `{}`", moment.as_str()))
            .hint(format!("give one `on = [\"{}\"]` in `{FILE_NAME}`", moment.as_str()))),
        _ => Ok(checks),
    }
}

fn subject(session: &Session, request: &Request) -> Result<(Subject, bool, Option<Seen>)> {
    let Some(selector) = &request.selector else {
        let captured = session.capture()?;
        let state = &captured.state;
        let is_commit = state.head.commit() == Some(state.tip);
        return Ok((Subject { commit: state.tip, tree: state.worktree }, is_commit, Some(validate::seen(&captured))));
    };
    let state = select::select(session, selector, &session.repo.head()?)?.state;
    Ok((Subject { commit: state.tip, tree: state.worktree }, true, None))
}

/// Runs them.
pub fn apply(plan: Plan<'_>, watch: &mut dyn FnMut(Event<'_>)) -> Result<Outcome> {
    let Plan { subject, is_commit, setting } = plan;
    let (validated, unkept) = setting.run(|run| run.validate(subject, watch))?;
    Ok(Outcome { verdict: validated.verdict(), validated, is_commit, unkept })
}
