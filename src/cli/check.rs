//! `git checkpoint check`.

use std::path::Path;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde::Serialize;

use super::{
    args,
    checks::{self, Lines},
    json, show,
};
use crate::{
    check::{Validated, Why, tail},
    config::Env,
    error::{Context, Error, Result},
    git,
    model::Verdict,
    ops::{
        check::{self, Outcome, Request},
        trust,
    },
    ui::{Ui, clean},
};

/// So many lines of a log go into a report.
const REPORTED: usize = 200;

#[derive(Serialize)]
struct Value {
    tree: String,
    commit: Option<String>,
    verdict: &'static str,
    checks: Vec<json::Check>,
}

pub(super) fn run(args: &args::Check, env: &Env, ui: &mut Ui) -> Result<u8> {
    let session = super::open_and_remind(env, ui)?;
    let request = Request {
        selector: args.selector.as_deref().map(show::selector).transpose()?,
        moment: args.on.map(Into::into),
        only: args.only.clone(),
        no_cache: args.no_cache,
        jobs: args.jobs.map(std::num::NonZero::get),
    };
    let standing = trust::gather(&session, env);
    let plan = check::plan(&session, &request, &standing)?;
    // Until they are over, what they run in has to be taken away first.
    git::ask_on_signals()?;
    let outcome = check::apply(plan, &mut |event| checks::show(&event, Lines::Answer, ui))?;
    ui.flush()?;
    if let Some(error) = &outcome.unkept {
        ui.warn(format!("what the checks said could not be kept: {}", error.chain().join(": ")))?;
    }
    if let Some(file) = &args.junit {
        junit(&outcome.validated, file)?;
    }
    if ui.is_json() {
        ui.value(&value(&outcome))?;
    } else {
        conclude(&outcome, ui)?;
    }
    Ok(u8::from(outcome.verdict != Verdict::Pass))
}

/// The last line: what it all comes to.
fn conclude(outcome: &Outcome, ui: &mut Ui) -> Result<()> {
    for checked in &outcome.validated.checks {
        if let Some(why @ Why::ChangedFiles(_)) = &checked.why {
            ui.warn(format!("what {} said does not count: {why}", checked.result.name))?;
        }
    }
    let count = |verdict| outcome.validated.checks.iter().filter(|one| one.result.verdict == verdict).count();
    let (passed, failed, open) = (count(Verdict::Pass), count(Verdict::Fail), count(Verdict::Inconclusive));
    let mut text = format!("{passed} passed");
    if failed > 0 {
        text += &format!(", {failed} failed");
    }
    if open > 0 {
        text += &format!(", {open} without an answer");
    }
    if outcome.verdict == Verdict::Pass && failed + open > 0 {
        text += "; what did not pass is of low severity";
    }
    if outcome.verdict == Verdict::Pass { ui.done(text) } else { ui.line(text) }
}

fn value(outcome: &Outcome) -> Value {
    let subject = outcome.validated.subject;
    Value {
        tree: subject.tree.to_string(),
        commit: outcome.is_commit.then(|| subject.commit.to_string()),
        verdict: outcome.verdict.as_str(),
        checks: json::validated(&outcome.validated),
    }
}

/// Writes the report that build servers read.
fn junit(validated: &Validated, file: &Path) -> Result<()> {
    let mut suite = TestSuite::new("git checkpoint check");
    for checked in &validated.checks {
        let result = &checked.result;
        let mut status = match result.verdict {
            Verdict::Pass => TestCaseStatus::success(),
            Verdict::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
            Verdict::Inconclusive => TestCaseStatus::non_success(NonSuccessKind::Error),
        };
        if let Some(why) = &result.why {
            status.set_message(why.clone());
        }
        let mut case = TestCase::new(result.name.clone(), status);
        case.set_classname("check").set_time(result.took);
        if let Some(log) = &checked.log {
            let lines: Vec<_> = tail(log, REPORTED).iter().map(|line| clean(line)).collect();
            case.set_system_out(lines.join("\n"));
        }
        suite.add_test_case(case);
    }
    let mut report = Report::new("git checkpoint");
    report.add_test_suite(suite);
    let text = report.to_string().map_err(|error| Error::bug("a report cannot be XML").because(error))?;
    let what = || format!("cannot write `{}`", file.display());
    std::fs::write(file, text).with_context(what)
}
