//! A rollback is carried out: commands before it, the move, commands after it, and whether the state works.
//!
//! The journal says at every moment which part has begun, so that `--continue` goes on with the step it was in. What has
//! begun may run twice, once before and once after an interruption, and nothing runs that was not planned.

use std::time::{Duration, Instant};

use super::{
    Event, Pace, Plan, RolledBack, Watch,
    artifacts::Wanted,
    commands::{self, Around, Commands},
    course::{Course, Part},
    draft, follow_up,
    proof::{self, Patience, Proof},
    verify,
    way::{Way, files_text, saved_under},
};
use crate::{
    config::{Rehearsal, RollbackRules, Steps, TagKind},
    error::{Context, Error, Result},
    git::restore,
    model::{Detail, Kind, Record, Step, StepOutcome, Verdict, Verification},
    ops::{
        Session,
        intent::{Intent, Stage, Then},
        names,
        transition::{self, Took, Transition},
        trust,
    },
    store::{Attached, Journal},
};

/// The rollback itself.
pub(super) fn once(session: &Session, mut plan: Plan, watch: Watch<'_>) -> Result<RolledBack> {
    if plan.has_nothing_to_do() {
        return stay(session, &plan, watch);
    }
    let mut commands = Commands::new(session, plan.steps.clone());
    if plan.request.pace == Pace::Graceful && plan.course.asks_checks {
        plan.course.checks_before = proof::ask(session, Patience::NONE, watch)?.results();
    }
    if !commands.of(Part::Before).is_empty() {
        let then = Then::Conclude(Box::new(plan.course.clone()));
        let intent = Intent::new(&plan.target, &[], then);
        let mut journal = intent.journal(session, (&plan.record, Stage::Preparing));
        journal.write(&session.repo)?;
        plan = prepare(session, (plan, &mut journal), &mut commands, watch)?;
    }
    move_there(session, plan, &mut commands, watch)
}

/// Runs the commands that come first. Where one fails, nothing was changed, and the journal goes.
fn prepare(
    session: &Session,
    (mut plan, journal): (Plan, &mut Journal),
    commands: &mut Commands<'_>,
    watch: Watch<'_>,
) -> Result<Plan> {
    let way = plan.way();
    let ended = run_part(session, (Part::Before, &mut plan.course, Some(&mut *journal)), (commands, &way), watch)?;
    let failure = match ended {
        Some(failed) => Err(Error::refused(format!("the step `{}` failed", failed.name)).because(failed.detail)),
        None => plan.again(session),
    };
    failure.map_err(|error| {
        // Whatever becomes of them, the first failure is the one to be told.
        let _ended = fail(session, (commands, &way), watch);
        match Journal::remove(&session.repo) {
            Ok(()) => error.hint("nothing was changed; `--no-steps` rolls back without the commands around it"),
            Err(_) => error,
        }
    })
}

/// Backs up and moves, then does what comes after it.
fn move_there(session: &Session, mut plan: Plan, commands: &mut Commands<'_>, watch: Watch<'_>) -> Result<RolledBack> {
    let (backup, has_more) = (plan.backup.clone(), plan.course.has_more());
    let then = if has_more { Then::Conclude(Box::new(plan.course.clone())) } else { Then::Done };
    let transition = Transition { from: &plan.captured, target: &plan.target, edits: Vec::new(), then };
    if let Detail::Rollback { conduct, .. } = &mut plan.record.detail {
        conduct.checks_before.clone_from(&plan.course.checks_before);
    }
    let to = (plan.way().to(), plan.target.worktree);
    let saved = plan.artifacts.save_present(session, &plan.record, to).inspect_err(|_| {
        // Commands before it may have left a journal.
        let _removed = Journal::remove(&session.repo);
    });
    let took = saved.and_then(|saved| {
        plan.record.artifacts = saved;
        transition::run(session, &transition, &mut plan.record, &|record, attempt| {
            if let Detail::Rollback { backup: name, .. } = &mut record.detail {
                *name = backup.as_ref().map(|backup| names::attempt(backup, attempt));
            }
        })
    });
    let way = plan.way();
    let took = match took {
        Ok(took) => took,
        Err(error) => {
            let _ended = fail(session, (commands, &way), watch);
            return Err(error);
        }
    };
    let mut course = plan.course;
    note_move(&mut course, &way, took);
    conclude(session, way, (course, commands, &plan.artifacts), watch)
}

