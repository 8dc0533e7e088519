//! Before a push: are the commits good, and does the remote lose any?
//!
//! git calls this as its `pre-push` hook, with a line for every ref that will change. What is validated are the trees of
//! the commits that the remote does not have, never the user's files. Commands come from the configuration, so they run
//! only where it is trusted; without trust a push is as if this program were not there, but for what would be lost at the
//! remote, which is told and kept in any case.

mod decide;
mod discarded;
mod resolve;
mod updates;

use std::time::Instant;

use super::{Session, trust, validate::Setting};
use crate::{
    check::{Event, Subject, Validated},
    config::{Consent, Env, Moment, Push, PushCommits},
    error::{Error, Result},
};

pub use decide::{Decision, blocks};
pub use discarded::{Discarded, Loss};
pub use updates::{Content, Fate, Update};

/// The key of git's configuration, the user's own, that says what a push does while checks wait for trust.
const UNTRUSTED: &str = "checkpoint.pushUntrusted";

/// What git tells its hook.
#[derive(Debug, Clone)]
pub struct Request {
    /// The name of the remote, or its URL where it has none.
    pub remote: String,
    /// The URL.
    pub url: String,
    /// What came on standard input.
    pub input: Vec<u8>,
}

/// What there is to look at.
#[derive(Debug)]
pub struct Facts {
    updates: Vec<Update>,
    contents: resolve::Contents,
    discarded: Vec<Discarded>,
}

/// What will be validated, and why the rest is not.
#[derive(Debug)]
#[must_use]
pub struct Plan {
    /// Each ref, and what happens to it.
    pub refs: Vec<(Update, Fate)>,
    /// The last commits of the refs that are validated, one for each tree.
    pub tips: Vec<Subject>,
    /// What the remote would lose.
    pub discarded: Vec<Discarded>,
}

/// How it ended.
#[derive(Debug)]
#[must_use]
pub struct Outcome {
    /// Each ref, and what happened to it.
    pub refs: Vec<(Update, Fate)>,
    /// What the remote loses, if the push goes on.
    pub discarded: Vec<Discarded>,
    /// What the checks said.
    pub validation: Validation,
    /// Whether the push goes on.
    pub decision: Decision,
}

/// What the checks said.
#[derive(Debug)]
pub enum Validation {
    /// No check is for a push, or there is nothing to validate.
    Nothing,
    /// There are checks, and the configuration is not trusted, so none was run.
    Untrusted(trust::Standing),
    /// They were run.
    Done {
        /// What they said, in the order in which commits were looked at.
        commits: Vec<Validated>,
        /// How many commits were not looked at, because one before them stops the push.
        left: usize,
        /// Why verdicts could not be kept.
        unkept: Option<Error>,
    },
}

/// Reads what is to be pushed.
pub fn gather(session: &Session, request: &Request) -> Result<Facts> {
    let updates = updates::parse(&request.input)?;
    let named = request.remote != request.url && !request.remote.is_empty();
    let remote = resolve::Remote { name: named.then_some(&request.remote) };
    let contents = resolve::contents(session, &updates, &remote)?;
    let discarded = discarded::find(session, &updates, &remote)?;
    Ok(Facts { updates, contents, discarded })
}

/// Decides what is validated.
pub fn plan(facts: &Facts) -> Plan {
    let each = || facts.updates.iter().zip(&facts.contents.each);
    let refs = each().map(|(update, content)| (update.clone(), updates::fate(update, *content))).collect();
    let mut tips: Vec<Subject> = Vec::new();
    for (update, content) in each() {
        let Some(Content::NewCommit(subject)) = content else { continue };
        if updates::fate(update, *content) == Fate::Validated && tips.iter().all(|tip| tip.tree != subject.tree) {
            tips.push(*subject);
        }
    }
    Plan { refs, tips, discarded: facts.discarded.clone() }
}

/// Validates, and keeps what the remote would lose. `watch` is told how the checks go.
pub fn apply(
    session: &Session,
    env: &Env,
    (facts, plan): (&Facts, Plan),
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome> {
    let Plan { refs, tips, mut discarded } = plan;
    let validation = validate(session, env, (facts, &tips), watch)?;
    let decision = match &validation {
        Validation::Nothing => Decision::Allowed,
        Validation::Untrusted(_) if blocks_untrusted(session) => Decision::Blocked,
        Validation::Untrusted(_) => Decision::Allowed,
        Validation::Done { commits, .. } => decide::decide(&session.config.push, commits),
    };
    if decision == Decision::Allowed {
        discarded::keep(session, &mut discarded)?;
    }
    Ok(Outcome { refs, discarded, validation, decision })
}

/// Whether the user wants a push to wait for trust. Their own git configuration says so, never a file of the repository.
fn blocks_untrusted(session: &Session) -> bool {
    let config = session.repo.gix().config_snapshot();
    config.string(UNTRUSTED).is_some_and(|value| value.as_slice() == b"block")
}

fn validate(
    session: &Session,
    env: &Env,
    (facts, tips): (&Facts, &[Subject]),
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<Validation> {
    let is_wanted = session.config.has_checks(Moment::Push);
    if !is_wanted || tips.is_empty() {
        return Ok(Validation::Nothing);
    }
    let standing = trust::gather(session, env);
    let consent = match &standing {
        trust::Standing::Commands(trust) => trust.consent(),
        _ => None,
    };
    let Some(consent) = consent else { return Ok(Validation::Untrusted(standing)) };
    let subjects = match session.config.push.commits {
        PushCommits::Tip => tips.to_vec(),
        PushCommits::All => {
            let commits = tips.iter().map(|tip| tip.commit).collect();
            let new = resolve::new_commits(session, &commits, &facts.contents.known)?;
            one_a_tree(new.into_iter().map(|id| resolve::subject(session, id)).collect::<Result<_>>()?)
        }
    };
    run(session, consent, &subjects, watch)
}

fn run(
    session: &Session,
    consent: &Consent,
    subjects: &[Subject],
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<Validation> {
    let push: &Push = &session.config.push;
    let setting = Setting {
        deadline: Some(Instant::now() + push.budget.duration()),
        ..Setting::of(session, Moment::Push, session.config.checks(consent)?)
    };
    setting.run(|run| {
        let (mut commits, mut unkept) = (Vec::new(), None);
        for subject in subjects {
            let (validated, error) = run.validate(*subject, watch);
            unkept = unkept.or(error);
            commits.push(validated);
            if decide::decide(push, &commits) == Decision::Blocked {
                break;
            }
        }
        Validation::Done { left: subjects.len() - commits.len(), commits, unkept }
    })
}

fn one_a_tree(mut subjects: Vec<Subject>) -> Vec<Subject> {
    let mut seen = std::collections::HashSet::new();
    subjects.retain(|subject| seen.insert(subject.tree));
    subjects
}
