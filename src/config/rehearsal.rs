//! What a consent is worth in a rehearsal: on a throw-away copy of a repository, commands that may touch the real world are
//! replaced, and what is to fail does.
//!
//! It is decided where commands are handed out, so that nothing which runs them can forget it. A rehearsal can only be made
//! from the consent of the repository itself, is worth nothing for another content, and nothing outside of its copy.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{
    artifacts::Artifact,
    checks::{Check, Isolation, Moment},
    rollback::{StepCommand, Steps},
    schema::Config,
    trust::{Consent, ContentHash},
};
use crate::model::Severity;

/// Set to `1` for every command and check that runs in a rehearsal.
pub const DRILL_VARIABLE: &str = "CHECKPOINT_DRILL";

/// What runs in the place of a command that may touch the real world.
const STAND_IN: &str = "true";

/// What runs in the place of a step that is to fail.
const FAILURE: &str = "exit 1";

/// `rollback.drill`: what becomes of commands that may touch the real world.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DrillCommands {
    /// A harmless one runs in the place of each.
    #[default]
    StandIn,
    /// They run, in the copy.
    Run,
}

/// A rehearsal of a rollback, on a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsal {
    /// The top of the copy.
    top: PathBuf,
    agreed: Option<ContentHash>,
    commands: DrillCommands,
    fails: Option<Fails>,
}

/// What is made to fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fails {
    /// The check of this name, except where the worktree has this file.
    Check {
        /// Its name.
        name: String,
        /// Relative to the top; letters, digits, `/`, `-` and `.`.
        except: &'static str,
    },
    /// A step.
    Step(Around, usize),
}

/// On which side of the move of the files a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Around {
    /// `before`.
    Before,
    /// `after`.
    After,
}

impl Around {
    /// The word in the configuration and in the names of steps.
    pub fn as_str(self) -> &'static str {
        match self {
            Around::Before => "before",
            Around::After => "after",
        }
    }
}

impl Rehearsal {
    /// On the copy whose top this is, by the consent of the repository itself; without one nothing runs at all.
    pub fn new(top: &Path, consent: Option<&Consent>, commands: DrillCommands) -> Self {
        Rehearsal { top: top.to_owned(), agreed: consent.map(|consent| consent.hash().clone()), commands, fails: None }
    }

    /// The same, and this fails.
    #[must_use]
    pub fn with_failure(self, fails: Fails) -> Self {
        Rehearsal { fails: Some(fails), ..self }
    }

    /// Whether commands that may touch the real world are replaced.
    pub fn stands_in(&self) -> bool {
        self.commands == DrillCommands::StandIn
    }

    /// Whether the commands of this content may run at `top`.
    pub(super) fn agrees_to(&self, top: &Path, hash: &ContentHash) -> bool {
        self.top == top && self.agreed.as_ref() == Some(hash)
    }

    /// The steps that run in the place of these.
    pub(super) fn steps(&self, steps: &Steps) -> Steps {
        let list = |around: Option<Around>, steps: &[StepCommand]| {
            let one = |(number, step): (usize, &StepCommand)| {
                let fails = around.is_some_and(|around| self.fails == Some(Fails::Step(around, number)));
                let run = match self.commands {
                    _ if fails => FAILURE.to_owned(),
                    DrillCommands::StandIn => STAND_IN.to_owned(),
                    DrillCommands::Run => step.run.clone(),
                };
                StepCommand { run, ..step.clone() }
            };
            steps.iter().enumerate().map(one).collect()
        };
        Steps {
            before: list(Some(Around::Before), &steps.before),
            after: list(Some(Around::After), &steps.after),
            on_verified: list(None, &steps.on_verified),
            on_failure: list(None, &steps.on_failure),
        }
    }

    /// The checks that run in the place of these.
    pub(super) fn checks(&self, checks: &[Check]) -> Vec<Check> {
        checks.iter().map(|check| self.check(check)).collect()
    }

