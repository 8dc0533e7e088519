//! The documents that people read: which there are, which one fits, and how they are filled in.

use std::{str::FromStr, sync::LazyLock};

use super::{
    engine::{Source, fill},
    facts::Facts,
};
use crate::{
    config,
    error::{Error, Result},
    ops::Session,
};

/// A document that is made from a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// One entry of the log of rollbacks.
    RollbackLog,
    /// Something that had to work did not.
    CriticalFailure,
    /// Somebody could do or see what they must not.
    SecurityIncident,
    /// What users work with was down or wrong.
    ProductionIncident,
    /// What to do before, during and after a rollback.
    Checklist,
    /// Everything that is known, without a question.
    Report,
}

/// A document, filled in.
#[derive(Debug)]
#[must_use]
pub struct Filled {
    /// Its text, Markdown.
    pub text: String,
    /// What is wrong with the template of this worktree, so that the program's own was taken.
    pub passed_over: Option<Error>,
    /// Whether it was made from a template of this worktree.
    pub is_own: bool,
}

impl Document {
    /// Those that can be asked for by name.
    pub const ALL: [Document; 6] = [
        Document::RollbackLog,
        Document::CriticalFailure,
        Document::SecurityIncident,
        Document::ProductionIncident,
        Document::Checklist,
        Document::Report,
    ];

    /// Its name; its template's file is named so, with `.md`.
    pub fn as_str(self) -> &'static str {
        match self {
            Document::RollbackLog => "rollback-log",
            Document::CriticalFailure => "critical-failure",
            Document::SecurityIncident => "security-incident",
            Document::ProductionIncident => "production-incident",
            Document::Checklist => "checklist",
            Document::Report => "report",
        }
    }

    /// The incident document that fits an operation, by what is known of it: by the words of its reason, and by whether
    /// services were stopped for it or artifacts replaced.
    pub fn fitting(facts: &Facts) -> Self {
        let reason = facts.reason.as_deref().unwrap_or_default().to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
        if says(&["security", "vulnerab", "cve-", "exploit", "credential", "unauthori", "intrusion"]) {
            return Document::SecurityIncident;
        }
        let has_service = facts.steps.iter().any(|step| {
            step.name.starts_with("before:") || step.name.starts_with("after:") || step.name.starts_with("on-failure:")
        });
        if has_service || !facts.artifacts.is_empty() || says(&["production", "outage", "downtime"]) {
            return Document::ProductionIncident;
        }
        Document::CriticalFailure
    }

    /// The template that comes with the program.
    fn built_in(self) -> &'static str {
        match self {
            Document::RollbackLog => include_str!("../../../templates/rollback-log.md"),
            Document::CriticalFailure => include_str!("../../../templates/critical-failure.md"),
            Document::SecurityIncident => include_str!("../../../templates/security-incident.md"),
            Document::ProductionIncident => include_str!("../../../templates/production-incident.md"),
            Document::Checklist => include_str!("../../../templates/checklist.md"),
            Document::Report => include_str!("../../../templates/report.md"),
        }
    }
}

impl FromStr for Document {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Document::ALL.into_iter().find(|document| document.as_str() == text);
        known.ok_or_else(|| format!("`{text}` is no document"))
    }
}

/// An operation of which everything is known: the names of all variables, for the check of a template.
static EXAMPLE: LazyLock<serde_json::Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../templates/report/example.json")).expect("a test reads it")
});

/// Fills in a document, from the template that this worktree has for it, or else from the program's own. A template that
/// has a mistake never stands in the way of a document.
pub fn document(session: &Session, document: Document, facts: &Facts) -> Result<Filled> {
    let name = format!("{}.md", document.as_str());
    let own = match config::template(session.repo.workdir(), &name) {
        Ok(None) => None,
        Ok(Some(text)) => Some(fill(Source { name: &name, text: &text }, facts, &EXAMPLE)),
        Err(error) => Some(Err(error)),
    };
    match own {
        Some(Ok(text)) => Ok(Filled { text, passed_over: None, is_own: true }),
        None => Ok(Filled { text: built_in(document, facts)?, passed_over: None, is_own: false }),
        Some(Err(error)) => Ok(Filled { text: built_in(document, facts)?, passed_over: Some(error), is_own: false }),
    }
}

/// Fills in the program's own template.
pub fn built_in(document: Document, facts: &Facts) -> Result<String> {
    let name = format!("{}.md", document.as_str());
    fill(Source { name: &name, text: document.built_in() }, facts, &EXAMPLE).map_err(|error| {
        Error::bug(format!("the program's own `{name}` is not valid")).because(error.chain().join(": "))
    })
}
