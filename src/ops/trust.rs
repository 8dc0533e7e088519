//! Trust: whether a person lets the commands of `.checkpoint.toml` run.
//!
//! What is shown, what is kept and what will run are the same bytes: those that the session was opened with.

use super::Session;
use crate::{
    config::{Config, Consent, ContentHash, Env, FILE_NAME, Place, Source, Trust, Wanted, trust},
    error::{Error, Result},
};

/// How the configuration of a repository stands.
#[derive(Debug, Clone)]
#[must_use]
pub enum Standing {
    /// There is no configuration.
    NoFile,
    /// It names no command, so there is nothing to trust.
    NoCommands,
    /// It names commands.
    Commands(Trust),
}

/// What to do about it.
#[derive(Debug, Clone)]
#[must_use]
pub enum Plan {
    /// Nothing: there is no file.
    NoFile,
    /// Nothing: the file names no command.
    NoCommands,
    /// Nothing: it is trusted.
    Trusted,
    /// To ask a person.
    Ask(Question),
}

/// What a person is asked.
#[derive(Debug, Clone)]
pub struct Question {
    /// The whole file.
    pub source: Source,
    /// What was trusted last, where there is something.
    pub last: Option<String>,
    /// The commands that would run.
    pub wanted: Vec<Wanted>,
    /// Why a consent that somebody tried to give does not count.
    pub why: Option<String>,
}

/// How a yes was kept.
#[derive(Debug, Clone)]
#[must_use]
pub struct Given {
    /// The content that is trusted now.
    pub hash: ContentHash,
    /// Whether the file has another content by now, which is not trusted.
    pub changed_meanwhile: bool,
}

impl Standing {
    /// The word in JSON; `null` where there is no file.
    pub fn as_str(&self) -> Option<&'static str> {
        match self {
            Standing::NoFile => None,
            Standing::NoCommands => Some("not-needed"),
            Standing::Commands(trust) => Some(trust.as_str()),
        }
    }

    /// Whether there is something that only waits for trust.
    pub fn is_missing(&self) -> bool {
        matches!(self, Standing::Commands(Trust::Untrusted { .. } | Trust::Changed { .. }))
    }
}

/// The consent to run commands, for what cannot go on without; an error that says what to do.
pub fn require(standing: &Standing) -> Result<&Consent> {
    let what = match standing {
        Standing::NoFile => format!("there is no `{FILE_NAME}`"),
        Standing::NoCommands => format!("`{FILE_NAME}` names no check"),
        Standing::Commands(trust) => match trust.consent() {
            Some(consent) => return Ok(consent),
            None => {
                let how = if matches!(trust, Trust::Changed { .. }) {
                    "has changed since it was trusted"
                } else {
                    "is not trusted"
                };
                return Err(Error::usage(format!("`{FILE_NAME}` {how}, so none of its commands is run"))
                    .hint("`git checkpoint trust` shows it and asks"));
            }
        },
    };
    Err(Error::usage(what).hint(format!("write a `[[check]]` with a `name` and a command to `run` into `{FILE_NAME}`")))
}

/// Looks; changes nothing and runs nothing.
pub fn gather(session: &Session, env: &Env) -> Standing {
    let Some(source) = &session.config.source else { return Standing::NoFile };
    if session.config.wanted().is_empty() {
        return Standing::NoCommands;
    }
    Standing::Commands(Trust::of(env, &place(session), &source.text))
}

/// Decides whether a person has to be asked, and what.
pub fn plan(config: &Config, standing: &Standing) -> Plan {
    let (Standing::Commands(trust), Some(source)) = (standing, &config.source) else {
        return match standing {
            Standing::NoFile => Plan::NoFile,
            _ => Plan::NoCommands,
        };
    };
    let (last, why) = match trust {
        Trust::Trusted(_) => return Plan::Trusted,
        Trust::Untrusted { why } => (None, why),
        Trust::Changed { last, why } => (Some(last.clone()), why),
    };
    Plan::Ask(Question { source: source.clone(), last, wanted: config.wanted(), why: why.clone() })
}

/// Keeps the yes to what was asked.
pub fn apply(session: &Session, env: &Env, asked: &Question) -> Result<Given> {
    let _consent = trust::give(env, &place(session), &asked.source.text)?;
    let now = Config::load(session.repo.workdir()).ok().and_then(|config| config.source);
    Ok(Given { hash: asked.source.hash.clone(), changed_meanwhile: now.as_ref() != Some(&asked.source) })
}

/// Takes every consent for this repository back; how many contents were trusted.
pub fn revoke(session: &Session, env: &Env) -> Result<usize> {
    trust::revoke(env, &place(session))
}

/// How many contents are trusted for this repository.
pub fn count(session: &Session, env: &Env) -> usize {
    trust::count(env, &place(session))
}

/// The consent that a question could not get, because there was nobody to ask.
pub fn nobody_to_ask(asked: &Question) -> Error {
    Error::refused(format!("`{FILE_NAME}` is not trusted, and there is no terminal to ask at"))
        .hint("run `git checkpoint trust` in a terminal; it shows the file and asks")
        .hint(format!(
            "where there is none, as in CI, set `{}={}` for this very content",
            trust::VARIABLE,
            asked.source.hash
        ))
}

/// The repository as consent is kept for it.
pub(super) fn place(session: &Session) -> Place<'_> {
    Place { top: session.repo.workdir(), common_dir: session.repo.common_dir() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Consent;

    #[test]
    fn a_person_is_asked_where_commands_wait_for_trust_and_nowhere_else() {
        let text = "[[check]]\nname = 'unit'\nrun = 'make test'\n";
        let config = Config::parse(text).expect("valid");
        let untrusted = Trust::Untrusted { why: Some("no home".into()) };
        let changed = Trust::Changed { last: "old".into(), why: None };
        let trusted = Trust::Trusted(Consent::for_tests(text.as_bytes()));
        assert!(matches!(plan(&Config::default(), &Standing::NoFile), Plan::NoFile));
        assert!(matches!(plan(&config, &Standing::NoCommands), Plan::NoCommands));
        assert!(matches!(plan(&config, &Standing::Commands(trusted)), Plan::Trusted));
        for (trust, last, why) in [(untrusted, None, Some("no home")), (changed, Some("old"), None)] {
            let Plan::Ask(asked) = plan(&config, &Standing::Commands(trust)) else { panic!("it has to ask") };
            assert_eq!((asked.last.as_deref(), asked.why.as_deref()), (last, why));
            assert_eq!((asked.source.text.as_str(), asked.wanted[0].run.as_str()), (text, "make test"));
        }
    }
}
