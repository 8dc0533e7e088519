//! What failed, why, and what to do next.
//!
//! One error type for the whole crate: its [`Kind`] alone picks the exit code, its message says what failed,
//! its source says why, and its hints name the next command. Messages never contain advice and hints never
//! contain causes, so that both can be shown, or put into JSON, on their own.

use std::{error::Error as StdError, fmt};

/// The result of anything that can fail in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of failure it is, seen by the person or program that has to act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The answer is no: a check failed, a verification failed, or a rule refuses the operation. Exit code 1.
    Refused,
    /// The command line or the configuration is wrong. Exit code 2.
    Usage,
    /// Stopped half-way, at a point that needs a person: a conflict, or an unfinished operation. Exit code 3.
    Conflict,
    /// git, the file system or a lock stood in the way. Exit code 4.
    Environment,
    /// A rule of this program itself does not hold. Exit code 70.
    Bug,
}

impl Kind {
    /// The exit code of the process, as documented for every command.
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::Refused => 1,
            Kind::Usage => 2,
            Kind::Conflict => 3,
            Kind::Environment => 4,
            Kind::Bug => 70,
        }
    }
}

/// A failure: its kind, what failed, why (the source), and what to do next (the hints).
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
    hints: Vec<String>,
}

impl Error {
    /// A failure of `kind`; `message` says what failed, without advice and without a final full stop.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Error { kind, message: message.into(), source: None, hints: Vec::new() }
    }

    /// The operation is refused by a rule.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, message)
    }

    /// The command line or the configuration is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// Needs a person to go on.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, message)
    }

    /// git, the file system or a lock stood in the way.
    pub fn environment(message: impl Into<String>) -> Self {
        Self::new(Kind::Environment, message)
    }

    /// A rule of this program itself does not hold.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(Kind::Bug, message)
    }

    /// Adds why it failed.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds what to do next; a command in it stands in backticks.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What to do next, most useful first.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// The message and every cause below it, outermost first.
    pub fn chain(&self) -> Vec<String> {
        let mut lines = vec![self.message.clone()];
        let mut cause = self.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if lines.last() != Some(&text) {
                lines.push(text);
            }
            cause = error.source();
        }
        lines
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// Adds what was being done to an error that only knows why it failed.
pub trait Context<T> {
    /// Turns the error into one of [`Kind::Environment`] with `message`, which says what failed; an [`Error`] of
    /// this crate keeps its kind and its hints.
    fn context(self, message: impl Into<String>) -> Result<T>;

    /// As [`Context::context`], for a message that is costly to make.
    fn with_context<S: Into<String>>(self, message: impl FnOnce() -> S) -> Result<T>;
}

impl<T, E: Into<Box<dyn StdError + Send + Sync>>> Context<T> for Result<T, E> {
    fn context(self, message: impl Into<String>) -> Result<T> {
        self.with_context(|| message)
    }

    fn with_context<S: Into<String>>(self, message: impl FnOnce() -> S) -> Result<T> {
        self.map_err(|source| {
            let source = source.into();
            let (kind, hints) = source
                .downcast_ref::<Error>()
                .map_or((Kind::Environment, Vec::new()), |inner| (inner.kind, inner.hints.clone()));
            Error { kind, message: message().into(), source: Some(source), hints }
        })
    }
}
