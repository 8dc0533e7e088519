//! `git checkpoint drill`.

mod scenarios;
mod table;

use serde::Serialize;

pub(super) use self::table::{RowValue, brief, row};
use super::args;
use crate::{
    config::Env,
    error::Result,
    ops::drill::{self, Drilled, Step},
    ui::{Ui, clean, plural},
};

#[derive(Serialize)]
struct Value {
    ok: bool,
    copy: bool,
    files: usize,
    seconds: f64,
    steps: Vec<StepValue>,
    kept: Option<String>,
}

#[derive(Serialize)]
struct StepValue {
    name: &'static str,
    ok: bool,
    seconds: f64,
    detail: String,
    differences: Vec<String>,
}

pub(super) fn run(args: &args::Drill, env: &Env, ui: &mut Ui) -> Result<u8> {
    if args.list {
        return table::run(env, ui);
    }
    if let Some(name) = &args.scenario {
        return scenarios::run(name, args.keep, env, ui);
    }
    let drilled = drill::drill(env, args.keep)?;
    if ui.is_json() {
        ui.value(&value(&drilled))?;
    } else {
        print(&drilled, ui)?;
    }
    Ok(u8::from(!drilled.is_ok()))
}

fn print(drilled: &Drilled, ui: &mut Ui) -> Result<()> {
    let what = if drilled.is_copy { "a throw-away copy of this repository" } else { "a small example" };
    ui.line(format!("drill on {what} ({})", plural(drilled.files, "file")))?;
    drilled.steps.iter().try_for_each(|step| print_step(step, ui))?;
    if let Some(kept) = &drilled.kept {
        ui.line(format!("the copy is kept in {}", kept.display()))?;
    }
    if drilled.is_ok() {
        ui.done("every byte was where it should be")
    } else {
        ui.warn("what is named above is not where it should be; nothing of yours was touched")
    }
}

fn print_step(step: &Step, ui: &mut Ui) -> Result<()> {
    let verdict = if step.differences.is_empty() { "ok    " } else { "FAILED" };
    let milliseconds = step.took.as_secs_f64() * 1000.0;
    ui.line(format!("  {verdict} {milliseconds:>7.1} ms  {:<25} {}", step.name, clean(&step.detail)))?;
    step.differences.iter().try_for_each(|difference| ui.line(format!("           {difference}")))
}

fn step_value(step: &Step) -> StepValue {
    StepValue {
        name: step.name,
        ok: step.differences.is_empty(),
        seconds: step.took.as_secs_f64(),
        detail: step.detail.clone(),
        differences: step.differences.clone(),
    }
}

fn value(drilled: &Drilled) -> Value {
    Value {
        ok: drilled.is_ok(),
        copy: drilled.is_copy,
        files: drilled.files,
        seconds: drilled.steps.iter().map(|step| step.took.as_secs_f64()).sum(),
        steps: drilled.steps.iter().map(step_value).collect(),
        kept: drilled.kept.as_ref().map(|path| path.display().to_string()),
    }
}
