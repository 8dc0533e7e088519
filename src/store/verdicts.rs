//! Verdicts on trees, in the notes of `refs/notes/checkpoint`, so that nobody has to find out twice.
//!
//! A line is `<verdict> <definition> <name> <time> <milliseconds> <measurement>=<number>…`. The definition is the SHA-256 of
//! what the check is, so a check that was changed has no verdicts yet, and one that was only renamed keeps them. Only `pass`
//! and `fail` are written, and what they say is how the command ended: what timed out or was killed says nothing of the tree,
//! and whether a number is a good one is judged by whoever looks it up.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

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
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Definition(String);

impl Definition {
    /// Of the command that it runs, and of what else its answer depends on.
    pub fn of<T: AsRef<str>>(run: &str, parts: &[T]) -> Self {
        let mut text = format!("check 1\0{run}");
        for part in parts.iter().map(AsRef::as_ref) {
            // The length, so that what is in one part cannot be taken for two.
            text.push_str(&format!("\0{}\0{part}", part.len()));
        }
        Definition(ContentHash::of(text.as_bytes()).to_string())
    }
}

/// How a command ended on a tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// [`Verdict::Pass`] or [`Verdict::Fail`].
    pub verdict: Verdict,
    /// How long it took then.
    pub took: Duration,
    /// The numbers it printed, by their names.
    pub numbers: Vec<(String, f64)>,
}

/// One verdict, to be kept.
#[derive(Debug, Clone)]
pub struct Finding<'a> {
    /// Of which check.
    pub definition: Definition,
    /// Its name, for people.
    pub name: &'a str,
    /// When.
    pub at: DateTime<Utc>,
    /// What was found out; [`Verdict::Inconclusive`] is not kept.
    pub known: Known,
}

/// The key of git's configuration that says whose verdicts are believed beside those found here: `true` (all remotes that
/// `git checkpoint fetch` was asked to fetch from), `false` (none), or names of remotes.
pub const TRUSTED: &str = "checkpoint.trustVerdicts";

/// All that is known of one tree.
#[derive(Debug, Default)]
pub struct Verdicts {
    /// By definition; what was found here counts before what others say.
    known: HashMap<Definition, Known>,
    /// Those that have passed and failed here.
    disputed: HashSet<Definition>,
}

impl Verdicts {
    /// Reads what is known of `tree`. What others say is read only where they are trusted.
    pub fn on(repo: &Repo, tree: Oid) -> Result<Self> {
        let mut verdicts = Verdicts::default();
        if let Some(note) = notes::read(repo, NOTES.into(), tree)? {
            verdicts.add(note.as_ref());
        }
        for notes in trusted(repo)? {
            // What others wrote may be anything, and must not be in the way of a check.
            let Ok(Some(note)) = notes::read(repo, notes.as_ref(), tree) else { continue };
            let mut theirs = Verdicts::default();
            theirs.add(note.as_ref());
            for (definition, known) in theirs.known {
                verdicts.known.entry(definition).or_insert(known);
            }
        }
        Ok(verdicts)
    }

    /// The newest pass, where there ever was one, else the newest failure: one that fails now and then has passed on these
    /// very files.
    pub fn of(&self, definition: &Definition) -> Option<&Known> {
        self.known.get(definition)
    }

    /// Whether it has passed on this tree, and failed on it as well.
    pub fn is_disputed(&self, definition: &Definition) -> bool {
        self.disputed.contains(definition)
    }

    fn add(&mut self, note: &BStr) {
        for (definition, known) in note.lines().filter_map(line) {
            if self.known.get(&definition).is_some_and(|before| before.verdict != known.verdict) {
                self.disputed.insert(definition.clone());
            }
            match self.known.get(&definition) {
                Some(before) if before.verdict == Verdict::Pass && known.verdict != Verdict::Pass => {}
                _ => drop(self.known.insert(definition, known)),
            }
        }
    }
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

fn line(line: &[u8]) -> Option<(Definition, Known)> {
    let mut words = line.to_str().ok()?.split(' ');
    let verdict = Verdict::from_word(words.next()?).filter(|verdict| *verdict != Verdict::Inconclusive)?;
    let definition = Definition(words.next()?.to_owned());
    let (_name, _time) = (words.next(), words.next());
    let took = words.next().and_then(|millis| millis.parse().ok()).map_or(Duration::ZERO, Duration::from_millis);
    let number = |word: &str| {
        let (name, value) = word.rsplit_once('=')?;
        Some((name.to_owned(), value.parse().ok().filter(|value: &f64| value.is_finite())?))
    };
    Some((definition, Known { verdict, took, numbers: words.filter_map(number).collect() }))
}

/// Keeps what was found out about `tree`.
pub fn keep(repo: &Repo, tree: Oid, findings: &[Finding<'_>], by: &Identity) -> Result<()> {
    let line = |Finding { definition, name, at, known }: &Finding<'_>| {
        let at = at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let numbers: String = known.numbers.iter().map(|(name, value)| format!(" {name}={value}")).collect();
        format!("{} {} {name} {at} {}{numbers}\n", known.verdict.as_str(), definition.0, known.took.as_millis())
    };
    let lines: String =
        findings.iter().filter(|finding| finding.known.verdict != Verdict::Inconclusive).map(line).collect();
    if lines.is_empty() { Ok(()) } else { notes::write(repo, tree, lines.as_bytes().as_bstr(), by) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_counts_a_failure_does_too_and_all_else_is_nothing() {
        let plain = |run| Definition::of::<&str>(run, &[]);
        let (mine, other) = (plain("make test"), plain("make  test"));
        assert_ne!(mine, other);
        assert_ne!(Definition::of("a", &["b\0", "c"]), Definition::of("a", &["b", "\0c"]));
        let line = |verdict: &str, of: &Definition| format!("{verdict} {} unit 2026-11-21T14:00:00Z\n", of.0);
        let of = |note: &[u8]| {
            let mut verdicts = Verdicts::default();
            verdicts.add(note.as_bstr());
            verdicts.of(&mine).cloned()
        };
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
            assert_eq!(of(note.as_bytes()).map(|known| known.verdict), expected, "{note}");
        }
        assert_eq!(of(b"\xff\xfe\npass"), None);
        for (lines, is_disputed) in [
            (vec![("pass", &mine), ("pass", &mine)], false),
            (vec![("fail", &mine), ("pass", &other)], false),
            (vec![("fail", &mine), ("pass", &mine)], true),
            (vec![("pass", &mine), ("fail", &mine)], true),
        ] {
            let mut verdicts = Verdicts::default();
            let note: String = lines.iter().map(|(verdict, of)| line(verdict, of)).collect();
            verdicts.add(note.as_bytes().as_bstr());
            assert_eq!(verdicts.is_disputed(&mine), is_disputed, "{note}");
        }
        let numbers = format!("pass {} load 2026-11-21T14:00:00Z 1250 p95=0.5 p50=1e-3 bad=x worse=inf =", mine.0);
        let known = of(numbers.as_bytes()).expect("a pass");
        assert_eq!(known.took, Duration::from_millis(1250));
        assert_eq!(known.numbers, [("p95".to_owned(), 0.5), ("p50".to_owned(), 0.001)]);
    }
}
