//! Which commits of a backup can come back: found out with the checks, and brought back only as a list that passed them.
//!
//! [`find`] changes nothing and holds no lock; [`Found::apply`] looks at the repository anew, under the lock, and refuses
//! where HEAD has moved in between.

mod chain;
mod fate;

use std::collections::BTreeSet;

use self::chain::{Chain, Chains};
pub use self::fate::{Fate, Judged};
use gix::bstr::BString;

use super::{Onto, Reason, Recovered, Source, Who, plan_of, refuse_to_begin, source, worktree};
use crate::{
    check::{Checked, Subject},
    error::{Context, Error, Result},
    model::{
        CheckResult, Detail, Oid,
        search::{Answer, Ask, Blame, End, Search, ahead},
    },
    ops::{
        Session,
        trials::{self, Budget, Event, Said, Trial, Trials, Watch},
        trust,
    },
};

/// So many validations at once at most, where nobody says how many: checks have processors to themselves as well.
const USUAL_JOBS: usize = 4;

/// What the user asked for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The commits, and where they go.
    pub recover: super::Request,
    /// How much may be done.
    pub budget: Budget,
}

/// Why the search ended before every commit had its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Short {
    /// So many validations or so much time were allowed.
    Budget,
    /// The checks had no answers any more.
    Silent,
}

/// What was found out, and would be done.
#[must_use]
pub struct Found {
    /// Each commit, oldest first, and what becomes of it.
    pub fates: Vec<Judged>,
    /// How many validations were run.
    pub validations: usize,
    /// The checks that passed and failed on the same files.
    pub flaky: Vec<String>,
    /// Why it is not all that could be found out.
    pub short: Option<Short>,
    /// What the checks said of the result; empty where nothing comes back.
    pub checked: Vec<Checked>,
    source: Source,
    request: super::Request,
    onto: Oid,
    /// The branch that was checked out.
    branch: Option<BString>,
    /// The tree that was validated.
    tree: Oid,
}

/// Finds out which commits are good together.
pub fn find(session: &Session, request: &Request, standing: &trust::Standing, watch: Watch<'_>) -> Result<Found> {
    let checks = trials::checks(session, standing, &[])?;
    refuse_to_begin(session)?;
    let head = session.repo.head()?;
    let all = super::Request { all: true, dry_run: false, ..request.recover.clone() };
    let source = source::find(session, &all, &head)?;
    let onto = Onto::find(session, &all, &head)?;
    if Who::of(session, &all, &onto)? == Who::GitAlone {
        return Err(Error::usage("only `git cherry-pick` can tell what becomes of commits with these options")
            .because("so there is nothing to validate beforehand: git is too old for `-X`, or `pull.twohead` is set")
            .hint("leave `-X` out, or recover without `--good`; nothing was changed"));
    }
    let is_here = matches!(onto, Onto::Head(_));
    let onto = onto.commit();
    let mut chains = Chains::new(session, (&all, &source), onto)?;
    let jobs = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) / 2;
    let mut trials = Trials::new(session, checks, request.budget, jobs.clamp(1, USUAL_JOBS));
    let mut hunt = Hunt::new(&mut chains, onto, source.commits.len())?;
    if let Some(tip) = hunt.chain.links.last().filter(|_| is_here) {
        // Which of them come back is not known yet, but who has to wait for it should know this now.
        let paths = worktree::in_the_way(session, &session.capture()?.state, tip.made)?;
        if !paths.is_empty() {
            watch(Event::InTheWay(&paths));
        }
    }
    let short = hunt.run(&mut trials, watch)?;
    let Hunt { search, chain, .. } = hunt;
    let subject = chain.subject(session, onto, search.good().len())?;
    let said = trials.known(Trial { subject, again: false })?.cloned();
    let flaky: BTreeSet<String> = search.flaky().chain(trials.disputed()).map(str::to_owned).collect();
    let validations = trials.ran();
    let fates = fate::all(session, (&mut chains, &chain), (&search, &mut trials, onto))?;
    Ok(Found {
        fates,
        validations,
        flaky: flaky.into_iter().collect(),
        short,
        checked: said.filter(|_| !search.good().is_empty()).map(|said| said.checked).unwrap_or_default(),
        source,
        request: request.recover.clone(),
        onto,
        branch: head.branch().cloned(),
        tree: subject.tree,
    })
}

/// A search, and the chain of commits that it is at.
struct Hunt<'h, 's> {
    search: Search,
    chain: Chain,
    chains: &'h mut Chains<'s>,
    onto: Oid,
}

impl<'h, 's> Hunt<'h, 's> {
    fn new(chains: &'h mut Chains<'s>, onto: Oid, total: usize) -> Result<Self> {
        let chain = chains.build(&BTreeSet::new(), &Chain::default())?;
        Ok(Hunt { search: Search::new(total, chain.commits()), chain, chains, onto })
    }

