//! Who the commits and tags of this program are by.
//!
//! A safety net must not fail because nobody told git a name, so there is a fallback, and it is named as one.

use chrono::{DateTime, Local, Offset, Utc};
use gix::{
    actor::Signature,
    bstr::{BString, ByteSlice},
};

use crate::{
    error::{Context, Result},
    git::Repo,
};

/// The name and e-mail address where git has none configured.
const FALLBACK: (&str, &str) = ("git-checkpoint", "git-checkpoint@localhost");

/// Who the commits and tags that this program makes are by, and when.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The committer as git would name it, or the stated fallback.
    pub signature: Signature,
    /// Whether git has no identity configured and the fallback was used.
    pub is_fallback: bool,
}

impl Identity {
    /// The committer as git would name it (variables, then configuration) at `now` in local time, or at
    /// `GIT_COMMITTER_DATE` where that is set.
    ///
    /// Where the name or the e-mail address is missing, both are the fallback's.
    pub fn of(repo: &Repo, now: DateTime<Utc>) -> Result<Self> {
        let config = repo.gix().config_snapshot();
        let time = match config.string("gitoxide.commit.committerDate") {
            Some(date) => {
                let date = date.to_string();
                gix::date::parse(&date, None).with_context(|| format!("cannot read `{date}` as GIT_COMMITTER_DATE"))?
            }
            None => gix::date::Time {
                seconds: now.timestamp(),
                offset: now.with_timezone(&Local).offset().fix().local_minus_utc(),
            },
        };
        // As `gix::Repository::committer`, which for the present moment reads the folders of all time zones.
        let first = |keys: &[&str]| {
            let mut values = keys.iter().filter_map(|key| config.string(*key));
            values.next().map(|value| BString::from(value.trim())).filter(|value| !value.is_empty())
        };
        let name = first(&["committer.name", "user.name", "gitoxide.committer.nameFallback"]);
        let email = first(&[
            "committer.email",
            "user.email",
            "gitoxide.user.emailFallback",
            "gitoxide.committer.emailFallback",
        ]);
        Ok(match name.zip(email) {
            Some((name, email)) => Identity { signature: Signature { name, email, time }, is_fallback: false },
            None => {
                let (name, email) = (FALLBACK.0.into(), FALLBACK.1.into());
                Identity { signature: Signature { name, email, time }, is_fallback: true }
            }
        })
    }
}
