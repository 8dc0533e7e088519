//! The checks of one commit, side by side.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::{
        PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        mpsc::{self, RecvTimeoutError},
    },
    thread::{self, Scope},
    time::{Duration, Instant},
};

use super::{
    Breaches, Cache, Checked, Circumstances, Event, Logs, Subject, Surroundings, Validated, Why,
    board::{Board, Next},
    numbers,
    rooms::{Room, Rooms},
    selection::{definition, is_of_the_tree},
    times::Times,
};
use crate::{
    config::{Check, DRILL_VARIABLE},
    error::{Error, Result},
    git::{
        Repo, durable, is_asked_to_stop,
        shell::{Ended, Leftovers, Series, Shell},
    },
    model::Verdict,
    store::verdicts::{self, Finding, Known, Verdicts},
};

/// How often those who watch are told what runs.
const TICK: Duration = Duration::from_millis(100);

/// Checks to be run on commits.
pub struct Run<'r> {
    repo: &'r Repo,
    checks: Vec<&'r Check>,
    logs: &'r Logs<'r>,
    circumstances: Circumstances<'r>,
    cache: PathBuf,
}

/// A check that runs.
struct Running<'c> {
    number: usize,
    room: Room,
    since: Instant,
    check: &'c Check,
}

/// How the command of a check ended.
struct Done {
    number: usize,
    ended: Result<Ended>,
    took: Duration,
}

/// What is found out in the course of a run.
struct Course<'r> {
    rooms: Rooms<'r>,
    times: Times,
    breaches: Breaches,
    checked: Vec<Option<Checked>>,
    known: Vec<Option<Known>>,
    rooms_of: Vec<Option<Room>>,
    series: Option<Series>,
}

impl<'r> Run<'r> {
    /// These checks, in the order of the configuration.
    pub fn new(repo: &'r Repo, checks: Vec<&'r Check>, logs: &'r Logs<'r>, circumstances: Circumstances<'r>) -> Self {
        Run { repo, checks, logs, circumstances, cache: repo.state_dir().join("cache") }
    }

    /// What is known of a commit already.
    pub fn known(&self, subject: Subject) -> Vec<Checked> {
        let verdicts = Verdicts::on(self.repo, subject.tree).unwrap_or_default();
        // What is over a limit has been so since somebody measured it; looking a number up is not measuring it again.
        let mut breaches = Breaches::load(self.repo);
        self.checks.iter().filter_map(|check| self.look_up(check, &verdicts, &mut breaches)).collect()
    }

