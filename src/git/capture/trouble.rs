//! Why an attempt to capture did not succeed: what only a person can mend, what git can do instead, and what only
//! needs another try.

use gix::bstr::BStr;

use crate::{error::Error, model::quote_path};

/// Why an attempt failed.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Something cannot be read: nothing else will help.
    Stop(Error),
    /// gix cannot do it; the `git` program may.
    Unsupported(Error),
    /// Something changed while it was looked at.
    Raced,
}

pub(super) type Attempt<T> = Result<T, Trouble>;

impl Trouble {
    /// A file or folder at `path` could not be read.
    pub(super) fn unreadable(path: &BStr, why: impl Into<std::io::Error>) -> Self {
        let shown = if path.is_empty() { "the worktree".to_owned() } else { format!("`{}`", quote_path(path)) };
        let error = Error::environment(format!("cannot read {shown}")).because(why.into());
        Trouble::Stop(error.hint("make it readable, or add it to `.gitignore`"))
    }

    /// gix failed to do `what`.
    pub(super) fn unsupported(
        what: impl Into<String>,
        why: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Trouble::Unsupported(Error::environment(what).because(why))
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Trouble::Stop(error)
    }
}
