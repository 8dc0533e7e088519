//! `.checkpoint.toml`: what it may say, and how a mistake in it is told.
//!
//! Reading it has no side effect: nothing in it is run, expanded or opened here.

use std::{path::Path, sync::OnceLock};

use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::{
    artifacts::{self, Artifact, ArtifactForm},
    checks::{Check, CheckForm, Gate, Moment, Push},
    order, plain,
    policy::{self, Monitor, PolicyForm},
    rehearsal::Rehearsal,
    retention::{Retention, RetentionForm},
    rollback::{Rollback, RollbackRules, StepCommand, Steps},
    trust::{Consent, ContentHash},
};
use crate::{
    error::{Error, Result},
    model::{ByteSize, Elapsed, Measure, PolicyRow, Schedule, Template},
};

/// The file's name, at the top of the worktree.
pub const FILE_NAME: &str = ".checkpoint.toml";

/// The whole configuration; what the file leaves out has its default.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// How states are captured.
    pub capture: Capture,
    /// What public tags are.
    pub tag: TagKind,
    /// The names that checkpoints and backups get.
    pub names: Names,
    /// `checkpoint`: what becomes of a checkpoint whose checks do not pass.
    pub gate: Gate,
    /// What is validated before a push, and what stops it.
    pub push: Push,
    /// What `prune` keeps.
    pub retention: Retention,
    /// `phase.every` or `phase.at`: when the checkpoints of a phase are due, unless `start` says otherwise.
    pub schedule: Option<Schedule>,
    /// The text that all of this was read from; `None` where there is no file.
    pub source: Option<Source>,
    pub(super) checks: Vec<Check>,
    pub(super) artifacts: Vec<Artifact>,
    pub(super) rollback: Rollback,
    pub(super) policy: Vec<PolicyRow>,
    pub(super) monitor: Monitor,
    /// What runs in the place of the checks and artifacts in a rehearsal.
    rehearsed: OnceLock<(Vec<Check>, Vec<Artifact>)>,
}

/// The text of a configuration, as it was read once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The whole file.
    pub text: String,
    /// What a person trusts: these bytes and no others.
    pub hash: ContentHash,
}

/// A command that the file wants run, to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What it is: the check's name, for example.
    pub name: String,
    /// When it runs, in words: those of a check's `on`, or `before rollback`.
    pub on: Vec<&'static str>,
    /// The command.
    pub run: String,
}

/// The names that checkpoints and backups get, where the configuration sets them.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// `phase.tag`.
    pub tag: Option<Template>,
    /// `phase.complete`.
    pub complete: Option<Template>,
    /// `phase.backup`.
    pub backup: Option<Template>,
}

/// What a capture takes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Capture {
    /// Whether a checkpoint is a snapshot beside the branch, or a commit on it.
    pub mode: CaptureMode,
    /// Whether files git does not track are taken.
    pub untracked: bool,
    /// New files over this size are left alone and named.
    #[serde(deserialize_with = "from_text")]
    pub max_file_size: ByteSize,
    /// New files that would take a snapshot over this size are left alone and named.
    #[serde(deserialize_with = "from_text")]
    pub max_total_size: ByteSize,
    /// Patterns, as in `.gitignore`, of new files that are left alone.
    pub exclude: Vec<String>,
}

impl Default for Capture {
    fn default() -> Self {
        Capture {
            mode: CaptureMode::Snapshot,
            untracked: true,
            max_file_size: ByteSize(10 << 20),
            max_total_size: ByteSize(500 << 20),
            exclude: Vec::new(),
        }
    }
}

/// Whether a checkpoint is a snapshot beside the branch, or a commit on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaptureMode {
    /// Beside the branch: HEAD, index and files stay as they are.
    Snapshot,
    /// `git add -A` and `git commit` on the branch.
    Commit,
}

