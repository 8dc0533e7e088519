//! Trust: whether a person has agreed to this very content of `.checkpoint.toml`.
//!
//! A repository is somebody else's until its user says otherwise, and it can change with every pull. So consent is to
//! bytes, for one repository, and it is kept where no repository can put files (see [`TrustFolder`]). The bytes that were
//! shown are the bytes that are kept, and what runs is what was read from equal bytes: nothing is read twice.

mod folder;

use std::{ffi::OsStr, fmt, path::Path};

use super::{Env, Rehearsal};
use crate::error::Result;

pub use folder::TrustFolder;

/// The variable that gives consent where nobody can be asked: the full hash of the content.
pub const VARIABLE: &str = "GIT_CHECKPOINT_TRUST";

/// The repository that consent is for.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The top of the worktree, absolute.
    pub top: &'a Path,
    /// The folder that all worktrees share, absolute; consent is for all of them.
    pub common_dir: &'a Path,
}

/// The SHA-256 of a file's content, as `sha256sum` prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentHash(String);

impl ContentHash {
    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        ContentHash(sha256(&[bytes]))
    }

    /// 64 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Leave to run what one content of the file names. Only [`Trust::of`] and a person's yes make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    hash: ContentHash,
    /// What it is worth, in a rehearsal.
    rehearsal: Option<Rehearsal>,
}

impl Consent {
    /// Whether it is to the content with this hash.
    pub fn is_to(&self, hash: &ContentHash) -> bool {
        self.hash == *hash
    }

    pub(super) fn hash(&self) -> &ContentHash {
        &self.hash
    }

    pub(super) fn rehearsal(&self) -> Option<&Rehearsal> {
        self.rehearsal.as_ref()
    }

    fn to(hash: ContentHash) -> Self {
        Consent { hash, rehearsal: None }
    }

    #[cfg(test)]
    pub(crate) fn for_tests(bytes: &[u8]) -> Self {
        Consent::to(ContentHash::of(bytes))
    }
}

/// Whether a content of `.checkpoint.toml` may make something run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Trust {
    /// A person has agreed to it, or the variable names it.
    Trusted(Consent),
    /// Nobody has agreed to any content yet.
    Untrusted {
        /// What stands in the way of a consent that was tried to be given, or of keeping one.
        why: Option<String>,
    },
    /// A person has agreed to another content.
    Changed {
        /// The one that was trusted last.
        last: String,
        /// As in `Untrusted`.
        why: Option<String>,
    },
}

impl Trust {
    /// Whether `text`, the whole file of the repository at `place`, is trusted. Only reads, and what cannot be read is
    /// no consent.
    pub fn of(env: &Env, place: &Place<'_>, text: &str) -> Self {
        let hash = ContentHash::of(text.as_bytes());
        if let Some(rehearsal) = env.rehearsal() {
            if rehearsal.agrees_to(place.top, &hash) {
                return Trust::Trusted(Consent { hash, rehearsal: Some(rehearsal.clone()) });
            }
            return Trust::Untrusted { why: Some("nobody has agreed to it in the repository of this copy".into()) };
        }
        let named = env.var(VARIABLE);
        if named == Some(OsStr::new(hash.as_str())) {
            return Trust::Trusted(Consent::to(hash));
        }
        let mismatch = named.map(|_| format!("{VARIABLE} is set, and is not the hash of this content"));
        let folder = match TrustFolder::find(env, place) {
            Ok(folder) => folder,
            Err(why) => return Trust::Untrusted { why: Some(mismatch.unwrap_or(why)) },
        };
        match folder.has(text, &hash) {
            Ok(true) => return Trust::Trusted(Consent::to(hash)),
            Ok(false) => {}
            Err(why) => return Trust::Untrusted { why: Some(mismatch.unwrap_or(why)) },
        }
        match folder.last() {
            Some(last) => Trust::Changed { last, why: mismatch },
            None => Trust::Untrusted { why: mismatch },
        }
    }

    /// The consent, where there is one.
    pub fn consent(&self) -> Option<&Consent> {
        match self {
            Trust::Trusted(consent) => Some(consent),
            Trust::Untrusted { .. } | Trust::Changed { .. } => None,
        }
    }

    /// The word in JSON: `trusted`, `untrusted` or `changed`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Trust::Trusted(_) => "trusted",
            Trust::Untrusted { .. } => "untrusted",
            Trust::Changed { .. } => "changed",
        }
    }
}

/// Keeps a person's yes to exactly this text.
pub fn give(env: &Env, place: &Place<'_>, text: &str) -> Result<Consent> {
    let hash = ContentHash::of(text.as_bytes());
    TrustFolder::make(env, place)?.keep(text, &hash)?;
    Ok(Consent::to(hash))
}

/// Takes every consent for this repository back; how many contents were trusted.
pub fn revoke(env: &Env, place: &Place<'_>) -> Result<usize> {
    TrustFolder::find(env, place).map_or(Ok(0), |folder| folder.remove())
}

/// How many contents are trusted for this repository.
pub fn count(env: &Env, place: &Place<'_>) -> usize {
    TrustFolder::find(env, place).map_or(0, |folder| folder.count())
}

/// The SHA-256 of the parts, one after the other.
fn sha256(parts: &[&[u8]]) -> String {
    let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha256);
    parts.iter().for_each(|part| hasher.update(part));
    hasher.try_finalize().expect("only SHA-1 can notice a collision").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_sha256sum() {
        let hash = ContentHash::of(b"abc");
        assert_eq!(hash.as_str(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
