//! The first bad commit between a good state and a bad one, found by the checks, without touching the user's checkout.
//!
//! The commits that are looked at, and their order, are those of `git bisect`; only that several are looked at at once. What a
//! commit is good or bad by, it is by its files alone.

mod bisection;

use std::collections::BTreeSet;

use self::bisection::{Bisection, Question};
use super::{
    Session, select,
    trials::{self, Budget, Said, Trial, Trials, Watch},
    trust,
};
use crate::{
    check::{Checked, Subject},
    error::{Context, Error, Result},
    model::{
        Head, Oid, Selector,
        search::{Answer, ahead},
    },
};

/// So many validations at once, where nobody says how many, at least and at most.
const USUAL_JOBS: (usize, usize) = (2, 4);

/// What the user asked for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The good state; the newest checkpoint whose checks passed, if there is none.
    pub good: Option<Selector>,
    /// The bad state; HEAD, if there is none.
    pub bad: Option<Selector>,
    /// `--only`: the checks of these names.
    pub only: Vec<String>,
    /// How much may be done.
    pub budget: Budget,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// This commit is the first that is bad.
    Found(Oid),
    /// One of these is, newest first: the checks have no answer between them, or no more was to be done.
    Among(Vec<Oid>),
    /// The bad state is good.
    NotBad,
    /// The good state is bad.
    NotGood,
    /// This commit, where the two histories part, is bad: what is wrong was mended on the way to the good state.
    Mended(Oid),
    /// The checks have no answer for this state.
    NoAnswer(Oid),
}

/// What was found, and how.
#[derive(Debug)]
#[must_use]
pub struct Found {
    /// The answer.
    pub verdict: Verdict,
    /// The good commit.
    pub good: Oid,
    /// The bad one.
    pub bad: Oid,
    /// How many commits are in the bad one's history and not in the good one's.
    pub commits: usize,
    /// How many validations were run.
    pub validations: usize,
    /// Whether it ended because no more was to be done.
    pub is_short: bool,
    /// The checks that passed and failed on the same files.
    pub flaky: Vec<String>,
    /// What the checks said of the commit that was found, or of the state that is not as it should be.
    pub checked: Vec<Checked>,
}

/// Finds it.
pub fn find(session: &Session, request: &Request, standing: &trust::Standing, watch: Watch<'_>) -> Result<Found> {
    let checks = trials::checks(session, standing, &request.only)?;
    let (good, bad) = ends(session, request)?;
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let jobs = processors.clamp(USUAL_JOBS.0, USUAL_JOBS.1);
    let mut trials = Trials::new(session, checks, request.budget, jobs);
    let mut bisection = Bisection::new(session, (good, bad))?;
    let is_short = run(session, (&mut bisection, &mut trials), watch)?;
    let (verdict, about) = bisection.verdict()?;
    let checked = match about {
        Some(commit) => trials.known(trial(session, commit)?)?.map(|said| said.checked.clone()).unwrap_or_default(),
        None => Vec::new(),
    };
    let flaky: BTreeSet<String> = trials.disputed().map(str::to_owned).collect();
    let validations = trials.ran();
    let (commits, flaky) = (bisection.commits(), flaky.into_iter().collect());
    Ok(Found { verdict, good, bad, commits, validations, is_short, flaky, checked })
}

/// Asks and tells until there is nothing more to be found out; whether no more may be done before that.
fn run(
    session: &Session,
    (bisection, trials): (&mut Bisection<'_>, &mut Trials<'_>),
    watch: Watch<'_>,
) -> Result<bool> {
    loop {
        let room = trials.room();
        let mut look = |bisection: &mut Bisection<'_>| -> Result<Option<Asked>> {
            while let Question::About(commit) = bisection.next()? {
                let trial = trial(session, commit)?;
                let Some(Said { answer, .. }) = trials.known(trial)? else { return Ok(Some(Asked { commit, trial })) };
                bisection.answered(commit, answer);
            }
            Ok(None)
        };
        if look(bisection)?.is_none() {
            return Ok(false);
        }
        if room == 0 {
            return Ok(true);
        }
        let suppose = |bisection: &mut Bisection<'_>, asked: &Asked, is_good: bool| {
            let answer = if is_good { Answer::Good } else { Answer::Bad(String::new()) };
            bisection.answered(asked.commit, &answer);
        };
        let asked = ahead(bisection, room, &mut look, suppose)?;
        let mut wanted: Vec<Trial> = Vec::new();
        for Asked { trial, .. } in asked {
            // Two commits may have the same files.
            if !wanted.iter().any(|known| known.subject.tree == trial.subject.tree) {
                wanted.push(trial);
            }
        }
        trials.run(&wanted, watch)?;
    }
}

/// A commit that is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asked {
    commit: Oid,
    trial: Trial,
}

fn trial(session: &Session, commit: Oid) -> Result<Trial> {
    Ok(Trial { subject: Subject { commit, tree: session.repo.tree_of(commit)? }, again: false })
}

/// The commits of the two states.
fn ends(session: &Session, request: &Request) -> Result<(Oid, Oid)> {
    let head = session.repo.head()?;
    let bad = match &request.bad {
        Some(selector) => select::select(session, selector, &head)?.state.tip,
        None => commit_of(&head)?,
    };
    let selector = request.good.clone().unwrap_or(Selector::Good(0));
    let good = select::select(session, &selector, &head).map_err(|error| match request.good {
        Some(_) => error,
        None => error.hint("name a commit that is good: `git checkpoint culprit <good>`"),
    })?;
    // What was not committed at a checkpoint is in nobody's history.
    let tip = good.state.tip;
    let good = if contains(session, bad, tip)? { tip } else { commit_of(&good.state.head)? };
    if good == bad {
        return Err(Error::usage(format!(
            "the good state and the bad one are the same commit, {}",
            good.to_hex_with_len(10)
        ))
        .hint("commit what is bad, or name two commits: `git checkpoint culprit <good> <bad>`"));
    }
    Ok((good, bad))
}

fn commit_of(head: &Head) -> Result<Oid> {
    head.commit().ok_or_else(|| Error::usage(format!("`{}` has no commit yet", head.short_name())))
}

/// Whether `commit` is in the history of `tip`.
fn contains(session: &Session, tip: Oid, commit: Oid) -> Result<bool> {
    let bases = session.repo.gix().merge_bases_many(tip, &[commit]).context("cannot find a merge base")?;
    Ok(tip == commit || bases.iter().any(|base| *base == commit))
}
