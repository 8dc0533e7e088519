//! A rollback is carried out: commands before it, the move, commands after it, and whether the state works.
//!
//! The journal says at every moment which part has begun, so that `--continue` goes on with the step it was in. What has
//! begun may run twice, once before and once after an interruption, and nothing runs that was not planned.

use std::time::{Duration, Instant};

use super::{
    Pace, Plan, Request, RolledBack, Watch,
    commands::{self, Around, Commands},
    course::{Course, Part},
    draft, plan,
    proof::{self, Patience, Proof},
    verify,
};
use crate::{
    config::{OnVerifyFailure, RollbackRules, StepCommand, Steps, TagKind},
    error::{Error, Result},
    git::restore,
    model::{Detail, Oid, Record, RecordId, Selector, State, Step, StepOutcome, Validation, Verdict, Verification},
    ops::{
        Session, names, select,
        transition::{self, Intent, Stage, Then, Took, Transition},
        trust,
        undo::{self, Direction},
    },
    store::{Attached, Journal},
};

/// A rollback whose state did not work, so that an older one was tried.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Its record.
    pub id: RecordId,
    /// What it went to.
    pub name: String,
    /// What came of it.
    pub verification: Verification,
}

/// Where a rollback goes, and from where.
pub(super) struct Way {
    pub(super) record: Record,
    /// What the state to go to is called.
    pub(super) name: String,
    /// Its record, unless it is a plain commit.
    pub(super) to_record: Option<RecordId>,
    pub(super) target: State,
    pub(super) files: usize,
}

/// Carries a plan out, and what follows where the state gone back to does not work.
pub fn run(session: &Session, plan: Plan, watch: Watch<'_>) -> Result<RolledBack> {
    let rules = session.config.rollback().clone();
    let is_whole = plan.request.paths.is_empty();
    let request = plan.request.clone();
    let done = once(session, plan, watch)?;
    if done.verification != Some(Verification::Failed) {
        return Ok(done);
    }
    match rules.on_verify_failure {
        OnVerifyFailure::Stop => Ok(done),
        OnVerifyFailure::Undo => take_back(session, done, watch),
        OnVerifyFailure::NextOlder if is_whole => next_older(session, &request, done, watch),
        OnVerifyFailure::NextOlder => Ok(done),
    }
}