    /// Asks and tells until there is nothing more to be found out, or nothing more may be done.
    fn run(&mut self, trials: &mut Trials<'_>, watch: Watch<'_>) -> Result<Option<Short>> {
        loop {
            let room = trials.room();
            let (session, chain, onto) = (self.chains.session(), &self.chain, self.onto);
            let mut look = |search: &mut Search| -> Result<Option<(usize, Trial)>> {
                loop {
                    let Ask::Validate { length, again } = search.next() else { return Ok(None) };
                    let trial = Trial { subject: chain.subject(session, onto, length)?, again };
                    let Some(Said { answer, ran, .. }) = trials.known(trial)? else { return Ok(Some((length, trial))) };
                    search.answered((length, again), answer.clone(), *ran);
                }
            };
            look(&mut self.search)?;
            match self.search.next() {
                Ask::End(End::Done) => return Ok(None),
                Ask::End(End::Silent) => return Ok(Some(Short::Silent)),
                Ask::End(End::Base(answer)) => return Err(self.broken_base(&answer, trials)?),
                Ask::Chain(out) => {
                    self.chain = self.chains.build(&out, &self.chain.beginning(self.search.good().len()))?;
                    self.search.chained(self.chain.commits());
                }
                Ask::Validate { .. } => {
                    let suppose = |search: &mut Search, (length, trial): &(usize, Trial), is_good: bool| {
                        let answer = if is_good { Answer::Good } else { Answer::Bad(String::new()) };
                        search.answered((*length, trial.again), answer, true);
                    };
                    if room == 0 {
                        return Ok(Some(Short::Budget));
                    }
                    let questions = ahead(&self.search, room, &mut look, suppose)?;
                    let wanted: Vec<Trial> = questions.into_iter().map(|(_, trial)| trial).collect();
                    trials.run(&wanted, watch)?;
                }
            }
        }
    }

    fn broken_base(&self, answer: &Answer, trials: &mut Trials<'_>) -> Result<Error> {
        let subject = self.chain.subject(self.chains.session(), self.onto, 0)?;
        let (what, check) = match answer {
            Answer::Bad(check) => ("fails", check),
            Answer::Open(check) => ("has no answer", check),
            Answer::Good => return Err(Error::bug("a base that is good was said to be broken")),
        };
        let said = trials.known(Trial { subject, again: false })?;
        let why = said.and_then(|said| said.checked.iter().find(|one| one.result.name == *check));
        let error = Error::refused(format!(
            "the check `{check}` {what} on {} itself, without any of the commits",
            self.onto.to_hex_with_len(10)
        ));
        let error = match why.and_then(|one| one.result.why.clone()) {
            Some(why) => error.because(why),
            None => error,
        };
        Ok(error
            .hint("nothing can be judged against a base that is broken; nothing was changed")
            .hint("`git checkpoint rollback good` goes to the newest checkpoint whose checks passed"))
    }
}

impl Found {
    /// What it was taken from, for people.
    pub fn source(&self) -> &str {
        &self.source.name
    }

    /// The commits that come back, oldest first.
    pub fn chosen(&self) -> Vec<Oid> {
        self.fates.iter().filter(|one| one.fate == Fate::Picked).map(|one| one.commit).collect()
    }

    /// Whether some commits have been found not to come back, and none to do.
    pub fn is_hopeless(&self) -> bool {
        let is_lost = |one: &Judged| !matches!(one.fate, Fate::LeftOut(_));
        self.chosen().is_empty() && self.fates.iter().any(is_lost)
    }

    /// The tree that was validated.
    pub fn tree(&self) -> Oid {
        self.tree
    }

    /// What it would do, without doing it.
    pub fn preview(&self, session: &Session) -> Result<Recovered> {
        Ok(self.outcome(self.plan(session)?.preview()))
    }

    /// Does it. Needs the operation lock.
    pub fn apply(&self, session: &Session) -> Result<Recovered> {
        let mut plan = self.plan(session)?;
        plan.record.checks = self.results();
        if let Detail::Recover { validated, .. } = &mut plan.record.detail {
            *validated = Some(self.tree).filter(|_| !self.checked.is_empty());
        }
        let done = plan.apply(session)?;
        Ok(self.outcome(done))
    }

    /// What the checks said, as it is kept with the record.
    fn results(&self) -> Vec<CheckResult> {
        self.checked.iter().map(|one| one.result.clone()).collect()
    }

    fn outcome(&self, done: Recovered) -> Recovered {
        let reason = |one: &Judged| match one.fate {
            Fate::LeftOut(reason) => Some((one.commit, reason)),
            _ => None,
        };
        let back_as = self.fates.iter().filter_map(|one| Some((one.commit, one.back_as?))).collect();
        let left_out = self.fates.iter().filter_map(reason).collect::<Vec<(Oid, Reason)>>();
        Recovered { left_out, back_as, ..done }
    }

    /// The chosen commits, picked anew: the result has to be what was validated, on the commit that it was validated on.
    fn plan(&self, session: &Session) -> Result<super::Plan> {
        let moved = || {
            Error::refused("the branch has moved while the checks ran")
                .hint("recover again: what the checks said is known, so it is quick; nothing was changed")
        };
        let head = session.repo.head()?;
        if head.branch() != self.branch.as_ref() || Onto::find(session, &self.request, &head)?.commit() != self.onto {
            return Err(moved());
        }
        let chosen = Source { commits: self.chosen(), explicit: false, ..self.source.clone() };
        let plan = plan_of(session, &self.request, Some(&chosen))?;
        let tip = plan.picked.last().map_or(self.onto, |picked| picked.to);
        let tree = session.repo.tree_of(tip).context("cannot read what was picked")?;
        if plan.conflict.is_some() || tree != self.tree {
            return Err(moved());
        }
        Ok(plan)
    }
}

/// A commit, as a check sees it.
fn subject(session: &Session, commit: Oid) -> Result<Subject> {
    Ok(Subject { commit, tree: session.repo.tree_of(commit)? })
}

/// Why a search has left a commit out, and the answer that it goes by.
fn blamed(blame: &Blame) -> (&str, bool) {
    match blame {
        Blame::Breaks(check) => (check, true),
        Blame::Silences(check) => (check, false),
    }
}