pub(super) fn note_move(course: &mut Course, way: &Way, took: Took) {
    let done = |name: &str, took, detail| Step { name: name.to_owned(), outcome: StepOutcome::Done, took, detail };
    course.add(Part::Move, done("back up", took.saving, saved_under(&way.record)));
    course.add(Part::Move, done("restore", took.moving, files_text(way.files)));
}

/// Goes on with a rollback that was interrupted, in the part that it was in: in `Preparing` nothing was changed yet, in
/// `Concluding` the files are in place. The session has to have the configuration of the journal.
pub fn go_on(session: &Session, journal: Journal, course: Course, watch: Watch<'_>) -> Result<RolledBack> {
    let asked = (journal.kind == Kind::Rollback).then(|| course.asked.clone());
    let done = complete(session, journal, course, watch)?;
    match asked {
        Some(asked) => follow_up::follow(session, &asked.request(session)?.0, done, watch),
        None => Ok(done),
    }
}

fn complete(session: &Session, journal: Journal, course: Course, watch: Watch<'_>) -> Result<RolledBack> {
    let steps = steps_of(session, &course)?;
    let mut commands = Commands::new(session, steps.clone());
    if Stage::of(&journal)? == Stage::Preparing {
        let (request, to) = course.asked.request(session)?;
        let artifacts = wanted_artifacts(session, &course, to.record.as_ref())?;
        let mut plan = Plan { steps, artifacts, ..Plan::of(session, request, (to, session.capture()?), course)? };
        plan.record.id = journal.id.clone();
        let mut journal = journal;
        let plan = prepare(session, (plan, &mut journal), &mut commands, watch)?;
        return move_there(session, plan, &mut commands, watch);
    }
    let way = way_of(session, &journal, &course)?;
    let mut course = course;
    if course.ended(Part::Move) == 0 {
        note_move(&mut course, &way, Took::default());
    }
    let source = course.asked.to_record().or_else(|| way.record.takes_back().cloned());
    let source = source.map(|id| session.store().read(&id)).transpose()?;
    let artifacts = wanted_artifacts(session, &course, source.as_ref())?;
    conclude(session, way, (course, &mut commands, &artifacts), watch)
}

/// The artifacts that an interrupted rollback, or its undo, brings back.
pub(super) fn wanted_artifacts(session: &Session, course: &Course, source: Option<&Record>) -> Result<Wanted> {
    let Some(source) = source.filter(|_| !course.artifacts.is_empty()) else { return Ok(Wanted::default()) };
    let standing = trust::gather(session, session.env());
    let configured = match trust::require(&standing) {
        Ok(consent) => session.config.artifacts(consent)?,
        Err(error) if standing.is_missing() => return Err(error),
        Err(_nothing_to_trust) => &[],
    };
    Wanted::named(session, configured, (source, &course.artifacts))
}

/// The way of a rollback that was interrupted, from its record, or, where there is none yet, from what was asked for.
fn way_of(session: &Session, journal: &Journal, course: &Course) -> Result<Way> {
    let target = Intent::of(journal)?.target()?;
    let (record, name) = if session.store().object(&journal.id)?.is_some() {
        let record = session.store().read(&journal.id)?;
        let name = record.subject.trim_start_matches("rollback to ").to_owned();
        (record, name)
    } else {
        let (request, to) = course.asked.request(session)?;
        let draft = draft(session, (&request, &to), &session.capture()?, course)?;
        (Record { id: journal.id.clone(), ..draft }, to.name)
    };
    let files = restore::changes(&session.repo, &record.state, &target)?.len();
    Ok(Way { record, name, to_record: course.asked.to_record(), target, files })
}

