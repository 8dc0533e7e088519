//! The table of scenarios: as a whole, and in a line.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::super::json;
use crate::{
    config::Env,
    error::Result,
    ops::drill::{self, Row, State},
    store::drills::DrillSeconds,
    ui::{Ui, age, table},
};

#[derive(Serialize)]
struct Value {
    drills: Vec<RowValue>,
}

/// A scenario, and how it stands.
#[derive(Serialize)]
pub(in crate::cli) struct RowValue {
    scenario: &'static str,
    state: &'static str,
    reason: Option<String>,
    at: Option<String>,
    proven_at: Option<String>,
    commands: Option<String>,
    files: Option<usize>,
    seconds: Option<Seconds>,
}

/// How long the parts of a rollback took.
#[derive(Serialize)]
pub(super) struct Seconds {
    back_up: Option<f64>,
    restore: Option<f64>,
    steps: Option<f64>,
    verify: Option<f64>,
    total: f64,
}

impl From<DrillSeconds> for Seconds {
    fn from(seconds: DrillSeconds) -> Self {
        let DrillSeconds { back_up, restore, steps, verify, total } = seconds;
        Seconds { back_up, restore, steps, verify, total }
    }
}

/// `drill --list`.
pub(super) fn run(env: &Env, ui: &mut Ui) -> Result<u8> {
    let session = super::super::open(env, ui)?;
    let rows = drill::table(&session.repo, &session.config, session.now);
    if ui.is_json() {
        ui.value(&Value { drills: rows.iter().map(row).collect() })?;
        return Ok(0);
    }
    let head = ["scenario", "state", "last proven", "took", "commands", ""].map(str::to_owned).to_vec();
    let lines = rows.iter().map(|row| line(row, session.now));
    ui.line(table(std::iter::once(head).chain(lines).collect()))?;
    ui.line(brief(&rows, session.now))?;
    Ok(0)
}

fn line(row: &Row, now: DateTime<Utc>) -> Vec<String> {
    let proven = row.proven.as_ref();
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    vec![
        row.scenario.as_str().to_owned(),
        row.state.in_words().to_owned(),
        proven.map_or_else(|| "never".to_owned(), |result| age(result.at, now)),
        or_none(proven.map(|result| took(&result.seconds))),
        or_none(row.newest.as_ref().map(|result| result.commands.clone())),
        row.reason.clone().unwrap_or_default(),
    ]
}

/// The whole, and its parts.
pub(super) fn took(seconds: &DrillSeconds) -> String {
    let DrillSeconds { back_up, restore, steps, verify, total } = *seconds;
    let parts = [("back up", back_up), ("restore", restore), ("steps", steps), ("verify", verify)];
    let parts: Vec<String> =
        parts.into_iter().filter_map(|(name, part)| Some(format!("{name} {:.2}", part?))).collect();
    let all = format!("{total:.2} s");
    if parts.is_empty() { all } else { format!("{all} ({})", parts.join(", ")) }
}

/// How the scenarios stand, in a line.
pub(in crate::cli) fn brief(rows: &[Row], now: DateTime<Utc>) -> String {
    let in_state = |state: State| rows.iter().filter(move |row| row.state == state);
    let applicable = rows.len() - in_state(State::NotApplicable).count();
    let mut text = format!("drills: {} of {applicable} proven", in_state(State::Proven).count());
    let dates = in_state(State::Proven).filter_map(|row| row.newest.as_ref()).map(|result| result.at);
    if let Some(oldest) = dates.min() {
        text += &format!(", oldest {}", age(oldest, now));
    }
    for state in [State::Failed, State::Old, State::OtherConfiguration, State::NotTested] {
        let names: Vec<&str> = in_state(state).map(|row| row.scenario.as_str()).collect();
        if !names.is_empty() {
            text += &format!("; {}: {}", state.in_words(), names.join(", "));
        }
    }
    text
}

/// As JSON.
pub(in crate::cli) fn row(row: &Row) -> RowValue {
    let newest = row.newest.as_ref();
    RowValue {
        scenario: row.scenario.as_str(),
        state: row.state.as_str(),
        reason: row.reason.clone(),
        at: newest.map(|result| json::time(result.at)),
        proven_at: row.proven.as_ref().map(|result| json::time(result.at)),
        commands: newest.map(|result| result.commands.clone()),
        files: newest.map(|result| result.files),
        seconds: newest.map(|result| result.seconds.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ops::drill::Scenario, store::drills::DrillResult};

    #[test]
    fn the_line_names_what_is_not_proven() {
        let at = |day: i64| DateTime::from_timestamp(day * 86_400, 0).expect("within the calendar");
        let row = |(scenario, state): (Scenario, State)| {
            let result = |day| DrillResult {
                scenario: scenario.as_str().into(),
                at: at(day),
                proven: true,
                reason: None,
                commands: "run".into(),
                files: 1,
                seconds: DrillSeconds::default(),
                configuration: None,
            };
            let newest = (state == State::Proven).then(|| result(if scenario == Scenario::BadCommit { 1 } else { 9 }));
            Row { scenario, state, reason: None, newest, proven: None }
        };
        let states = |states: [State; 5]| -> Vec<Row> { Scenario::ALL.into_iter().zip(states).map(row).collect() };
        let (p, n, f, o) = (State::Proven, State::NotTested, State::Failed, State::OtherConfiguration);
        let apart = State::NotApplicable;
        for (given, wanted) in [
            ([p, p, n, p, p], "drills: 4 of 5 proven, oldest 12 days ago; not tested: corrupt-artifact"),
            ([n, n, apart, apart, apart], "drills: 0 of 2 proven; not tested: bad-commit, deleted-files"),
            (
                [p, f, apart, o, State::Old],
                "drills: 1 of 4 proven, oldest 12 days ago; FAILED: deleted-files; proven long ago: failing-step; \
                 of another configuration: failing-check",
            ),
        ] {
            assert_eq!(brief(&states(given), at(13)), wanted);
        }
    }
}
