//! Whether the rollback was rehearsed, and when.

use super::{Finding, Ground};
use crate::{
    error::Result,
    ops::drill::{self, Row, State},
};

pub(super) fn check(ground: &Ground<'_>) -> Result<Vec<Finding>> {
    let table = drill::table(ground.repo, &ground.config, ground.env.now());
    let proven = table.iter().filter(|row| row.state == State::Proven).count();
    let mut found: Vec<Finding> = table.iter().filter_map(judge).collect();
    if proven > 0 || found.is_empty() {
        found.insert(0, Finding::ok("drills", format!("{proven} scenarios of a rollback are proven")));
    }
    Ok(found)
}

fn judge(row: &Row) -> Option<Finding> {
    let name = row.scenario.as_str();
    let finding = match row.state {
        State::Proven | State::NotApplicable => return None,
        State::NotTested => Finding::note("drills", format!("{name}: not tested")),
        State::Old => Finding::note("drills", format!("{name}: it was proven more than 90 days ago")),
        State::OtherConfiguration => {
            Finding::note("drills", format!("{name}: it was rehearsed with another configuration only"))
        }
        State::Failed => {
            let why = row.reason.as_deref().unwrap_or("nobody knows why");
            Finding::problem("drills", format!("{name}: the last drill failed: {why}"))
        }
    };
    Some(finding.fix(format!("`git checkpoint drill --scenario {name}`")))
}

#[cfg(test)]
mod tests {
    use super::{super::Level, *};
    use crate::ops::drill::Scenario;

    #[test]
    fn what_is_not_proven_is_told_with_the_command_that_proves_it() {
        for (state, level) in [
            (State::Proven, None),
            (State::NotApplicable, None),
            (State::NotTested, Some(Level::Note)),
            (State::Old, Some(Level::Note)),
            (State::OtherConfiguration, Some(Level::Note)),
            (State::Failed, Some(Level::Problem)),
        ] {
            let row = Row { scenario: Scenario::BadCommit, state, reason: None, newest: None, proven: None };
            let found = judge(&row);
            assert_eq!(found.as_ref().map(|finding| finding.level), level, "{state:?}");
            let fix = found.and_then(|finding| finding.fix);
            assert_eq!(fix.is_some_and(|fix| fix.contains("--scenario bad-commit")), level.is_some());
        }
    }
}
