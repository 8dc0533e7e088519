//! `.checkpoint.toml`.

use crate::model::{ByteSize, Template};

/// The whole configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// How states are captured.
    pub capture: Capture,
    /// How tags are made.
    pub tag: TagKind,
    /// The name of a checkpoint's tag within a phase, if the configuration sets it.
    pub phase_tag: Option<Template>,
}

/// What a capture takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// Whether a checkpoint is a snapshot beside the branch, or a commit on it.
    pub mode: CaptureMode,
    /// Whether files git does not track are taken.
    pub untracked: bool,
    /// New files over this size are left alone and named.
    pub max_file_size: ByteSize,
    /// New files that would take a snapshot over this size are left alone and named.
    pub max_total_size: ByteSize,
    /// Patterns, as in `.gitignore`, of new files that are left alone.
    pub exclude: Vec<String>,
}

impl Default for Capture {
    fn default() -> Self {
        Capture {
            mode: CaptureMode::Snapshot,
            untracked: true,
            max_file_size: ByteSize(10 << 20),
            max_total_size: ByteSize(500 << 20),
            exclude: Vec::new(),
        }
    }
}

/// Whether a checkpoint is a snapshot beside the branch, or a commit on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaptureMode {
    /// Beside the branch: HEAD, index and files stay as they are.
    Snapshot,
    /// `git add -A` and `git commit` on the branch.
    Commit,
}

/// What the public tag of a checkpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TagKind {
    /// The record's own tag object.
    Annotated,
    /// A ref to the commit.
    Lightweight,
    /// There is none.
    None,
}
