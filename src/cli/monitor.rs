//! `git checkpoint monitor`.

mod lines;

use chrono::{DateTime, Utc};

use self::lines::{Line, Rollback};
use super::{
    args, assess,
    checks::{self, Lines},
    decision, json, show,
};
use crate::{
    check,
    config::Env,
    error::{Error, Result},
    git,
    model::{Advice, CheckResult, Decision, Severity, TimeLimit, Verdict, Verification, amount},
    ops::{
        monitor::{self, Decided, Outcome, Plan, Request, Retreat, Sample, Told},
        trust,
    },
    ui::{Ui, clean},
};

pub(super) fn run(args: &args::Monitor, env: &Env, ui: &mut Ui) -> Result<u8> {
    let session = super::open_and_remind(env, ui)?;
    let request = Request {
        every: limit("--every", args.every.as_deref())?,
        lasts: limit("--for", args.lasts.as_deref())?,
        auto: args.auto,
        to: args.to.as_deref().map(show::selector).transpose()?,
        exec: command(args.exec.as_deref())?,
        around: assess::request(&args.around)?,
    };
    let standing = trust::gather(&session, env);
    let plan = monitor::plan(&session, &request, &standing)?;
    begin(&plan, ui)?;
    git::ask_on_signals()?;
    let mut follower = Follower { env, ui, plan: &plan, last: Vec::new() };
    let outcome = monitor::apply(&plan, env, &mut |told| {
        // What cannot be shown is no reason not to watch.
        let _shown = follower.tell(&told);
    })?;
    end(&outcome, ui)?;
    Ok(match &outcome.retreat {
        Some(retreat) => u8::from(retreat.verification != Verification::Verified),
        None => outcome.advice.exit_code(),
    })
}

fn limit(option: &str, text: Option<&str>) -> Result<Option<TimeLimit>> {
    let wrong = |why: String| Error::usage(why).hint(format!("as in `{option} 30m`"));
    text.map(|text| text.parse().map_err(wrong)).transpose()
}

fn command(text: Option<&str>) -> Result<Option<String>> {
    match text {
        Some(text) if text.trim().is_empty() => {
            Err(Error::usage("`--exec` needs a command").hint("as in `--exec 'cat >> decisions.log'`"))
        }
        text => Ok(text.map(str::to_owned)),
    }
}

/// Says what will be watched, and what may come of it.
fn begin(plan: &Plan, ui: &mut Ui) -> Result<()> {
    decision::warn_of_environment(plan.unheard_of(), ui)?;
    let lasts = plan.lasts.map(|lasts| format!(" for {lasts}")).unwrap_or_default();
    ui.note(format!("running the checks every {}{lasts}; Ctrl-C ends it", plan.every))?;
    match &plan.target {
        None => Ok(()),
        Some(target) if plan.has_automatic() => {
            ui.note(format!("rolls back once where a rule says automatic; as things are, to `{}`", clean(&target.name)))
        }
        Some(_) => ui.warn("no rule has `approval = \"automatic\"`, so nothing is rolled back"),
    }
}

/// Whoever follows the watch: a person, a program, and the command that is told.
struct Follower<'f> {
    env: &'f Env,
    ui: &'f mut Ui,
    plan: &'f Plan,
    /// What the checks said last.
    last: Vec<json::Check>,
}

