//! Verdicts on trees, in the notes of `refs/notes/checkpoint`, so that nobody has to find out twice.
//!
//! A line is `<verdict> <definition> <name> <time>`. The definition is the SHA-256 of what the check is, so a check that
//! was changed has no verdicts yet, and one that was only renamed keeps them. Only `pass` and `fail` are written: what
//! timed out or was killed says nothing of the tree.

use chrono::{DateTime, SecondsFormat, Utc};
use gix::bstr::{BStr, BString, ByteSlice};

use super::{
    names::{self, NOTES, VERDICTS},
    notes,
};
use crate::{
    config::ContentHash,
    error::Result,
    git::{Repo, capture::Identity, refs},
    model::{Oid, Verdict},
};

/// A check, as far as its verdict depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition(String);

impl Definition {
    /// Of the command that it runs.
    pub fn of(run: &str) -> Self {
        Definition(ContentHash::of(format!("check 1\0{run}").as_bytes()).to_string())
    }
}

/// One verdict, to be kept.
#[derive(Debug, Clone)]
pub struct Finding<'a> {
    /// Of which check.
    pub definition: Definition,
    /// Its name, for people.
    pub name: &'a str,
    /// What it said; [`Verdict::Inconclusive`] is not kept.
    pub verdict: Verdict,
    /// When.
    pub at: DateTime<Utc>,
}

/// The key of git's configuration that says whose verdicts are believed beside those found here: `true` (all remotes that
/// `git checkpoint fetch` was asked to fetch from), `false` (none), or names of remotes.
pub const TRUSTED: &str = "checkpoint.trustVerdicts";

/// The verdict on `tree`, if there is one: a pass, where there ever was one, else a failure. What was found here counts
/// before what others say, and that only where they are trusted.
pub fn find(repo: &Repo, tree: Oid, definition: &Definition) -> Result<Option<Verdict>> {
    let said = |notes: &BStr| -> Result<Option<Verdict>> {
        let note = notes::read(repo, notes, tree)?;
        Ok(note.and_then(|note| in_note(note.as_ref(), definition)))
    };
    if let Some(verdict) = said(NOTES.into())? {
        return Ok(Some(verdict));
    }
    for notes in trusted(repo)? {
        // What others wrote may be anything, and must not be in the way of a check.
        if let Ok(Some(verdict)) = said(notes.as_ref()) {
            return Ok(Some(verdict));
        }
    }
    Ok(None)
}

/// The notes of those who are trusted, as the user's own git configuration says; never a file of the repository.
fn trusted(repo: &Repo) -> Result<Vec<BString>> {
    let mut fetched = refs::names(repo, VERDICTS)?;
    let config = repo.gix().config_snapshot();
    let Some(said) = config.plumbing().strings(TRUSTED).filter(|said| !said.is_empty()) else { return Ok(fetched) };
    let is_true =
        |value: &BString| ["true", "yes", "on", "1"].iter().any(|word| value.eq_ignore_ascii_case(word.as_bytes()));
    if said.iter().any(|value| is_true(&value.to_vec().into())) {
        return Ok(fetched);
    }
    let wanted: Vec<BString> = said.iter().map(|name| names::verdicts(&name.to_str_lossy())).collect();
    fetched.retain(|name| wanted.contains(name));
    Ok(fetched)
}

fn in_note(note: &BStr, definition: &Definition) -> Option<Verdict> {
    let said = note.lines().filter_map(|line| {
        let mut words = line.to_str().ok()?.split(' ');
        let verdict = Verdict::from_word(words.next()?).filter(|verdict| *verdict != Verdict::Inconclusive)?;
        (words.next()? == definition.0).then_some(verdict)
    });
    // One that fails now and then has passed on these very files.
    said.reduce(|first, next| if next == Verdict::Pass { next } else { first })
}

/// Keeps what was found out about `tree`.
pub fn keep(repo: &Repo, tree: Oid, findings: &[Finding<'_>], by: &Identity) -> Result<()> {
    let line = |finding: &Finding<'_>| {
        let at = finding.at.to_rfc3339_opts(SecondsFormat::Secs, true);
        format!("{} {} {} {at}\n", finding.verdict.as_str(), finding.definition.0, finding.name)
    };
    let lines: String = findings.iter().filter(|finding| finding.verdict != Verdict::Inconclusive).map(line).collect();
    if lines.is_empty() { Ok(()) } else { notes::write(repo, tree, lines.as_bytes().as_bstr(), by) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_counts_a_failure_does_too_and_all_else_is_nothing() {
        let (mine, other) = (Definition::of("make test"), Definition::of("make  test"));
        assert_ne!(mine, other);
        let line = |verdict: &str, of: &Definition| format!("{verdict} {} unit 2026-11-21T14:00:00Z\n", of.0);
        for (note, expected) in [
            (String::new(), None),
            (line("pass", &mine), Some(Verdict::Pass)),
            (line("fail", &mine), Some(Verdict::Fail)),
            (line("fail", &mine) + &line("pass", &mine), Some(Verdict::Pass)),
            (line("pass", &mine) + &line("fail", &mine), Some(Verdict::Pass)),
            (line("pass", &other), None),
            (line("inconclusive", &mine), None),
            (line("PASS", &mine), None),
            (format!("pass{}", mine.0), None),
            ("pass\npass \n\nsomebody's own words\n".into(), None),
        ] {
            assert_eq!(in_note(note.as_bytes().as_bstr(), &mine), expected, "{note}");
        }
        assert_eq!(in_note(b"\xff\xfe\npass".as_bstr(), &mine), None);
    }
}
