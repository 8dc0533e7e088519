//! Files outside git that belong to a state, as they are kept with a record.

use gix::bstr::BString;

use super::Oid;

/// An artifact that was saved: with a checkpoint, or before an operation replaced it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedArtifact {
    /// Its name in the configuration; letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// Where its content is: a blob, or a tree of its parts.
    pub object: Oid,
    /// Its size in bytes.
    pub size: u64,
    /// The SHA-256 of the content, in hexadecimal digits.
    pub sha256: String,
    /// How it was saved, which says how it comes back.
    pub form: ArtifactForm,
    /// The file, relative to the top of the worktree; `None` for what has none, a database of a server for example.
    pub path: Option<BString>,
}

/// How an artifact was saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArtifactForm {
    /// The file's bytes as they were.
    Copy,
    /// What the `save` command made of it.
    Command,
    /// There was no such file, so it is not there in that state.
    Absent,
}

impl ArtifactForm {
    /// The word in trailers and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            ArtifactForm::Copy => "copy",
            ArtifactForm::Command => "command",
            ArtifactForm::Absent => "absent",
        }
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        [ArtifactForm::Copy, ArtifactForm::Command, ArtifactForm::Absent].into_iter().find(|form| form.as_str() == word)
    }
}
