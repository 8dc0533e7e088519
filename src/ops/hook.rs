//! What git's hooks ask: is a checkpoint due? Answered from a few small files, and acted on in the background.

use chrono::{DateTime, Utc};
use gix::bstr::ByteSlice;

use super::{Session, jobs, phase};
use crate::{
    config::Env,
    error::Context,
    git::glance::{Configured, Glance, Sequence},
    model::{Due, DueFacts, Elapsed, due},
    store::timed::{self, Note},
    system::background,
};

/// The hooks that a checkpoint may follow.
pub const EVENTS: [&str; 5] = ["post-commit", "post-merge", "post-checkout", "post-rewrite", "post-applypatch"];

/// What the hook comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Answer {
    /// Nothing is to be done.
    Rest,
    /// A checkpoint is to be seen to: for this slot, or `None` where only a closer look can tell.
    Look(Option<Elapsed>),
}

/// Decides and acts. Whatever fails is kept for `status`, for a hook must not disturb.
pub fn run(env: &Env, event: &str, args: &[&str]) {
    if env.is_off() || !EVENTS.contains(&event) {
        return;
    }
    let Some(glance) = Glance::at(env) else { return };
    jobs::wake(env, &glance);
    let now = env.now();
    let Some((name, slot)) = phase_due(env, &glance, event, args) else { return };
    if !is_moment(event, args, glance.sequence()) {
        return;
    }
    let started = match timed::claim(&glance.state_dir(), &name, slot, now) {
        Ok(false) => return,
        Ok(true) => background::start(env, &["timed"]),
        Err(error) => Err(error),
    };
    if let Err(error) = started.context("a timed checkpoint could not be started") {
        timed::remember_failure(&glance.state_dir(), &error, now);
    }
}

/// The phase that is to be seen to, and the slot that is due in it, where that can be told.
fn phase_due(env: &Env, glance: &Glance, event: &str, args: &[&str]) -> Option<(String, Option<Elapsed>)> {
    // `git rebase --apply` keeps to itself which branch it will go back to; what waits for its end will see it.
    if glance.branch.is_none() && is_end_of_rebase(event, args) && glance.has_phases() {
        return Some(("HEAD".into(), None));
    }
    let name = phase_of(env, glance)?;
    match answer(timed::note_of(&glance.state_dir(), &name).as_ref(), env.now()) {
        Answer::Look(slot) => Some((name, slot)),
        Answer::Rest => None,
    }
}

fn phase_of(env: &Env, glance: &Glance) -> Option<String> {
    match glance.phase() {
        Configured::None => None,
        Configured::Phase(name) => Some(name),
        Configured::Unclear => {
            let session = Session::open(env).ok()?;
            let branch = glance.branch.as_ref()?;
            let name = [b"refs/heads/", branch.as_bytes()].concat().into();
            phase::configured(&session, &crate::model::Head::Branch { name, commit: None })
        }
    }
}

/// A phase of which nothing is noted may be new here.
fn answer(note: Option<&Note>, now: DateTime<Utc>) -> Answer {
    let Some(note) = note else { return Answer::Look(None) };
    if note.ended {
        return Answer::Rest;
    }
    match due(&DueFacts { began: note.began, schedule: &note.schedule, passed: &[note.slot] }, now) {
        Due::Now(slot) => Answer::Look(Some(slot)),
        Due::Later(_) => Answer::Rest,
    }
}

/// Whether the state after this hook is one to save: the steps of a rebase are not, its end is. Of the other
/// sequences no hook tells the end, so that what is started waits for it.
fn is_moment(event: &str, args: &[&str], sequence: Option<Sequence>) -> bool {
    match sequence {
        Some(Sequence::Rebase) => is_end_of_rebase(event, args),
        Some(Sequence::Other) | None => true,
    }
}

fn is_end_of_rebase(event: &str, args: &[&str]) -> bool {
    event == "post-rewrite" && args.first() == Some(&"rebase")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Schedule;

    #[test]
    fn a_rebase_is_seen_once_at_its_end() {
        use Sequence::{Other, Rebase};
        for (event, args, sequence, expected) in [
            ("post-commit", &[][..], None, true),
            ("post-commit", &[], Some(Rebase), false),
            ("post-checkout", &["a", "b", "1"], Some(Rebase), false),
            // `git commit --amend` within a rebase.
            ("post-rewrite", &["amend"], Some(Rebase), false),
            ("post-rewrite", &["amend"], None, true),
            ("post-rewrite", &["rebase"], Some(Rebase), true),
            ("post-applypatch", &[], Some(Other), true),
            ("post-commit", &[], Some(Other), true),
        ] {
            assert_eq!(is_moment(event, args, sequence), expected, "{event} {args:?} {sequence:?}");
        }
    }

    #[test]
    fn what_is_noted_decides_without_a_look() {
        let began = DateTime::from_timestamp(1_795_269_600, 0).expect("in range");
        let note = |slot| Note { began, schedule: Schedule::DEFAULT, slot: Elapsed::from_minutes(slot), ended: false };
        let after = |minutes| began + chrono::Duration::minutes(minutes);
        assert_eq!(answer(None, began), Answer::Look(None));
        assert_eq!(answer(Some(&note(0)), after(239)), Answer::Rest);
        assert_eq!(answer(Some(&note(0)), after(240)), Answer::Look(Some(Elapsed::from_minutes(240))));
        assert_eq!(answer(Some(&note(240)), after(240)), Answer::Rest);
        assert_eq!(answer(Some(&Note { ended: true, ..note(0) }), after(240)), Answer::Rest);
    }
}
