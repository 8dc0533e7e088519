//! The commits that apply one after the other, without those that are left out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use gix::bstr::BString;

use super::subject;
use crate::{
    check::Subject,
    error::Result,
    git::pick::{Pick, Picker},
    model::Oid,
    ops::{
        Session,
        recover::{Reason, Request, Source, known, picks, source},
    },
};

/// A commit that was picked: which, and the commit made of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    pub(super) position: usize,
    pub(super) made: Oid,
}

/// Why a commit is not in the chain.
#[derive(Debug, Clone)]
pub(super) enum Missing {
    /// It would be left out of any recover.
    Reason(Reason),
    /// It conflicts at these paths with the commit made last before it.
    Conflict(Vec<BString>, Oid),
}

/// A chain, and what is not in it.
#[derive(Debug, Clone, Default)]
pub(super) struct Chain {
    pub(super) links: Vec<Link>,
    pub(super) missing: BTreeMap<usize, Missing>,
}

impl Chain {
    /// The positions of its commits.
    pub(super) fn commits(&self) -> Vec<usize> {
        self.links.iter().map(|link| link.position).collect()
    }

    /// The first commits of it, and what is missing among them.
    pub(super) fn beginning(&self, length: usize) -> Chain {
        let links = self.links[..length].to_vec();
        let end = links.last().map_or(0, |link| link.position + 1);
        Chain { missing: self.missing.range(..end).map(|(at, why)| (*at, why.clone())).collect(), links }
    }

    /// What `onto` is with so many of its commits on it.
    pub(super) fn subject(&self, session: &Session, onto: Oid, length: usize) -> Result<Subject> {
        subject(session, length.checked_sub(1).map_or(onto, |last| self.links[last].made))
    }
}

/// Makes chains of the same commits onto the same base.
pub(super) struct Chains<'s> {
    session: &'s Session,
    picker: Picker<'s>,
    commits: Vec<Oid>,
    onto: Oid,
    /// Those that are back already, and as which where that is known.
    known: HashMap<Oid, Option<Oid>>,
    mainline: Option<usize>,
    leaves_out_merges: bool,
    takes_parts: bool,
}

impl<'s> Chains<'s> {
    pub(super) fn new(session: &'s Session, (request, source): (&Request, &Source), onto: Oid) -> Result<Self> {
        Ok(Chains {
            session,
            picker: picks::picker(session, request)?,
            known: known::of(session, &source.commits, onto)?,
            commits: source.commits.clone(),
            onto,
            mainline: request.mainline,
            leaves_out_merges: request.mainline.is_none(),
            takes_parts: !request.paths.are_all(),
        })
    }

    pub(super) fn session(&self) -> &'s Session {
        self.session
    }

    pub(super) fn commit(&self, position: usize) -> Oid {
        self.commits[position]
    }

    pub(super) fn back_as(&self, position: usize) -> Option<Oid> {
        self.known.get(&self.commits[position]).copied().flatten()
    }

    pub(super) fn len(&self) -> usize {
        self.commits.len()
    }

    pub(super) fn picker(&mut self) -> (&mut Picker<'s>, Option<usize>) {
        (&mut self.picker, self.mainline)
    }

    /// The chain without these, that begins as `beginning` does.
    pub(super) fn build(&mut self, out: &BTreeSet<usize>, beginning: &Chain) -> Result<Chain> {
        let mut chain = beginning.clone();
        let mut tip = chain.links.last().map_or(self.onto, |link| link.made);
        let start = chain.links.last().map_or(0, |link| link.position + 1);
        for position in (start..self.commits.len()).filter(|position| !out.contains(position)) {
            match self.pick(position, tip)? {
                Ok(made) => {
                    chain.links.push(Link { position, made });
                    tip = made;
                }
                Err(missing) => drop(chain.missing.insert(position, missing)),
            }
        }
        Ok(chain)
    }

    /// The commit made of one, or why there is none.
    fn pick(&mut self, position: usize, tip: Oid) -> Result<std::result::Result<Oid, Missing>> {
        let commit = self.commits[position];
        let left_out = |reason| Ok(Err(Missing::Reason(reason)));
        if self.known.contains_key(&commit) {
            return left_out(Reason::AlreadyApplied);
        }
        let is_merge = source::is_merge(self.session, commit)?;
        if is_merge && self.leaves_out_merges {
            return left_out(Reason::Merge);
        }
        match self.picker.pick(commit, tip, self.mainline.filter(|_| is_merge))? {
            Pick::Clean(made) => Ok(Ok(made)),
            Pick::Redundant { was_empty: true, .. } if self.takes_parts => left_out(Reason::OtherPaths),
            Pick::Redundant { was_empty: true, .. } => left_out(Reason::Empty),
            Pick::Redundant { .. } => left_out(Reason::Redundant),
            Pick::Conflict(paths) => Ok(Err(Missing::Conflict(paths, tip))),
        }
    }
}
