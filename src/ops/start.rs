//! Begin a phase on the branch, with a checkpoint of the state it begins in.
//!
//! The record comes first and git's configuration second: what is left by a crash in between is a phase that the next
//! `start` joins, and never a branch in a phase that nothing is known of.

use chrono::{DateTime, Duration, SubsecRound, Utc};

use super::{
    Session, create,
    phase::{self, Membership},
    trust,
};
use crate::{
    check::Event,
    error::{Error, Result},
    git::{capture::Captured, refs},
    model::{Course, Elapsed, Head, PhaseEvent, PhaseMark, Record, Schedule, valid_ref_name},
    store::{phase_ref, timed},
};

/// What the user asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The phase's name.
    pub name: String,
    /// `--every`; else the configuration decides.
    pub schedule: Option<Schedule>,
    /// `--at`: when it begins; else now.
    pub at: Option<DateTime<Utc>>,
    /// `-m`.
    pub message: Option<String>,
    /// `--no-verify`: run no checks on the state that it begins in.
    pub no_verify: bool,
    /// `--no-artifacts`: save none of them.
    pub no_artifacts: bool,
}

/// What is known when it is decided.
#[derive(Debug)]
struct Facts<'a> {
    head: &'a Head,
    now: DateTime<Utc>,
    /// The phase that the branch is in, and whether it is known to go on.
    own: Option<(String, bool)>,
    /// The newest record of the phase of this name, if there is one.
    newest: Option<&'a Record>,
    /// A ref that git cannot have beside the phase's.
    in_the_way: Option<String>,
    configured: Option<&'a Schedule>,
}

/// What will be done.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
enum Decision {
    /// A new phase begins.
    Begin(Box<Course>),
    /// It was begun on this branch, in another clone or before a crash: only the configuration is missing.
    Join(Box<Course>),
}

/// A phase about to begin, or to be joined.
#[must_use]
pub struct Plan {
    head: Head,
    name: String,
    course: Course,
    checkpoint: Option<create::Plan>,
}

/// A phase that has begun or was joined, or, for a dry run, would be.
#[derive(Debug)]
#[must_use]
pub struct Started {
    /// Its name.
    pub name: String,
    /// The branch it is on.
    pub head: Head,
    /// How it goes on.
    pub course: Course,
    /// The checkpoint of its beginning; `None` where the phase was there and only joined.
    pub checkpoint: Option<create::Taken>,
}

/// Captures the state and decides; changes nothing.
pub fn plan(session: &Session, request: &Request) -> Result<Plan> {
    let name = valid_name(&request.name)?;
    let head = session.repo.head()?;
    let newest = session.store().newest_of_phase(&name)?.map(|(_, record)| record);
    let own = match phase::of(session, &head) {
        Membership::Running(own) => Some((own.name, true)),
        Membership::Unknown(own, _) => Some((own, false)),
        Membership::None | Membership::Ended(_) => None,
    };
    let in_the_way = refs::collision(&session.repo, phase_ref(&name).as_ref())?.filter(|_| newest.is_none());
    let facts = Facts {
        head: &head,
        now: session.now,
        own,
        newest: newest.as_ref(),
        in_the_way: in_the_way.map(|name| name.to_string()),
        configured: session.config.schedule.as_ref(),
    };
    let (course, begins) = match decide(request, &facts)? {
        Decision::Begin(course) => (*course, true),
        Decision::Join(course) => (*course, false),
    };
    let checkpoint = if begins { Some(checkpoint(session, request, (&name, &course))?) } else { None };
    Ok(Plan { head, name, course, checkpoint })
}

fn checkpoint(session: &Session, request: &Request, (name, course): (&str, &Course)) -> Result<create::Plan> {
    let elapsed = course.elapsed(session.now);
    let event = Some(PhaseEvent::Start);
    let mark = PhaseMark { name: name.to_owned(), elapsed, course: Some(course.clone()), event };
    let captured: Captured = session.capture()?;
    let message = request.message.clone();
    let Request { no_verify, no_artifacts, .. } = *request;
    create::plan_of_phase(session, captured, create::InPhase { mark, message, no_verify, no_artifacts })
}

/// A name that is valid in a ref, and that git's configuration and a file of ours can hold as it is.
fn valid_name(name: &str) -> Result<String> {
    let safe = "letters, digits, `-`, `_`, `.` and `/` are safe, as in `phase2`";
    let name = valid_ref_name(name).map_err(|why| Error::usage(why).hint(safe))?;
    let text = name.to_string();
    if text.chars().any(char::is_control) || text.trim() != text {
        return Err(Error::usage("a phase's name has no control characters").hint(safe));
    }
    Ok(text)
}

