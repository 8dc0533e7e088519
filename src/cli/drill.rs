//! `git checkpoint drill`.

use serde::Serialize;

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
    for step in &drilled.steps {
        let verdict = if step.differences.is_empty() { "ok    " } else { "FAILED" };
        let milliseconds = step.took.as_secs_f64() * 1000.0;
        ui.line(format!("  {verdict} {milliseconds:>7.1} ms  {:<25} {}", step.name, clean(&step.detail)))?;
        for difference in &step.differences {
            ui.line(format!("           {difference}"))?;
        }
    }
    if let Some(kept) = &drilled.kept {
        ui.line(format!("the copy is kept in {}", kept.display()))?;
    }
    if drilled.is_ok() {
        ui.done("every byte was where it should be")
    } else {
        ui.warn("what is named above is not where it should be; nothing of yours was touched")
    }
}

fn value(drilled: &Drilled) -> Value {
    let step = |step: &Step| StepValue {
        name: step.name,
        ok: step.differences.is_empty(),
        seconds: step.took.as_secs_f64(),
        detail: step.detail.clone(),
        differences: step.differences.clone(),
    };
    Value {
        ok: drilled.is_ok(),
        copy: drilled.is_copy,
        files: drilled.files,
        seconds: drilled.steps.iter().map(|step| step.took.as_secs_f64()).sum(),
        steps: drilled.steps.iter().map(step).collect(),
        kept: drilled.kept.as_ref().map(|path| path.display().to_string()),
    }
}
