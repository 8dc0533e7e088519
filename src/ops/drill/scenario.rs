//! What can be rehearsed: which break, and whether the configuration has what it takes.

use std::str::FromStr;

use super::artifact;
use crate::config::Config;

/// A deliberate break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scenario {
    /// A commit that breaks files.
    BadCommit,
    /// Files are gone.
    DeletedFiles,
    /// The file of an artifact is damaged.
    CorruptArtifact,
    /// The state gone back to does not pass its checks.
    FailingCheck,
    /// A command around the rollback fails.
    FailingStep,
}

impl Scenario {
    /// Every one.
    pub const ALL: [Scenario; 5] = [
        Scenario::BadCommit,
        Scenario::DeletedFiles,
        Scenario::CorruptArtifact,
        Scenario::FailingCheck,
        Scenario::FailingStep,
    ];

    /// The name on the command line and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Scenario::BadCommit => "bad-commit",
            Scenario::DeletedFiles => "deleted-files",
            Scenario::CorruptArtifact => "corrupt-artifact",
            Scenario::FailingCheck => "failing-check",
            Scenario::FailingStep => "failing-step",
        }
    }

    /// Why there is nothing to rehearse with this configuration.
    pub fn not_applicable(self, config: &Config) -> Option<&'static str> {
        match self {
            Scenario::BadCommit | Scenario::DeletedFiles => None,
            Scenario::CorruptArtifact if artifact::files(config).is_empty() => {
                Some("no artifact with a `path` is configured")
            }
            Scenario::FailingCheck if config.deciding_check().is_none() => {
                Some("no check with `rollback` in `on` decides whether the state works")
            }
            Scenario::FailingStep if config.deciding_step().is_none() => {
                Some("`[rollback]` has no command before or after it whose failure counts")
            }
            Scenario::CorruptArtifact | Scenario::FailingCheck | Scenario::FailingStep => None,
        }
    }

    /// Whether it is about what the configuration names, so that there is nothing to see where nobody has agreed to that.
    pub(super) fn needs_commands(self) -> bool {
        matches!(self, Scenario::CorruptArtifact | Scenario::FailingCheck | Scenario::FailingStep)
    }
}

impl FromStr for Scenario {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Scenario::ALL
            .into_iter()
            .find(|scenario| scenario.as_str() == text)
            .ok_or_else(|| format!("no scenario is called `{text}`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_is_for_a_configuration_that_has_what_breaks() {
        let applicable = |text: &str| -> Vec<&'static str> {
            let config = Config::parse(text).expect(text);
            let all = Scenario::ALL.into_iter().filter(|scenario| scenario.not_applicable(&config).is_none());
            all.map(Scenario::as_str).collect()
        };
        assert_eq!(applicable(""), ["bad-commit", "deleted-files"]);
        let check = "[[check]]\nname = 'a'\nrun = 'b'\non = ['rollback']\n";
        assert_eq!(applicable(check), ["bad-commit", "deleted-files", "failing-check"]);
        assert_eq!(applicable(&format!("{check}severity = 'low'")), ["bad-commit", "deleted-files"]);
        assert_eq!(applicable(&check.replace("rollback", "push")), ["bad-commit", "deleted-files"]);
        assert_eq!(applicable("[rollback]\nafter = ['a']"), ["bad-commit", "deleted-files", "failing-step"]);
        let artifact = "[[artifact]]\nname = 'db'\npath = 'a.db'\n";
        assert_eq!(applicable(artifact), ["bad-commit", "deleted-files", "corrupt-artifact"]);
        assert_eq!(applicable("[rollback]\non-failure = ['a']"), ["bad-commit", "deleted-files"]);
        for scenario in Scenario::ALL {
            assert_eq!(scenario.as_str().parse(), Ok(scenario));
        }
    }
}