/// After `--abort`: the commands for a rollback that failed.
pub fn withdraw(session: &Session, (journal, course): (&Journal, &Course), watch: Watch<'_>) -> Result<Vec<Step>> {
    let mut commands = Commands::new(session, steps_of(session, course)?);
    fail(session, (&mut commands, &way_of(session, journal, course)?), watch)
}

/// Runs the commands for a rollback that failed.
pub(super) fn fail(
    session: &Session,
    (commands, way): (&mut Commands<'_>, &Way),
    watch: Watch<'_>,
) -> Result<Vec<Step>> {
    let mut course = Course::default();
    run_part(session, (Part::OnFailure, &mut course, None), (commands, way), watch)?;
    Ok(course.steps())
}

/// The commands of the configuration that decides.
fn steps_of(session: &Session, course: &Course) -> Result<Steps> {
    if !course.runs_steps {
        return Ok(Steps::default());
    }
    let standing = trust::gather(session, session.env());
    session.config.steps(trust::require(&standing)?)
}

/// Runs what is left of a part's commands, in order, and notes each that has ended. After one that fails, what comes
/// before the move and after it is not gone on with; what is for failures is. The failure, if there is one.
pub(super) fn run_part(
    session: &Session,
    (part, course, mut journal): (Part, &mut Course, Option<&mut Journal>),
    (commands, way): (&mut Commands<'_>, &Way),
    watch: Watch<'_>,
) -> Result<Option<Step>> {
    let around = Around { record: &way.record, to: way.to(), tree: way.target.worktree };
    for number in course.ended(part)..commands.of(part).len() {
        let (mut step, is_stopped) = commands.run((part, number), &around, watch)?;
        if is_stopped && journal.is_some() {
            return Err(commands::stopped(&step.name));
        }
        if step.outcome == StepOutcome::Failed && part == Part::Before && course.asked.emergency {
            step.outcome = StepOutcome::Tolerated;
        }
        course.add(part, step.clone());
        if let Some(journal) = journal.as_deref_mut() {
            course.note(session, journal)?;
        }
        if step.outcome == StepOutcome::Failed && part != Part::OnFailure {
            return Ok(Some(step));
        }
    }
    Ok(None)
}

/// What comes after the move: whether the files are right, commands, checks; and the record says what came of it.
pub(super) fn conclude(
    session: &Session,
    mut way: Way,
    (mut course, commands, artifacts): (Course, &mut Commands<'_>, &Wanted),
    watch: Watch<'_>,
) -> Result<RolledBack> {
    let mut journal = if course.has_more() { session.interrupted()? } else { None };
    let began = Instant::now();
    let (exact, submodules) = verify::verify(session, &way.record.state, &way.target)?;
    // After an interruption, commands may have run since; what counts is how it is now.
    course.replace(Part::Verify, verified_step(exact, &submodules, began.elapsed()));
    if let Some(journal) = &mut journal {
        course.note(session, journal)?;
    }
    let failed = artifacts.bring_back(session, (&mut course, journal.as_mut()), &way, watch)?;
    // What runs on files and artifacts that do not fit would do harm.
    if failed.is_none() {
        run_part(session, (Part::After, &mut course, journal.as_mut()), (commands, &way), watch)?;
    }
    let is_right = exact && !course.has_failed(Part::Artifact) && !course.has_failed(Part::After);
    // Where nothing was stopped and started, nothing has to settle.
    let stands_in = session.env().rehearsal().is_some_and(Rehearsal::stands_in);
    let is_patient = !course.asked.emergency && !stands_in;
    let patience = if is_patient { Patience::of(session.config.rollback()) } else { Patience::NONE };
    let began = Instant::now();
    let proof = if course.asks_checks && is_right { proof::ask(session, patience, watch)? } else { Proof::None };
    if let Some(step) = proof.step(began.elapsed()) {
        course.add(Part::Checks, step);
    }
    let verification = verification(is_right, &proof);
    match verification {
        Verification::Failed => {
            run_part(session, (Part::OnFailure, &mut course, None), (commands, &way), watch)?;
        }
        Verification::Verified => {
            run_part(session, (Part::OnVerified, &mut course, journal.as_mut()), (commands, &way), watch)?;
            if course.pushes {
                watch(Event::Begins("push"));
                course.add(Part::Push, push(session, &way, course.may_ask));
            }
        }
        Verification::Inconclusive => {}
    }
    way.record.steps = course.steps();
    way.record.checks = proof.results();
    if let Detail::Rollback { conduct, .. } = &mut way.record.detail {
        conduct.verification = Some(verification);
    }
    keep(session, &way.record, &[commands.logs(), &proof.logs()].concat())?;
    if journal.is_some() {
        transition::remove_journal(session, &way.record)?;
    }
    Ok(way.done(proof, (exact, submodules), verification))
}

/// Moves the branch at its remote along. That it cannot be is told, and changes nothing of what was done here.
fn push(session: &Session, way: &Way, may_ask: bool) -> Step {
    let began = Instant::now();
    let moved = way.remote(session, may_ask).and_then(|to_do| match (to_do, way.backup()) {
        (None, _) => Ok((StepOutcome::Skipped, "the remote has nothing to move".to_owned())),
        (Some(to_do), Some(backup)) => to_do.carry_out(session, backup).map(|done| (StepOutcome::Done, done)),
        (Some(_), None) => Err(Error::refused("there is no backup branch that could go there first")),
    });
    let (outcome, detail) = moved.unwrap_or_else(|error| (StepOutcome::Failed, error.chain().join(": ")));
    Step { name: "push".to_owned(), outcome, took: began.elapsed(), detail }
}

/// What the bytes, the commands and the checks come to.
fn verification(is_right: bool, proof: &Proof) -> Verification {
    match (is_right, proof.verdict()) {
        (true, Verdict::Pass) => Verification::Verified,
        (true, Verdict::Inconclusive) => Verification::Inconclusive,
        _ => Verification::Failed,
    }
}

fn verified_step(exact: bool, submodules: &[String], took: Duration) -> Step {
    let detail = match (exact, submodules.is_empty()) {
        (true, true) => "HEAD, index and files are exactly the state",
        (true, false) => "HEAD, index and files are the state, but for submodules",
        (false, _) => "the state is not the one asked for",
    };
    let outcome = if exact { StepOutcome::Done } else { StepOutcome::Failed };
    Step { name: "verify".to_owned(), outcome, took, detail: detail.to_owned() }
}

/// Keeps what came of it with the record.
fn keep(session: &Session, record: &Record, logs: &[(String, Vec<u8>)]) -> Result<()> {
    let attached = Attached { logs, ..Attached::default() };
    let replaced = session.store().replace(record, &attached, TagKind::None, &session.identity);
    replaced.map(drop).context("the rollback is done, but what came of it could not be kept with its record")
}

/// Where the state is there already nothing is done, but that its checks are asked.
fn stay(session: &Session, plan: &Plan, watch: Watch<'_>) -> Result<RolledBack> {
    let (exact, submodules) = verify::verify(session, &plan.captured.state, &plan.target)?;
    let proof = if plan.course.asks_checks { proof::ask(session, Patience::NONE, watch)? } else { Proof::None };
    let mut way = plan.way();
    way.record.steps.push(verified_step(exact, &submodules, Duration::ZERO));
    way.record.steps.extend(proof.step(Duration::ZERO));
    way.record.checks = proof.results();
    let verification = verification(exact, &proof);
    Ok(way.done(proof, (exact, submodules), verification))
}

impl Patience {
    fn of(rules: &RollbackRules) -> Self {
        Patience { settle: rules.settle, retries: rules.retries, retry_after: rules.retry_after }
    }
}
