//! The refs that this program uses, by what they are for.

use gix::bstr::{BStr, BString, ByteSlice};

use crate::{
    config::ContentHash,
    model::{Oid, RecordId},
};

/// Where records are; the rest of the name is the id.
pub const RECORDS: &str = "refs/checkpoint/records/";
/// Where what is too large for a record's message is, by the record's id.
pub const FILES: &str = "refs/checkpoint/files/";
/// Where the newest record of each phase is.
pub const PHASES: &str = "refs/checkpoint/phases/";
/// The notes with the verdicts that were found here.
pub const NOTES: &str = "refs/notes/checkpoint";
/// What was fetched and not looked at yet, by remote and call.
pub const INCOMING: &str = "refs/checkpoint/incoming/";
/// Which records came from elsewhere: `<remote>/<id>`, the same object as the record.
pub const FETCHED: &str = "refs/checkpoint/fetched/";
/// The verdicts of others, by remote.
pub const VERDICTS: &str = "refs/checkpoint/verdicts/";
/// Records that no prune removes, by id.
pub const PINS: &str = "refs/checkpoint/pins/";
/// What a prune removed, by its id, until it is let go: the rest of the name is the name it had, without `refs/`.
pub const PRUNED: &str = "refs/checkpoint/pruned/";
/// What pushes took away at a remote: `<date>-<time>-<tip>/heads/<branch>`.
pub const DISCARDED: &str = "refs/checkpoint/discarded/";

/// The ref of a record.
pub fn record(id: &RecordId) -> BString {
    format!("{RECORDS}{id}").into()
}

/// The ref of a record's files.
pub fn files(id: &RecordId) -> BString {
    format!("{FILES}{id}").into()
}

/// The ref of a pin.
pub fn pin(id: &RecordId) -> BString {
    format!("{PINS}{id}").into()
}

/// The mark that a record was fetched from `remote`.
pub fn fetched(remote: &str, id: &RecordId) -> BString {
    format!("{FETCHED}{}/{id}", slug(remote)).into()
}

/// The verdicts of `remote`.
pub fn verdicts(remote: &str) -> BString {
    format!("{VERDICTS}{}", slug(remote)).into()
}

/// Where a ref of this full name is kept after the prune `by` removed it.
pub fn pruned(by: &RecordId, name: &BStr) -> BString {
    let rest = name.strip_prefix(b"refs/").unwrap_or(name);
    [PRUNED.as_bytes(), by.as_str().as_bytes(), b"/", rest].concat().into()
}

/// A public tag.
pub fn tag(name: &BStr) -> BString {
    [b"refs/tags/".as_slice(), name].concat().into()
}

/// A branch.
pub fn branch(name: &BStr) -> BString {
    [b"refs/heads/".as_slice(), name].concat().into()
}

/// The id at the end of a ref's name.
pub fn id_of(name: &BStr, prefix: &str) -> Option<RecordId> {
    name.strip_prefix(prefix.as_bytes())?.to_str().ok()?.parse().ok()
}

/// The object and the moment of a kept discarded history: its name has when.
pub fn discarded_at(name: &BStr) -> Option<chrono::DateTime<chrono::Utc>> {
    let stamp = name.strip_prefix(DISCARDED.as_bytes())?.get(..15)?.to_str().ok()?;
    Some(chrono::NaiveDateTime::parse_from_str(stamp, "%Y%m%d-%H%M%S").ok()?.and_utc())
}

/// A remote's name as one part of a ref's name: no two remotes have the same.
pub fn slug(remote: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if remote.len() <= 64 && !remote.is_empty() && remote.chars().all(is_plain) {
        return remote.to_owned();
    }
    // A URL may have anything in it, a password too.
    let hash = ContentHash::of(remote.as_bytes()).to_string();
    format!("remote.{}", &hash[..16])
}

/// A ref and what it points to.
pub type Named = (BString, Oid);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remotes_have_names_of_their_own() {
        assert_eq!(slug("origin"), "origin");
        let odd = ["", "a/b", "a", "https://user:secret@host/x.git", "x.lock", "a b", "a\u{1b}"];
        let slugs: std::collections::BTreeSet<_> = odd.iter().map(|name| slug(name)).collect();
        assert_eq!(slugs.len(), odd.len());
        for slug in slugs {
            assert!(gix::validate::reference::name(format!("{VERDICTS}{slug}").as_str().into()).is_ok(), "{slug}");
        }
    }

    #[test]
    fn the_time_of_a_discarded_history_is_in_its_name() {
        let at = discarded_at("refs/checkpoint/discarded/20261121-143000-1a2b3c4d5e/heads/main".into());
        assert_eq!(at.map(|at| at.to_rfc3339()).as_deref(), Some("2026-11-21T14:30:00+00:00"));
        for name in ["refs/checkpoint/discarded/x/heads/main", "refs/checkpoint/discarded/2026", "refs/heads/main"] {
            assert_eq!(discarded_at(name.into()), None, "{name}");
        }
    }
}
