//! `[[policy]]`, by which it is decided whether to roll back, and `[monitor]`, which says how a state is watched.
//!
//! ```toml
//! [[policy]]
//! severity = "critical"
//! environment = "production"
//! action = "rollback"
//! approval = "automatic"
//! ```

use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error as _};
use toml::Spanned;

use super::{
    Config, Consent, Wanted,
    checks::{CheckForm, Command},
    order::{self, Lines},
    schema::from_text,
};
use crate::{
    error::Result,
    model::{Action, Approval, Elapsed, Origin, PolicyRow, Severity, TimeLimit, built_in_policy},
};

/// The most samples that may be asked for.
const MAX_SAMPLES: usize = 1000;

/// The most of a list that is shown.
const SHOWN: usize = 10;

/// How a state is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonitorRules {
    /// How often the checks are run.
    pub every: TimeLimit,
    /// How long; until it is ended where it is `None`.
    pub lasts: Option<TimeLimit>,
    /// Samples with an answer before anything is decided.
    pub min_samples: usize,
    /// Failures in a row before a check counts as failing.
    pub consecutive: usize,
    /// How long after a change of decision only a worse one is told, and after a rollback nothing is rolled back.
    pub cool_down: Duration,
    /// How long the command may take that is told of a decision; nothing is watched meanwhile.
    pub exec_timeout: TimeLimit,
}

impl Default for MonitorRules {
    fn default() -> Self {
        MonitorRules {
            every: TimeLimit::from_minutes(1),
            lasts: None,
            min_samples: 3,
            consecutive: 3,
            cool_down: Duration::from_secs(600),
            exec_timeout: TimeLimit::from_minutes(1),
        }
    }
}

/// The whole section.
#[derive(Debug, Clone, Default)]
pub(super) struct Monitor {
    rules: MonitorRules,
    exec: Option<String>,
}

impl Config {
    /// The rows that decide whether to roll back, in their order; those of this program where the file has none. They run
    /// nothing, so they need no consent.
    pub fn policy(&self) -> &[PolicyRow] {
        if self.policy.is_empty() { built_in_policy() } else { &self.policy }
    }

    /// How a state is watched; as [`Config::policy`].
    pub fn monitor_rules(&self) -> &MonitorRules {
        &self.monitor.rules
    }

    /// The command that is told of a change of decision, to be run: as [`Config::checks`].
    pub fn monitor(&self, consent: &Consent) -> Result<Option<&str>> {
        self.agreed(consent).map(|()| self.monitor.exec.as_deref())
    }
}

impl Monitor {
    /// The command, to be shown.
    pub(super) fn wanted(&self) -> Option<Wanted> {
        let one = |run: &String| Wanted { name: "monitor.exec".into(), on: vec!["monitor"], run: run.clone() };
        self.exec.as_ref().map(one)
    }
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct MonitorForm {
    #[serde(deserialize_with = "from_text")]
    every: TimeLimit,
    #[serde(rename = "for")]
    lasts: Option<Limit>,
    #[serde(deserialize_with = "samples")]
    min_samples: usize,
    #[serde(deserialize_with = "samples")]
    consecutive: usize,
    #[serde(deserialize_with = "from_text")]
    cool_down: TimeLimit,
    exec: Option<Command>,
    #[serde(deserialize_with = "from_text")]
    exec_timeout: TimeLimit,
}

impl Default for MonitorForm {
    fn default() -> Self {
        let MonitorRules { every, min_samples, consecutive, exec_timeout, .. } = MonitorRules::default();
        let cool_down = TimeLimit::from_minutes(10);
        MonitorForm { every, lasts: None, min_samples, consecutive, cool_down, exec: None, exec_timeout }
    }
}

impl<'de> Deserialize<'de> for Monitor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form = MonitorForm::deserialize(deserializer)?;
        let rules = MonitorRules {
            every: form.every,
            lasts: form.lasts.map(|limit| limit.0),
            min_samples: form.min_samples,
            consecutive: form.consecutive,
            cool_down: form.cool_down.duration(),
            exec_timeout: form.exec_timeout,
        };
        Ok(Monitor { rules, exec: form.exec.map(|command| command.0) })
    }
}

fn samples<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    match usize::deserialize(deserializer)? {
        number @ 1..=MAX_SAMPLES => Ok(number),
        _ => Err(D::Error::custom(format!("it is a number from 1 to {MAX_SAMPLES}"))),
    }
}

struct Limit(TimeLimit);

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer).map(Limit)
    }
}

struct Estimate(Elapsed);

impl<'de> Deserialize<'de> for Estimate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer).map(Estimate)
    }
}

