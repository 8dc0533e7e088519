//! `git checkpoint doctor`.

use serde::Serialize;

use crate::{
    config::Env,
    error::Result,
    ops::doctor::{self, Finding, Level},
    ui::Ui,
};

#[derive(Serialize)]
struct Value {
    ok: bool,
    findings: Vec<FindingValue>,
}

#[derive(Serialize)]
struct FindingValue {
    check: &'static str,
    level: &'static str,
    what: String,
    fix: Option<String>,
}

pub(super) fn run(env: &Env, ui: &mut Ui) -> Result<u8> {
    let findings = doctor::doctor(env);
    let problems = findings.iter().filter(|finding| finding.level == Level::Problem).count();
    if ui.is_json() {
        let value = |finding: &Finding| FindingValue {
            check: finding.check,
            level: finding.level.as_str(),
            what: finding.what.clone(),
            fix: finding.fix.clone(),
        };
        ui.value(&Value { ok: problems == 0, findings: findings.iter().map(value).collect() })?;
    } else {
        findings.iter().try_for_each(|finding| print(finding, ui))?;
        match problems {
            0 => ui.done("nothing is wrong")?,
            1 => ui.line("1 problem")?,
            many => ui.line(format!("{many} problems"))?,
        }
    }
    Ok(u8::from(problems > 0))
}

fn print(finding: &Finding, ui: &mut Ui) -> Result<()> {
    let level = match finding.level {
        Level::Ok => "ok     ",
        Level::Note => "note   ",
        Level::Problem => "PROBLEM",
    };
    ui.line(format!("{level}  {}: {}", finding.check, finding.what.replace('\n', "\n         ")))?;
    match &finding.fix {
        Some(fix) => ui.line(format!("         fix: {fix}")),
        None => Ok(()),
    }
}
