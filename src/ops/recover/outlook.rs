//! What would become of each commit before anything is picked, and what a commit needs that conflicts.

use std::collections::HashMap;

use gix::bstr::BString;

use super::{Reason, Request, picks};
use crate::{
    error::Result,
    git::{pick::Picker, tree::TreeChange},
    model::Oid,
    ops::Session,
};

/// So many commits are tried without each other at most; of more than these it is only said that they help.
const MOST_TRIED: usize = 128;

/// What would become of a commit that is picked without those before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alone {
    /// It applies.
    Applies,
    /// It would be left out.
    LeftOut(Reason),
    /// It conflicts at these paths; none where git cannot decide which way a folder was renamed.
    Conflicts(Vec<BString>),
    /// Only `git cherry-pick` can tell, with the options that it would be picked with.
    Untold,
}

/// Commits in order, and the base that they would be picked onto.
pub struct Outlook<'s> {
    picker: Picker<'s>,
    commits: Vec<Oid>,
    onto: Oid,
    mainline: Option<usize>,
    /// Those that are back already, and as which where that is known.
    known: HashMap<Oid, Option<Oid>>,
    keeps_redundant: bool,
    takes_parts: bool,
    is_told: bool,
}

impl<'s> Outlook<'s> {
    /// `commits`, oldest first, onto the commit `onto`, as they are picked with the options of the request.
    pub fn new(session: &'s Session, request: &Request, commits: &[Oid], onto: Oid) -> Result<Self> {
        Ok(Outlook {
            picker: picks::picker(session, request)?,
            known: picks::known(session, request, commits, onto)?,
            commits: commits.to_vec(),
            onto: session.repo.tree_of(onto)?,
            mainline: request.mainline,
            keeps_redundant: request.keep_redundant,
            takes_parts: !request.paths.are_all(),
            is_told: true,
        })
    }

    /// The same where only git can tell what becomes of them.
    pub(super) fn untold(self, is_untold: bool) -> Self {
        Outlook { is_told: !is_untold, ..self }
    }

    /// The commit that the one at `position` is back as, where it is and that is known.
    pub fn back_as(&self, position: usize) -> Option<Oid> {
        self.known.get(&self.commits[position]).copied().flatten()
    }

    /// What the commit at `position` changes, seen from its parent; nothing where it is a merge that is seen from none.
    pub fn changes(&self, position: usize) -> Result<Vec<TreeChange>> {
        let commit = self.commits[position];
        if self.mainline.is_none() && self.picker.is_merge(commit)? {
            return Ok(Vec::new());
        }
        self.picker.changes(commit, self.mainline)
    }

    /// What would become of the commit at `position` without those before it.
    pub fn alone(&mut self, position: usize) -> Result<Alone> {
        let commit = self.commits[position];
        if self.known.contains_key(&commit) {
            return Ok(Alone::LeftOut(Reason::AlreadyApplied));
        }
        if self.mainline.is_none() && self.picker.is_merge(commit)? {
            return Ok(Alone::LeftOut(Reason::Merge));
        }
        if !self.is_told {
            return Ok(Alone::Untold);
        }
        let merged = self.picker.apply(commit, self.onto, self.mainline)?;
        Ok(match () {
            () if !merged.clean => Alone::Conflicts(merged.conflicts),
            () if merged.tree != self.onto => Alone::Applies,
            () if self.takes_parts && self.changes(position)?.is_empty() => Alone::LeftOut(Reason::OtherPaths),
            () if self.keeps_redundant => Alone::Applies,
            () if self.changes(position)?.is_empty() => Alone::LeftOut(Reason::Empty),
            () => Alone::LeftOut(Reason::Redundant),
        })
    }

    /// Those before the commit at `position` that it does not apply without, by their positions; `None` where all of
    /// them do not help.
    pub fn needs(&mut self, position: usize) -> Result<Option<Vec<usize>>> {
        let before = &self.commits[..position];
        let needs = needs(&mut self.picker, (self.onto, self.mainline), before, self.commits[position])?;
        let place = |commit: Oid| before.iter().position(|one| *one == commit);
        Ok(needs.map(|needs| needs.into_iter().filter_map(place).collect()))
    }
}

/// Those of `before`, oldest first, without which `commit` does not apply to the tree `onto`; `None` where it conflicts
/// with all of them there too. None is left that could be left out, but another choice may do as well.
pub fn needs(
    picker: &mut Picker<'_>,
    (onto, mainline): (Oid, Option<usize>),
    before: &[Oid],
    commit: Oid,
) -> Result<Option<Vec<Oid>>> {
    let mut trial = Trial { picker, onto, mainline, commit };
    let related = trial.related(before)?;
    let Some(mut needed) = trial.applicable(&related)? else {
        // What is renamed is changed under another name.
        let Some(all) = trial.applicable(before)? else { return Ok(None) };
        return trial.fewest(all).map(Some);
    };
    needed = trial.fewest(needed)?;
    Ok(Some(needed))
}

struct Trial<'t, 'r> {
    picker: &'t mut Picker<'r>,
    onto: Oid,
    mainline: Option<usize>,
    commit: Oid,
}

impl Trial<'_, '_> {
    /// Those that change a path which the commit changes, or one that such a commit changes.
    fn related(&self, before: &[Oid]) -> Result<Vec<Oid>> {
        let paths = |commit: Oid| -> Result<Vec<BString>> {
            Ok(self.picker.changes(commit, self.mainline)?.into_iter().map(|change| change.path).collect())
        };
        let mut touched: std::collections::HashSet<BString> = paths(self.commit)?.into_iter().collect();
        let mut related = Vec::new();
        for commit in before.iter().rev() {
            if self.mainline.is_none() && self.picker.is_merge(*commit)? {
                continue;
            }
            let paths = paths(*commit)?;
            if paths.iter().any(|path| touched.contains(path)) {
                touched.extend(paths);
                related.push(*commit);
            }
        }
        related.reverse();
        Ok(related)
    }

    /// Those that apply, in order, if the commit applies after them.
    fn applicable(&mut self, commits: &[Oid]) -> Result<Option<Vec<Oid>>> {
        let (mut tree, mut applied) = (self.onto, Vec::new());
        for commit in commits {
            if self.mainline.is_none() && self.picker.is_merge(*commit)? {
                continue;
            }
            let merged = self.picker.apply(*commit, tree, self.mainline)?;
            if merged.clean && merged.tree != tree {
                tree = merged.tree;
                applied.push(*commit);
            }
        }
        Ok(self.picker.apply(self.commit, tree, self.mainline)?.clean.then_some(applied))
    }

    /// Leaves out what can be left out, in pieces that become smaller.
    fn fewest(&mut self, mut needed: Vec<Oid>) -> Result<Vec<Oid>> {
        if needed.len() > MOST_TRIED {
            return Ok(needed);
        }
        let mut size = needed.len().div_ceil(2);
        while size > 0 {
            let mut start = 0;
            while start < needed.len() {
                let end = (start + size).min(needed.len());
                let without = [&needed[..start], &needed[end..]].concat();
                match self.applicable(&without)? {
                    // Without those either that depend on what was left out.
                    Some(fewer) => needed = fewer,
                    None => start = end,
                }
            }
            size /= 2;
        }
        Ok(needed)
    }
}