    /// Validates one commit. What is known is not found out again; new verdicts are kept, and why they could not be, if so,
    /// is the second value.
    pub fn validate(&self, subject: Subject, watch: &mut dyn FnMut(Event<'_>)) -> (Validated, Option<Error>) {
        // Notes that cannot be read say nothing.
        let verdicts = Verdicts::on(self.repo, subject.tree).unwrap_or_default();
        let mut course = Course {
            rooms: Rooms::new(self.repo, subject, &self.circumstances.user),
            times: Times::read(self.repo),
            breaches: Breaches::load(self.repo),
            checked: vec![None; self.checks.len()],
            known: vec![None; self.checks.len()],
            rooms_of: vec![None; self.checks.len()],
            series: None,
        };
        let mut board = Board::new(&self.checks, self.circumstances.room);
        let mut breaches = Breaches::load(self.repo);
        for (number, check) in self.checks.iter().enumerate() {
            if let Some(checked) = self.look_up(check, &verdicts, &mut breaches) {
                board.settle(number, checked.result.verdict == Verdict::Pass);
                watch(Event::Ended(&checked, subject));
                course.checked[number] = Some(checked);
            }
        }
        self.play(board, subject, &mut course, watch);
        self.look_for_changes(subject, &mut course, watch);
        let unkept = self.keep(subject, &mut course);
        (Validated { subject, checks: course.checked.into_iter().flatten().collect() }, unkept)
    }

    fn look_up(&self, check: &Check, verdicts: &Verdicts, breaches: &mut Breaches) -> Option<Checked> {
        if matches!(self.circumstances.cache, Cache::None | Cache::Moment) || !is_of_the_tree(check) {
            return None;
        }
        let known = verdicts.of(&definition(check))?;
        let mut checked = match (known.verdict, self.circumstances.cache) {
            (Verdict::Pass, _) => {
                let Circumstances { baselines, now, .. } = self.circumstances;
                let answer = numbers::judge_known(check, &known.numbers, baselines, breaches, now);
                Checked::of(check, (Verdict::Pass, None), known.took).with_numbers(answer)
            }
            (_, Cache::All) => Checked::of(check, (known.verdict, Some(Why::Known)), known.took),
            _ => return None,
        };
        checked.result.cached = true;
        Some(checked)
    }

    /// Runs what is to be run.
    fn play(&self, mut board: Board, subject: Subject, course: &mut Course<'r>, watch: &mut dyn FnMut(Event<'_>)) {
        let (sender, receiver) = mpsc::channel();
        let mut running: Vec<Running<'_>> = Vec::new();
        thread::scope(|scope| {
            loop {
                let number = match board.next() {
                    Next::End => break,
                    Next::Begin(number) => {
                        // What it said before, among others, does not count where it is run again.
                        course.known[number] = None;
                        match self.begin(number, subject, course, (scope, &sender)) {
                            Ok(room) => {
                                course.rooms_of[number] = Some(room);
                                let (since, check) = (Instant::now(), self.checks[number]);
                                running.push(Running { number, room, since, check });
                                continue;
                            }
                            Err(why) => {
                                course.checked[number] = Some(Checked::not_run(self.checks[number], why));
                            }
                        }
                        board.ended(number, false);
                        number
                    }
                    Next::Skip(number, because) => {
                        let needed = Why::Needs(self.checks[because].name.clone());
                        course.checked[number] = Some(Checked::not_run(self.checks[number], needed));
                        number
                    }
                    Next::Wait => {
                        let Some(done) = wait(&receiver, &running, &course.times, watch) else { continue };
                        let number = done.number;
                        let room =
                            running.iter().position(|one| one.number == number).map(|at| running.remove(at).room);
                        let checked = self.end(done, room, subject, course);
                        board.ended(number, checked.result.verdict == Verdict::Pass);
                        course.checked[number] = Some(checked);
                        number
                    }
                };
                if let Some(checked) = &course.checked[number] {
                    watch(Event::Ended(checked, subject));
                }
            }
        });
    }

    /// Starts a check on a thread of its own.
    fn begin<'s>(
        &'s self,
        number: usize,
        subject: Subject,
        course: &mut Course<'r>,
        (scope, sender): (&'s Scope<'s, '_>, &mpsc::Sender<Done>),
    ) -> Result<Room, Why> {
        if is_asked_to_stop() {
            return Err(Why::Stopped);
        }
        let over = |deadline: &Instant| Instant::now() >= *deadline;
        if self.circumstances.deadline.as_ref().is_some_and(over) {
            return Err(Why::NotBegun);
        }
        let check = self.checks[number];
        let failed = |error: Error| Why::NotStarted(error.chain().join(": "));
        let room = course.rooms.of(check).map_err(failed)?;
        let started = Instant::now();
        let until = self.circumstances.deadline;
        let limit = move |from: Instant| {
            let own = from + check.timeout.duration();
            until.map_or(own, |all| all.min(own))
        };
        let around = || -> Result<Surroundings> {
            let log = self.logs.file(subject.commit, &format!("setup-of-{}", check.name))?;
            Ok(Surroundings { vars: self.vars(subject)?, log, deadline: limit(started) })
        };
        let entered = course.rooms.enter((room, number), check, around).map_err(failed)?;
        let mut vars = self.vars(subject).map_err(failed)?;
        vars.extend(entered.vars);
        let dir = entered.dir;
        let log = self.logs.file(subject.commit, &check.name).map_err(failed)?;
        // Of the first time, where it is run again.
        let _none = std::fs::remove_file(&log);
        self.logs.begin(&log);
        course.series.get_or_insert_with(Series::begin);
        let sender = sender.clone();
        let turns = self.circumstances.turns;
        scope.spawn(move || {
            let _turn = turns.map(|turns| Turn::take(turns, check.exclusive));
            let started = Instant::now();
            let deadline = limit(started);
            let ended =
                Shell { command: &check.run, dir: &dir, vars, input: None, log, deadline, leftovers: Leftovers::End }
                    .run();
            // Nobody listens any more only where the whole run has come to an end by a bug.
            let _lost = sender.send(Done { number, ended, took: started.elapsed() });
        });
        Ok(room)
    }

