//! What a capture left alone, and why: named, kept on disk, never overwritten or deleted.

use std::{fmt, str::FromStr};

use gix::bstr::BString;

/// A path that is not part of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// Relative to the top of the worktree, with `/`.
    pub path: BString,
    /// Why it was left alone.
    pub reason: SkipReason,
}

/// Why a path was left out of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SkipReason {
    /// A new file larger than `capture.max-file-size`.
    TooLarge,
    /// A new file that would take the new files of this snapshot over `capture.max-total-size`.
    OverTotal,
    /// A repository inside this one; its `.git` is never touched.
    NestedRepository,
    /// A submodule has changes of its own; only the commit it is at is recorded.
    SubmoduleChanges,
    /// A socket, a pipe or a device.
    NotAFile,
    /// Matches `capture.exclude`.
    Excluded,
    /// `capture.untracked` is off.
    Untracked,
}

impl SkipReason {
    const ALL: [SkipReason; 7] = [
        SkipReason::TooLarge,
        SkipReason::OverTotal,
        SkipReason::NestedRepository,
        SkipReason::SubmoduleChanges,
        SkipReason::NotAFile,
        SkipReason::Excluded,
        SkipReason::Untracked,
    ];

    /// The word in trailers and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            SkipReason::TooLarge => "too-large",
            SkipReason::OverTotal => "over-total",
            SkipReason::NestedRepository => "nested-repository",
            SkipReason::SubmoduleChanges => "submodule-changes",
            SkipReason::NotAFile => "not-a-file",
            SkipReason::Excluded => "excluded",
            SkipReason::Untracked => "untracked",
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SkipReason {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        SkipReason::ALL
            .into_iter()
            .find(|reason| reason.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not a reason this version knows"))
    }
}
