//! Whether the hooks are called, by firing them.

use super::{Finding, Ground};
use crate::{
    error::Result,
    git::hooks::{self, Fired, Overall, Status},
    model::HookEvent,
};

pub(super) fn check(ground: &Ground<'_>) -> Result<Vec<Finding>> {
    let facts = hooks::gather(ground.repo, ground.env)?;
    let status = hooks::status_of(&facts);
    if status.overall == Overall::Absent {
        let finding = Finding::note("hooks", "no hooks are installed: checkpoints are taken by hand only");
        let notes = status.notes.iter().map(|note| Finding::note("hooks", note));
        return Ok([finding.fix("`git checkpoint hooks install`")].into_iter().chain(notes).collect());
    }
    Ok(judge(&status, &hooks::fire(&facts, &status)?))
}

fn judge(status: &Status, fired: &[(HookEvent, Fired)]) -> Vec<Finding> {
    let mut found: Vec<Finding> = status
        .troubles
        .iter()
        .map(|trouble| Finding::problem("hooks", &trouble.what).fix(&trouble.fix))
        .chain(status.notes.iter().map(|note| Finding::note("hooks", note)))
        .collect();
    let mut arrived = Vec::new();
    for (event, fired) in fired {
        match fired {
            Fired::Arrived(version) if version == env!("CARGO_PKG_VERSION") => arrived.push(event.as_str()),
            Fired::Arrived(version) => {
                let what = format!("{event}: it fires, and calls version {version} of git-checkpoint");
                found.push(
                    Finding::note("hooks", what).fix("`git checkpoint hooks install` with the version that is wanted"),
                );
            }
            Fired::WithoutInput => {
                let what = format!("{event}: it fires, but does not get what git writes to its standard input");
                found.push(Finding::problem("hooks", what).fix("`git checkpoint hooks install`"));
            }
            Fired::Nothing(said) => {
                let said = if said.is_empty() { String::new() } else { format!(": {said}") };
                found.push(
                    Finding::problem("hooks", format!("{event}: it was fired and did not call git-checkpoint{said}"))
                        .fix("look whether the file may be run and its file system allows it; then `git checkpoint hooks install`"),
                );
            }
            Fired::NotTried => {
                found.push(Finding::note(
                    "hooks",
                    format!("{event}: your own hook calls git-checkpoint; it was not tried"),
                ));
            }
        }
    }
    if !arrived.is_empty() {
        found.push(Finding::ok("hooks", format!("fired and arrived: {}", arrived.join(", "))));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{super::Level, *};
    use crate::git::hooks::{EventState, EventStatus, Mechanism};

    #[test]
    fn what_did_not_arrive_is_a_problem() {
        let event = HookEvent::PrePush;
        let status = Status {
            overall: Overall::Installed,
            mechanism: Some(Mechanism::Files),
            wanted: Mechanism::Files,
            git: "2.47".into(),
            folder: None,
            program: None,
            events: vec![EventStatus { event, state: EventState::Installed }],
            troubles: Vec::new(),
            notes: Vec::new(),
        };
        for (fired, level) in [
            (Fired::Arrived(env!("CARGO_PKG_VERSION").into()), Level::Ok),
            (Fired::Arrived("0.0.1".into()), Level::Note),
            (Fired::NotTried, Level::Note),
            (Fired::WithoutInput, Level::Problem),
            (Fired::Nothing(String::new()), Level::Problem),
        ] {
            let found = judge(&status, &[(event, fired.clone())]);
            assert_eq!(found.iter().map(|finding| finding.level).collect::<Vec<_>>(), [level], "{fired:?}");
        }
    }
}
