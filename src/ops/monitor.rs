//! Watch a state: run its checks again and again, decide by many samples, and roll back where the policy says so.

mod notify;
mod pace;
mod retreat;

use chrono::{DateTime, Utc};

use self::pace::Pace;
pub use self::{
    notify::{Listener, notify},
    retreat::{Retreat, Target},
};
use super::{
    Session,
    assess::{self, checks_of, circumstance, look, newest, unheard_of},
    trust, validate,
};
use crate::{
    check::{self, Validated},
    config::{Config, Consent, Env, Moment},
    error::{Error, Result},
    git,
    model::{
        Advice, Circumstance, Decision, Fact, Kind, Selector, Severity, TimeLimit, Verdict,
        watch::{Event, Rules, Watch},
    },
};

/// What the user asked for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `--every`.
    pub every: Option<TimeLimit>,
    /// `--for`.
    pub lasts: Option<TimeLimit>,
    /// `--auto`.
    pub auto: bool,
    /// `--to`.
    pub to: Option<Selector>,
    /// `--exec`, which the user typed, so that it needs no other consent.
    pub exec: Option<String>,
    /// What else is known.
    pub around: assess::Request,
}

/// A watch about to begin. What it goes by is what the configuration says now, whatever becomes of the file.
pub struct Plan {
    /// How often samples are taken.
    pub every: TimeLimit,
    /// How long; until it is ended where it is `None`.
    pub lasts: Option<TimeLimit>,
    /// The command that is told of decisions.
    pub exec: Option<Listener>,
    /// Where it would roll back to; `None` without `--auto`.
    pub target: Option<Target>,
    rules: Rules,
    around: Circumstance,
    config: Config,
    consent: Consent,
}

/// What the checks said at one moment.
#[derive(Debug)]
pub struct Sample {
    /// When.
    pub at: DateTime<Utc>,
    /// Which; from 1.
    pub number: usize,
    /// What they said; or why they could not be run.
    pub said: Result<Validated>,
    /// What holds from now on; `None` where there were too few samples.
    pub advice: Option<Advice>,
}

/// What those who follow a watch are told.
pub enum Told<'t> {
    /// How the checks of a sample go.
    Checks(check::Event<'t>),
    /// A sample was taken.
    Sample(&'t Sample),
    /// The decision has changed.
    Decided(&'t Decided<'t>),
    /// It would be rolled back, but that was done at this moment, within the cool-down.
    Held(DateTime<Utc>),
    /// It was rolled back by this decision, or could not be; that ends the watch.
    RolledBack(&'t Decision, &'t Result<Retreat>),
    /// The file is not what the watch goes by any more.
    ConfigChanged,
}

/// A change of decision.
pub struct Decided<'d> {
    /// When, what, and what was before.
    pub event: &'d Event,
    /// What the checks said at that moment.
    pub validated: Option<&'d Validated>,
    /// Whether there is a checkpoint that passed its checks.
    pub has_good: bool,
    /// Whether a rollback follows at once.
    pub is_followed: bool,
}

/// How a watch ended.
#[derive(Debug)]
#[must_use]
pub struct Outcome {
    /// When.
    pub at: DateTime<Utc>,
    /// How many samples were taken.
    pub samples: usize,
    /// How many changes of decision were told.
    pub events: usize,
    /// What holds now; `None` where there were too few samples.
    pub decision: Option<Decision>,
    /// The same as one word.
    pub advice: Advice,
    /// Whether somebody ended it before its time.
    pub is_stopped: bool,
    /// What was rolled back.
    pub retreat: Option<Retreat>,
}

/// Finds the checks, and with `--auto` the state to go back to; runs nothing.
pub fn plan(session: &Session, request: &Request, trusted: &trust::Standing) -> Result<Plan> {
    let consent = trust::require(trusted)?;
    let checks = checks_of(session.config.checks(consent)?, &[Moment::Monitor])?;
    validate::refuse_missing(&checks, session)?;
    let configured = session.config.monitor_rules();
    let (every, lasts) = (request.every.unwrap_or(configured.every), request.lasts.or(configured.lasts));
    let rules = Rules {
        min_samples: configured.min_samples,
        consecutive: configured.consecutive,
        cool_down: configured.cool_down,
    };
    refuse_too_short((every, lasts), rules)?;
    let target = match (request.auto, &request.to) {
        (true, to) => Some(Target::find(session, to.clone())?),
        (false, None) => None,
        (false, Some(_)) => {
            return Err(Error::usage("`--to` says where `--auto` rolls back to, and that was not given")
                .hint("add `--auto`, or take `--to` out"));
        }
    };
    Ok(Plan {
        every,
        lasts,
        exec: match &request.exec {
            Some(typed) => Some(typed.as_str()),
            None => session.config.monitor(consent)?,
        }
        .map(|command| Listener { command: command.to_owned(), timeout: configured.exec_timeout }),
        target,
        rules,
        around: circumstance(session, &request.around)?,
        config: session.config.clone(),
        consent: consent.clone(),
    })
}

/// Refuses a watch that is over before anything can be decided.
fn refuse_too_short((every, lasts): (TimeLimit, Option<TimeLimit>), rules: Rules) -> Result<()> {
    let Some(lasts) = lasts else { return Ok(()) };
    let fit = lasts.duration().as_secs() / every.duration().as_secs().max(1) + 1;
    let needed = rules.min_samples.max(rules.consecutive);
    if u64::try_from(needed).is_ok_and(|needed| needed <= fit) {
        return Ok(());
    }
    let samples = if fit == 1 { "sample is" } else { "samples are" };
    Err(Error::usage(format!(
        "in {lasts} nothing can be decided: {fit} {samples} taken, every {every}, and it takes {needed}"
    ))
    .hint("watch for longer, or more often")
    .hint("`monitor.min-samples` and `monitor.consecutive` say how many it takes"))
}

