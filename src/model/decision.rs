//! Whether to go on, to mend what is broken, or to roll back: what failing checks mean by the rows of a policy.
//!
//! A row is asked only where a check fails. What is not known never matches: a check without an answer is no failure, an
//! estimate that nobody gave is not long, and an environment that nobody named is none. So what is not known neither makes
//! a state healthy nor rolls it back.

mod words;

use std::{fmt, time::Duration};

use super::{Elapsed, Severity, TimeLimit, Verdict};

/// One row of the policy. A condition that is left out holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRow {
    /// Only checks of this severity or a worse one count. Left out, those count that are named in `checks`; without names,
    /// all but those of low severity, which is never in the way.
    pub severity: Option<Severity>,
    /// Only checks of these names count; empty for any.
    pub checks: Vec<String>,
    /// Only checks count that have been failing for so long.
    pub sustained: Option<TimeLimit>,
    /// At least so many of them have to fail; one where it is left out.
    pub failures: Option<usize>,
    /// To mend it is estimated to take at least so long.
    pub time_to_fix: Option<Elapsed>,
    /// It is one of these environments; empty for any.
    pub environments: Vec<String>,
    /// What is to be done then.
    pub action: Action,
    /// Where it comes from.
    pub origin: Origin,
}

/// What a row says is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Roll back.
    Rollback(Approval),
    /// Mend it where it is.
    FixForward,
    /// Nothing.
    None,
}

/// Whether a person has to agree to a rollback.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Approval {
    /// Yes.
    #[default]
    Required,
    /// No.
    Automatic,
}

/// Where a row comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The file: which of its rows it is, and the line it begins at; both from 1.
    File {
        /// The row.
        row: usize,
        /// The line.
        line: usize,
    },
    /// This program, for a file that has none; what it says in words.
    BuiltIn(&'static str),
}

/// What one check says now.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// The check's name.
    pub name: String,
    /// The answer.
    pub verdict: Verdict,
    /// How much it matters.
    pub severity: Severity,
    /// Since when it has been seen to fail, look after look; zero where this is the first time.
    pub lasting: Duration,
    /// Why it is no pass; one line.
    pub why: Option<String>,
}

/// What is known beside the checks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Circumstance {
    /// How long it would take to mend it.
    pub time_to_fix: Option<Elapsed>,
    /// Where this runs: `production`.
    pub environment: Option<String>,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Advice {
    /// Nothing: no check fails that matters.
    Healthy,
    /// It cannot be told: nothing fails, and a check that matters gives no answer.
    Inconclusive,
    /// Mend it where it is.
    FixForward,
    /// Roll back, once a person has agreed.
    RollbackWithApproval,
    /// Roll back at once.
    RollbackNow,
}

impl Advice {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Advice::Healthy => "healthy",
            Advice::Inconclusive => "inconclusive",
            Advice::FixForward => "fix-forward",
            Advice::RollbackWithApproval => "rollback-with-approval",
            Advice::RollbackNow => "rollback-now",
        }
    }

    /// The exit code of the commands that decide.
    pub fn exit_code(self) -> u8 {
        match self {
            Advice::Healthy => 0,
            Advice::FixForward => 10,
            Advice::RollbackWithApproval => 11,
            Advice::RollbackNow => 12,
            Advice::Inconclusive => 13,
        }
    }
}

/// Which rule has decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// A row.
    Row(Origin),
    /// None: what holds where no row matches or none is asked, in words.
    Otherwise(&'static str),
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rule::Row(Origin::File { row, line }) => write!(f, "rule {row} (line {line})"),
            Rule::Row(Origin::BuiltIn(words)) | Rule::Otherwise(words) => write!(f, "default: {words}"),
        }
    }
}

/// What is to be done, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Decision {
    /// What.
    pub advice: Advice,
    /// By which rule.
    pub rule: Rule,
    /// Why, one reason a line, the weightiest first.
    pub because: Vec<String>,
    /// The names of the checks whose failure has decided.
    pub failing: Vec<String>,
}