/// What the public tag of a checkpoint is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TagKind {
    /// The record's own tag object.
    #[default]
    Annotated,
    /// A ref to the commit.
    Lightweight,
    /// There is none.
    None,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    phase: Phase,
    tag: Tag,
    capture: Capture,
    checkpoint: Gate,
    check: Vec<CheckForm>,
    artifact: Vec<ArtifactForm>,
    rollback: Rollback,
    policy: Vec<Spanned<PolicyForm>>,
    monitor: Monitor,
    push: Push,
    retention: RetentionForm,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Phase {
    #[serde(deserialize_with = "every")]
    every: Option<Schedule>,
    #[serde(deserialize_with = "at")]
    at: Option<Schedule>,
    tag: Option<String>,
    complete: Option<String>,
    backup: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Tag {
    kind: TagKind,
}

impl Config {
    /// Reads `.checkpoint.toml` at the top of the worktree; without one everything has its default.
    pub fn load(workdir: &Path) -> Result<Self> {
        plain::read(workdir, FILE_NAME)?.map_or_else(|| Ok(Self::default()), |text| Self::parse(&text))
    }

    /// Reads the text of a configuration.
    pub fn parse(text: &str) -> Result<Self> {
        let file: File = toml::from_str(text).map_err(|error| not_understood(&error))?;
        order::refuse_tangles(text, &file.check)?;
        let template = |key: &str, value: Option<String>| -> Result<Option<Template>> {
            let parse = |text: String| Template::parse(&text);
            value.map(parse).transpose().map_err(|why| {
                Error::usage(format!("`{key}` in `{FILE_NAME}` is not valid"))
                    .because(why)
                    .hint("write a field as in `{date}`; a brace alone has no meaning")
            })
        };
        let schedule = match (file.phase.every, file.phase.at) {
            (Some(_), Some(_)) => {
                return Err(Error::usage(format!("`phase.every` and `phase.at` in `{FILE_NAME}` are both set"))
                    .hint("keep the one that says when checkpoints are due"));
            }
            (every, at) => every.or(at),
        };
        let lines = order::Lines::of(text);
        let policy = policy::rows(file.policy, &file.check, (text, &lines))?;
        Ok(Config {
            capture: file.capture,
            tag: file.tag.kind,
            gate: file.checkpoint,
            push: file.push,
            retention: Retention::from(file.retention),
            checks: file.check.into_iter().map(|form| form.read(text, &lines)).collect::<Result<_>>()?,
            artifacts: artifacts::read(file.artifact, text, &lines)?,
            source: Some(Source { text: text.to_owned(), hash: ContentHash::of(text.as_bytes()) }),
            schedule,
            rollback: file.rollback,
            policy,
            monitor: file.monitor,
            rehearsed: OnceLock::new(),
            names: Names {
                tag: template("phase.tag", file.phase.tag)?,
                complete: template("phase.complete", file.phase.complete)?,
                backup: template("phase.backup", file.phase.backup)?,
            },
        })
    }

    /// The checks, to be run: for one who has the consent to exactly this content.
    pub fn checks(&self, consent: &Consent) -> Result<&[Check]> {
        self.agreed(consent)?;
        Ok(match consent.rehearsal() {
            None => &self.checks,
            Some(rehearsal) => &self.rehearsed(rehearsal).0,
        })
    }

    /// The steps of a rollback, to be run: as [`Config::checks`].
    pub fn steps(&self, consent: &Consent) -> Result<Steps> {
        self.agreed(consent)?;
        let steps = &self.rollback.steps;
        Ok(consent.rehearsal().map_or_else(|| steps.clone(), |rehearsal| rehearsal.steps(steps)))
    }

    /// The artifacts, to be saved and restored: as [`Config::checks`].
    pub fn artifacts(&self, consent: &Consent) -> Result<&[Artifact]> {
        self.agreed(consent)?;
        Ok(consent.rehearsal().map_or(&*self.artifacts, |rehearsal| &self.rehearsed(rehearsal).1))
    }

    fn rehearsed(&self, rehearsal: &Rehearsal) -> &(Vec<Check>, Vec<Artifact>) {
        self.rehearsed.get_or_init(|| (rehearsal.checks(&self.checks), rehearsal.artifacts(&self.artifacts)))
    }

    pub(super) fn agreed(&self, consent: &Consent) -> Result<()> {
        match &self.source {
            Some(source) if consent.is_to(&source.hash) => Ok(()),
            _ => Err(Error::bug("a consent was used for another configuration")),
        }
    }

    /// What of `[rollback]` is no command, so that it needs no consent.
    pub fn rollback(&self) -> &RollbackRules {
        &self.rollback.rules
    }

    /// Whether there are checks for this moment.
    pub fn has_checks(&self, moment: Moment) -> bool {
        self.checks.iter().any(|check| check.on.contains(&moment))
    }

    /// Whether there are artifacts.
    pub fn has_artifacts(&self) -> bool {
        !self.artifacts.is_empty()
    }

    /// What the artifacts are called and where each is, to be shown.
    pub fn named_artifacts(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.artifacts.iter().map(|artifact| (artifact.name.as_str(), artifact.path.as_deref()))
    }

    /// Whether a rollback has steps of its own.
    pub fn has_steps(&self) -> bool {
        self.rollback.steps.all().next().is_some()
    }

    /// The checks, for a table test of what is done with them.
    #[cfg(test)]
    pub(crate) fn checks_for_tests(&self) -> &[Check] {
        &self.checks
    }

    /// How a check's measurement is read and compared. Nothing of it is ever run, so that needs no consent.
    pub fn measure(&self, check: &str, measurement: &str) -> Option<&Measure> {
        let mut measures = self.checks.iter().filter(|known| known.name == check).flat_map(|check| &check.measures);
        measures.find(|measure| measure.names(check).any(|name| name == measurement))
    }

    /// The commands that the file wants run, to be shown; empty where there is nothing that needs trust.
    pub fn wanted(&self) -> Vec<Wanted> {
        let wanted = |check: &Check| {
            let on = || check.on.iter().map(|moment| moment.as_str()).collect();
            let one = |name: String, run: &String| Wanted { name, on: on(), run: run.clone() };
            let setup = check.setup.as_ref().map(|setup| one(format!("{} (setup)", check.name), setup));
            setup.into_iter().chain([one(check.name.clone(), &check.run)])
        };
        let step = |(when, step): (&'static str, &StepCommand)| Wanted {
            name: step.name.clone(),
            on: vec![when],
            run: step.run.clone(),
        };
        let artifacts = self.artifacts.iter().flat_map(Artifact::wanted);
        let steps = self.rollback.steps.all().map(step);
        self.checks.iter().flat_map(wanted).chain(artifacts).chain(steps).chain(self.monitor.wanted()).collect()
    }
}

/// The parser's words (they show the line), and the nearest known key where one was misspelt.
fn not_understood(error: &toml::de::Error) -> Error {
    let why = in_words(&error.to_string());
    let quoted: Vec<&str> = error.message().split('`').skip(1).step_by(2).collect();
    let failure = Error::usage(format!("`{FILE_NAME}` is not valid")).because(why.trim_end().to_owned());
    if let Some((unknown, known)) = quoted.split_first().filter(|_| error.message().starts_with("unknown")) {
        let distance = |key: &&&str| strsim::damerau_levenshtein(unknown, key);
        if let Some(nearest) = known.iter().min_by_key(distance).filter(|key| distance(key) <= 3) {
            return failure.hint(format!("did you mean `{nearest}`?"));
        }
    }
    if error.message().starts_with("invalid type: map, expected a sequence") {
        return failure.hint("a section that may stand more than once is written with two brackets, as in `[[check]]`");
    }
    failure.hint("correct that line, or remove it to get the default")
}

/// A section is no `struct` to whoever writes the file.
fn in_words(why: &str) -> String {
    const STRUCT: &str = "expected struct ";
    let Some(at) = why.find(STRUCT) else { return why.to_owned() };
    let name = why[at + STRUCT.len()..].find(|c: char| !c.is_alphanumeric()).unwrap_or(why.len() - at - STRUCT.len());
    format!("{}expected a section{}", &why[..at], &why[at + STRUCT.len() + name..])
}

/// Reads a value that people write as text.
pub(super) fn from_text<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr<Err = String>,
{
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

fn every<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Schedule>, D::Error> {
    let span = from_text(deserializer)?;
    Schedule::every(span).map(Some).map_err(serde::de::Error::custom)
}

fn at<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Schedule>, D::Error> {
    let times = Vec::<String>::deserialize(deserializer)?;
    let times = times.iter().map(|time| time.parse()).collect::<Result<Vec<Elapsed>, _>>();
    times.and_then(Schedule::at).map(Some).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests;
