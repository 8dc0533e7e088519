//! The checkpoint that is due, taken without anybody asking: by a hook, by the timer, or by `watch`.

use std::time::{Duration, Instant};

use super::{
    Session,
    artifacts::{self, Around},
    attempt, create,
    phase::{self, Membership, Running},
    select, trust,
};
use crate::{
    config::{Env, Moment},
    error::{Error, Result},
    git::{
        capture::Captured,
        glance::{Configured, Glance},
    },
    model::{Due, Elapsed, PhaseEvent, PhaseMark, Record, SavedArtifact},
    store::timed,
};

/// How long to wait for the end of a rebase, an `am`, or a cherry-pick of several commits.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// What came of it.
#[derive(Debug)]
#[must_use]
pub enum Outcome {
    /// The branch is in no phase.
    NoPhase,
    /// None is due.
    NotDue(Due),
    /// git is in the middle of something and did not end it in time, or a command is tried; the slot stays due.
    Busy,
    /// Nothing has changed since the last checkpoint, which stands for this slot as well.
    Unchanged(Elapsed),
    /// It was taken.
    Taken(Box<create::Taken>),
}

/// Whether to wait for a sequence of git's that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// For its end, as it was its hook that asked; but not for ever, as it may have stopped at a conflict.
    ForGit,
    /// No: there will be another time.
    No,
}

/// Takes the checkpoint that is due, if one is. A failure is also kept for `status`, until it works again.
pub fn take(env: &Env, wait: Wait) -> Result<Outcome> {
    let Some(glance) = Glance::at(env) else { return Session::open(env).map(|_| Outcome::NoPhase) };
    if !is_git_done(&glance, wait) {
        return Ok(Outcome::Busy);
    }
    // Now HEAD is where it stays. A repository without a phase is none of our business, whatever is wrong with it.
    if Glance::at(env).is_some_and(|glance| glance.phase() == Configured::None) {
        return Ok(Outcome::NoPhase);
    }
    let outcome = Session::open(env).and_then(|session| take_due(&session, env));
    match &outcome {
        Ok(Outcome::Taken(taken)) => match lacking(taken) {
            Some(error) => timed::remember_failure(&glance.state_dir(), &error, env.now()),
            None => timed::forget_failure(&glance.state_dir()),
        },
        Ok(Outcome::Unchanged(_)) => timed::forget_failure(&glance.state_dir()),
        Ok(Outcome::NoPhase | Outcome::NotDue(_) | Outcome::Busy) => {}
        Err(error) => timed::remember_failure(&glance.state_dir(), error, env.now()),
    }
    outcome
}

/// What somebody has to see to, so that the next one is whole. That nobody trusts the configuration is told anyway.
fn lacking(taken: &create::Taken) -> Option<Error> {
    let id = &taken.record.id;
    match (&taken.unsigned, &taken.held) {
        (Some(why), _) => Some(
            Error::environment(format!("the tag of {id} could not be signed and was left out"))
                .because(why.clone())
                .hint("the checkpoint is saved as that id; signing in the background must not need to ask"),
        ),
        (None, Some(create::Held::Unusable(why))) => Some(
            Error::environment(format!("the checks of {id} were not run, so it has no tag"))
                .because(why.chain().join(": "))
                .hint("the checkpoint is saved as that id"),
        ),
        (None, _) => None,
    }
}

fn take_due(session: &Session, env: &Env) -> Result<Outcome> {
    // A first look without the lock, and so without writing: usually there is nothing to do.
    if let Look::Rest { outcome, news: None } = look(session)? {
        return Ok(outcome);
    }
    let lock = session.lock("timed")?;
    let (phase, slot) = match look(session)? {
        Look::Due(phase, slot) => (*phase, slot),
        Look::Rest { outcome, news } => {
            news.map_or(Ok(()), |news| news.note(session))?;
            return Ok(outcome);
        }
    };
    session.close_settled()?;
    if attempt::is_running(session) {
        return Ok(Outcome::Busy);
    }
    if let Some(journal) = session.interrupted()? {
        return Err(Error::conflict(format!("a {} of this worktree was begun and has not ended", journal.kind))
            .hint(format!("`git checkpoint {} --continue` finishes it, `--abort` goes back", journal.kind)));
    }
    let captured = session.capture()?;
    let trusted = trust::gather(session, env);
    let mark = phase.checkpoint(session.now, Some(PhaseEvent::Timed));
    let artifacts = save_artifacts(session, &trusted, (&captured, &mark))?;
    if is_saved(session, &captured, artifacts.as_deref().unwrap_or_default())? {
        timed::note(&session.repo, &phase.name, &phase.course, slot)?;
        return Ok(Outcome::Unchanged(slot));
    }
    let what = create::InPhase { mark, message: None, no_verify: false, no_artifacts: false };
    let mut plan = create::plan_of_phase(session, captured, what)?;
    if let Some(saved) = artifacts {
        plan = plan.with_artifacts(saved);
    }
    let begun = create::begin(session, plan, &trusted)?;
    drop(lock);
    begun.finish(session, &mut |_| {}).map(|taken| Outcome::Taken(Box::new(taken)))
}

