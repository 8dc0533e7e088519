//! What is to become of a job now: decided from values alone.

use crate::model::{JobState, Validation};

/// What counts for it.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// Why somebody does not want it any more.
    pub(super) cancelled: Option<String>,
    /// The state of the record; `None` where there is no record.
    pub(super) record: Option<Validation>,
    /// Whether the checkpoint was taken back.
    pub(super) is_undone: bool,
    /// Whether a person has asked for the job after it had ended.
    pub(super) is_asked: bool,
    /// Why no command may run now.
    pub(super) untrusted: Option<String>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub(super) enum Decision {
    /// To run its checks.
    Run,
    /// To end it, in this state and for this reason.
    End(JobState, String),
    /// To wait for a person, for this reason.
    Hold(String),
}

/// Decides.
pub(super) fn decide(facts: &Facts) -> Decision {
    use JobState::{Cancelled, Failed, Inconclusive, Passed};
    if let Some(why) = &facts.cancelled {
        let why = if why.is_empty() { "it was cancelled" } else { why };
        return Decision::End(Cancelled, why.into());
    }
    let ended = |state, why: &str| Decision::End(state, why.into());
    match facts.record {
        None => return ended(Cancelled, "its record is gone"),
        Some(_) if facts.is_undone => return ended(Cancelled, "the checkpoint was taken back"),
        Some(Validation::Validated) => return ended(Passed, "its checkpoint is validated already"),
        Some(Validation::Unvalidated) => return ended(Cancelled, "its checkpoint is not pending"),
        Some(Validation::Failed) => return ended(Failed, "its checkpoint has failed already"),
        Some(Validation::Inconclusive) if !facts.is_asked => {
            return ended(Inconclusive, "its checkpoint is inconclusive already");
        }
        Some(Validation::Pending | Validation::Inconclusive) => {}
    }
    match &facts.untrusted {
        Some(why) => Decision::Hold(why.clone()),
        None => Decision::Run,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_run_for_a_pending_checkpoint_that_is_wanted_and_trusted() {
        use JobState::{Cancelled, Failed, Inconclusive, Passed};
        let pending = Facts { record: Some(Validation::Pending), ..Facts::default() };
        let with = |change: &dyn Fn(&mut Facts)| {
            let mut facts = pending.clone();
            change(&mut facts);
            decide(&facts)
        };
        let end = |state, why: &str| Decision::End(state, why.into());
        assert_eq!(decide(&pending), Decision::Run);
        for (change, expected) in [
            (&(|facts: &mut Facts| facts.record = None) as &dyn Fn(&mut Facts), end(Cancelled, "its record is gone")),
            (&|facts| facts.is_undone = true, end(Cancelled, "the checkpoint was taken back")),
            (&|facts| facts.cancelled = Some("not now".into()), end(Cancelled, "not now")),
            (&|facts| facts.cancelled = Some(String::new()), end(Cancelled, "it was cancelled")),
            (&|facts| facts.record = Some(Validation::Validated), end(Passed, "its checkpoint is validated already")),
            (&|facts| facts.record = Some(Validation::Failed), end(Failed, "its checkpoint has failed already")),
            (
                &|facts| facts.record = Some(Validation::Inconclusive),
                end(Inconclusive, "its checkpoint is inconclusive already"),
            ),
            (&|facts| facts.record = Some(Validation::Unvalidated), end(Cancelled, "its checkpoint is not pending")),
            (&|facts| facts.untrusted = Some("changed".into()), Decision::Hold("changed".into())),
        ] {
            assert_eq!(with(change), expected);
        }
        // A person who asks for it after all has it run, but for what is done or not allowed.
        let asked = |change: &dyn Fn(&mut Facts)| with(&|facts| (facts.is_asked = true, change(facts)).1);
        for (change, expected) in [
            (
                &(|facts: &mut Facts| facts.record = Some(Validation::Inconclusive)) as &dyn Fn(&mut Facts),
                Decision::Run,
            ),
            (&|facts| facts.record = Some(Validation::Failed), end(Failed, "its checkpoint has failed already")),
            (&|facts| facts.record = Some(Validation::Validated), end(Passed, "its checkpoint is validated already")),
            (&|facts| facts.untrusted = Some("changed".into()), Decision::Hold("changed".into())),
            (&|facts| facts.is_undone = true, end(Cancelled, "the checkpoint was taken back")),
        ] {
            assert_eq!(asked(change), expected);
        }
    }
}
