//! The arguments of `report`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

pub(super) const REPORT_EXAMPLES: &str = "\
Examples:
  git checkpoint report                  what was done, and how numbers went
  git checkpoint report -o report.html   the same as a page with charts
  git checkpoint report rollback         all about the newest rollback
  git checkpoint report 20261121 --format markdown
  git checkpoint report rollback --document critical-failure -o incident.md";

#[derive(Debug, Args)]
pub(in crate::cli) struct Report {
    /// One operation: the beginning of its id, a checkpoint's tag, a backup branch, or a word like `rollback` for the
    /// newest of that sort. All of them if left out
    pub(in crate::cli) id: Option<String>,

    /// How it is written; by the ending of --output's name if left out, else text
    #[arg(long, value_enum, value_name = "FORMAT", conflicts_with = "document")]
    pub(in crate::cli) format: Option<Format>,

    /// Fill in a document instead, from `.checkpoint/templates/` where there is one of that name; of the newest rollback
    /// if no operation is named
    #[arg(long, value_enum, value_name = "NAME")]
    pub(in crate::cli) document: Option<DocumentName>,

    /// Leave out what is older: `7d`, `4h`, `2026-11-21`, `2 days ago`
    #[arg(long, value_name = "TIME", conflicts_with_all = ["id", "document"])]
    pub(in crate::cli) since: Option<String>,

    /// Write it into this file, which must not be there yet
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,

    /// Write over the file
    #[arg(long, requires = "output")]
    pub(in crate::cli) force: bool,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Format {
    /// For a terminal
    Text,
    /// For a document
    Markdown,
    /// For a program
    Json,
    /// One page that needs nothing else, with charts
    Html,
}

/// A document that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum DocumentName {
    /// An entry for a log of rollbacks
    RollbackLog,
    /// Something that had to work did not
    CriticalFailure,
    /// Somebody could do or see what they must not
    SecurityIncident,
    /// What users work with was down or wrong
    ProductionIncident,
    /// What to do before, during and after
    Checklist,
    /// Everything that is known, without questions
    Report,
}
