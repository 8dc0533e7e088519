//! `[rollback]`: what is done around a rollback, and what follows when the state gone back to does not work.
//!
//! A step is a command, or a command with a name, a time limit and whether its failure may be passed over:
//!
//! ```toml
//! [rollback]
//! before = ["php artisan down", { run = "supervisorctl stop all", continue-on-error = true }]
//! ```

use std::path::{Component, Path};

use serde::{Deserialize, Deserializer, de::Error as _};

use super::{checks::Command, rehearsal::DrillCommands, schema::from_text};
use crate::model::TimeLimit;

/// The whole section.
#[derive(Debug, Clone, Default)]
pub(super) struct Rollback {
    /// What needs consent.
    pub(super) steps: Steps,
    /// What does not.
    pub(super) rules: RollbackRules,
}

/// The commands around a rollback, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Steps {
    /// Before anything is changed: one that fails stops the rollback.
    pub before: Vec<StepCommand>,
    /// When everything is back.
    pub after: Vec<StepCommand>,
    /// When the state gone back to was proved to work: what is to be open only then.
    pub on_verified: Vec<StepCommand>,
    /// When the rollback has stopped without being complete, or when the state gone back to does not work.
    pub on_failure: Vec<StepCommand>,
}

/// A command around a rollback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepCommand {
    /// What it is called; its command's first line where it has no name.
    pub name: String,
    /// The command, for `sh -c`.
    pub run: String,
    /// How long it may take.
    pub timeout: TimeLimit,
    /// Whether the rollback goes on if it fails.
    pub continue_on_error: bool,
}

/// What is decided without running anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollbackRules {
    /// How long the services have to settle before the checks run; zero for not at all.
    pub settle: std::time::Duration,
    /// How often the checks are run again while they do not pass.
    pub retries: u32,
    /// How long is waited before they are.
    pub retry_after: std::time::Duration,
    /// What follows if the state gone back to does not work.
    pub on_verify_failure: OnVerifyFailure,
    /// The file that an entry is added to; relative to the top of the worktree.
    pub log: Option<String>,
    /// The folder that incident documents are written to; relative to the top of the worktree.
    pub documents: Option<String>,
    /// Whether the branch at its remote is moved along.
    pub push: PushMode,
    /// What becomes of the commands in a rehearsal.
    pub drill: DrillCommands,
}

impl Default for RollbackRules {
    fn default() -> Self {
        RollbackRules {
            settle: std::time::Duration::ZERO,
            retries: 0,
            retry_after: std::time::Duration::from_secs(5),
            on_verify_failure: OnVerifyFailure::default(),
            log: None,
            documents: None,
            push: PushMode::default(),
            drill: DrillCommands::default(),
        }
    }
}

/// What follows if the state gone back to does not work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnVerifyFailure {
    /// It stays, and a person decides.
    #[default]
    Stop,
    /// The state before the rollback comes back.
    Undo,
    /// The next older good checkpoint is gone back to, once each.
    NextOlder,
}

/// Whether the branch at its remote is moved along.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PushMode {
    /// Only with `--push`.
    #[default]
    Never,
    /// A person is asked.
    Ask,
    /// Always, if the remote still has what is expected.
    WithLease,
}

impl Steps {
    /// Every command, with when it runs.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'static str, &StepCommand)> {
        let lists = [
            ("before rollback", &self.before),
            ("after rollback", &self.after),
            ("verified rollback", &self.on_verified),
            ("failed rollback", &self.on_failure),
        ];
        lists.into_iter().flat_map(|(when, steps)| steps.iter().map(move |step| (when, step)))
    }
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Form {
    before: Vec<StepForm>,
    after: Vec<StepForm>,
    on_verified: Vec<StepForm>,
    on_failure: Vec<StepForm>,
    settle: Option<Limit>,
    retries: u32,
    retry_after: Option<Limit>,
    on_verify_failure: OnVerifyFailure,
    #[serde(deserialize_with = "inner_path")]
    log: Option<String>,
    #[serde(deserialize_with = "inner_path")]
    documents: Option<String>,
    push: PushMode,
    drill: DrillCommands,
}

impl Default for Form {
    fn default() -> Self {
        let RollbackRules { retries, on_verify_failure, log, documents, push, drill, .. } = RollbackRules::default();
        Form {
            before: Vec::new(),
            after: Vec::new(),
            on_verified: Vec::new(),
            on_failure: Vec::new(),
            settle: None,
            retries,
            retry_after: None,
            on_verify_failure,
            log,
            documents,
            push,
            drill,
        }
    }
}

/// The most that checks are repeated: a state that does not work after so many times does not work.
const MAX_RETRIES: u32 = 100;

impl<'de> Deserialize<'de> for Rollback {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form = Form::deserialize(deserializer)?;
        if form.retries > MAX_RETRIES {
            return Err(D::Error::custom(format!("`retries` is {MAX_RETRIES} at the most")));
        }
        let default = RollbackRules::default();
        let rules = RollbackRules {
            settle: form.settle.map_or(default.settle, |limit| limit.0.duration()),
            retries: form.retries,
            retry_after: form.retry_after.map_or(default.retry_after, |limit| limit.0.duration()),
            on_verify_failure: form.on_verify_failure,
            log: form.log,
            documents: form.documents,
            push: form.push,
            drill: form.drill,
        };
        let steps = |forms: Vec<StepForm>| forms.into_iter().map(StepForm::read).collect();
        let (before, after) = (steps(form.before), steps(form.after));
        let (on_verified, on_failure) = (steps(form.on_verified), steps(form.on_failure));
        Ok(Rollback { steps: Steps { before, after, on_verified, on_failure }, rules })
    }
}