    /// What the end of its command says.
    fn end(&self, done: Done, room: Option<Room>, subject: Subject, course: &mut Course<'r>) -> Checked {
        let check = self.checks[done.number];
        let limit = check.timeout.duration();
        let is_over = self.circumstances.deadline.is_some_and(|all| Instant::now() >= all && done.took < limit);
        let (verdict, why) = match done.ended {
            Err(error) => (Verdict::Inconclusive, Some(Why::NotStarted(error.chain().join(": ")))),
            Ok(Ended::TimedOut) if is_over => (Verdict::Inconclusive, Some(Why::OverBudget)),
            Ok(Ended::TimedOut) => (Verdict::Inconclusive, Some(Why::TimedOut(limit))),
            Ok(Ended::Stopped) => (Verdict::Inconclusive, Some(Why::Stopped)),
            Ok(Ended::Signal(number)) => (Verdict::Inconclusive, Some(Why::Signal(number))),
            Ok(Ended::Code(0)) => (Verdict::Pass, None),
            // As `git bisect run` and others have it: it cannot tell.
            Ok(Ended::Code(125)) => (Verdict::Inconclusive, Some(Why::Code(125))),
            // The shell has not found or may not run the command: that is not about the tree either.
            Ok(Ended::Code(code @ (126 | 127))) => (Verdict::Inconclusive, Some(Why::Code(code))),
            Ok(Ended::Code(code)) => (Verdict::Fail, Some(Why::Code(code))),
        };
        let log = self.logs.file(subject.commit, &check.name).ok().filter(|log| log.exists());
        let mut checked = Checked::of(check, (verdict, why), done.took);
        let mut numbers = Some(Vec::new());
        if verdict == Verdict::Pass {
            course.times.learn(&check.name, done.took);
            if !check.measures.is_empty() {
                let output = log.as_ref().and_then(|log| std::fs::read(log).ok()).unwrap_or_default();
                let Circumstances { baselines, now, .. } = self.circumstances;
                checked = checked.with_numbers(numbers::judge(check, &output, baselines, &mut course.breaches, now));
                let found = &checked.result.measurements;
                // Without its numbers a pass is no answer that could be looked up.
                numbers = (!found.is_empty()).then(|| found.iter().map(|one| (one.name.clone(), one.value)).collect());
            }
        }
        checked.log = log;
        course.known[done.number] = numbers.map(|numbers| Known { verdict, took: done.took, numbers });
        if room == Some(Room::Own) {
            checked = checked.void_if_changed(course.rooms.leave(Room::Own, done.number));
        }
        checked
    }