/// The rollback itself.
fn once(session: &Session, mut plan: Plan, watch: Watch<'_>) -> Result<RolledBack> {
    if plan.is_there_already {
        return stay(session, plan, watch);
    }
    let mut commands = Commands::new(session, plan.steps.clone());
    if plan.request.pace == Pace::Graceful && plan.course.asks_checks {
        plan.course.checks_before = proof::ask(session, Patience::NONE, watch)?.results();
    }
    if !commands.of(Part::Before).is_empty() {
        let then = Then::Conclude(Box::new(plan.course.clone()));
        let transition = Transition { from: &plan.captured, target: &plan.target, edits: Vec::new(), then };
        let mut journal = Intent::new(&transition).journal(session, (&plan.record, Stage::Preparing));
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
    let took = transition::run(session, &transition, &mut plan.record, &|record, attempt| {
        if let Detail::Rollback { backup: name, .. } = &mut record.detail {
            *name = backup.as_ref().map(|backup| names::attempt(backup, attempt));
        }
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
    conclude(session, way, (course, commands), watch)
}

pub(super) fn note_move(course: &mut Course, way: &Way, took: Took) {
    let done = |name: &str, took, detail| Step { name: name.to_owned(), outcome: StepOutcome::Done, took, detail };
    course.add(Part::Move, done("back up", took.saving, saved_under(&way.record)));
    course.add(Part::Move, done("restore", took.moving, files_text(way.files)));
}

/// Goes on with a rollback that was interrupted, in the part that it was in: in `Preparing` nothing was changed yet, in
/// `Concluding` the files are in place. The session has to have the configuration of the journal.
pub fn go_on(session: &Session, journal: Journal, course: Course, watch: Watch<'_>) -> Result<RolledBack> {
    let steps = steps_of(session, &course)?;
    let mut commands = Commands::new(session, steps.clone());
    if Stage::of(&journal)? == Stage::Preparing {
        let (request, to) = course.asked.request(session)?;
        let mut plan = Plan { steps, ..Plan::of(session, request, (to, session.capture()?), course)? };
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
    conclude(session, way, (course, &mut commands), watch)
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
    Ok(session.config.steps(trust::require(&standing)?)?.clone())
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
    (mut course, commands): (Course, &mut Commands<'_>),
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
    run_part(session, (Part::After, &mut course, journal.as_mut()), (commands, &way), watch)?;
    let is_patient = !course.asked.emergency;
    let patience = if is_patient { Patience::of(session.config.rollback()) } else { Patience::NONE };
    let began = Instant::now();
    let proof = if course.asks_checks && exact { proof::ask(session, patience, watch)? } else { Proof::None };
    if let Some(step) = proof.step(began.elapsed()) {
        course.add(Part::Checks, step);
    }
    let verification = verification(exact && !course.has_failed(Part::After), &proof);
    if verification == Verification::Failed {
        run_part(session, (Part::OnFailure, &mut course, None), (commands, &way), watch)?;
    }
    way.record.steps = course.steps();
    way.record.checks = proof.results();
    if let Detail::Rollback { conduct, .. } = &mut way.record.detail {
        conduct.verification = Some(verification);
    }
    keep(session, &way.record, &[commands.logs(), &proof.logs()].concat())?;
    if journal.is_some() {
        Journal::remove(&session.repo)?;
    }
    Ok(way.done(proof, (exact, submodules), verification))
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
    let _replaced = session.store().replace(record, &attached, TagKind::None, &session.identity)?;
    Ok(())
}

/// Where the state is there already nothing is done, but that its checks are asked.
fn stay(session: &Session, plan: Plan, watch: Watch<'_>) -> Result<RolledBack> {
    let (exact, submodules) = verify::verify(session, &plan.captured.state, &plan.target)?;
    let proof = if plan.course.asks_checks { proof::ask(session, Patience::NONE, watch)? } else { Proof::None };
    let mut way = plan.way();
    way.record.steps.push(verified_step(exact, &submodules, Duration::ZERO));
    way.record.steps.extend(proof.step(Duration::ZERO));
    way.record.checks = proof.results();
    let verification = verification(exact, &proof);
    Ok(way.done(proof, (exact, submodules), verification))
}

/// The state before comes back, and its services are started again.
fn take_back(session: &Session, mut done: RolledBack, watch: Watch<'_>) -> Result<RolledBack> {
    let asked = undo::Request { direction: Direction::Undo, id: Some(done.record.id.to_string()), no_steps: false };
    let mut plan = undo::plan(session, &asked)?;
    // They are in the midst of a rollback, so what comes before one was done.
    plan.skip_commands_before();
    let undone = plan.apply(session, watch)?;
    done.undone = Some(undone.id);
    done.record.steps.extend(undone.steps);
    Ok(done)
}

/// Older good checkpoints, each of them once, until one works or none is left.
fn next_older(session: &Session, request: &Request, first: RolledBack, watch: Watch<'_>) -> Result<RolledBack> {
    let mut done = first;
    let mut tried = Vec::new();
    let mut trees = vec![done.tree];
    for checkpoint in older_good(session, &done)? {
        if trees.contains(&checkpoint.state.worktree) {
            continue;
        }
        trees.push(checkpoint.state.worktree);
        tried.push(done.as_attempt());
        let selector = Selector::Name(checkpoint.id.to_string());
        let request = Request { selector, pace: Pace::Usual, ..request.clone() };
        let mut plan = plan(session, request)?;
        // It is in the record, and every state in between is a checkpoint.
        plan.backup = None;
        plan.steps.before.clear();
        done = once(session, plan, watch)?;
        if done.verification != Some(Verification::Failed) {
            break;
        }
    }
    Ok(RolledBack { tried, ..done })
}

/// The good checkpoints of the branch that are older than the state that was gone back to, newest first.
fn older_good(session: &Session, done: &RolledBack) -> Result<Vec<Record>> {
    let foreign = session.store().foreign()?;
    let branch = done.record.state.head.branch().cloned();
    let is_older = |record: &Record| done.to_record.as_ref().is_none_or(|to| record.id < *to);
    let is_wanted = move |record: &Record| {
        record.validation() == Some(Validation::Validated)
            && record.state.head.branch() == branch.as_ref()
            && !foreign.contains(&record.id)
    };
    let all = select::newest_checkpoints(session, is_wanted)?.filter_map(Result::ok);
    Ok(all.filter(is_older).collect())
}

impl Patience {
    fn of(rules: &RollbackRules) -> Self {
        Patience { settle: rules.settle, retries: rules.retries, retry_after: rules.retry_after }
    }
}

impl Plan {
    fn way(&self) -> Way {
        let Plan { record, to, target, changes, .. } = self;
        Way {
            record: record.clone(),
            name: to.name.clone(),
            to_record: to.record.as_ref().map(|record| record.id.clone()),
            target: target.clone(),
            files: changes.len(),
        }
    }

    /// What it would do, without doing it.
    pub fn preview(mut self) -> RolledBack {
        if let Detail::Rollback { backup, .. } = &mut self.record.detail {
            backup.clone_from(&self.backup);
        }
        let step = |name: String, detail| Step { name, outcome: StepOutcome::Skipped, took: Duration::ZERO, detail };
        let command = |word: &str, command: &StepCommand| step(format!("{word}: {}", command.name), String::new());
        let mut way = self.way();
        let before = self.steps.before.iter().map(|one| command("before", one));
        way.record.steps = before.collect();
        if !self.is_there_already {
            way.record.steps.push(step("back up".to_owned(), saved_under(&self.record)));
            way.record.steps.push(step("restore".to_owned(), files_text(way.files)));
        }
        way.record.steps.extend(self.steps.after.iter().map(|one| command("after", one)));
        RolledBack {
            exact: None,
            verification: None,
            ..way.done(Proof::None, (true, Vec::new()), Verification::Verified)
        }
    }
}

impl Way {
    /// The commit gone back to.
    fn to(&self) -> Oid {
        self.target.head.commit().unwrap_or(self.target.tip)
    }

    fn done(self, proof: Proof, (exact, submodules): (bool, Vec<String>), verification: Verification) -> RolledBack {
        RolledBack {
            to: self.to(),
            tree: self.target.worktree,
            to_record: self.to_record,
            name: self.name,
            files: self.files,
            record: self.record,
            submodules,
            exact: Some(exact),
            verification: Some(verification),
            proof,
            tried: Vec::new(),
            undone: None,
        }
    }
}

impl RolledBack {
    fn as_attempt(&self) -> Attempt {
        Attempt {
            id: self.record.id.clone(),
            name: self.name.clone(),
            verification: self.verification.unwrap_or(Verification::Failed),
        }
    }
}

fn saved_under(record: &Record) -> String {
    record.backup().map_or_else(|| record.id.to_string(), |name| format!("branch {name}"))
}

fn files_text(files: usize) -> String {
    format!("{files} {}", if files == 1 { "file" } else { "files" })
}
