//! One scenario on a throw-away copy: checkpoint, break, roll back as configured, compare, undo, compare.
//!
//! The commands of the configuration run there by the consent to the very same content that the repository itself has, or
//! harmless ones run in their place (`config::Rehearsal`). Where nobody has agreed, none runs, and nothing is proven.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use super::{
    Step,
    breaks::{self, OLDER},
    copy,
    folder::Folder,
    judge::{self, Back, Ending, Expected},
    picture::{Excused, Picture},
    report::{Conduct, How, Outcome, Ran, Rehearsed, UNTRUSTED},
    scenario::Scenario,
    watch::{Seen, extra_files},
};
use crate::{
    config::{Config, Consent, DRILL_VARIABLE, Env, Fails, OnVerifyFailure, Rehearsal, StepCommand},
    error::{Error, Result},
    git::{self, Git, shell::Sweeper},
    model::{CheckResult, Record, RecordId, SavedArtifact, Selector, StepOutcome, Validation, quote_path},
    ops::{
        Session, create,
        create::Held,
        rollback::{self, Proof, RolledBack},
        trust::{self, Standing},
        undo::{self, Direction},
    },
    store::drills,
};

/// Rehearses a scenario on a copy of the repository that `env` is in, and keeps what came of it.
pub fn rehearse(env: &Env, scenario: Scenario, keep: bool) -> Result<Rehearsed> {
    let original = Session::open(env)?;
    let standing = trust::gather(&original, env);
    let mut report = Rehearsed::of(scenario, Conduct::of(&original.config, &standing));
    if let Some(why) = scenario.not_applicable(&original.config) {
        return Ok(report.not_applicable(why));
    }
    if report.commands == Conduct::Untrusted && scenario.needs_commands() {
        (report.outcome, report.reasons) = (Outcome::Inconclusive, vec![UNTRUSTED.to_owned()]);
        return Ok(report);
    }
    let folder = Folder::make()?;
    copy::of(&original.repo, &folder.copy())?;
    copy::files(&original.repo, &super::artifact::files(&original.config), &folder.copy())?;
    // Nothing of it may go on when the copy is gone.
    Git::in_dir(&folder.copy(), ["config", "checkpoint.background", "false"]).run()?;
    stop_if_asked()?;
    let mut run = Run::new(&original, &standing, (report, folder))?;
    let apart = run.play()?;
    let Run { mut report, folder, sweeper, .. } = run;
    drop(sweeper);
    if keep {
        report.kept = Some(folder.keep()?);
    }
    if let Some(why) = apart {
        return Ok(report.not_applicable(why));
    }
    report.conclude();
    if let Some(result) = report.result(&original) {
        report.unkept = drills::add(&original.repo, result).err();
    }
    Ok(report)
}

struct Run<'o> {
    config: &'o Config,
    consent: Option<&'o Consent>,
    /// The world of the copy.
    env: Env,
    rehearsal: Rehearsal,
    report: Rehearsed,
    excused: Excused,
    // What commands leave running ends before their files go.
    sweeper: Sweeper,
    folder: Folder,
}

impl<'o> Run<'o> {
    fn new(original: &'o Session, standing: &'o Standing, (report, folder): (Rehearsed, Folder)) -> Result<Self> {
        let consent = match standing {
            Standing::Commands(trust) => trust.consent(),
            Standing::NoFile | Standing::NoCommands => None,
        };
        let env = original.env().clone().without_repository().in_dir(&folder.copy());
        let top = Session::open(&env)?.repo.workdir().to_owned();
        let rules = original.config.rollback();
        let rehearsal = Rehearsal::new(&top, consent, rules.drill);
        let written = rules.log.iter().chain(&rules.documents).map(PathBuf::from).collect();
        Ok(Run {
            config: &original.config,
            consent,
            env: env.in_rehearsal(rehearsal.clone()),
            rehearsal,
            report,
            excused: Excused { written, ..Excused::default() },
            sweeper: Sweeper::of(DRILL_VARIABLE),
            folder,
        })
    }