fn decide(request: &Request, facts: &Facts<'_>) -> Result<Decision> {
    let name = &request.name;
    if facts.head.branch().is_none() {
        return Err(
            Error::refused("HEAD is detached, and a phase is on a branch").hint("`git switch -c <branch>` first")
        );
    }
    let branch = facts.head.short_name();
    if let Some((own, goes_on)) = &facts.own {
        if *goes_on {
            return Err(Error::refused(format!("`{branch}` is in the phase `{own}` already"))
                .hint("`git checkpoint finish` ends it; `git checkpoint status` shows how far it is"));
        }
        if own != name {
            let error =
                format!("git's configuration says that `{branch}` is in the phase `{own}`, which has no record");
            return Err(Error::refused(error)
                .hint(format!("`git checkpoint start {own}` begins that one"))
                .hint(format!("`git config --unset branch.{branch}.checkpointPhase` lets go of it")));
        }
    }
    if let Some(other) = &facts.in_the_way {
        return Err(Error::usage(format!("a phase cannot be called `{name}`"))
            .because(format!("`{other}` is there, and git cannot have a name and names below it"))
            .hint("choose another name"));
    }
    match facts.newest.and_then(|record| Some((record, record.phase.as_ref()?))) {
        Some((record, mark)) if mark.event != Some(PhaseEvent::Withdraw) => join(request, facts, (record, mark)),
        _ => begin(request, facts),
    }
}

fn begin(request: &Request, facts: &Facts<'_>) -> Result<Decision> {
    let began = request.at.unwrap_or(facts.now).trunc_subsecs(0);
    if began < facts.now - Duration::days(3650) || began > facts.now + Duration::days(3650) {
        return Err(Error::usage("a phase cannot begin more than ten years from now").hint("correct `--at`"));
    }
    let schedule = request.schedule.as_ref().or(facts.configured).cloned().unwrap_or(Schedule::DEFAULT);
    let mut course = Course { began, schedule, slot: Elapsed::default(), number: 1 };
    course.slot = course.slot_for(facts.now);
    Ok(Decision::Begin(Box::new(course)))
}

fn join(request: &Request, facts: &Facts<'_>, (record, mark): (&Record, &PhaseMark)) -> Result<Decision> {
    let name = &request.name;
    if mark.is_closed() {
        return Err(Error::refused(format!("the phase `{name}` has ended"))
            .hint("choose another name, as its tags and records keep this one"));
    }
    let there = &record.state.head;
    if there.branch() != facts.head.branch() {
        return Err(Error::refused(format!("the phase `{name}` is going on, on {}", there.in_words()))
            .hint("`git checkpoint finish` there ends it; or choose another name"));
    }
    let Some(course) = mark.course.clone() else {
        return Err(Error::environment(format!("record {} does not say when the phase began", record.id))
            .hint("update git-checkpoint"));
    };
    if request.at.is_some_and(|at| at.trunc_subsecs(0) != course.began)
        || request.schedule.as_ref().is_some_and(|schedule| *schedule != course.schedule)
    {
        return Err(Error::refused(format!("the phase `{name}` is going on, {}", course.schedule))
            .because(format!("it began at {}", course.began.to_rfc3339()))
            .hint(format!("`git checkpoint start {name}` alone joins it as it is")));
    }
    Ok(Decision::Join(Box::new(course)))
}

impl Plan {
    /// What it would do, without doing it.
    pub fn preview(self) -> Started {
        let checkpoint = self.checkpoint.map(create::Plan::preview);
        Started { name: self.name, head: self.head, course: self.course, checkpoint }
    }
}

/// Begins or joins the phase. If git's configuration cannot be changed, the checkpoint goes away again. What the checks say of
/// the state that it begins in does not stop it. `watch` is told how they go.
pub fn start(
    session: &Session,
    request: &Request,
    trusted: &trust::Standing,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<Started> {
    let lock = session.lock("start")?;
    let Plan { head, name, course, checkpoint } = plan(session, request)?;
    let begun = checkpoint.map(|plan| create::begin(session, plan, trusted)).transpose()?;
    if let Err(error) = phase::configure(session, &head, Some(&name)) {
        if let Some(begun) = &begun {
            session.store().withdraw(begun.record())?;
        }
        return Err(error.hint("nothing was changed"));
    }
    // It has begun; a note that cannot be kept costs the next hook a longer look.
    let _kept = timed::note(&session.repo, &name, &course, course.slot);
    drop(lock);
    let checkpoint = begun.map(|begun| begun.finish(session, watch)).transpose()?;
    Ok(Started { name, head, course, checkpoint })
}