    /// Whether the files are still those that were to be validated; else what the checks said is not about them.
    fn look_for_changes(&self, subject: Subject, course: &mut Course<'r>, watch: &mut dyn FnMut(Event<'_>)) {
        let shared = (0..course.rooms.shared()).map(Room::Shared);
        for room in std::iter::once(Room::InPlace).chain(shared) {
            let inside: Vec<usize> = (0..self.checks.len()).filter(|n| course.rooms_of[*n] == Some(room)).collect();
            if inside.is_empty() {
                continue;
            }
            let changed = course.rooms.leave(room, inside[0]);
            if changed.as_ref().is_ok_and(Vec::is_empty) {
                continue;
            }
            if let (Room::Shared(_), [_, _, ..], Ok(changed)) = (room, &inside[..], &changed) {
                watch(Event::Again(changed));
                self.play_alone((&inside, room), subject, course, watch);
                continue;
            }
            let changed = changed.map_err(|error| error.chain().join(": "));
            for number in inside {
                if let Some(checked) = course.checked[number].take() {
                    let files = changed.clone().map_err(Error::environment);
                    course.checked[number] = Some(checked.void_if_changed(files));
                }
            }
        }
    }

    /// Runs each of these again, with nothing beside it, so that the one which changes files is found.
    fn play_alone(
        &self,
        (numbers, room): (&[usize], Room),
        subject: Subject,
        course: &mut Course<'r>,
        watch: &mut dyn FnMut(Event<'_>),
    ) {
        for number in numbers {
            let mut board = Board::new(&self.checks, 1);
            for other in (0..self.checks.len()).filter(|other| other != number) {
                board.settle(other, true);
            }
            self.play(board, subject, course, watch);
            let changed = course.rooms.leave(room, *number);
            if let Some(checked) = course.checked[*number].take() {
                course.checked[*number] = Some(checked.void_if_changed(changed));
            }
        }
    }

    /// Keeps what is about the tree, and how long it took.
    fn keep(&self, subject: Subject, course: &mut Course<'r>) -> Option<Error> {
        let mut findings = Vec::new();
        for (number, check) in self.checks.iter().enumerate() {
            let (Some(checked), Some(known)) = (&course.checked[number], course.known[number].take()) else { continue };
            let is_void = matches!(checked.why, Some(Why::ChangedFiles(_) | Why::NotStarted(_)));
            let is_to_be_kept = is_of_the_tree(check) && self.circumstances.cache != Cache::Moment;
            if is_to_be_kept && !is_void {
                let at = self.circumstances.now;
                findings.push(Finding { definition: definition(check), name: &check.name, at, known });
            }
        }
        if course.rooms_of.iter().any(Option::is_some) {
            course.times.write(self.repo);
            // Without them, the time that a limit may be crossed begins anew.
            let _lost = course.breaches.save(self.repo);
        }
        verdicts::keep(self.repo, subject.tree, &findings, self.circumstances.by).err()
    }

    fn vars(&self, subject: Subject) -> Result<Vec<(&'static str, OsString)>> {
        let what = |error| durable::storage_error(&self.cache, error);
        durable::create_passing_dirs(&self.cache, durable::shared_policy(self.repo)).map_err(what)?;
        let Circumstances { moment, phase, elapsed, .. } = &self.circumstances;
        let mut vars: Vec<(&'static str, OsString)> = vec![
            ("CHECKPOINT_STAGE", moment.as_str().into()),
            ("CHECKPOINT_COMMIT", subject.commit.to_string().into()),
            ("CHECKPOINT_TREE", subject.tree.to_string().into()),
            ("CHECKPOINT_PHASE", phase.clone().unwrap_or_default().into()),
            ("CHECKPOINT_ELAPSED", elapsed.clone().unwrap_or_default().into()),
            ("CHECKPOINT_CACHE", Path::new(&self.cache).into()),
        ];
        if self.circumstances.is_drill {
            vars.push((DRILL_VARIABLE, "1".into()));
        }
        Ok(vars)
    }
}

/// What keeps checks of other runs out, or only those that have to be alone.
enum Turn<'t> {
    Alone { _turn: RwLockWriteGuard<'t, ()> },
    Shared { _turn: RwLockReadGuard<'t, ()> },
}

impl<'t> Turn<'t> {
    /// Waits for it. Nothing is ever left half done under it.
    fn take(turns: &'t RwLock<()>, is_alone: bool) -> Self {
        if is_alone {
            Turn::Alone { _turn: turns.write().unwrap_or_else(PoisonError::into_inner) }
        } else {
            Turn::Shared { _turn: turns.read().unwrap_or_else(PoisonError::into_inner) }
        }
    }
}

/// Waits for the next one to end, and tells those who watch what runs.
fn wait(
    receiver: &mpsc::Receiver<Done>,
    running: &[Running<'_>],
    times: &Times,
    watch: &mut dyn FnMut(Event<'_>),
) -> Option<Done> {
    match receiver.recv_timeout(TICK) {
        Ok(done) => Some(done),
        Err(RecvTimeoutError::Disconnected) => None,
        Err(RecvTimeoutError::Timeout) => {
            let shown: Vec<_> = running
                .iter()
                .map(|Running { check, since, .. }| (&*check.name, since.elapsed(), times.expected(&check.name)))
                .collect();
            watch(Event::Running(&shown));
            None
        }
    }
}