impl Follower<'_> {
    fn tell(&mut self, told: &Told<'_>) -> Result<()> {
        match told {
            Told::Checks(check::Event::Ended(..)) => Ok(()),
            Told::Checks(event) => {
                checks::show(event, Lines::Beside, self.ui);
                Ok(())
            }
            Told::Sample(sample) => self.sample(sample),
            Told::Decided(decided) => self.decided(decided),
            Told::Held(at) => self.ui.warn(format!(
                "it would be rolled back, but that was done at {}, within the cool-down",
                json::time(*at)
            )),
            Told::RolledBack(decision, done) => self.rolled_back(decision, done),
            Told::ConfigChanged => {
                self.ui.warn(".checkpoint.toml has changed; the watch goes on by what it was when it began")
            }
        }?;
        self.ui.flush()
    }

    fn sample(&mut self, sample: &Sample) -> Result<()> {
        self.last = sample.said.as_ref().map(json::validated).unwrap_or_default();
        if self.ui.is_json() {
            return self.ui.value(&Line::sample(sample));
        }
        let said = match &sample.said {
            Ok(validated) => validated.checks.iter().map(|one| in_words(&one.result)).collect::<Vec<_>>().join("  "),
            Err(error) => format!("no check was run: {}", error.chain().join(": ")),
        };
        let state = sample.advice.map_or("too few samples", decision::words);
        self.ui.line(format!("{}  {state}  {}", self.time(sample.at), clean(&said)))
    }

    fn time(&self, at: DateTime<Utc>) -> String {
        self.env.local(at).format("%H:%M:%S").to_string()
    }

    fn decided(&mut self, decided: &Decided<'_>) -> Result<()> {
        let line = Line::decision(decided);
        if self.ui.is_json() {
            self.ui.value(&line)?;
        } else {
            let head = format!("{}  ", self.time(decided.event.at));
            decision::tell(&decided.event.decision, decided.has_good, &head, self.ui)?;
        }
        // What is about to be done does not wait for anybody; the command is told when it is.
        if decided.is_followed { Ok(()) } else { self.notify(&line) }
    }

    fn rolled_back(&mut self, decision: &Decision, done: &Result<Retreat>) -> Result<()> {
        let rollback = Rollback::of(done);
        let at = self.env.now();
        if self.ui.is_json() {
            self.ui.value(&Line::rollback(at, rollback.clone()))?;
        } else if let Ok(retreat) = done {
            let line = format!("rolled back to {}: {}", clean(&retreat.name), retreat.verification.as_str());
            match retreat.verification {
                Verification::Verified => self.ui.done(line),
                Verification::Failed | Verification::Inconclusive => self.ui.line(line),
            }?;
            if let Some(backup) = &retreat.backup {
                self.ui.note(format!("what was there is in branch {}", json::name(backup)))?;
            }
            self.ui.note("`git checkpoint undo` takes this back")?;
        }
        let checks = std::mem::take(&mut self.last);
        self.notify(&Line::acted(at, decision, checks, rollback))
    }

    /// Tells the command, where there is one. Whatever it does, the watch goes on.
    fn notify(&mut self, line: &Line) -> Result<()> {
        let Some(listener) = &self.plan.exec else { return Ok(()) };
        self.ui.flush()?;
        let mut input =
            serde_json::to_vec(line).map_err(|error| Error::bug("an answer cannot be JSON").because(error))?;
        input.push(b'\n');
        match monitor::notify(self.env, listener, &input) {
            Ok(()) => Ok(()),
            Err(error) => self.ui.warn(error.chain().join(": ")),
        }
    }
}

/// `api fails (p95 3.4 s): it exited with code 1`
fn in_words(result: &CheckResult) -> String {
    let number = |one: &crate::model::Measurement| match one.name == result.name {
        true => amount(one.value, &one.unit),
        false => format!("{} {}", one.name, amount(one.value, &one.unit)),
    };
    let numbers: Vec<String> = result.measurements.iter().map(number).collect();
    let numbers = if numbers.is_empty() { String::new() } else { format!(" ({})", numbers.join(", ")) };
    let why = result.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    let low = if result.severity == Severity::Low && result.verdict != Verdict::Pass { ", low" } else { "" };
    format!("{} {}{low}{numbers}{why}", result.name, result.verdict.as_str())
}

/// Says what it all came to.
fn end(outcome: &Outcome, ui: &mut Ui) -> Result<()> {
    if ui.is_json() {
        return ui.value(&Line::end(outcome));
    }
    let samples = crate::ui::plural(outcome.samples, "sample");
    let ended = if outcome.is_stopped { "stopped" } else { "ended" };
    let state = match &outcome.decision {
        Some(decision) => format!("{}, by {}", decision::words(decision.advice), decision.rule),
        None => "inconclusive: too few samples".to_owned(),
    };
    let line = match &outcome.retreat {
        Some(_) => format!("{ended} after {samples} and a rollback"),
        None => format!("{ended} after {samples}: {state}"),
    };
    if outcome.advice == Advice::Healthy { ui.done(line) } else { ui.line(line) }
}