/// `[[policy]]` as it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PolicyForm {
    action: Spanned<ActionWord>,
    approval: Option<Spanned<ApprovalWord>>,
    severity: Option<Severity>,
    failures: Option<Spanned<usize>>,
    sustained: Option<Limit>,
    time_to_fix: Option<Estimate>,
    #[serde(default)]
    environment: OneOrMore,
    #[serde(default)]
    check: OneOrMore,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ActionWord {
    Rollback,
    FixForward,
    None,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ApprovalWord {
    Required,
    Automatic,
}

/// A text, or a list of some.
#[derive(Default)]
struct OneOrMore(Vec<Spanned<String>>);

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected a text, or a list of texts")]
        enum Either {
            One(String),
            More(Vec<String>),
        }
        let spanned = Spanned::<Either>::deserialize(deserializer)?;
        let span = spanned.span();
        let all = match spanned.into_inner() {
            Either::One(text) => vec![text],
            Either::More(all) => all,
        };
        if all.is_empty() || all.iter().any(|text| text.trim().is_empty() || text.chars().any(char::is_control)) {
            return Err(D::Error::custom("a name is a text that is not empty, and a list has at least one"));
        }
        Ok(OneOrMore(all.into_iter().map(|text| Spanned::new(span.clone(), text)).collect()))
    }
}

impl OneOrMore {
    fn texts(&self) -> Vec<String> {
        let mut texts: Vec<String> = self.0.iter().map(|text| text.get_ref().clone()).collect();
        texts.sort_unstable();
        texts.dedup();
        texts
    }
}

/// The rows of the file `text`, of which these are the lines and the checks. Refuses those that could never decide.
pub(super) fn rows(
    forms: Vec<Spanned<PolicyForm>>,
    checks: &[CheckForm],
    (text, lines): (&str, &Lines),
) -> Result<Vec<PolicyRow>> {
    let mut rows: Vec<PolicyRow> = Vec::with_capacity(forms.len());
    for (number, form) in forms.into_iter().enumerate() {
        let at = form.span();
        let origin = Origin::File { row: number + 1, line: lines.number(at.start) };
        let row = form.into_inner().read(origin, checks, text)?;
        if let Some(before) = rows.iter().position(|before| before.covers(&row)) {
            let why = format!("rule {} never decides: rule {} matches wherever it does", number + 1, before + 1);
            return Err(order::refused(text, &at, &why, "put it before that one, or take one of them out"));
        }
        rows.push(row);
    }
    Ok(rows)
}

impl PolicyForm {
    fn read(self, origin: Origin, checks: &[CheckForm], text: &str) -> Result<PolicyRow> {
        let refused = |span: std::ops::Range<usize>, why: &str, hint: &str| Err(order::refused(text, &span, why, hint));
        let action = match (*self.action.get_ref(), &self.approval) {
            (ActionWord::Rollback, approval) => {
                Action::Rollback(match approval.as_ref().map(|approval| *approval.get_ref()) {
                    Some(ApprovalWord::Automatic) => Approval::Automatic,
                    Some(ApprovalWord::Required) | None => Approval::Required,
                })
            }
            (_, Some(approval)) => {
                let hint = "take `approval` out, or write `action = \"rollback\"`";
                return refused(approval.span(), "only a rollback needs an approval", hint);
            }
            (ActionWord::FixForward, None) => Action::FixForward,
            (ActionWord::None, None) => Action::None,
        };
        for name in &self.check.0 {
            if !checks.iter().any(|check| check.name().0 == name.get_ref()) {
                let why = format!("there is no check named `{}`", name.get_ref());
                let known: Vec<_> = checks.iter().map(|check| check.name().0).take(SHOWN).collect();
                let hint = match &known[..] {
                    [] => "write a `[[check]]` of that name, or take the row out".into(),
                    known => format!("there are: {}", known.join(", ")),
                };
                return refused(name.span(), &why, &hint);
            }
        }
        let names = self.check.texts();
        match &self.failures {
            Some(failures) if *failures.get_ref() == 0 => {
                return refused(
                    failures.span(),
                    "no failure at all decides nothing",
                    "write `failures = 1`, or leave it out",
                );
            }
            Some(failures) if !names.is_empty() && *failures.get_ref() > names.len() => {
                let why = format!("of {} named, so many can never fail", in_number(names.len()));
                return refused(failures.span(), &why, "name more of them, or ask for fewer failures");
            }
            _ => {}
        }
        Ok(PolicyRow {
            severity: self.severity,
            checks: names,
            sustained: self.sustained.map(|limit| limit.0),
            failures: self.failures.map(Spanned::into_inner),
            time_to_fix: self.time_to_fix.map(|estimate| estimate.0),
            environments: self.environment.texts(),
            action,
            origin,
        })
    }
}

fn in_number(checks: usize) -> String {
    format!("{checks} {}", if checks == 1 { "check" } else { "checks" })
}

#[cfg(test)]
mod tests;
