//! Whether the state that was gone back to works: what its own checks say of it.

use super::{RolledBack, Step};
use crate::{
    check::{Event, Subject, Validated},
    config::{Env, Moment},
    error::Result,
    model::Verdict,
    ops::{
        Session,
        create::Held,
        trust,
        validate::{self, Setting},
    },
    store::Attached,
};

/// What there is to say of it.
#[derive(Debug)]
pub enum Proof {
    /// No check is for it.
    None,
    /// There are checks, and they cannot be run.
    Held(Held),
    /// What they said.
    Said(Validated),
}

/// Runs the checks that are for a rollback and not for the background, as the configuration that is there now has them, and
/// keeps what they said with the record. To be called without the operation lock. `watch` is told how they go.
pub fn prove(env: &Env, done: &mut RolledBack, watch: &mut dyn FnMut(Event<'_>)) -> Result<Proof> {
    // A configuration of then that cannot be used is no reason to call the rollback a failure.
    let (session, _unusable) = Session::open_leniently(env)?;
    let is_wanted = session.config.has_checks(Moment::Rollback);
    let standing = trust::gather(&session, env);
    let trust::Standing::Commands(trust) = &standing else { return Ok(Proof::None) };
    if !is_wanted {
        return Ok(Proof::None);
    }
    let Some(consent) = trust.consent() else { return Ok(Proof::Held(Held::Untrusted(standing))) };
    let mut setting = Setting::of(&session, Moment::Rollback, session.config.checks(consent)?);
    setting.checks.retain(|check| !check.background);
    if setting.checks.is_empty() {
        return Ok(Proof::None);
    }
    if let Err(error) = validate::refuse_missing(&setting.checks, &session) {
        return Ok(Proof::Held(Held::Unusable(error)));
    }
    let captured = session.capture()?;
    let subject = Subject { commit: captured.state.tip, tree: captured.state.worktree };
    setting.seen = Some(validate::seen(&captured));
    let begun = std::time::Instant::now();
    let (validated, _unkept) = setting.run(|run| run.validate(subject, watch))?;
    let verdict = validated.verdict();
    let detail = format!("{} of {} passed", passed(&validated), validated.checks.len());
    done.steps.push(Step { name: "checks", ok: verdict == Verdict::Pass, took: begun.elapsed(), detail });
    keep(&session, done, &validated)?;
    Ok(Proof::Said(validated))
}

fn passed(validated: &Validated) -> usize {
    validated.checks.iter().filter(|one| one.result.verdict == Verdict::Pass).count()
}

/// Keeps what was said with the record of the rollback.
fn keep(session: &Session, done: &mut RolledBack, validated: &Validated) -> Result<()> {
    if session.store().object(&done.record.id)?.is_none() {
        // It was there already, so nothing was done that a record could be of.
        return Ok(());
    }
    let _lock = session.lock("rollback")?;
    done.record.checks = validated.results();
    let logs = validated.logs();
    let attached = Attached { logs: &logs, ..Attached::default() };
    let _replaced =
        session.store().replace(&done.record, &attached, crate::config::TagKind::None, &session.identity)?;
    Ok(())
}
