//! `git checkpoint drill --scenario`.

use serde::Serialize;

use super::{StepValue, print_step, step_value, table};
use crate::{
    config::Env,
    error::{Error, Result},
    git,
    ops::drill::{self, Conduct, How, Outcome, Ran, Rehearsed, Scenario},
    ui::{Ui, clean, plural},
};

/// What stands for every scenario.
const ALL: &str = "all";

#[derive(Serialize)]
struct Value {
    ok: bool,
    scenarios: Vec<ScenarioValue>,
}

#[derive(Serialize)]
struct ScenarioValue {
    scenario: &'static str,
    outcome: &'static str,
    reasons: Vec<String>,
    commands: &'static str,
    files: usize,
    seconds: table::Seconds,
    steps: Vec<StepValue>,
    ran: Vec<RanValue>,
    made: Vec<String>,
    kept: Option<String>,
}

#[derive(Serialize)]
struct RanValue {
    name: String,
    how: &'static str,
    outcome: &'static str,
    seconds: f64,
    detail: String,
}

pub(super) fn run(name: &str, keep: bool, env: &Env, ui: &mut Ui) -> Result<u8> {
    let which = if name == ALL { Scenario::ALL.to_vec() } else { vec![name.parse().map_err(Error::usage)?] };
    git::ask_on_signals()?;
    let mut done = Vec::new();
    for scenario in which {
        // What cannot be shown is no reason not to go on.
        let _shown = ui.progress(&format!("rehearsing {}", scenario.as_str()));
        let rehearsed = drill::rehearse(env, scenario, keep)?;
        if let Some(error) = &rehearsed.unkept {
            ui.warn(format!("the result is not in the table: {}", error.chain().join(": ")))?;
        }
        if !ui.is_json() {
            print(&rehearsed, ui)?;
        }
        done.push(rehearsed);
    }
    // Of all of them, those that apply count; of one that was asked for, whether it is proven.
    let is_fine = |rehearsed: &Rehearsed| {
        rehearsed.outcome == Outcome::Proven || (name == ALL && rehearsed.outcome == Outcome::NotApplicable)
    };
    let ok = done.iter().all(is_fine);
    if ui.is_json() {
        ui.value(&Value { ok, scenarios: done.into_iter().map(value).collect() })?;
    } else if done.iter().any(|rehearsed| rehearsed.outcome == Outcome::Inconclusive) {
        ui.note("hint: `git checkpoint trust` shows the commands and asks")?;
    }
    Ok(u8::from(!ok))
}

fn print(rehearsed: &Rehearsed, ui: &mut Ui) -> Result<()> {
    let name = rehearsed.scenario.as_str();
    let reason = || rehearsed.reasons.first().cloned().unwrap_or_default();
    if rehearsed.outcome == Outcome::NotApplicable {
        return ui.line(format!("{name}: not applicable: {}", reason()));
    }
    if !rehearsed.steps.is_empty() {
        ui.line(format!("{name} on a throw-away copy of this repository ({})", plural(rehearsed.files, "file")))?;
    }
    rehearsed.steps.iter().try_for_each(|step| print_step(step, ui))?;
    rehearsed.ran.iter().try_for_each(|ran| ui.line(format!("    {}", ran_line(ran))))?;
    let stood_in = rehearsed.ran.iter().filter(|ran| ran.how == How::StoodIn).count();
    if stood_in > 0 {
        ui.note(format!(
            "hint: {} not run, as {} touch the real world; `drill = \"run\"` in `[rollback]` lets that be run in the copy",
            if stood_in == 1 { "1 command was".to_owned() } else { format!("{stood_in} commands were") },
            if stood_in == 1 { "it may" } else { "they may" },
        ))?;
    }
    if !rehearsed.made.is_empty() {
        ui.line(format!("    made by commands, and not compared: {}", rehearsed.made.join(", ")))?;
    }
    if let Some(kept) = &rehearsed.kept {
        ui.line(format!("    the copy is kept in {}", kept.display()))?;
    }
    match rehearsed.outcome {
        Outcome::Proven => ui.done(format!("{name}: proven; the rollback took {}", table::took(&rehearsed.seconds))),
        Outcome::Inconclusive => ui.warn(format!("{name}: not proven: {}", reason())),
        Outcome::Failed | Outcome::NotApplicable => {
            ui.line(format!("{name}: FAILED; nothing of yours was touched"))?;
            rehearsed.reasons.iter().try_for_each(|reason| ui.line(format!("    {}", clean(reason))))
        }
    }
}

fn ran_line(ran: &Ran) -> String {
    let how = match ran.how {
        How::Run => "run",
        How::StoodIn => "stood in for",
        How::MadeToFail => "made to fail",
    };
    let why = if ran.detail.is_empty() { String::new() } else { format!(": {}", ran.detail) };
    clean(&format!("{how:<12}  {}, {} in {:.2} s{why}", ran.name, ran.outcome, ran.took.as_secs_f64()))
}

fn value(rehearsed: Rehearsed) -> ScenarioValue {
    let Rehearsed { scenario, outcome, reasons, commands, steps, ran, made, files, seconds, kept, unkept: _ } =
        rehearsed;
    let ran_value = |ran: Ran| RanValue {
        name: ran.name,
        how: ran.how.as_str(),
        outcome: ran.outcome,
        seconds: ran.took.as_secs_f64(),
        detail: ran.detail,
    };
    ScenarioValue {
        scenario: scenario.as_str(),
        outcome: outcome.as_str(),
        reasons,
        commands: Conduct::as_str(commands),
        files,
        seconds: seconds.into(),
        steps: steps.iter().map(step_value).collect(),
        ran: ran.into_iter().map(ran_value).collect(),
        made,
        kept: kept.map(|path| path.display().to_string()),
    }
}
