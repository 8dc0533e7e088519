//! What becomes of each commit, and why.

use gix::bstr::BString;

use super::{
    blamed,
    chain::{Chain, Chains, Missing},
};
use crate::{
    check::Subject,
    error::{Context, Result},
    git::pick::{Pick, Picker},
    model::{Oid, search::Search},
    ops::{
        Session,
        recover::{Reason, needs},
        trials::{Trial, Trials},
    },
};

/// What becomes of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It comes back.
    Picked,
    /// This check passes without it and fails with it.
    Breaks(String),
    /// All is well without it, and with it this check has no answer.
    NoAnswer(String),
    /// It conflicts at these paths, and would not with these commits, which do not come back; with none, nothing that was
    /// named would help.
    Conflicts(Vec<BString>, Vec<Oid>),
    /// It is here already, or is nothing to be picked.
    LeftOut(Reason),
    /// It was not found out.
    NotTried,
}

impl Fate {
    /// The word in JSON.
    pub fn as_str(&self) -> &'static str {
        match self {
            Fate::Picked => "picked",
            Fate::Breaks(_) => "breaks",
            Fate::NoAnswer(_) => "no-answer",
            Fate::Conflicts(..) => "conflicts",
            Fate::LeftOut(reason) => reason.as_str(),
            Fate::NotTried => "not-tried",
        }
    }
}

/// A commit, and what becomes of it.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The commit.
    pub commit: Oid,
    /// Its first line.
    pub subject: String,
    /// What becomes of it.
    pub fate: Fate,
    /// The commit that it is back as, where it is and that is known.
    pub back_as: Option<Oid>,
    /// Why the check that decided does not pass.
    pub why: Option<String>,
}

/// The fate of every commit.
pub(super) fn all(
    session: &Session,
    (chains, chain): (&mut Chains<'_>, &Chain),
    (search, trials, onto): (&Search, &mut Trials<'_>, Oid),
) -> Result<Vec<Judged>> {
    let kept = chain.beginning(search.good().len());
    // What comes after those that are known to be good was not looked at, unless all was.
    let end = search.untried().first().copied().unwrap_or(chains.len());
    let mut lost: Vec<usize> = Vec::new();
    let mut judged = Vec::with_capacity(chains.len());
    for position in 0..chains.len() {
        let commit = chains.commit(position);
        let (mut fate, mut why) = (Fate::NotTried, None);
        if let Some(blame) = search.blame(position) {
            let (check, breaks) = blamed(blame);
            why = reason(session, (chains, &kept), (trials, onto), (position, check))?;
            fate = if breaks { Fate::Breaks(check.to_owned()) } else { Fate::NoAnswer(check.to_owned()) };
        } else if search.good().contains(&position) {
            fate = Fate::Picked;
        } else {
            match chain.missing.get(&position) {
                Some(Missing::Reason(reason @ (Reason::AlreadyApplied | Reason::Merge | Reason::Empty))) => {
                    fate = Fate::LeftOut(*reason);
                }
                Some(Missing::Reason(reason)) if position < end => fate = Fate::LeftOut(*reason),
                Some(Missing::Conflict(paths, tip)) if position < end => {
                    fate = Fate::Conflicts(paths.clone(), without(session, chains, (position, &lost), (*tip, onto))?);
                }
                _ => {}
            }
        }
        if matches!(fate, Fate::Breaks(_) | Fate::NoAnswer(_) | Fate::Conflicts(..) | Fate::LeftOut(Reason::Merge)) {
            lost.push(position);
        }
        let object = session.repo.gix().find_commit(commit).context("cannot read a commit")?;
        let subject = object.message().context("cannot read a commit's message")?.summary().to_string();
        judged.push(Judged { commit, subject, fate, back_as: chains.back_as(position), why });
    }
    Ok(judged)
}

/// What the check that decided against a commit said when it came.
fn reason(
    session: &Session,
    (chains, kept): (&mut Chains<'_>, &Chain),
    (trials, onto): (&mut Trials<'_>, Oid),
    (position, check): (usize, &str),
) -> Result<Option<String>> {
    let before = kept.links.iter().rev().find(|link| link.position < position).map_or(onto, |link| link.made);
    let commit = chains.commit(position);
    let (picker, mainline) = chains.picker();
    let Some(subject) = with(session, picker, (commit, before), mainline)? else { return Ok(None) };
    for again in [true, false] {
        let said = trials.known(Trial { subject, again })?;
        let one = said.and_then(|said| said.checked.iter().find(|one| one.result.name == check));
        if let Some(why) = one.and_then(|one| one.result.why.clone()) {
            return Ok(Some(why));
        }
    }
    Ok(None)
}

fn with(
    session: &Session,
    picker: &mut Picker<'_>,
    (commit, before): (Oid, Oid),
    mainline: Option<usize>,
) -> Result<Option<Subject>> {
    let mainline = if picker.is_merge(commit)? { mainline } else { None };
    match picker.pick(commit, before, mainline)? {
        Pick::Clean(made) => super::subject(session, made).map(Some),
        _ => Ok(None),
    }
}

/// Those of the lost commits without which one conflicts.
fn without(
    session: &Session,
    chains: &mut Chains<'_>,
    (position, lost): (usize, &[usize]),
    (tip, onto): (Oid, Oid),
) -> Result<Vec<Oid>> {
    if lost.is_empty() {
        return Ok(Vec::new());
    }
    let commit = chains.commit(position);
    let lost: Vec<Oid> = lost.iter().map(|at| chains.commit(*at)).collect();
    let all: Vec<Oid> = (0..position).map(|at| chains.commit(at)).collect();
    let (tip, onto) = (session.repo.tree_of(tip)?, session.repo.tree_of(onto)?);
    let (picker, mainline) = chains.picker();
    // On what comes back, or else on the base, should the lost ones not apply out of their order.
    let found = match needs(picker, (tip, mainline), &lost, commit)? {
        Some(found) if !found.is_empty() => found,
        _ => needs(picker, (onto, mainline), &all, commit)?.unwrap_or_default(),
    };
    Ok(found.into_iter().filter(|one| lost.contains(one)).collect())
}
