//! Validations of one state after another, several at once, each in a worktree of its own; nothing is found out twice.
//!
//! The user's checkout is not looked at and not touched, and the operation lock is not held. What checks said of a tree before
//! counts, failures included, so a search that was stopped goes on where it was.

use std::{
    collections::{BTreeSet, HashMap},
    num::NonZero,
    sync::{
        RwLock,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    Session,
    session::Again,
    trust,
    validate::{self, Setting},
};
use crate::{
    check::{Cache, Checked, Seen, Selection, Subject, Why, definition, select},
    config::{Check, FILE_NAME, Isolation, Moment},
    error::{Error, Result},
    git::{self, objects, shell::Series},
    model::{CheckResult, Oid, TimeLimit, Verdict, search::Answer},
    store::verdicts::Verdicts,
};

/// How often those who watch are told what runs.
const TICK: Duration = Duration::from_millis(100);

/// So many worktrees at once are enough for everybody.
const MOST_JOBS: usize = 64;

/// How much may be done.
#[derive(Debug, Clone, Copy, Default)]
pub struct Budget {
    /// `--max-checks`: so many validations.
    pub validations: Option<NonZero<usize>>,
    /// `--max-time`.
    pub time: Option<TimeLimit>,
    /// `--jobs`: so many at once.
    pub jobs: Option<NonZero<usize>>,
}

/// A state to be validated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trial {
    pub(super) subject: Subject,
    /// Whether a failure that is known does not count.
    pub(super) again: bool,
}

/// What checks said of a tree.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) answer: Answer,
    pub(super) checked: Vec<Checked>,
    /// Whether something was run for it.
    pub(super) ran: bool,
}

/// What those who watch are told.
#[derive(Debug)]
pub enum Event<'e> {
    /// These paths are changed here, and by what the validations may allow: that will be refused then.
    InTheWay(&'e [String]),
    /// So many run, the oldest since so long.
    Running(usize, Duration),
    /// The so many-th validation has ended, of this commit.
    Ended(usize, Oid, &'e [Checked]),
}

/// Who watches.
pub type Watch<'w> = &'w mut dyn FnMut(Event<'_>);

/// The checks that decide, and what they said so far.
pub(super) struct Trials<'s> {
    session: &'s Session,
    again: Again,
    checks: Vec<&'s Check>,
    jobs: usize,
    left: usize,
    deadline: Option<Instant>,
    said: HashMap<(Oid, bool), Said>,
    looked_up: BTreeSet<Oid>,
    disputed: BTreeSet<String>,
    ran: usize,
    /// What looks after commands, from the first of them on.
    series: Option<Series>,
}

/// Which checks decide: those of `recover`, where there are any, else those of a checkpoint; or those named. One that is not
/// about files says nothing of a commit.
pub(super) fn checks<'s>(
    session: &'s Session,
    standing: &'s trust::Standing,
    only: &[String],
) -> Result<Vec<&'s Check>> {
    let all = session.config.checks(trust::require(standing)?)?;
    if let Some(unknown) = only.iter().find(|name| all.iter().all(|check| check.name != **name)) {
        let names = all.iter().map(|check| check.name.as_str()).collect::<Vec<_>>().join(", ");
        return Err(Error::usage(format!("there is no check named `{unknown}` in `{FILE_NAME}`"))
            .hint(format!("there are: {names}")));
    }
    let moment = match only {
        [] if session.config.has_checks(Moment::Recover) => Some(Moment::Recover),
        [] => Some(Moment::Checkpoint),
        _ => None,
    };
    let mut checks = select(all, &Selection { moment, only });
    checks.retain(|check| check.isolation != Isolation::None);
    if checks.is_empty() {
        return Err(Error::usage("no check can say whether a commit is good")
            .hint(format!("give one that looks at files `on = [\"recover\"]` in `{FILE_NAME}`, or `\"checkpoint\"`")));
    }
    validate::refuse_missing(&checks, session)?;
    Ok(checks)
}

impl<'s> Trials<'s> {
    /// With these checks and so much to be done. `jobs` is how many at once where the budget does not say.
    pub(super) fn new(session: &'s Session, checks: Vec<&'s Check>, budget: Budget, jobs: usize) -> Self {
        Trials {
            session,
            again: session.again(),
            checks,
            jobs: budget.jobs.map_or(jobs, NonZero::get).clamp(1, MOST_JOBS),
            left: budget.validations.map_or(usize::MAX, NonZero::get),
            deadline: budget.time.map(|time| Instant::now() + time.duration()),
            said: HashMap::new(),
            looked_up: BTreeSet::new(),
            disputed: BTreeSet::new(),
            ran: 0,
            series: None,
        }
    }

    /// So many may be run at once now; none where all that was to be done is.
    pub(super) fn room(&self) -> usize {
        let is_over = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        if is_over { 0 } else { self.jobs.min(self.left) }
    }

    /// How many validations were run.
    pub(super) fn ran(&self) -> usize {
        self.ran
    }

