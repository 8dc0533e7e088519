//! End the phase of the branch, with a last checkpoint.

use super::{
    Session, create,
    phase::{self, Membership},
};
use crate::{
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
}

/// Captures the state and decides; changes nothing.
pub fn plan(session: &Session, message: Option<String>) -> Result<Plan> {
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
            let plan = create::plan_of_phase(session, captured, create::InPhase { mark, message })?;
            Ok(Plan { head, name: running.name, ending: Some((running.course, plan)) })
        }
    }
}

impl Plan {
    /// What it would do, without doing it.
    pub fn preview(self) -> Finished {
        let ending = self.ending.map(|(course, plan)| (course, plan.preview()));
        Finished { name: self.name, head: self.head, ending }
    }

    /// Does it. Where the last step does not come, the phase has ended all the same: its newest record says so.
    pub fn apply(self, session: &Session) -> Result<Finished> {
        let ending = match self.ending {
            Some((course, plan)) => Some((course, create::apply(session, plan)?)),
            None => None,
        };
        phase::configure(session, &self.head, None).map_err(|error| {
            error.hint("the phase has ended; `git checkpoint finish` again takes the branch out of it")
        })?;
        Ok(Finished { name: self.name, head: self.head, ending })
    }
}
