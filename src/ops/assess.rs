//! Decide by the checks, once, whether to roll back.

use super::{
    Session, select, trust,
    validate::{self, Setting},
};
use crate::{
    check::{Breaches, Cache, Event, Selection, Subject, Validated, select as select_checks},
    config::{Check, FILE_NAME, Moment},
    error::{Error, Result},
    model::{Breach, Circumstance, Decision, Elapsed, Fact, Kind, PolicyRow, Selector, Verdict, decide},
};

use chrono::{DateTime, Utc};

/// The key of git's configuration that says where this runs: a matter of the machine, not of the repository.
const ENVIRONMENT: &str = "checkpoint.environment";

/// What the user knows.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `--environment`.
    pub environment: Option<String>,
    /// `--time-to-fix`.
    pub time_to_fix: Option<Elapsed>,
}

/// What will be run, and decided by.
pub struct Plan<'s> {
    session: &'s Session,
    checks: Vec<&'s Check>,
    around: Circumstance,
}

/// What was decided.
#[derive(Debug)]
#[must_use]
pub struct Outcome {
    /// What is to be done.
    pub decision: Decision,
    /// What the checks said.
    pub validated: Validated,
    /// Where this runs.
    pub environment: Option<String>,
    /// Whether there is a checkpoint that passed its checks.
    pub has_good: bool,
}

/// Finds the checks that are for `assess` or `monitor`; runs nothing.
pub fn plan<'s>(session: &'s Session, request: &Request, trusted: &'s trust::Standing) -> Result<Plan<'s>> {
    let checks = session.config.checks(trust::require(trusted)?)?;
    let checks = checks_of(checks, &[Moment::Assess, Moment::Monitor])?;
    validate::refuse_missing(&checks, session)?;
    Ok(Plan { session, checks, around: circumstance(session, request)? })
}

impl Plan<'_> {
    /// The environments that rules are for, where this is none of them: it may be misspelt.
    pub fn unheard_of(&self) -> Option<Vec<&str>> {
        unheard_of(&self.around, self.session.config.policy())
    }
}

/// Runs them, and decides.
pub fn apply(plan: Plan<'_>, watch: &mut dyn FnMut(Event<'_>)) -> Result<Outcome> {
    let Plan { session, checks, around } = plan;
    let (validated, facts) = look(session, checks, Moment::Assess, watch)?;
    let decision = decide(&facts, &around, session.config.policy());
    Ok(Outcome { decision, validated, environment: around.environment, has_good: has_good(session) })
}

/// Whether there is a checkpoint that passed its checks.
pub(super) fn has_good(session: &Session) -> bool {
    session.repo.head().and_then(|head| select::select(session, &Selector::Good(0), &head)).is_ok()
}

/// The checks that are for any of these moments, and those that they need.
pub(super) fn checks_of<'c>(all: &'c [Check], moments: &[Moment]) -> Result<Vec<&'c Check>> {
    let is_meant = |check: &&Check| moments.iter().any(|moment| check.on.contains(moment));
    let names: Vec<String> = all.iter().filter(is_meant).map(|check| check.name.clone()).collect();
    if names.is_empty() {
        let words: Vec<_> = moments.iter().map(|moment| format!("`{}`", moment.as_str())).collect();
        return Err(Error::usage(format!("no check is for {}", words.join(" or ")))
            .hint(format!("give one `on = [\"monitor\"]` in `{FILE_NAME}`")));
    }
    Ok(select_checks(all, &Selection { moment: None, only: &names }))
}

/// What is known beside the checks.
pub(super) fn circumstance(session: &Session, request: &Request) -> Result<Circumstance> {
    let config = session.repo.gix().config_snapshot();
    let configured = || config.string(ENVIRONMENT).map(|value| value.to_string());
    let environment = request.environment.clone().or_else(configured).map(|value| value.trim().to_owned());
    if environment.as_ref().is_some_and(|value| value.is_empty() || value.chars().any(char::is_control)) {
        return Err(Error::usage("the environment is no name")
            .hint(format!("give `--environment` a name, or set one with `git config {ENVIRONMENT} <name>`")));
    }
    Ok(Circumstance { environment, time_to_fix: request.time_to_fix })
}

/// The environments that rules are for, where this one is none of them.
pub(super) fn unheard_of<'p>(around: &Circumstance, rows: &'p [PolicyRow]) -> Option<Vec<&'p str>> {
    let here = around.environment.as_ref()?;
    let mut known: Vec<&str> = rows.iter().flat_map(|row| &row.environments).map(String::as_str).collect();
    known.sort_unstable();
    known.dedup();
    (!known.is_empty() && !known.contains(&here.as_str())).then_some(known)
}

/// Runs the checks on the working state as it is now, and says since when those that fail have been seen to.
///
/// Neither a verdict of before counts, nor is one kept: the same files may work now and not in a minute.
pub(super) fn look(
    session: &Session,
    checks: Vec<&Check>,
    moment: Moment,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<(Validated, Vec<Fact>)> {
    let captured = session.capture()?;
    let subject = Subject { commit: captured.state.tip, tree: captured.state.worktree };
    let seen = Some(validate::seen(&captured));
    let setting = Setting { checks, cache: Cache::Moment, seen, ..Setting::of(session, moment, &[]) };
    let (validated, _nothing_to_keep) = setting.run(|run| run.validate(subject, watch))?;
    let facts = facts(session, &validated)?;
    Ok((validated, facts))
}

fn facts(session: &Session, validated: &Validated) -> Result<Vec<Fact>> {
    let begun = last_move(session)?;
    let mut breaches = Breaches::load(&session.repo);
    let mut facts = Vec::with_capacity(validated.checks.len());
    for checked in &validated.checks {
        let result = &checked.result;
        // What failed before a rollback failed in another state.
        let before = breaches.failing(&result.name).filter(|breach| begun.is_none_or(|begun| breach.since >= begun));
        let now = match result.verdict {
            Verdict::Pass => None,
            Verdict::Fail => Some(Breach::go_on(before, session.now)),
            Verdict::Inconclusive => before,
        };
        breaches.set_failing(&result.name, now);
        facts.push(Fact {
            name: result.name.clone(),
            verdict: result.verdict,
            severity: result.severity,
            lasting: now.and_then(|breach| (breach.seen - breach.since).to_std().ok()).unwrap_or_default(),
            why: result.why.clone().filter(|_| result.verdict != Verdict::Pass),
        });
    }
    // Without it, the time that a check has been failing begins anew.
    let _lost = breaches.save(&session.repo);
    Ok(facts)
}

/// When this repository last went to another state by an operation of ours.
fn last_move(session: &Session) -> Result<Option<DateTime<Utc>>> {
    newest(session, &[Kind::Rollback, Kind::Undo, Kind::Redo])
}

/// When the last operation of these kinds was done here.
pub(super) fn newest(session: &Session, kinds: &[Kind]) -> Result<Option<DateTime<Utc>>> {
    let store = session.store();
    let foreign = store.foreign()?;
    let ids = store.ids()?;
    let is_wanted = |kind: Option<Kind>| kind.is_some_and(|kind| kinds.contains(&kind));
    let newest = ids.iter().rev().find(|id| is_wanted(id.kind()) && !foreign.contains(id));
    Ok(newest.and_then(crate::model::RecordId::time))
}
