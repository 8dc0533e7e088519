//! The sections that make commands run: `[[check]]`, and `[push]`, which says when they stand in the way of a push.
//!
//! Reading them runs nothing. What they name is handed out for running against a [`super::Consent`] only.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, de::Error as _};
use toml::Spanned;

use super::{measures::MeasureForms, order::Lines, schema::from_text};
use crate::{
    error,
    model::{Measure, Severity, TimeLimit},
};

/// The longest name of a check, in characters: it is a file's name too.
const MAX_NAME: usize = 64;

/// A command that says whether a state is good.
#[derive(Debug, Clone, PartialEq)]
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
    /// Whether it is too heavy to be waited for when a checkpoint is taken.
    pub background: bool,
    /// Names of checks that have to pass before it is run.
    pub needs: Vec<String>,
    /// Whether no other check may run beside it.
    pub exclusive: bool,
    /// Which files it looks at.
    pub isolation: Isolation,
    /// Whether its private worktree is a new one every time.
    pub clean: bool,
    /// Paths of the user's worktree that a private worktree has links to.
    pub link: Vec<String>,
    /// The command that makes a private worktree ready.
    pub setup: Option<String>,
    /// Patterns of files, as git has them for paths; when one of them changes, `setup` runs again.
    pub setup_when: Vec<String>,
    /// Whether its verdict is kept for the tree. What depends on more than the files is asked again.
    pub cache: bool,
    /// Anything; a verdict counts for the same salt only.
    pub salt: String,
    /// The line of the file that its name is on, for messages.
    pub line: usize,
    /// The numbers that are read from its output, and their limits; their names are unique within the check.
    pub measures: Vec<Measure>,
}

/// Which files a check looks at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Isolation {
    /// The user's, where they are exactly what is to be validated; else a private worktree.
    #[default]
    Auto,
    /// A private worktree, always.
    Worktree,
    /// None in particular: it asks about something else, a server for example. It runs at the top of the user's worktree,
    /// and its verdict is about the moment.
    None,
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
    /// Commits are brought back.
    Recover,
    /// It is to be decided whether to roll back.
    Assess,
    /// The state is watched.
    Monitor,
}

impl Moment {
    /// All of them, in the order of a state's life.
    pub const ALL: [Moment; 6] =
        [Moment::Checkpoint, Moment::Push, Moment::Rollback, Moment::Recover, Moment::Assess, Moment::Monitor];

    /// The word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Moment::Checkpoint => "checkpoint",
            Moment::Push => "push",
            Moment::Rollback => "rollback",
            Moment::Recover => "recover",
            Moment::Assess => "assess",
            Moment::Monitor => "monitor",
        }
    }
}

/// What becomes of a checkpoint whose checks do not pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Gate {
    /// What is made of a state that a check failed on, beside its record.
    pub on_fail: OnFail,
}

/// What is made of a state that a check failed on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFail {
    /// Nothing more: it is saved, without a tag.
    #[default]
    Keep,
    /// A backup branch of it, as a rollback would make.
    BackupBranch,
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
    #[serde(default)]
    background: bool,
    #[serde(default)]
    needs: Vec<Spanned<String>>,
    #[serde(default)]
    exclusive: bool,
    #[serde(default)]
    isolation: Isolation,
    #[serde(default)]
    clean: bool,
    #[serde(default)]
    link: Vec<String>,
    setup: Option<Command>,
    #[serde(default)]
    setup_when: Vec<String>,
    #[serde(default = "yes")]
    cache: bool,
    #[serde(default)]
    salt: String,
    #[serde(default)]
    measure: MeasureForms,
}

fn yes() -> bool {
    true
}

fn default_timeout() -> TimeLimit {
    TimeLimit::from_minutes(10)
}

impl CheckForm {
    /// The name, and where it stands in the file.
    pub(super) fn name(&self) -> (&str, std::ops::Range<usize>) {
        (&self.name.get_ref().0, self.name.span())
    }

    /// What it says to need, and where that stands in the file.
    pub(super) fn needs(&self) -> impl Iterator<Item = (&str, std::ops::Range<usize>)> {
        self.needs.iter().map(|name| (name.get_ref().as_str(), name.span()))
    }

    /// Whether it is too heavy to be waited for.
    pub(super) fn is_heavy(&self) -> bool {
        self.background
    }

    /// What stands in the file `text`, of which these are the lines, if its measures can be understood.
    pub(super) fn read(self, text: &str, lines: &Lines) -> error::Result<Check> {
        let form = self;
        let line = lines.number(form.name.span().start);
        let name = form.name.into_inner().0;
        Ok(Check {
            line,
            measures: form.measure.measures(&name, text)?,
            name,
            run: form.run.0,
            on: form.on.unwrap_or_else(|| vec![Moment::Checkpoint, Moment::Push, Moment::Rollback]),
            severity: form.severity,
            timeout: form.timeout,
            background: form.background,
            needs: form.needs.into_iter().map(Spanned::into_inner).collect(),
            exclusive: form.exclusive,
            isolation: form.isolation,
            clean: form.clean,
            link: form.link,
            setup: form.setup.map(|setup| setup.0),
            setup_when: form.setup_when,
            cache: form.cache,
            salt: form.salt,
        })
    }
}

/// A name that can name a file as well.
pub(super) struct Name(pub(super) String);

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if text.is_empty() || text.len() > MAX_NAME || !text.chars().all(is_plain) || text.starts_with(['.', '-']) {
            return Err(format!(
                "a name begins with a letter, a digit or `_`, and has up to {MAX_NAME} letters, digits, `-`, `_` and `.`"
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

/// A command for `sh -c`.
pub(super) struct Command(pub(super) String);

impl Command {
    pub(super) fn parse(text: String) -> Result<Self, &'static str> {
        if text.trim().is_empty() || text.contains('\0') {
            return Err("it is no command for a shell");
        }
        Ok(Command(text))
    }
}

impl<'de> Deserialize<'de> for Command {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Command::parse(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
