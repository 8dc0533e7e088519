//! Which commits are in another branch already, under another name.

use std::collections::{BTreeSet, HashSet};

use crate::{
    error::{Context, Result},
    git::{Repo, objects},
    model::Oid,
};

/// Those of `candidates` whose change a commit in `upstream` (and not in the candidates' history) has already,
/// by patch id as `git cherry` does.
pub fn applied(repo: &Repo, candidates: &[Oid], upstream: Oid) -> Result<HashSet<Oid>> {
    let mut found = HashSet::new();
    for tip in tips(repo, candidates)? {
        if contains(repo, tip, upstream)? {
            continue;
        }
        objects::flush(repo)?;
        let args = ["rev-list", "--cherry-mark", "--left-right", "--no-merges"];
        let said = repo.git(args).arg(format!("{upstream}...{tip}")).run()?;
        let equal = said.split(|byte| *byte == b'\n').filter_map(|line| line.strip_prefix(b"="));
        found.extend(equal.filter_map(|name| Oid::from_hex(name).ok()));
    }
    let wanted: HashSet<&Oid> = candidates.iter().collect();
    found.retain(|id| wanted.contains(id));
    Ok(found)
}

/// Whether `commit` is in the history of `tip`, so that nothing can have been picked from one to the other.
fn contains(repo: &Repo, tip: Oid, commit: Oid) -> Result<bool> {
    if tip == commit {
        return Ok(true);
    }
    let bases = repo.gix().merge_bases_many(tip, &[commit]).context("cannot find a merge base")?;
    Ok(bases.iter().any(|base| *base == commit))
}

/// The commits of `candidates` that are in no other's history.
fn tips(repo: &Repo, candidates: &[Oid]) -> Result<Vec<Oid>> {
    let mut tips: BTreeSet<Oid> = candidates.iter().copied().collect();
    for candidate in candidates {
        let commit = repo.gix().find_commit(*candidate).with_context(|| format!("cannot read commit {candidate}"))?;
        for parent in commit.parent_ids() {
            tips.remove(&parent.detach());
        }
    }
    if tips.len() < 2 {
        return Ok(tips.into_iter().collect());
    }
    objects::flush(repo)?;
    let args = ["merge-base", "--independent"].map(str::to_owned).into_iter();
    let said = repo.git(args.chain(tips.iter().map(ToString::to_string))).run()?;
    said.split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| Oid::from_hex(line).context("`git merge-base` named no commit"))
        .collect()
}