    /// Everything; why there is nothing to rehearse, if so.
    fn play(&mut self) -> Result<Option<&'static str>> {
        let older = if self.needs_older() {
            let Some(older) = self.older()? else { return Ok(None) };
            Some(older)
        } else {
            None
        };
        let is_trusted = self.report.commands != Conduct::Untrusted;
        let taken = self.step("checkpoint", |session| {
            let request = create::Request { no_verify: true, ..create::Request::default() };
            let trusted = if is_trusted { trust::gather(session, session.env()) } else { Standing::NoCommands };
            let taken = create::take(session, &request, &trusted, &mut |_| {})?;
            Ok((taken.record.id.to_string(), taken.record))
        })?;
        self.note_artifacts(&taken);
        let before = self.picture()?;
        self.report.files = before.files();
        let scenario = self.report.scenario;
        let broken = self.step("break", |session| {
            let broken = breaks::make(session, scenario)?;
            Ok((broken.clone().unwrap_or_default(), broken))
        })?;
        if let Err(why) = broken {
            return Ok(Some(why));
        }
        let mut broken = self.picture()?;
        if before.differences(&broken).is_empty() {
            return Err(Error::bug("the drill's break changed nothing"));
        }
        let ending = self.roll_back(&taken.id, &mut broken)?;
        self.report.reasons.extend(judge::judge(self.expected(), &ending));
        let expected = match (ending.back(), &older) {
            (Back::Before, _) => Some(&before),
            (Back::Broken, _) => Some(&broken),
            (Back::Older, older) => older.as_ref(),
        };
        if let Some(expected) = expected {
            self.compare(expected)?;
        }
        if ending.back() != Back::Broken {
            self.undo(&ending.undoable)?;
            self.compare(&broken)?;
        }
        Ok(None)
    }

    fn needs_older(&self) -> bool {
        let policy = self.config.rollback().on_verify_failure;
        self.report.scenario == Scenario::FailingCheck && policy == OnVerifyFailure::NextOlder
    }

    /// Makes a good checkpoint of a state that is older than the one before the break: what it looked like.
    fn older(&mut self) -> Result<Option<Picture>> {
        let env = self.failing_env()?;
        let (picture, state) = self.step_in(&env, "older checkpoint", |session| {
            breaks::make_older(session.repo.workdir())?;
            let standing = trust::gather(session, session.env());
            let taken = create::take(session, &create::Request::default(), &standing, &mut |_| {})?;
            let picture = Picture::take(&session.repo)?;
            let state = taken.record.validation();
            breaks::take_older_away(session.repo.workdir())?;
            let word = state.map_or("no state", Validation::as_str);
            let why = CheckResult::in_the_way(&taken.record.checks)
                .map(|check| format!(": the check `{}`, {}", check.name, check.why.clone().unwrap_or_default()));
            Ok((format!("{word}{}", why.unwrap_or_default()), (picture, state)))
        })?;
        if state == Some(Validation::Validated) {
            return Ok(Some(picture));
        }
        let detail = self.last().detail.clone();
        self.report.reasons.push(format!(
            "`on-verify-failure = \"next-older\"` goes to checkpoints that have passed checks; one that was taken in the copy is {detail}"
        ));
        Ok(None)
    }

    fn expected(&self) -> Expected {
        let policy = self.config.rollback().on_verify_failure;
        match (self.report.scenario, self.config.deciding_step()) {
            (Scenario::FailingCheck, _) => Expected::CheckFails(policy),
            (Scenario::FailingStep, Some((around, _))) => Expected::StepFails(around, policy),
            _ => Expected::Works,
        }
    }

    /// The step that is made to fail, by its name in a record.
    fn failing_step(&self) -> Result<Option<String>> {
        let (Scenario::FailingStep, Some(consent)) = (self.report.scenario, self.consent) else { return Ok(None) };
        let Some((around, number)) = self.config.deciding_step() else { return Ok(None) };
        let steps = self.config.steps(consent)?;
        let list: &[StepCommand] = match around {
            crate::config::Around::Before => &steps.before,
            crate::config::Around::After => &steps.after,
        };
        Ok(list.get(number).map(|step| format!("{}: {}", around.as_str(), step.name)))
    }

    /// The world in which what is to fail does.
    fn failing_env(&self) -> Result<Env> {
        let fails = match self.report.scenario {
            Scenario::FailingCheck => {
                self.config.deciding_check().map(|name| Fails::Check { name: name.into(), except: OLDER })
            }
            Scenario::FailingStep => self.config.deciding_step().map(|(around, number)| Fails::Step(around, number)),
            _ => None,
        };
        let rehearsal =
            fails.map_or_else(|| self.rehearsal.clone(), |fails| self.rehearsal.clone().with_failure(fails));
        Ok(self.env.clone().in_rehearsal(rehearsal))
    }

    /// Rolls back as configured. What is in the backup takes the place of `broken`: commands before it may have changed files.
    fn roll_back(&mut self, to: &RecordId, broken: &mut Picture) -> Result<Ending> {
        let leaves_out = self.report.commands == Conduct::Untrusted;
        let request = rollback::Request {
            reason: Some("drill".into()),
            no_steps: leaves_out,
            no_verify: leaves_out,
            ..rollback::Request::to(Selector::Name(to.to_string()))
        };
        let mut seen = Seen::new(self.report.commands == Conduct::Run, self.failing_step()?);
        let env = self.failing_env()?;
        let started = Instant::now();
        let done = self.attempt(&env, "roll back", |session| {
            let plan = rollback::plan(session, request)?;
            let done = rollback::run(session, plan, &mut |event| seen.see(session, &event))?;
            Ok((super::describe(&done), done))
        })?;
        self.report.seconds.total = started.elapsed().as_secs_f64();
        if let Some(error) = seen.trouble.take() {
            return Err(error);
        }
        if let Some(at_backup) = seen.broken.take() {
            *broken = at_backup;
        }
        let on_failure = seen.ran.iter().filter(|ran| ran.name.starts_with("on-failure: ")).count();
        self.report.seconds.steps =
            (!seen.ran.is_empty()).then(|| seen.ran.iter().map(|ran| ran.took.as_secs_f64()).sum());
        self.excused.extra.extend(seen.made);
        self.report.ran.append(&mut seen.ran);
        let there = if leaves_out { 0 } else { self.config.steps_on_failure() };
        let ending = Ending {
            stopped: None,
            verification: None,
            because: None,
            undone: false,
            tried: 0,
            undoable: Vec::new(),
            on_failure: (on_failure, there),
        };
        match done {
            Err(error) => Ok(Ending { stopped: Some(error.chain().join(": ")), ..ending }),
            Ok(done) => {
                self.note(&done);
                let RolledBack { verification, undone, tried, .. } = &done;
                let (verification, tried) = (*verification, tried.len());
                let undoable =
                    std::iter::once(&done.record.id).chain(done.tried.iter().rev().map(|attempt| &attempt.id));
                let undoable = undoable.cloned().collect();
                Ok(Ending {
                    verification,
                    because: because(&done),
                    undone: undone.is_some(),
                    tried,
                    undoable,
                    ..ending
                })
            }
        }
    }

    /// Notes what was saved with the checkpoint beside its files.
    fn note_artifacts(&mut self, taken: &Record) {
        let ran = |saved: &SavedArtifact| Ran {
            name: format!("save artifact: {}", saved.name),
            how: if self.rehearsal.stands_in() { How::StoodIn } else { How::Run },
            outcome: StepOutcome::Done.as_str(),
            took: Duration::ZERO,
            detail: String::new(),
        };
        let by_command = taken.artifacts.iter().filter(|saved| self.config.artifact_has_command(&saved.name));
        let ran: Vec<Ran> = by_command.map(ran).collect();
        self.report.ran.extend(ran);
    }

    /// Notes times and checks.
    fn note(&mut self, done: &RolledBack) {
        let steps = &done.record.steps;
        let of = |name: &str| steps.iter().find(|step| step.name == name).map(|step| step.took.as_secs_f64());
        let verify = [of("verify"), of("checks")].into_iter().flatten().reduce(|one, other| one + other);
        let seconds = &mut self.report.seconds;
        (seconds.back_up, seconds.restore, seconds.verify) = (of("back up"), of("restore"), verify);
        let artifacts: Vec<Ran> = steps.iter().filter_map(|step| self.artifact(step)).collect();
        if !artifacts.is_empty() {
            let took: f64 = artifacts.iter().map(|ran| ran.took.as_secs_f64()).sum();
            self.report.seconds.restore = Some(self.report.seconds.restore.unwrap_or_default() + took);
        }
        self.report.ran.extend(artifacts);
        let failing = (self.report.scenario == Scenario::FailingCheck).then(|| self.config.deciding_check()).flatten();
        let ran = |check: &CheckResult| Ran {
            name: format!("check: {}", check.name),
            how: match failing {
                Some(failing) if failing == check.name => How::MadeToFail,
                _ if self.rehearsal.stands_in() && self.config.is_about_a_service(&check.name) => How::StoodIn,
                _ => How::Run,
            },
            outcome: check.verdict.as_str(),
            took: check.took,
            detail: check.why.clone().unwrap_or_default(),
        };
        self.report.ran.extend(done.record.checks.iter().map(ran));
        if let Proof::Held(Held::Unusable(error)) = &done.proof {
            self.report.reasons.push(format!("the checks could not be asked: {}", error.chain().join(": ")));
        }
    }

    /// The step as an artifact that was brought back. A file that is copied is copied in any case.
    fn artifact(&self, step: &crate::model::Step) -> Option<Ran> {
        let name = step.name.strip_prefix("artifact: ")?;
        let is_replaced = self.rehearsal.stands_in() && self.config.artifact_has_command(name);
        let how = if is_replaced { How::StoodIn } else { How::Run };
        let (outcome, took) = (step.outcome.as_str(), step.took);
        Some(Ran { name: step.name.clone(), how, outcome, took, detail: step.detail.clone() })
    }

    /// Takes the rollback back, and each that was tried before it.
    fn undo(&mut self, rollbacks: &[RecordId]) -> Result<()> {
        let no_steps = self.report.commands == Conduct::Untrusted;
        let env = self.env.clone();
        for id in rollbacks {
            let mut seen = Seen::new(self.report.commands == Conduct::Run, None);
            let undone = self.attempt(&env, "undo", |session| {
                let id = Some(id.to_string());
                let request = undo::Request { direction: Direction::Undo, id, no_steps, code_only: no_steps };
                let plan = undo::plan(session, &request)?;
                let undone = plan.apply(session, &mut |event| seen.see(session, &event))?;
                Ok((undone.undone.subject.clone(), undone))
            })?;
            self.excused.extra.extend(seen.made);
            let failed = match undone {
                Ok(undone) if undone.has_failed => {
                    let failed = undone.steps.iter().find(|step| step.outcome == StepOutcome::Failed);
                    failed.map_or_else(
                        || "a check or a command around it failed".into(),
                        |step| format!("`{}` failed: {}", step.name, step.detail),
                    )
                }
                Ok(_) => continue,
                Err(error) => error.chain().join(": "),
            };
            self.report.reasons.push(format!("the undo of the rollback: {failed}"));
        }
        Ok(())
    }

    fn step<T>(&mut self, name: &'static str, work: impl FnOnce(&Session) -> Result<(String, T)>) -> Result<T> {
        let env = self.env.clone();
        self.step_in(&env, name, work)
    }

    /// A step that has to succeed for there to be anything to rehearse.
    fn step_in<T>(
        &mut self,
        env: &Env,
        name: &'static str,
        work: impl FnOnce(&Session) -> Result<(String, T)>,
    ) -> Result<T> {
        use crate::error::Context;
        self.attempt(env, name, work)?.with_context(|| format!("the drill failed at `{name}`"))
    }

    /// Does one step with a session of its own, as a command would; what failed of it is the rehearsal's to judge.
    fn attempt<T>(
        &mut self,
        env: &Env,
        name: &'static str,
        work: impl FnOnce(&Session) -> Result<(String, T)>,
    ) -> Result<Result<T>> {
        let started = Instant::now();
        let done = Session::open(env).and_then(|session| work(&session));
        stop_if_asked()?;
        let took = started.elapsed();
        let (detail, value) = match done {
            Ok((detail, value)) => (detail, Ok(value)),
            Err(error) => (format!("it stopped: {error}"), Err(error)),
        };
        self.report.steps.push(Step { name, took, detail, differences: Vec::new() });
        Ok(value)
    }

    fn last(&mut self) -> &mut Step {
        self.report.steps.last_mut().expect("a step was made before it is looked at")
    }

    fn picture(&self) -> Result<Picture> {
        Picture::take(&Session::open(&self.env)?.repo)
    }

    fn compare(&mut self, expected: &Picture) -> Result<()> {
        let session = Session::open(&self.env)?;
        let now = Picture::take(&session.repo)?;
        let ignored = extra_files(&session.repo, expected, &now)?;
        self.excused.extra.extend(ignored);
        let made = expected.extra(&now).into_iter().filter(|path| self.excused.extra.contains(*path));
        let mut names: Vec<String> =
            made.filter_map(|path| gix::path::into_bstr(path).ok()).map(|path| quote_path(path.as_ref())).collect();
        self.report.made.append(&mut names);
        self.report.made.sort_unstable();
        self.report.made.dedup();
        self.last().differences = expected.differences_but(&now, &self.excused);
        Ok(())
    }
}

/// What of a rollback failed, in words.
fn because(done: &RolledBack) -> Option<String> {
    let failed = |step: &&crate::model::Step| step.outcome == StepOutcome::Failed && step.name != "checks";
    let step = done.record.steps.iter().find(failed).map(|step| format!("`{}` failed: {}", step.name, step.detail));
    let check = || {
        let check = CheckResult::in_the_way(&done.record.checks)?;
        let why = check.why.as_deref().map_or_else(String::new, |why| format!(" ({why})"));
        Some(format!("the check `{}` said {}{why}", check.name, check.verdict.as_str()))
    };
    step.or_else(check)
}

fn stop_if_asked() -> Result<()> {
    if git::is_asked_to_stop() {
        return Err(Error::refused("the drill was stopped")
            .hint("nothing of yours was touched, and nothing is left of the copy"));
    }
    Ok(())
}