    /// The checks that are known to have passed and failed on one of the trees that were looked at.
    pub(super) fn disputed(&self) -> impl Iterator<Item = &str> {
        self.disputed.iter().map(String::as_str)
    }

    /// What is known of a state.
    pub(super) fn known(&mut self, trial: Trial) -> Result<Option<&Said>> {
        let tree = trial.subject.tree;
        if !trial.again && self.looked_up.insert(tree) && !self.said.contains_key(&(tree, false)) {
            self.look_up(trial.subject)?;
        }
        Ok(self.said.get(&(tree, trial.again)))
    }

    /// What verdicts of before come to, if that decides.
    fn look_up(&mut self, subject: Subject) -> Result<()> {
        let verdicts = Verdicts::on(&self.session.repo, subject.tree).unwrap_or_default();
        let disputed = self.checks.iter().filter(|check| verdicts.is_disputed(&definition(check)));
        self.disputed.extend(disputed.map(|check| check.name.clone()));
        let setting = Setting {
            checks: self.checks.clone(),
            cache: Cache::All,
            ..Setting::of(self.session, Moment::Recover, &[])
        };
        let checked = setting.run(|run| run.known(subject))?;
        let answer = answer(&checked);
        if checked.len() == self.checks.len() || matches!(answer, Answer::Bad(_)) {
            self.said.insert((subject.tree, false), Said { answer, checked, ran: false });
        }
        Ok(())
    }

    /// Validates all of these at once.
    pub(super) fn run(&mut self, trials: &[Trial], watch: Watch<'_>) -> Result<()> {
        objects::flush(&self.session.repo)?;
        self.series.get_or_insert_with(Series::begin);
        let room = validate::configured_jobs(self.session).div_ceil(trials.len().max(1));
        let turns = RwLock::new(());
        let (sender, receiver) = mpsc::channel();
        let mut ended = Vec::new();
        thread::scope(|scope| {
            for trial in trials {
                let job =
                    Job { again: &self.again, checks: &self.checks, deadline: self.deadline, room, turns: &turns };
                let sender = sender.clone();
                // Nobody listens any more only where this has come to an end by a bug.
                scope.spawn(move || drop(sender.send((*trial, job.run(*trial)))));
            }
            drop(sender);
            let started = Instant::now();
            loop {
                match receiver.recv_timeout(TICK) {
                    Ok((trial, said)) => {
                        if let Ok(said) = &said {
                            self.ran += usize::from(said.ran);
                            watch(Event::Ended(self.ran, trial.subject.commit, &said.checked));
                        }
                        ended.push((trial, said));
                    }
                    Err(RecvTimeoutError::Timeout) => {
                        watch(Event::Running(trials.len() - ended.len(), started.elapsed()));
                    }
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            }
        });
        if git::is_asked_to_stop() {
            return Err(Error::refused("it was stopped").hint("nothing was changed; what was found out is kept"));
        }
        let is_over = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        for (trial, said) in ended {
            let said = said?;
            self.left = self.left.saturating_sub(usize::from(said.ran));
            // That there was no time for an answer is none.
            if !(is_over && matches!(said.answer, Answer::Open(_))) {
                // What has passed once has passed.
                if trial.again && said.answer == Answer::Good {
                    self.said.insert((trial.subject.tree, false), said.clone());
                }
                self.said.insert((trial.subject.tree, trial.again), said);
            }
        }
        Ok(())
    }
}

/// What a validation needs on a thread of its own.
struct Job<'t> {
    again: &'t Again,
    checks: &'t [&'t Check],
    deadline: Option<Instant>,
    room: usize,
    turns: &'t RwLock<()>,
}

impl Job<'_> {
    fn run(&self, trial: Trial) -> Result<Said> {
        let session = self.again.open()?;
        let setting = Setting {
            checks: self.checks.to_vec(),
            deadline: self.deadline,
            cache: if trial.again { Cache::Passes } else { Cache::All },
            jobs: Some(self.room),
            // Never among the user's files, whatever they are.
            seen: Some(Seen { tree: trial.subject.tree, is_whole: false }),
            turns: Some(self.turns),
            ..Setting::of(&session, Moment::Recover, &[])
        };
        let (validated, _unkept) = setting.run(|run| run.validate(trial.subject, &mut |_| {}))?;
        let has_run = |one: &Checked| {
            let is_known = one.result.cached || one.why == Some(Why::Known);
            !is_known && !matches!(one.why, Some(Why::Needs(_) | Why::NotBegun))
        };
        let ran = validated.checks.iter().any(has_run);
        Ok(Said { answer: answer(&validated.checks), checked: validated.checks, ran })
    }
}

/// What the checks come to, and which of them decides.
fn answer(checked: &[Checked]) -> Answer {
    let results: Vec<CheckResult> = checked.iter().map(|one| one.result.clone()).collect();
    match CheckResult::in_the_way(&results) {
        None => Answer::Good,
        Some(one) if one.verdict == Verdict::Fail => Answer::Bad(one.name.clone()),
        Some(one) => Answer::Open(one.name.clone()),
    }
}
