//! End the phase of the branch, with a last checkpoint.

use super::{
    Session, create,
    phase::{self, Membership},
    trust,
};
use crate::{
    check::Event,
    error::{Error, Result},
    model::{Course, Head, PhaseEvent},
};

/// A phase about to end.
#[must_use]
pub struct Plan {
    head: Head,
    name: String,
    ending: Option<(Course, create::Plan)>,
}

/// What the user asked for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `-m`.
    pub message: Option<String>,
    /// `--no-verify`: end it whatever the checks would say.
    pub no_verify: bool,
    /// `--no-artifacts`: save none of them.
    pub no_artifacts: bool,
}

/// A phase that has ended, or, for a dry run, would.
#[derive(Debug)]
#[must_use]
pub struct Finished {
    /// Its name.
    pub name: String,
    /// The branch it was on.
    pub head: Head,
    /// Its course and its last checkpoint; `None` where it had ended elsewhere and the branch only leaves it.
    pub ending: Option<(Course, create::Taken)>,
    /// Whether it goes on, because checks stand in the way.
    pub goes_on: bool,
}

/// Captures the state and decides; changes nothing.
pub fn plan(session: &Session, request: &Request) -> Result<Plan> {
    let head = session.repo.head()?;
    let list = "`git checkpoint start <phase>` begins one";
    match phase::of(session, &head) {
        Membership::None => Err(Error::refused(format!("{} is in no phase", head.in_words())).hint(list)),
        Membership::Unknown(name, why) => Err(Error::new(why.kind(), format!("the phase `{name}` cannot be ended"))
            .because(why.chain().join(": "))
            .hint(format!(
                "`git config --unset branch.{}.checkpointPhase` takes the branch out of it",
                head.short_name()
            ))),
        Membership::Ended(name) => Ok(Plan { head, name, ending: None }),
        Membership::Running(running) => {
            let mark = running.checkpoint(session.now, Some(PhaseEvent::Finish));
            let captured = session.capture()?;
            let Request { message, no_verify, no_artifacts } = request.clone();
            let plan =
                create::plan_of_phase(session, captured, create::InPhase { mark, message, no_verify, no_artifacts })?;
            Ok(Plan { head, name: running.name, ending: Some((running.course, plan)) })
        }
    }
}

impl Plan {
    /// What it would do, without doing it.
    pub fn preview(self) -> Finished {
        let ending = self.ending.map(|(course, plan)| (course, plan.preview()));
        Finished { name: self.name, head: self.head, ending, goes_on: false }
    }
}

/// Validates the state, and ends the phase if it is good. Where the last step does not come, the phase has ended all the
/// same: its newest record says so. `watch` is told how the checks go.
pub fn finish(
    session: &Session,
    request: &Request,
    trusted: &trust::Standing,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<Finished> {
    let lock = session.lock("finish")?;
    let mut planned = plan(session, request)?;
    drop(lock);
    if let Some((_, checkpoint)) = &mut planned.ending
        && let Some(held) = checkpoint.ask(session, trusted, watch)?
    {
        return Err(held.into_error().hint("`--no-verify` ends the phase without its checks"));
    }
    let lock = session.lock("finish")?;
    let Plan { head, name, ending } = plan(session, request)?;
    let (ending, goes_on) = match (planned.ending, ending) {
        (Some((_, before)), Some((course, now))) => {
            let checkpoint = before.again(session, now);
            let is_refused = checkpoint.is_refused();
            let checkpoint = if is_refused { checkpoint.without_event() } else { checkpoint };
            (Some((course, create::begin(session, checkpoint, trusted)?)), is_refused)
        }
        _ => (None, false),
    };
    if !goes_on {
        phase::configure(session, &head, None).map_err(|error| {
            error.hint("the phase has ended; `git checkpoint finish` again takes the branch out of it")
        })?;
    }
    drop(lock);
    let ending = match ending {
        Some((course, begun)) => Some((course, begun.finish(session, watch)?)),
        None => None,
    };
    Ok(Finished { name, head, ending, goes_on })
}
