//! The one rollback of a watch.

use chrono::{DateTime, Utc};
use gix::bstr::BString;

use crate::{
    check::Event,
    config::Env,
    error::{Error, Result},
    model::{Oid, RecordId, Selector, Verification},
    ops::{
        Session,
        rollback::{self, Proof, Request, RolledBack},
        select::{self, Selected},
    },
};

/// Where a watch would roll back to.
#[derive(Debug, Clone)]
pub struct Target {
    /// What it is called now.
    pub name: String,
    to: Option<Selector>,
}

/// What was rolled back.
#[derive(Debug)]
#[must_use]
pub struct Retreat {
    /// The record.
    pub id: RecordId,
    /// The commit gone back to.
    pub to: Oid,
    /// What that is called.
    pub name: String,
    /// Why; as it is in the record.
    pub reason: String,
    /// The branch that has what was there before.
    pub backup: Option<BString>,
    /// Whether it works now.
    pub verification: Verification,
}

impl Target {
    /// The state that was asked for, or the newest good checkpoint; an error where there is none, or where a rollback would be
    /// refused anyway.
    pub(super) fn find(session: &Session, to: Option<Selector>) -> Result<Self> {
        session.refuse_if_busy()?;
        let head = session.repo.head()?;
        let wanted = to.clone().unwrap_or(Selector::Good(0));
        let name = select::select(session, &wanted, &head).map_err(|error| match &to {
            Some(_) => error,
            None => error.hint("`--to <state>` names another one to go back to"),
        })?;
        Ok(Target { name: name.name, to })
    }

    /// Rolls back, and verifies it. Of good checkpoints it is the newest from before the failures began, as one that was
    /// taken since has what fails in it.
    pub(super) fn go_back(
        &self,
        env: &Env,
        (reason, since): (&str, Option<DateTime<Utc>>),
        watch: &mut dyn FnMut(Event<'_>),
    ) -> Result<Retreat> {
        // A configuration that cannot be used may be what is to be rolled back.
        let (session, _unusable) = Session::open_leniently(env)?;
        let lock = session.lock("monitor")?;
        let to = self.choose(&session, since)?;
        let selector = match &to.record {
            Some(record) => Selector::Name(record.id.to_string()),
            None => Selector::Name(to.state.tip.to_string()),
        };
        let request = Request { reason: Some(reason.to_owned()), ..Request::to(selector) };
        let plan = rollback::plan(&session, request)?;
        if plan.has_nothing_to_do() {
            return Err(Error::refused(format!(
                "this is `{}` already, so a rollback to it would change nothing",
                to.name
            ))
            .hint("`git checkpoint rollback good~1` goes to the good checkpoint before it"));
        }
        let done = rollback::run(&session, plan, &mut |event| {
            if let rollback::Event::Check(event) = event {
                watch(event);
            }
        })?;
        drop(lock);
        Ok(Retreat {
            verification: verification(&done),
            id: done.record.id.clone(),
            to: done.to,
            name: done.name,
            reason: reason.to_owned(),
            backup: done.record.backup().cloned(),
        })
    }

    fn choose(&self, session: &Session, since: Option<DateTime<Utc>>) -> Result<Selected> {
        let head = session.repo.head()?;
        if let Some(to) = &self.to {
            return select::select(session, to, &head);
        }
        let mut number = 0;
        loop {
            let good = select::select(session, &Selector::Good(number), &head)?;
            let at = good.record.as_ref().map(|record| record.at);
            if at.zip(since).is_none_or(|(at, since)| at < since) {
                return Ok(good);
            }
            number += 1;
        }
    }
}

/// What it comes to. Nobody is there to look, so checks that could not be run are no proof.
fn verification(done: &RolledBack) -> Verification {
    match (done.verification, &done.proof) {
        (Some(Verification::Verified), Proof::Held(_)) => Verification::Inconclusive,
        (verification, _) => verification.unwrap_or(Verification::Failed),
    }
}
