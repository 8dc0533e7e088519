//! The lines that git gives a `pre-push` hook, and what each of them is.

use gix::bstr::{BStr, BString, ByteSlice};

use crate::{
    check::Subject,
    error::{Error, Result},
    model::Oid,
};

/// One ref that is about to be changed at the remote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// What the user named here: a ref, any other revision, or `(delete)`.
    pub local_ref: BString,
    /// The object to be pushed; `None` for a deletion.
    pub local: Option<Oid>,
    /// The full name at the remote.
    pub remote_ref: BString,
    /// What the remote has there; `None` where it has nothing.
    pub remote: Option<Oid>,
}

/// What is pushed to a ref.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// A commit that the remote does not have, itself or as the target of a tag.
    NewCommit(Subject),
    /// A commit that the remote has already.
    KnownCommit,
    /// A tree or a blob.
    NoCommit,
    /// A checkpoint or another record of this program.
    Record,
    /// A backup of broken work, as a rollback has made it.
    Backup,
}

/// Why a ref is validated or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It has commits that are validated.
    Validated,
    /// It is deleted.
    Deleted,
    /// It is a ref that only this program uses.
    Own,
    /// It is a checkpoint: what is saved need not be good.
    Record,
    /// It is a backup of broken work.
    Backup,
    /// It brings nothing that the remote does not have.
    NothingNew,
    /// It is no commit.
    NoCommit,
}

impl Fate {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Fate::Validated => "validated",
            Fate::Deleted => "deleted",
            Fate::Own => "own",
            Fate::Record => "checkpoint",
            Fate::Backup => "backup",
            Fate::NothingNew => "nothing-new",
            Fate::NoCommit => "no-commit",
        }
    }
}

/// Reads standard input of the hook: `<local ref> <local oid> <remote ref> <remote oid>` a line. A local ref may have
/// blanks in it (`HEAD@{2 hours ago}`), so a line is read from its end.
pub(super) fn parse(input: &[u8]) -> Result<Vec<Update>> {
    input.lines().filter(|line| !line.is_empty()).map(parse_line).collect()
}

fn parse_line(line: &[u8]) -> Result<Update> {
    let malformed = || {
        Error::usage(format!("`{}` is not a line of a pre-push hook", line.as_bstr()))
            .because("a line is `<local ref> <local oid> <remote ref> <remote oid>`")
            .hint("`git push` gives these lines to its hook; this command is not called by hand")
    };
    let mut words = line.rsplitn(4, |byte| *byte == b' ');
    let [Some(remote), Some(remote_ref), Some(local), Some(local_ref)] = [(); 4].map(|()| words.next()) else {
        return Err(malformed());
    };
    let object = |hex: &[u8]| match hex {
        // Of any length: git writes as many as its own names have.
        zeros if !zeros.is_empty() && zeros.iter().all(|byte| *byte == b'0') => Ok(None),
        hex => Oid::from_hex(hex).map(Some).map_err(|_| malformed()),
    };
    if remote_ref.is_empty() {
        return Err(malformed());
    }
    Ok(Update {
        local_ref: local_ref.into(),
        local: object(local)?,
        remote_ref: remote_ref.into(),
        remote: object(remote)?,
    })
}

/// Whether only this program uses refs of this name.
pub(super) fn is_own(name: &BStr) -> bool {
    name.starts_with(b"refs/checkpoint/") || name == "refs/notes/checkpoint"
}

/// What happens to a ref that is to have `content`, `None` for nothing.
pub(super) fn fate(update: &Update, content: Option<Content>) -> Fate {
    match content {
        None => Fate::Deleted,
        Some(_) if is_own(update.remote_ref.as_ref()) => Fate::Own,
        Some(Content::NewCommit(_)) => Fate::Validated,
        Some(Content::KnownCommit) => Fate::NothingNew,
        Some(Content::NoCommit) => Fate::NoCommit,
        Some(Content::Record) => Fate::Record,
        Some(Content::Backup) => Fate::Backup,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "1111111111111111111111111111111111111111";
    const B: &str = "2222222222222222222222222222222222222222";

    fn zeros(number: usize) -> String {
        "0".repeat(number)
    }

    #[test]
    fn lines_are_read_from_their_end() {
        let (a, b) = (Oid::from_hex(A.as_bytes()).ok(), Oid::from_hex(B.as_bytes()).ok());
        let long = "3".repeat(64);
        for (line, local_ref, local, remote) in [
            (format!("refs/heads/main {A} refs/heads/x {B}"), "refs/heads/main", a, b),
            (format!("HEAD@{{2 hours ago}} {A} refs/heads/x {B}"), "HEAD@{2 hours ago}", a, b),
            (format!(" {A} refs/heads/x {B}"), "", a, b),
            (format!("(delete) {} refs/heads/x {B}", zeros(40)), "(delete)", None, b),
            (format!("refs/heads/main {A} refs/heads/x {}", zeros(64)), "refs/heads/main", a, None),
            (format!("main {long} refs/heads/x {}", zeros(7)), "main", Oid::from_hex(long.as_bytes()).ok(), None),
        ] {
            let update = &parse(format!("\n{line}\n").as_bytes()).expect(&line)[0];
            assert_eq!(
                (update.local_ref.to_string().as_str(), update.local, update.remote),
                (local_ref, local, remote)
            );
            assert_eq!(update.remote_ref, "refs/heads/x");
        }
        assert_eq!(parse(b"").expect("nothing to push"), []);
        for line in ["x", "a b c", &format!("main {A} refs/heads/x {B}1"), &format!("main {A}  {B}"), "main - x -"] {
            assert!(parse(line.as_bytes()).is_err(), "{line}");
        }
    }

    #[test]
    fn what_a_ref_is_decides_whether_it_is_validated() {
        let oid = Oid::from_hex(A.as_bytes()).expect("a name");
        let new = Content::NewCommit(Subject { commit: oid, tree: oid });
        for (name, content, expected) in [
            ("refs/heads/main", Some(new), Fate::Validated),
            ("refs/tags/v1", Some(new), Fate::Validated),
            ("refs/heads/main", None, Fate::Deleted),
            ("refs/checkpoint/records/x", None, Fate::Deleted),
            ("refs/checkpoint/records/x", Some(new), Fate::Own),
            ("refs/checkpoint/files/x", Some(Content::NoCommit), Fate::Own),
            ("refs/notes/checkpoint", Some(new), Fate::Own),
            ("refs/notes/checkpoint-of-mine", Some(new), Fate::Validated),
            ("refs/heads/refs/checkpoint/x", Some(new), Fate::Validated),
            ("refs/tags/checkpoint-1", Some(Content::Record), Fate::Record),
            ("refs/heads/broken-1", Some(Content::Backup), Fate::Backup),
            ("refs/heads/main", Some(Content::KnownCommit), Fate::NothingNew),
            ("refs/tags/blob", Some(Content::NoCommit), Fate::NoCommit),
        ] {
            let update = Update { local_ref: "x".into(), local: Some(oid), remote_ref: name.into(), remote: None };
            assert_eq!(fate(&update, content), expected, "{name}");
        }
    }
}