    /// The artifacts that are saved and brought back in the place of these: a file of the copy is copied, and what a server keeps
    /// or a folder is left out.
    pub(super) fn artifacts(&self, artifacts: &[Artifact]) -> Vec<Artifact> {
        let copied = |artifact: &Artifact| Artifact { save: None, restore: None, ..artifact.clone() };
        let is_file = |path: &String| !self.top.join(path).is_dir();
        let one = |artifact: &Artifact| match &artifact.path {
            _ if !self.stands_in() || !artifact.has_command() => Some(artifact.clone()),
            path => path.as_ref().filter(|path| is_file(path)).map(|_| copied(artifact)),
        };
        artifacts.iter().filter_map(one).collect()
    }

    fn check(&self, check: &Check) -> Check {
        let replaced = |run: String| Check { run, setup: None, measures: Vec::new(), ..check.clone() };
        match &self.fails {
            Some(Fails::Check { name, except }) if *name == check.name => {
                return replaced(format!("test -e '{except}'"));
            }
            _ => {}
        }
        if check.isolation == Isolation::None && self.stands_in() {
            return replaced(STAND_IN.to_owned());
        }
        // Nothing that git ignores is in the copy, so what makes a worktree ready has to run first.
        let isolation = match check.isolation {
            Isolation::Auto if check.setup.is_some() => Isolation::Worktree,
            as_it_is => as_it_is,
        };
        Check { isolation, ..check.clone() }
    }
}

/// What of it can be rehearsed, by names: nothing here is run, so it needs no consent.
impl Config {
    /// The first check that decides whether the state gone back to works.
    pub fn deciding_check(&self) -> Option<&str> {
        let decides = |check: &&Check| {
            check.on.contains(&Moment::Rollback) && !check.background && check.severity != Severity::Low
        };
        self.checks.iter().find(decides).map(|check| check.name.as_str())
    }

    /// The first step around the move of the files whose failure is not passed over.
    pub fn deciding_step(&self) -> Option<(Around, usize)> {
        let steps = &self.rollback.steps;
        let decides = |step: &StepCommand| !step.continue_on_error;
        let before = steps.before.iter().position(decides).map(|number| (Around::Before, number));
        before.or_else(|| steps.after.iter().position(decides).map(|number| (Around::After, number)))
    }

    /// How many commands there are for a rollback that failed.
    pub fn steps_on_failure(&self) -> usize {
        self.rollback.steps.on_failure.len()
    }

    /// Whether a command saves this artifact or brings it back.
    pub fn artifact_has_command(&self, name: &str) -> bool {
        self.artifacts.iter().any(|artifact| artifact.name == name && artifact.has_command())
    }

