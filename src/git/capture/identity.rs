//! Who the commits and tags of this program are by.
//!
//! A safety net must not fail because nobody told git a name, so there is a fallback, and it is named as one.

use chrono::{DateTime, Local, Offset, Utc};
use gix::actor::Signature;

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
        let time = match repo.gix().config_snapshot().string("gitoxide.commit.committerDate") {
            Some(date) => {
                let date = date.to_string();
                gix::date::parse(&date, None).with_context(|| format!("cannot read `{date}` as GIT_COMMITTER_DATE"))?
            }
            None => gix::date::Time {
                seconds: now.timestamp(),
                offset: now.with_timezone(&Local).offset().fix().local_minus_utc(),
            },
        };
        let configured = repo.gix().committer().transpose().context("cannot read the configured identity")?;
        let (name, email) = configured.as_ref().map_or((FALLBACK.0.into(), FALLBACK.1.into()), |who| {
            let trimmed = who.trim();
            (trimmed.name.to_owned(), trimmed.email.to_owned())
        });
        Ok(Identity { signature: Signature { name, email, time }, is_fallback: configured.is_none() })
    }
}
