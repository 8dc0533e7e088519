//! Which scenarios are proven, since when, and which are not: for `drill --list`, `status` and `doctor`.

use chrono::{DateTime, Duration, Utc};

use super::scenario::Scenario;
use crate::{
    config::Config,
    git::Repo,
    store::drills::{self, DrillResult},
};

/// What was proven so long ago is to be proven again.
const HOLDS: Duration = Duration::days(90);

/// A scenario, and how it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Which.
    pub scenario: Scenario,
    /// How it stands.
    pub state: State,
    /// Why there is nothing to rehearse, or why it failed.
    pub reason: Option<String>,
    /// The result that decides.
    pub newest: Option<DrillResult>,
    /// The newest that proved it, for whatever configuration.
    pub proven: Option<DrillResult>,
}

/// How a scenario stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It was proven with this configuration.
    Proven,
    /// It was, and that is more than 90 days ago.
    Old,
    /// It was rehearsed last with this configuration and was not as it should be.
    Failed,
    /// It was rehearsed with another configuration only.
    OtherConfiguration,
    /// Nobody has.
    NotTested,
    /// There is nothing to rehearse.
    NotApplicable,
}

impl State {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Proven => "proven",
            State::Old => "old",
            State::Failed => "failed",
            State::OtherConfiguration => "other-configuration",
            State::NotTested => "not-tested",
            State::NotApplicable => "not-applicable",
        }
    }

    /// For people.
    pub fn in_words(self) -> &'static str {
        match self {
            State::Proven => "proven",
            State::Old => "proven long ago",
            State::Failed => "FAILED",
            State::OtherConfiguration => "of another configuration",
            State::NotTested => "not tested",
            State::NotApplicable => "not applicable",
        }
    }
}

/// Every scenario in a repository with this configuration.
pub fn table(repo: &Repo, config: &Config, now: DateTime<Utc>) -> Vec<Row> {
    let results = drills::read(&repo.state_dir());
    let configuration = config.source.as_ref().map(|source| source.hash.as_str());
    let of = |scenario: Scenario| row((scenario, scenario.not_applicable(config)), &results, configuration, now);
    Scenario::ALL.into_iter().map(of).collect()
}

/// Whether a rehearsal has anything to do here, or was ever made: where there is neither, nobody waits for a word of it.
pub fn is_of_interest(config: &Config, table: &[Row]) -> bool {
    let has_result = table.iter().any(|row| row.newest.is_some() || row.proven.is_some());
    has_result || config.has_steps() || config.deciding_check().is_some()
}

fn row(
    (scenario, not_applicable): (Scenario, Option<&str>),
    results: &[DrillResult],
    configuration: Option<&str>,
    now: DateTime<Utc>,
) -> Row {
    let of_it = || results.iter().rev().filter(|result| result.scenario == scenario.as_str());
    let proven = of_it().find(|result| result.proven).cloned();
    let of_this = of_it().find(|result| result.configuration.as_deref() == configuration);
    let newest = of_this.or_else(|| of_it().next()).cloned();
    let (state, reason) = match (not_applicable, of_this, &newest) {
        (Some(why), _, _) => (State::NotApplicable, Some(why.to_owned())),
        (None, Some(result), _) if !result.proven => (State::Failed, result.reason.clone()),
        (None, Some(result), _) if now - result.at > HOLDS => (State::Old, None),
        (None, Some(_), _) => (State::Proven, None),
        (None, None, Some(_)) => (State::OtherConfiguration, None),
        (None, None, None) => (State::NotTested, None),
    };
    Row { scenario, state, reason, newest, proven }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::drills::DrillSeconds;

    fn at(day: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(day * 86_400, 0).expect("within the calendar")
    }

    fn result(day: i64, proven: bool, configuration: Option<&str>) -> DrillResult {
        DrillResult {
            scenario: "bad-commit".into(),
            at: at(day),
            proven,
            reason: (!proven).then(|| "why".into()),
            commands: "none".into(),
            files: 1,
            seconds: DrillSeconds::default(),
            configuration: configuration.map(str::to_owned),
        }
    }

    #[test]
    fn what_decides_is_the_newest_of_this_configuration() {
        let (a, b) = (Some("a"), Some("b"));
        for (results, state, proven) in [
            (vec![], State::NotTested, None),
            (vec![result(1, true, a)], State::Proven, Some(1)),
            (vec![result(1, true, a), result(2, false, a)], State::Failed, Some(1)),
            (vec![result(1, false, a), result(2, true, a)], State::Proven, Some(2)),
            (vec![result(1, true, b)], State::OtherConfiguration, Some(1)),
            (vec![result(1, false, b)], State::OtherConfiguration, None),
            (vec![result(1, true, a), result(2, false, b)], State::Proven, Some(1)),
            (vec![result(1, true, None)], State::OtherConfiguration, Some(1)),
            (vec![result(-80, true, a)], State::Proven, Some(-80)),
            (vec![result(-81, true, a)], State::Old, Some(-81)),
            // A clock that was set ahead.
            (vec![result(1000, true, a)], State::Proven, Some(1000)),
        ] {
            let row = row((Scenario::BadCommit, None), &results, a, at(10));
            let found = row.proven.map(|proven| proven.at);
            assert_eq!((row.state, found), (state, proven.map(at)), "{results:?}");
            assert_eq!(row.reason.is_some(), state == State::Failed);
        }
        let none = row((Scenario::FailingStep, None), &[result(1, true, a)], a, at(10));
        assert_eq!(none.state, State::NotTested);
        let apart = row((Scenario::BadCommit, Some("no")), &[result(1, true, a)], a, at(10));
        assert_eq!((apart.state, apart.reason.as_deref()), (State::NotApplicable, Some("no")));
    }
}
