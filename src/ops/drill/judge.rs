//! Whether a rehearsed rollback ended as its scenario has it.

use crate::{
    config::{Around, OnVerifyFailure},
    model::{RecordId, Verification},
};

/// How a rollback is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// The state is back, and works.
    Works,
    /// The state gone back to does not work, and the configuration says what follows.
    CheckFails(OnVerifyFailure),
    /// A step fails: before anything is changed, or after it, with what follows.
    StepFails(Around, OnVerifyFailure),
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ending {
    /// Why it stopped, if it did not come to an end.
    pub(super) stopped: Option<String>,
    /// Whether the state works; `None` where it stopped.
    pub(super) verification: Option<Verification>,
    /// What failed, in words.
    pub(super) because: Option<String>,
    /// Whether it was taken back.
    pub(super) undone: bool,
    /// How many newer states were tried first.
    pub(super) tried: usize,
    /// The rollbacks that are there to be taken back, the newest first.
    pub(super) undoable: Vec<RecordId>,
    /// So many of the commands for a rollback that failed were run, and so many there are.
    pub(super) on_failure: (usize, usize),
}

/// The state that has to be there in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Back {
    /// The one before the break.
    Before,
    /// The broken one.
    Broken,
    /// An older one than that before the break.
    Older,
}

impl Ending {
    /// Where it left the files.
    pub(super) fn back(&self) -> Back {
        match self {
            Ending { stopped: Some(_), .. } | Ending { undone: true, .. } => Back::Broken,
            Ending { tried: 1.., .. } => Back::Older,
            _ => Back::Before,
        }
    }
}

/// What of the ending is not as expected, in words; empty if all is.
pub(super) fn judge(expected: Expected, ending: &Ending) -> Vec<String> {
    let because = || ending.because.as_ref().map_or_else(String::new, |because| format!(": {because}"));
    let mut wrong = Vec::new();
    match (expected, &ending.stopped, ending.verification) {
        (Expected::StepFails(Around::Before, _), Some(_), _) => {}
        (Expected::StepFails(Around::Before, _), None, _) => {
            wrong.push("the rollback went on although a command before it failed".to_owned());
        }
        (_, Some(why), _) => wrong.push(format!("the rollback stopped: {why}")),
        (Expected::Works, None, Some(Verification::Verified)) => {}
        (Expected::Works, None, verification) => {
            let word = verification.map_or("unknown", Verification::as_str);
            wrong.push(format!("the rollback ended as `{word}`{}", because()));
        }
        (Expected::CheckFails(policy), None, Some(verification)) => {
            wrong.extend(follows(policy, verification, ending));
        }
        (Expected::StepFails(Around::After, policy), None, Some(verification)) => {
            // There is no older state that a step would not fail on as well.
            let policy = if policy == OnVerifyFailure::NextOlder { OnVerifyFailure::Stop } else { policy };
            wrong.extend(follows(policy, verification, ending));
        }
        (_, None, None) => wrong.push("nobody knows how the rollback ended".to_owned()),
    }
    let (ran, there) = ending.on_failure;
    if expected != Expected::Works && ran < there {
        wrong.push(format!("{ran} of the {there} commands for a rollback that failed were run"));
    }
    wrong
}

/// What is wrong about what followed a failed verification.
fn follows(policy: OnVerifyFailure, verification: Verification, ending: &Ending) -> Option<String> {
    let word = verification.as_str();
    let wrong = match (policy, verification) {
        (OnVerifyFailure::Stop, Verification::Failed) if !ending.undone && ending.tried == 0 => return None,
        (OnVerifyFailure::Undo, Verification::Failed) if ending.undone => return None,
        (OnVerifyFailure::NextOlder, Verification::Verified) if ending.tried > 0 => return None,
        (OnVerifyFailure::NextOlder, _) if ending.tried > 0 => format!(
            "the next older good checkpoint ended as `{word}`{}",
            ending.because.as_ref().map_or_else(String::new, |because| format!(": {because}"))
        ),
        (OnVerifyFailure::NextOlder, Verification::Failed) => "no older good checkpoint was gone back to".to_owned(),
        (OnVerifyFailure::Undo, Verification::Failed) => "the state before did not come back".to_owned(),
        (OnVerifyFailure::Stop, Verification::Failed) => "the state did not stay as it was gone back to".to_owned(),
        _ => format!("it was not noticed that the state does not work: the rollback ended as `{word}`"),
    };
    Some(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ending(verification: Verification, undone: bool, tried: usize) -> Ending {
        let because = Some("`after: start` failed".to_owned());
        let undoable = Vec::new();
        Ending { stopped: None, verification: Some(verification), because, undone, tried, undoable, on_failure: (1, 1) }
    }

    #[test]
    fn each_scenario_has_its_own_good_end() {
        use OnVerifyFailure::{NextOlder, Stop, Undo};
        use Verification::{Failed, Inconclusive, Verified};
        let stopped = Ending { stopped: Some("no".into()), verification: None, ..ending(Failed, false, 0) };
        let check = Expected::CheckFails;
        let after = |policy| Expected::StepFails(Around::After, policy);
        let before = Expected::StepFails(Around::Before, Stop);
        for (expected, ending, words) in [
            (Expected::Works, ending(Verified, false, 0), None),
            (Expected::Works, ending(Failed, false, 0), Some("`after: start` failed")),
            (Expected::Works, ending(Inconclusive, false, 0), Some("`inconclusive`")),
            (Expected::Works, stopped.clone(), Some("stopped: no")),
            (check(Stop), ending(Failed, false, 0), None),
            (check(Stop), ending(Verified, false, 0), Some("not noticed")),
            (check(Stop), ending(Failed, true, 0), Some("did not stay")),
            (check(Undo), ending(Failed, true, 0), None),
            (check(Undo), ending(Failed, false, 0), Some("did not come back")),
            (check(NextOlder), ending(Verified, false, 1), None),
            (check(NextOlder), ending(Failed, false, 1), Some("`failed`")),
            (check(NextOlder), ending(Failed, false, 0), Some("no older")),
            (check(Stop), stopped.clone(), Some("stopped: no")),
            (before, stopped, None),
            (before, ending(Verified, false, 0), Some("went on")),
            (after(Stop), ending(Failed, false, 0), None),
            (after(NextOlder), ending(Failed, false, 0), None),
            (after(Undo), ending(Failed, true, 0), None),
            (after(Stop), ending(Verified, false, 0), Some("not noticed")),
        ] {
            let wrong = judge(expected, &ending);
            assert_eq!(wrong.is_empty(), words.is_none(), "{expected:?} {ending:?}: {wrong:?}");
            assert!(words.is_none_or(|words| wrong[0].contains(words)), "{wrong:?}");
        }
        let silent = Ending { on_failure: (0, 1), ..ending(Failed, false, 0) };
        assert_eq!(judge(check(Stop), &silent).len(), 1);
    }

    #[test]
    fn what_has_to_be_there_follows_from_the_end() {
        use Verification::{Failed, Verified};
        assert_eq!(ending(Verified, false, 0).back(), Back::Before);
        assert_eq!(ending(Failed, true, 0).back(), Back::Broken);
        assert_eq!(ending(Verified, false, 1).back(), Back::Older);
        let stopped = Ending { stopped: Some("no".into()), ..ending(Failed, false, 0) };
        assert_eq!(stopped.back(), Back::Broken);
    }
}
