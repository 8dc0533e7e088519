//! The reasons of a decision in plain words.

use super::{Circumstance, Fact, PolicyRow};
use crate::model::{Verdict, span};

impl Fact {
    /// `api (critical) fails, for 6m now: it exited with code 1`
    pub(super) fn in_words(&self) -> String {
        let says = match self.verdict {
            Verdict::Pass => "passes",
            Verdict::Fail => "fails",
            Verdict::Inconclusive => "gives no answer",
        };
        let lasting = match (self.verdict, self.lasting.as_secs()) {
            (Verdict::Fail, 1..) => format!(", for {} now", span(self.lasting)),
            _ => String::new(),
        };
        let why = self.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        format!("{} ({}) {says}{lasting}{why}", self.name, self.severity.as_str())
    }
}

impl PolicyRow {
    /// What beside the checks the row asked for, and what it is.
    pub(super) fn circumstances_in_words(&self, around: &Circumstance) -> Vec<String> {
        let environment = around.environment.as_ref().filter(|_| !self.environments.is_empty());
        let environment = environment.map(|here| format!("the environment is {here}"));
        let estimate = around.time_to_fix.zip(self.time_to_fix);
        let estimate =
            estimate.map(|(estimate, least)| format!("to mend it takes {estimate}, and {least} is too long"));
        environment.into_iter().chain(estimate).collect()
    }
}
