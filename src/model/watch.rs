//! A watch: what the samples of checks, one after another, come to.
//!
//! One failure proves little, so a check counts as failing when it has failed so many samples in a row. A sample without an answer
//! is neither good nor bad: it does not end a row of failures, and does not lengthen it. So many of them in a row, and
//! nothing is known of a check any more; one that was failing then stays so, as nothing has shown that it works again.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};

use super::{Advice, Circumstance, Decision, Fact, PolicyRow, Verdict, decide};

/// What it takes to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Samples with an answer before anything is decided.
    pub min_samples: usize,
    /// Failures in a row before a check counts as failing.
    pub consecutive: usize,
    /// How long after a change of decision only a worse one is told.
    pub cool_down: Duration,
}

/// What is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When.
    pub at: DateTime<Utc>,
    /// What is to be done from now on.
    pub decision: Decision,
    /// What was told before.
    pub before: Advice,
}

/// A watch that goes on.
#[derive(Debug)]
pub struct Watch<'p> {
    rules: Rules,
    rows: &'p [PolicyRow],
    around: Circumstance,
    checks: BTreeMap<String, Course>,
    samples: usize,
    answered: usize,
    silent: usize,
    standing: Option<Decision>,
    told: Advice,
    told_at: Option<DateTime<Utc>>,
}

/// How a check has gone.
#[derive(Debug)]
struct Course {
    /// What it counts as.
    standing: Verdict,
    failures: usize,
    silences: usize,
    since: Option<DateTime<Utc>>,
}

impl Course {
    /// Whether it has begun to fail, and the next samples will show what it is.
    fn is_open(&self, rules: Rules) -> bool {
        self.standing == Verdict::Inconclusive && self.failures > 0 && self.silences < rules.consecutive.max(1)
    }
}

impl<'p> Watch<'p> {
    /// One that has seen nothing yet.
    pub fn new(rules: Rules, rows: &'p [PolicyRow], around: Circumstance) -> Self {
        Watch {
            rules,
            rows,
            around,
            checks: BTreeMap::new(),
            samples: 0,
            answered: 0,
            silent: 0,
            standing: None,
            told: Advice::Healthy,
            told_at: None,
        }
    }

    /// Takes what the checks said at a moment; what there is to tell, if there is.
    pub fn sample(&mut self, at: DateTime<Utc>, facts: &[Fact]) -> Option<Event> {
        self.samples += 1;
        let has_answer = facts.iter().any(|fact| fact.verdict != Verdict::Inconclusive);
        (self.answered, self.silent) =
            if has_answer { (self.answered + 1, 0) } else { (self.answered, self.silent + 1) };
        let counted: Vec<Fact> = facts.iter().map(|fact| self.count(at, fact)).collect();
        let decision = if self.answered >= self.rules.min_samples {
            decide(&counted, &self.around, self.rows)
        } else if self.silent >= self.rules.min_samples.max(self.rules.consecutive) {
            // That nothing answers is to be told as well.
            decide(facts, &self.around, self.rows)
        } else {
            return None;
        };
        if decision.advice == Advice::Inconclusive && self.checks.values().any(|course| course.is_open(self.rules)) {
            return None;
        }
        self.standing = Some(decision.clone());
        self.tell(at, decision)
    }

    /// The check as it counts.
    fn count(&mut self, at: DateTime<Utc>, fact: &Fact) -> Fact {
        let begin = || Course { standing: Verdict::Inconclusive, failures: 0, silences: 0, since: None };
        let course = self.checks.entry(fact.name.clone()).or_insert_with(begin);
        let enough = self.rules.consecutive.max(1);
        match fact.verdict {
            Verdict::Pass => *course = Course { standing: Verdict::Pass, ..begin() },
            Verdict::Fail => {
                (course.failures, course.silences) = (course.failures + 1, 0);
                course.since.get_or_insert(at);
                if course.failures >= enough {
                    course.standing = Verdict::Fail;
                }
            }
            Verdict::Inconclusive => {
                course.silences += 1;
                if course.silences >= enough && course.standing == Verdict::Pass {
                    course.standing = Verdict::Inconclusive;
                }
            }
        }
        let why = match (course.standing, fact.verdict) {
            (Verdict::Fail, Verdict::Fail) | (Verdict::Inconclusive, Verdict::Inconclusive) => fact.why.clone(),
            (Verdict::Fail, _) => Some("it gives no answer now".into()),
            (Verdict::Inconclusive, _) => Some("it has not been seen often enough".into()),
            (Verdict::Pass, _) => None,
        };
        Fact { verdict: course.standing, why, ..fact.clone() }
    }

    fn tell(&mut self, at: DateTime<Utc>, decision: Decision) -> Option<Event> {
        let is_quiet = self.told_at.is_some_and(|told| {
            // A clock that was set back keeps nobody quiet.
            let passed = (at - told).to_std();
            passed.is_ok_and(|passed| passed < self.rules.cool_down)
        });
        let is_doubtful = self.checks.values().any(|course| course.failures > 0 && course.standing != Verdict::Fail);
        // What is worse does not wait, and what fails again just now is not told to be better.
        if decision.advice == self.told || decision.advice < self.told && (is_quiet || is_doubtful) {
            return None;
        }
        let before = std::mem::replace(&mut self.told, decision.advice);
        self.told_at = Some(at);
        Some(Event { at, decision, before })
    }

    /// What holds now; `None` where there were too few samples.
    pub fn standing(&self) -> Option<&Decision> {
        self.standing.as_ref()
    }

    /// Whether to roll back at once, as the checks say now: none of those that decide is silent.
    pub fn is_to_roll_back(&self) -> bool {
        let is_fresh = |name: &String| self.checks.get(name).is_some_and(|course| course.silences == 0);
        self.standing
            .as_ref()
            .is_some_and(|decision| decision.advice == Advice::RollbackNow && decision.failing.iter().all(is_fresh))
    }

    /// What was found, at the end: too few samples are no answer.
    pub fn advice(&self) -> Advice {
        self.standing.as_ref().map_or(Advice::Inconclusive, |decision| decision.advice)
    }

    /// When the first of the failures began that decide.
    pub fn since(&self, decision: &Decision) -> Option<DateTime<Utc>> {
        decision.failing.iter().filter_map(|name| self.checks.get(name)?.since).min()
    }

    /// How many samples were taken.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Why it was decided so, on one line, for a record: `rule 1 (line 9): api failed 3 times since 14:02:00`; `time` says a
    /// moment in words.
    pub fn in_words(&self, decision: &Decision, time: &dyn Fn(DateTime<Utc>) -> String) -> String {
        let one = |name: &String| {
            let course = self.checks.get(name);
            let since = course.and_then(|course| course.since).map(time);
            let since = since.map(|since| format!(" since {since}")).unwrap_or_default();
            let times = course.map_or(0, |course| course.failures);
            format!("{name} failed {times} {}{since}", if times == 1 { "time" } else { "times" })
        };
        let failing: Vec<String> = decision.failing.iter().map(one).collect();
        format!("{}: {}", decision.rule, failing.join(", "))
    }
}

#[cfg(test)]
mod tests;