/// A row of this program's own: from which severity, for how long, and how long it takes to mend it.
const fn built_in(
    (severity, sustained, time_to_fix): (Option<Severity>, Option<TimeLimit>, Option<Elapsed>),
    action: Action,
    words: &'static str,
) -> PolicyRow {
    PolicyRow {
        severity,
        checks: Vec::new(),
        sustained,
        failures: None,
        time_to_fix,
        environments: Vec::new(),
        action,
        origin: Origin::BuiltIn(words),
    }
}

const ASK: Action = Action::Rollback(Approval::Required);

/// What holds where the file has no row. It rolls nothing back without a person: only who wrote so wants that.
static BUILT_IN: [PolicyRow; 4] = [
    built_in((Some(Severity::Critical), None, None), ASK, "a critical check fails"),
    built_in((None, None, Some(Elapsed::from_minutes(30))), ASK, "to mend it takes 30m or longer"),
    built_in(
        (Some(Severity::High), Some(TimeLimit::from_minutes(60)), None),
        ASK,
        "a check of high severity has been failing for 1h",
    ),
    built_in((None, None, None), Action::FixForward, "a check fails"),
];

/// The rows that hold where the file has none.
pub fn built_in_policy() -> &'static [PolicyRow] {
    &BUILT_IN
}

/// Decides by the first row that matches. A row that says that nothing is to be done lets the failures pass that it is about,
/// and those below it are asked about the others: to let one check pass must hide no other.
pub fn decide(facts: &[Fact], around: &Circumstance, rows: &[PolicyRow]) -> Decision {
    let mut left: Vec<&Fact> = facts.iter().collect();
    let (mut notes, mut let_pass) = (Vec::new(), None);
    for row in rows {
        let rule = Rule::Row(row.origin);
        match (row.matches(&left, around), row.action) {
            (Match::No, _) => {}
            (Match::Unknown(what), _) => notes.push(format!("passed over, as {what}: {rule}")),
            (Match::Yes(failing), Action::None) => {
                notes.extend(failing.iter().map(|fact| format!("{rule} lets it pass that {}", fact.in_words())));
                left.retain(|fact| failing.iter().all(|other| other.name != fact.name));
                let_pass.get_or_insert(rule);
            }
            (Match::Yes(failing), Action::FixForward) => {
                return by_row((Advice::FixForward, row), &failing, around, notes);
            }
            (Match::Yes(failing), Action::Rollback(Approval::Required)) => {
                return by_row((Advice::RollbackWithApproval, row), &failing, around, notes);
            }
            (Match::Yes(failing), Action::Rollback(Approval::Automatic)) => {
                return by_row((Advice::RollbackNow, row), &failing, around, notes);
            }
        }
    }
    let failing: Vec<&Fact> = left.iter().copied().filter(|fact| fact.fails_at(Severity::Medium)).collect();
    if failing.is_empty() {
        return without_failure(&left, let_pass, notes);
    }
    // A failure that nobody has thought of is no health.
    let because = failing.iter().map(|fact| fact.in_words()).chain(notes).collect();
    let rule = Rule::Otherwise("a check fails, and no rule is for it");
    Decision { advice: Advice::FixForward, rule, because, failing: names(&failing) }
}

fn by_row(
    (advice, row): (Advice, &PolicyRow),
    failing: &[&Fact],
    around: &Circumstance,
    notes: Vec<String>,
) -> Decision {
    let mut because: Vec<String> = failing.iter().map(|fact| fact.in_words()).collect();
    because.extend(row.circumstances_in_words(around));
    because.extend(notes);
    Decision { advice, rule: Rule::Row(row.origin), because, failing: names(failing) }
}

