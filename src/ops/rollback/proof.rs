//! Whether the state that was gone back to works: what its checks say of it.

use std::time::{Duration, Instant};

use super::{Event, Watch};
use crate::{
    check::{Seen, Subject, Validated},
    config::Moment,
    error::Result,
    git,
    model::{CheckResult, Step, StepOutcome, Verdict},
    ops::{
        Session,
        create::Held,
        trust,
        validate::{self, Setting},
    },
};

/// How often is looked whether the user has had enough of waiting.
const PAUSE: Duration = Duration::from_millis(50);

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

/// How patiently checks are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Patience {
    pub(super) settle: Duration,
    pub(super) retries: u32,
    pub(super) retry_after: Duration,
}

impl Patience {
    /// Once, and at once.
    pub(super) const NONE: Patience = Patience { settle: Duration::ZERO, retries: 0, retry_after: Duration::ZERO };
}

/// Asks the checks of another moment that are not for the background, once: of the working state, or of a commit.
pub fn ask_of(session: &Session, (moment, commit): (Moment, Option<Subject>), watch: Watch<'_>) -> Result<Proof> {
    ask_for(session, (moment, commit), Patience::NONE, watch)
}

/// Asks the checks that are for a rollback and not for the background, of the configuration that decides. They are asked
/// again, as often as that says, until they pass.
pub(super) fn ask(session: &Session, patience: Patience, watch: Watch<'_>) -> Result<Proof> {
    ask_for(session, (Moment::Rollback, None), patience, watch)
}

fn ask_for(
    session: &Session,
    (moment, commit): (Moment, Option<Subject>),
    patience: Patience,
    watch: Watch<'_>,
) -> Result<Proof> {
    let standing = trust::gather(session, session.env());
    let trust::Standing::Commands(trust) = &standing else { return Ok(Proof::None) };
    if !session.config.has_checks(moment) {
        return Ok(Proof::None);
    }
    let Some(consent) = trust.consent() else { return Ok(Proof::Held(Held::Untrusted(standing))) };
    let checks = session.config.checks(consent)?;
    let quick = || {
        let mut setting = Setting::of(session, moment, checks);
        setting.checks.retain(|check| !check.background);
        setting
    };
    if quick().checks.is_empty() {
        return Ok(Proof::None);
    }
    if let Err(error) = validate::refuse_missing(&quick().checks, session) {
        return Ok(Proof::Held(Held::Unusable(error)));
    }
    wait(patience.settle, watch);
    let mut retries = patience.retries;
    loop {
        let (subject, seen) = match commit {
            // Nobody's files are it.
            Some(subject) => (subject, Seen { tree: subject.tree, is_whole: false }),
            None => {
                let captured = session.capture()?;
                let subject = Subject { commit: captured.state.tip, tree: captured.state.worktree };
                (subject, validate::seen(&captured))
            }
        };
        let setting = Setting { seen: Some(seen), ..quick() };
        let (validated, _unkept) = setting.run(|run| run.validate(subject, &mut |event| watch(Event::Check(event))))?;
        if validated.verdict() == Verdict::Pass || retries == 0 || git::is_asked_to_stop() {
            return Ok(Proof::Said(validated));
        }
        retries -= 1;
        wait(patience.retry_after, watch);
    }
}

/// Lets time pass, until the user has had enough of it.
fn wait(time: Duration, watch: Watch<'_>) {
    if time.is_zero() {
        return;
    }
    watch(Event::Waits(time));
    let until = Instant::now() + time;
    while !git::is_asked_to_stop() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        std::thread::sleep(left.min(PAUSE));
    }
}

impl Proof {
    /// What it comes to. A check that cannot be run has no answer; where nobody has agreed to any, none was wanted.
    pub(in crate::ops) fn verdict(&self) -> Verdict {
        match self {
            Proof::Said(validated) => validated.verdict(),
            Proof::Held(Held::Unusable(_)) => Verdict::Inconclusive,
            Proof::None | Proof::Held(Held::Untrusted(_)) => Verdict::Pass,
        }
    }

    /// What the checks said, as it is kept with a record.
    pub(in crate::ops) fn results(&self) -> Vec<CheckResult> {
        match self {
            Proof::Said(validated) => validated.results(),
            Proof::None | Proof::Held(_) => Vec::new(),
        }
    }

    /// What the checks printed.
    pub(in crate::ops) fn logs(&self) -> Vec<(String, Vec<u8>)> {
        match self {
            Proof::Said(validated) => validated.logs(),
            Proof::None | Proof::Held(_) => Vec::new(),
        }
    }

    /// The step that it was; `None` where nothing was asked.
    pub(super) fn step(&self, took: Duration) -> Option<Step> {
        let Proof::Said(validated) = self else { return None };
        let passed = validated.checks.iter().filter(|one| one.result.verdict == Verdict::Pass).count();
        let detail = format!("{passed} of {} passed", validated.checks.len());
        let outcome = if self.verdict() == Verdict::Pass { StepOutcome::Done } else { StepOutcome::Failed };
        Some(Step { name: "checks".to_owned(), outcome, took, detail })
    }
}