struct Limit(TimeLimit);

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer).map(Limit)
    }
}

/// A step as it stands in the file: the command alone, or a table.
struct StepForm {
    run: Command,
    name: Option<String>,
    timeout: Option<Limit>,
    continue_on_error: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct StepTable {
    run: Command,
    name: Option<String>,
    timeout: Option<Limit>,
    #[serde(default)]
    continue_on_error: bool,
}

impl<'de> Deserialize<'de> for StepForm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = StepForm;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a command, or a table with `run`")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<StepForm, E> {
                let run = Command::parse(text.to_owned()).map_err(E::custom)?;
                Ok(StepForm { run, name: None, timeout: None, continue_on_error: false })
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<StepForm, A::Error> {
                let table = StepTable::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                let StepTable { run, name, timeout, continue_on_error } = table;
                Ok(StepForm { run, name, timeout, continue_on_error })
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl StepForm {
    fn read(self) -> StepCommand {
        let run = self.run.0;
        let first_line = || run.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned();
        StepCommand {
            name: self.name.filter(|name| !name.trim().is_empty()).unwrap_or_else(first_line),
            timeout: self.timeout.map_or(TimeLimit::from_minutes(5), |limit| limit.0),
            continue_on_error: self.continue_on_error,
            run,
        }
    }
}

/// A path that stays in the worktree, whatever is made of it.
fn inner_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if !is_inner(&text) {
        return Err(D::Error::custom("it is no path within the worktree, relative to its top"));
    }
    Ok(Some(text))
}

/// Whether it names something within the worktree that is not git's own.
pub(super) fn is_inner(text: &str) -> bool {
    let path = Path::new(text);
    let is_plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    let is_git = path.components().next().is_some_and(|part| part.as_os_str().eq_ignore_ascii_case(".git"));
    !text.is_empty() && !text.contains(['\0', '\n']) && is_plain && !is_git
}

#[cfg(test)]
mod tests {
    use super::super::Config;

    #[test]
    fn steps_are_commands_or_tables() {
        let text = "[rollback]\nbefore = ['a; b', { run = \"\\n stop all\\n now\", timeout = '30s', continue-on-error = true }]\n\
                    after = [{ run = 'c', name = 'start' }]\non-verified = ['open']\non-failure = ['mail']\nsettle = '3s'\nretries = 2\nretry-after = '1s'\n\
                    on-verify-failure = 'next-older'\nlog = 'docs/ROLLBACK_LOG.md'\npush = 'with-lease'";
        let config = Config::parse(text).expect("valid");
        let wanted = config.wanted();
        let shown: Vec<_> = wanted.iter().map(|one| (one.name.as_str(), one.on[0], one.run.as_str())).collect();
        assert_eq!(
            shown,
            [
                ("a; b", "before rollback", "a; b"),
                ("stop all", "before rollback", "\n stop all\n now"),
                ("start", "after rollback", "c"),
                ("open", "verified rollback", "open"),
                ("mail", "failed rollback", "mail"),
            ]
        );
        assert_eq!((config.rollback().retries, config.rollback().settle.as_secs()), (2, 3));
        assert_eq!(config.rollback().log.as_deref(), Some("docs/ROLLBACK_LOG.md"));
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        for (text, line, nearest) in [
            ("[rollback]\nbefor = ['a']", "line 2", Some("before")),
            ("[rollback]\nbefore = 'a'", "line 2", None),
            ("[rollback]\nbefore = ['']", "line 2", None),
            ("[rollback]\nbefore = [{ name = 'a' }]", "line 2", None),
            ("[rollback]\nbefore = [{ run = 'a', timout = '1s' }]", "line 2", Some("timeout")),
            ("[rollback]\nafter = [{ run = 'a', timeout = '0s' }]", "line 2", None),
            ("[rollback]\nlog = '../log.md'", "line 2", None),
            ("[rollback]\nlog = '/log.md'", "line 2", None),
            ("[rollback]\nlog = '.git/config'", "line 2", None),
            ("[rollback]\nretries = 1000", "retries", None),
            ("[rollback]\non-verify-failure = 'undoo'", "line 2", Some("undo")),
            ("[rollback]\npush = true", "line 2", None),
            ("[rollback]\ndrill = 'rnu'", "line 2", Some("run")),
            ("[rollback]\ndrill = true", "line 2", None),
        ] {
            let error = Config::parse(text).expect_err(text);
            let chain = error.chain().join("\n");
            assert!(chain.contains(line), "{text}: {chain}");
            let hint = nearest.map(|key| format!("did you mean `{key}`?"));
            assert!(hint.is_none_or(|hint| error.hints() == [hint]), "{text}: {:?}", error.hints());
        }
    }
}