impl Plan {
    /// The environments that rules are for, where this is none of them: it may be misspelt.
    pub fn unheard_of(&self) -> Option<Vec<&str>> {
        unheard_of(&self.around, self.config.policy())
    }

    /// Whether any rule rolls back without a person.
    pub fn has_automatic(&self) -> bool {
        self.config.policy().iter().any(crate::model::PolicyRow::is_automatic)
    }

    /// Takes one sample in the world `env`.
    fn sample(&self, env: &Env, tell: &mut dyn FnMut(Told<'_>)) -> Result<(Validated, Vec<Fact>, bool)> {
        let (mut session, _unusable) = Session::open_leniently(env)?;
        let is_same = session.config.source == self.config.source;
        session.config = self.config.clone();
        let checks = checks_of(session.config.checks(&self.consent)?, &[Moment::Monitor])?;
        let watch = &mut |event: check::Event<'_>| tell(Told::Checks(event));
        let (validated, facts) = look(&session, checks, Moment::Monitor, watch)?;
        Ok((validated, facts, is_same))
    }

    /// What is known where no check could be run: nothing.
    fn nothing(&self) -> Result<Vec<Fact>> {
        let checks = checks_of(self.config.checks(&self.consent)?, &[Moment::Monitor])?;
        let fact = |name: &str, severity: Severity| Fact {
            name: name.to_owned(),
            verdict: Verdict::Inconclusive,
            severity,
            lasting: std::time::Duration::ZERO,
            why: Some("it could not be run".into()),
        };
        Ok(checks.iter().map(|check| fact(&check.name, check.severity)).collect())
    }
}

/// A watch that goes on.
struct Course<'p> {
    plan: &'p Plan,
    watch: Watch<'p>,
    events: usize,
    is_same: bool,
    held: bool,
    retreat: Option<Retreat>,
}

/// Watches until the time is over, somebody ends it, or it was rolled back.
pub fn apply(plan: &Plan, env: &Env, tell: &mut dyn FnMut(Told<'_>)) -> Result<Outcome> {
    let watch = Watch::new(plan.rules, plan.config.policy(), plan.around.clone());
    let mut course = Course { plan, watch, events: 0, is_same: true, held: false, retreat: None };
    let mut pace = Pace::begin(env.clone(), (plan.every, plan.lasts));
    loop {
        course.step(pace.env(), tell)?;
        if course.retreat.is_some() || git::is_asked_to_stop() || !pace.wait() {
            break;
        }
    }
    Ok(Outcome {
        at: pace.env().now(),
        samples: course.watch.samples(),
        events: course.events,
        decision: course.watch.standing().cloned(),
        advice: course.watch.advice(),
        is_stopped: git::is_asked_to_stop(),
        retreat: course.retreat,
    })
}

impl Course<'_> {
    /// Takes a sample, and does what follows from it.
    fn step(&mut self, env: &Env, tell: &mut dyn FnMut(Told<'_>)) -> Result<()> {
        let at = env.now();
        let (said, facts) = match self.plan.sample(env, tell) {
            // Its checks were ended half-way: it is no sample.
            _ if git::is_asked_to_stop() => return Ok(()),
            Ok((validated, facts, is_same)) => {
                if !is_same && self.is_same {
                    tell(Told::ConfigChanged);
                }
                self.is_same = is_same;
                (Ok(validated), facts)
            }
            Err(error) => (Err(error), self.plan.nothing()?),
        };
        let event = self.watch.sample(at, &facts);
        let advice = self.watch.standing().map(|decision| decision.advice);
        let sample = Sample { at, number: self.watch.samples(), said, advice };
        tell(Told::Sample(&sample));
        let is_to_act = self.is_to_act(env, tell)?;
        if let Some(event) = &event {
            self.events += 1;
            let has_good = Session::open_leniently(env).is_ok_and(|(session, _)| assess::has_good(&session));
            let validated = sample.said.as_ref().ok();
            tell(Told::Decided(&Decided { event, validated, has_good, is_followed: is_to_act }));
        }
        if is_to_act && !git::is_asked_to_stop() {
            self.roll_back(env, tell)?;
        }
        Ok(())
    }

    /// Whether it is rolled back now.
    fn is_to_act(&mut self, env: &Env, tell: &mut dyn FnMut(Told<'_>)) -> Result<bool> {
        if self.plan.target.is_none() || !self.watch.is_to_roll_back() {
            return Ok(false);
        }
        let (session, _unusable) = Session::open_leniently(env)?;
        let last = newest(&session, &[Kind::Rollback])?;
        let cool_down = self.plan.rules.cool_down;
        match last.filter(|last| (env.now() - last).to_std().is_ok_and(|passed| passed < cool_down)) {
            None => Ok(true),
            Some(last) => {
                if !std::mem::replace(&mut self.held, true) {
                    tell(Told::Held(last));
                }
                Ok(false)
            }
        }
    }

    fn roll_back(&mut self, env: &Env, tell: &mut dyn FnMut(Told<'_>)) -> Result<()> {
        let (Some(decision), Some(target)) = (self.watch.standing(), &self.plan.target) else { return Ok(()) };
        let time = |at: DateTime<Utc>| env.local(at).format("%Y-%m-%d %H:%M:%S").to_string();
        let reason = format!("monitor: {}", self.watch.in_words(decision, &time));
        let since = self.watch.since(decision);
        let done = target.go_back(env, (&reason, since), &mut |event| tell(Told::Checks(event)));
        tell(Told::RolledBack(decision, &done));
        self.retreat = Some(done?);
        Ok(())
    }
}
