//! A decision, as text and as JSON, for the commands that decide.

use serde::Serialize;

use crate::{
    error::Result,
    model::{Advice, Decision},
    ui::{Ui, clean},
};

/// The words for people.
pub(super) fn words(advice: Advice) -> &'static str {
    match advice {
        Advice::Healthy => "healthy",
        Advice::Inconclusive => "inconclusive",
        Advice::FixForward => "fix forward",
        Advice::RollbackWithApproval => "roll back after approval",
        Advice::RollbackNow => "roll back now",
    }
}

/// The command to type next; `None` where there is nothing to do.
pub(super) fn next(advice: Advice, has_good: bool) -> Option<&'static str> {
    match (advice, has_good) {
        (Advice::Healthy, _) => None,
        (Advice::FixForward, _) => Some("git checkpoint -m \"before the fix\""),
        (Advice::RollbackWithApproval | Advice::RollbackNow, true) => Some("git checkpoint rollback good"),
        (Advice::RollbackWithApproval | Advice::RollbackNow, false) => Some("git checkpoint list --all"),
        (Advice::Inconclusive, _) => Some("git checkpoint assess"),
    }
}

/// What that command is for.
fn purpose(advice: Advice, has_good: bool) -> &'static str {
    match (advice, has_good) {
        (Advice::Healthy, _) => "",
        (Advice::FixForward, _) => "saves what is there, before it is mended",
        (Advice::RollbackWithApproval | Advice::RollbackNow, true) => "goes back to the newest that passed its checks",
        (Advice::RollbackWithApproval | Advice::RollbackNow, false) => {
            "shows what there is to go back to: no checkpoint has passed its checks"
        }
        (Advice::Inconclusive, _) => "asks again, once the checks can answer",
    }
}

/// Says what was decided, by which rule, why, and what to type next; `head` stands before it.
pub(super) fn tell(decision: &Decision, has_good: bool, head: &str, ui: &mut Ui) -> Result<()> {
    let line = format!("{head}{}, by {}", words(decision.advice), decision.rule);
    match decision.advice {
        Advice::Healthy => ui.done(line),
        _ => ui.line(line),
    }?;
    for reason in &decision.because {
        ui.line(format!("  {}", clean(reason)))?;
    }
    match next(decision.advice, has_good) {
        Some(command) => ui.note(format!("`{command}` {}", purpose(decision.advice, has_good))),
        None => Ok(()),
    }
}

/// Warns of an environment that no rule is for.
pub(super) fn warn_of_environment(known: Option<Vec<&str>>, ui: &mut Ui) -> Result<()> {
    match known {
        None => Ok(()),
        Some(known) => ui.warn(format!("no rule is for this environment; there are rules for {}", known.join(", "))),
    }
}

/// What was decided, as JSON.
#[derive(Serialize)]
pub(super) struct Value {
    decision: &'static str,
    rule: String,
    because: Vec<String>,
    next: Option<&'static str>,
}

pub(super) fn value(decision: &Decision, has_good: bool) -> Value {
    Value {
        decision: decision.advice.as_str(),
        rule: decision.rule.to_string(),
        because: decision.because.clone(),
        next: next(decision.advice, has_good),
    }
}