/// What holds where nothing is left that fails and matters.
fn without_failure(left: &[&Fact], let_pass: Option<Rule>, notes: Vec<String>) -> Decision {
    let is_open = |fact: &&&Fact| fact.verdict == Verdict::Inconclusive && fact.severity > Severity::Low;
    let mut because: Vec<String> = left.iter().filter(is_open).map(|fact| fact.in_words()).collect();
    let is_unknown = !because.is_empty();
    let low = left.iter().filter(|fact| fact.verdict != Verdict::Pass && fact.severity == Severity::Low);
    because.extend(low.map(|fact| format!("{}, which is never in the way", fact.in_words())));
    let is_all = because.is_empty();
    because.extend(notes);
    let (advice, rule) = match let_pass {
        _ if is_unknown => (Advice::Inconclusive, Rule::Otherwise("a check gives no answer, and none fails")),
        Some(rule) => (Advice::Healthy, rule),
        None if left.is_empty() => (Advice::Inconclusive, Rule::Otherwise("no check was run")),
        None if is_all => (Advice::Healthy, Rule::Otherwise("every check passes")),
        None => (Advice::Healthy, Rule::Otherwise("every check passes that matters")),
    };
    Decision { advice, rule, because, failing: Vec::new() }
}

fn names(facts: &[&Fact]) -> Vec<String> {
    facts.iter().map(|fact| fact.name.clone()).collect()
}

/// Whether a row matches.
enum Match<'f> {
    No,
    /// It would, if something was known; what.
    Unknown(&'static str),
    /// For these checks.
    Yes(Vec<&'f Fact>),
}

impl PolicyRow {
    /// The least severity that counts.
    fn least(&self) -> Severity {
        self.severity.unwrap_or(if self.checks.is_empty() { Severity::Medium } else { Severity::Low })
    }

    fn counts(&self, fact: &Fact) -> bool {
        fact.fails_at(self.least())
            && (self.checks.is_empty() || self.checks.contains(&fact.name))
            && self.sustained.is_none_or(|least| fact.lasting >= least.duration())
    }

    fn matches<'f>(&self, facts: &[&'f Fact], around: &Circumstance) -> Match<'f> {
        let failing: Vec<&Fact> = facts.iter().copied().filter(|fact| self.counts(fact)).collect();
        if failing.len() < self.failures.unwrap_or(1).max(1) {
            return Match::No;
        }
        let is_here = |here: &String| self.environments.is_empty() || self.environments.contains(here);
        let is_long = |estimate: Elapsed| self.time_to_fix.is_none_or(|least| estimate >= least);
        if !around.environment.as_ref().is_none_or(is_here) || !around.time_to_fix.is_none_or(is_long) {
            return Match::No;
        }
        match (&around.environment, around.time_to_fix) {
            (None, _) if !self.environments.is_empty() => Match::Unknown("no environment is known"),
            (_, None) if self.time_to_fix.is_some() => Match::Unknown("no time to fix was given"),
            _ => Match::Yes(failing),
        }
    }

    /// Whether it matches wherever `other` does, so that behind it the other one never decides.
    pub fn covers(&self, other: &PolicyRow) -> bool {
        let holds_all = |all: &[String], some: &[String]| {
            all.is_empty() || (!some.is_empty() && some.iter().all(|one| all.contains(one)))
        };
        self.least() <= other.least()
            && holds_all(&self.checks, &other.checks)
            && holds_all(&self.environments, &other.environments)
            && self.sustained.is_none_or(|least| other.sustained.is_some_and(|longer| longer >= least))
            && self.time_to_fix.is_none_or(|least| other.time_to_fix.is_some_and(|longer| longer >= least))
            && self.failures.unwrap_or(1) <= other.failures.unwrap_or(1)
    }

    /// Whether it rolls back without a person.
    pub fn is_automatic(&self) -> bool {
        self.action == Action::Rollback(Approval::Automatic)
    }
}

impl Fact {
    /// Whether it fails, and matters at least so much.
    fn fails_at(&self, least: Severity) -> bool {
        self.verdict == Verdict::Fail && self.severity >= least
    }
}

#[cfg(test)]
mod tests;