/// What there is to do.
enum Look {
    /// The checkpoint of this slot.
    Due(Box<Running>, Elapsed),
    /// Nothing but to note the news, so that from now on a glance is enough here.
    Rest { outcome: Outcome, news: Option<News> },
}

/// What another clone, or another process, did to a phase.
enum News {
    Ended(String),
    Passed(Box<Running>),
}

impl News {
    fn note(&self, session: &Session) -> Result<()> {
        match self {
            News::Ended(name) => timed::note_end(&session.repo, name),
            News::Passed(phase) => timed::note(&session.repo, &phase.name, &phase.course, phase.course.slot),
        }
    }
}

fn look(session: &Session) -> Result<Look> {
    let head = session.repo.head()?;
    let note_of = |name: &str| timed::note_of(&session.repo.state_dir(), name);
    let phase = match phase::of(session, &head) {
        Membership::None => return Ok(Look::Rest { outcome: Outcome::NoPhase, news: None }),
        Membership::Ended(name) => {
            let news = note_of(&name).is_none_or(|note| !note.ended).then_some(News::Ended(name));
            return Ok(Look::Rest { outcome: Outcome::NoPhase, news });
        }
        Membership::Unknown(name, why) => {
            return Err(Error::new(why.kind(), format!("nothing is known of the phase `{name}` of this branch"))
                .because(why.chain().join(": "))
                .hint("`git checkpoint status` says more"));
        }
        Membership::Running(phase) => phase,
    };
    match phase.due(session.now) {
        Due::Now(slot) => Ok(Look::Due(phase, slot)),
        later => {
            let course = &phase.course;
            let is_old = |note: timed::Note| note.ended || note.began != course.began || note.slot < course.slot;
            let news = note_of(&phase.name).is_none_or(is_old).then_some(News::Passed(phase));
            Ok(Look::Rest { outcome: Outcome::NotDue(later), news })
        }
    }
}

/// What belongs to the state outside of git; `None` where nobody trusts what the configuration says of it.
fn save_artifacts(
    session: &Session,
    trusted: &trust::Standing,
    (captured, mark): (&Captured, &PhaseMark),
) -> Result<Option<Vec<SavedArtifact>>> {
    let trust::Standing::Commands(trust) = trusted else { return Ok(None) };
    let Some(consent) = trust.consent() else { return Ok(None) };
    let (commit, tree) = (captured.state.tip, captured.state.worktree);
    let around = Around { stage: Moment::Checkpoint.as_str(), commit, tree, phase: Some(mark) };
    artifacts::save(session, artifacts::configured(session, consent)?, around).map(Some)
}

/// Whether the newest checkpoint of the branch holds just this state.
fn is_saved(session: &Session, captured: &Captured, saved: &[SavedArtifact]) -> Result<bool> {
    let branch = captured.state.head.branch().cloned();
    let mut checkpoints =
        select::newest_checkpoints(session, move |record| record.state.head.branch() == branch.as_ref())?;
    let is_same = |last: &Record| {
        last.state.same_content(&captured.state) && artifacts::changes(&last.artifacts, saved).is_empty()
    };
    Ok(checkpoints.find_map(Result::ok).is_some_and(|last| is_same(&last)))
}

/// Whether git has no sequence of commits under way, after waiting for its end where that is wanted.
fn is_git_done(glance: &Glance, wait: Wait) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while glance.sequence().is_some() {
        if wait == Wait::No || Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(PAUSE);
    }
    true
}
