//! The sections that make commands run: `[[check]]`, and `[push]`, which says when they stand in the way of a push.
//!
//! Reading them runs nothing. What they name is handed out for running against a [`super::Consent`] only.

use std::str::FromStr;

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny},
};
use toml::Spanned;

use super::schema::from_text;
use crate::model::TimeLimit;

/// The longest name of a check, in characters: it is a file's name too.
const MAX_NAME: usize = 64;

/// A command that says whether a state is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Unique in the file; letters, digits, `-`, `_` and `.`, so it can name a file.
    pub name: String,
    /// The command, for `sh -c`.
    pub run: String,
    /// When it runs.
    pub on: Vec<Moment>,
    /// How much a failure matters.
    pub severity: Severity,
    /// How long it may take.
    pub timeout: TimeLimit,
}

/// When a check runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// A checkpoint is taken.
    Checkpoint,
    /// Commits are about to be pushed.
    Push,
    /// A rollback was made.
    Rollback,
    /// The state is watched.
    Monitor,
}

impl Moment {
    /// The word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Moment::Checkpoint => "checkpoint",
            Moment::Push => "push",
            Moment::Rollback => "rollback",
            Moment::Monitor => "monitor",
        }
    }
}

/// How much the failure of a check matters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It is told, and never stands in the way.
    Low,
    /// Between low and high.
    Medium,
    /// What a check has that says nothing.
    #[default]
    High,
    /// The worst.
    Critical,
}

impl Severity {
    /// The word in the configuration and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

/// What is validated before a push, and what stops it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Push {
    /// Which of the commits to be pushed are validated.
    pub commits: PushCommits,
    /// How long all checks together may take.
    #[serde(deserialize_with = "from_text")]
    pub budget: TimeLimit,
    /// What a check that failed does to the push.
    pub on_failure: OnTrouble,
    /// What a check without an answer does to the push: it timed out, the budget was spent, it could not start.
    pub on_inconclusive: OnTrouble,
}

impl Default for Push {
    fn default() -> Self {
        Push {
            commits: PushCommits::Tip,
            budget: TimeLimit::from_minutes(5),
            on_failure: OnTrouble::Block,
            on_inconclusive: OnTrouble::Block,
        }
    }
}

/// Which of the commits to be pushed are validated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PushCommits {
    /// The last commit of each ref.
    #[default]
    Tip,
    /// Every commit that the remote does not have, oldest first.
    All,
}

/// What trouble does to a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnTrouble {
    /// The push is refused.
    Block,
    /// The push goes on, and the trouble is told.
    Allow,
}

/// `[[check]]` as it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct CheckForm {
    name: Spanned<Name>,
    run: Command,
    on: Option<Vec<Moment>>,
    #[serde(default)]
    severity: Severity,
    #[serde(default = "default_timeout", deserialize_with = "from_text")]
    timeout: TimeLimit,
    background: Option<IgnoredAny>,
    isolation: Option<IgnoredAny>,
    measure: Option<IgnoredAny>,
}

fn default_timeout() -> TimeLimit {
    TimeLimit::from_minutes(10)
}

impl CheckForm {
    /// The name, and where it stands in the file.
    pub(super) fn name(&self) -> (&str, std::ops::Range<usize>) {
        (&self.name.get_ref().0, self.name.span())
    }

    /// The keys that it has and this version does not act on.
    pub(super) fn inactive(&self) -> impl Iterator<Item = &'static str> {
        let later = |on: &Moment| *on != Moment::Push;
        let elsewhere = self.on.as_ref().is_none_or(|on| on.iter().any(later));
        let keys = [
            ("check.on` other than `push", elsewhere),
            ("check.background", self.background.is_some()),
            ("check.isolation", self.isolation.is_some()),
            ("check.measure", self.measure.is_some()),
        ];
        keys.into_iter().filter(|(_, is_there)| *is_there).map(|(key, _)| key)
    }
}

impl From<CheckForm> for Check {
    fn from(form: CheckForm) -> Self {
        Check {
            name: form.name.into_inner().0,
            run: form.run.0,
            on: form.on.unwrap_or_else(|| vec![Moment::Checkpoint, Moment::Push, Moment::Rollback]),
            severity: form.severity,
            timeout: form.timeout,
        }
    }
}

struct Name(String);

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if text.is_empty() || text.len() > MAX_NAME || !text.chars().all(is_plain) || text.starts_with(['.', '-']) {
            return Err(format!(
                "a check's name begins with a letter, a digit or `_`, and has up to {MAX_NAME} letters, digits, `-`, `_` and `.`"
            ));
        }
        Ok(Name(text.to_owned()))
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer)
    }
}

struct Command(String);

impl<'de> Deserialize<'de> for Command {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.trim().is_empty() || text.contains('\0') {
            return Err(D::Error::custom("it is no command for a shell"));
        }
        Ok(Command(text))
    }
}