    /// Whether this check is about something else than the files, such as a server.
    pub fn is_about_a_service(&self, check: &str) -> bool {
        self.checks.iter().any(|known| known.name == check && known.isolation == Isolation::None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[rollback]\nbefore = [{ run = 'stop', continue-on-error = true }, 'dump']\nafter = ['start']\n\
        on-verified = ['open']\non-failure = ['mail']\n\
        [[check]]\nname = 'noise'\nrun = 'lint'\non = ['rollback']\nseverity = 'low'\n\
        [[check]]\nname = 'unit'\nrun = 'test'\non = ['rollback']\nsetup = 'install'\n\
        [[check]]\nname = 'live'\nrun = 'curl'\non = ['rollback']\nisolation = 'none'\nmeasure = { pattern = '([0-9]+)', fail = 1 }\n";

    fn rehearsal(commands: DrillCommands) -> (Config, Rehearsal) {
        let consent = Consent::for_tests(TEXT.as_bytes());
        (Config::parse(TEXT).expect("valid"), Rehearsal::new(Path::new("/copy"), Some(&consent), commands))
    }

    fn runs(config: &Config, rehearsal: &Rehearsal) -> (Vec<String>, Vec<String>) {
        let steps = rehearsal.steps(&config.rollback.steps);
        let steps = steps.all().map(|(_, step)| step.run.clone()).collect();
        (steps, rehearsal.checks(&config.checks).into_iter().map(|check| check.run).collect())
    }

    #[test]
    fn what_may_touch_the_world_is_replaced_unless_the_configuration_lets_it_run() {
        let (config, rehearsed) = rehearsal(DrillCommands::StandIn);
        let (steps, checks) = runs(&config, &rehearsed);
        assert_eq!((steps, checks), (vec!["true".to_owned(); 5], ["lint", "test", "true"].map(str::to_owned).to_vec()));
        assert!(rehearsed.checks(&config.checks)[2].measures.is_empty(), "a stand-in prints no number");
        assert_eq!(rehearsed.checks(&config.checks)[1].isolation, Isolation::Worktree, "so that its setup runs");
        let (config, rehearsed) = rehearsal(DrillCommands::Run);
        let (steps, checks) = runs(&config, &rehearsed);
        assert_eq!(steps, ["stop", "dump", "start", "open", "mail"]);
        assert_eq!(checks, ["lint", "test", "curl"]);
    }

    #[test]
    fn what_is_to_fail_is_what_decides() {
        for commands in [DrillCommands::StandIn, DrillCommands::Run] {
            let (config, plain) = rehearsal(commands);
            let (around, number) = config.deciding_step().expect("there is one");
            assert_eq!((around, number, config.deciding_check()), (Around::Before, 1, Some("unit")));
            let (steps, _) = runs(&config, &plain.clone().with_failure(Fails::Step(around, number)));
            assert_eq!(steps.iter().position(|run| run == FAILURE), Some(1));
            let fails = Fails::Check { name: "unit".into(), except: "drill/older.txt" };
            let (_, checks) = runs(&config, &plain.with_failure(fails));
            assert_eq!(checks[1], "test -e 'drill/older.txt'");
        }
        let none = Config::parse("[rollback]\nafter = [{ run = 'a', continue-on-error = true }]").expect("valid");
        assert_eq!((none.deciding_step(), none.deciding_check()), (None, None));
    }

    #[test]
    fn no_server_is_asked_to_save_or_bring_back_what_it_keeps() {
        let text = "[[artifact]]\nname = 'plain'\npath = 'a.db'\n[[artifact]]\nname = 'dumped'\npath = 'b.db'\nsave = 'dump'\n\
                    [[artifact]]\nname = 'server'\nsave = 'pg_dump'\nrestore = 'psql'\n";
        let config = Config::parse(text).expect("valid");
        let consent = Consent::for_tests(text.as_bytes());
        let of = |commands| Rehearsal::new(Path::new("/copy"), Some(&consent), commands).artifacts(&config.artifacts);
        let stood_in = of(DrillCommands::StandIn);
        let names: Vec<&str> = stood_in.iter().map(|artifact| artifact.name.as_str()).collect();
        assert_eq!(names, ["plain", "dumped"]);
        assert!(stood_in.iter().all(|artifact| !artifact.has_command()), "{stood_in:?}");
        assert_eq!(of(DrillCommands::Run), config.artifacts);
    }

    #[test]
    fn it_is_worth_nothing_elsewhere_or_for_another_text() {
        let (_, rehearsed) = rehearsal(DrillCommands::Run);
        let hash = ContentHash::of(TEXT.as_bytes());
        assert!(rehearsed.agrees_to(Path::new("/copy"), &hash));
        assert!(!rehearsed.agrees_to(Path::new("/original"), &hash));
        assert!(!rehearsed.agrees_to(Path::new("/copy"), &ContentHash::of(b"other")));
        let untrusted = Rehearsal::new(Path::new("/copy"), None, DrillCommands::Run);
        assert!(!untrusted.agrees_to(Path::new("/copy"), &hash));
    }
}
