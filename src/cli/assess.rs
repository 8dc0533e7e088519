//! `git checkpoint assess`.

use serde::Serialize;

use super::{
    args,
    checks::{self, Lines},
    decision, json,
};
use crate::{
    config::Env,
    error::{Error, Result},
    git,
    ops::{
        assess::{self, Outcome, Request},
        trust,
    },
    ui::Ui,
};

#[derive(Serialize)]
struct Value {
    #[serde(flatten)]
    decision: decision::Value,
    environment: Option<String>,
    checks: Vec<json::Check>,
}

pub(super) fn run(args: &args::Assess, env: &Env, ui: &mut Ui) -> Result<u8> {
    let session = super::open_and_remind(env, ui)?;
    let request = request(&args.around)?;
    let standing = trust::gather(&session, env);
    let plan = assess::plan(&session, &request, &standing)?;
    decision::warn_of_environment(plan.unheard_of(), ui)?;
    // Until they are over, what they run in has to be taken away first.
    git::ask_on_signals()?;
    let outcome = assess::apply(plan, &mut |event| checks::show(&event, Lines::Answer, ui))?;
    ui.flush()?;
    let Outcome { decision, validated, environment, has_good } = &outcome;
    if ui.is_json() {
        ui.value(&Value {
            decision: decision::value(decision, *has_good),
            environment: environment.clone(),
            checks: json::validated(validated),
        })?;
    } else {
        decision::tell(decision, *has_good, "", ui)?;
    }
    Ok(decision.advice.exit_code())
}

/// What the user says beside the checks.
pub(super) fn request(around: &args::Around) -> Result<Request> {
    let wrong = |why: String| Error::usage(why).hint("as in `--time-to-fix 45m`");
    let time_to_fix = around.time_to_fix.as_deref().map(|text| text.parse().map_err(wrong)).transpose()?;
    Ok(Request { environment: around.environment.clone(), time_to_fix })
}
