//! Which commits are in another branch already, under another name.

use std::collections::{BTreeSet, HashMap, HashSet};

use gix::bstr::{BString, ByteSlice};

use crate::{
    error::{Context, Result},
    git::{Repo, objects, tree},
    model::Oid,
};

/// Those of `candidates` whose change a commit in `upstream` (and not in the candidates' history) has already,
/// by patch id as `git cherry` does.
pub fn applied(repo: &Repo, candidates: &[Oid], upstream: Oid) -> Result<HashSet<Oid>> {
    applied_from(repo, candidates, (&diverged(repo, candidates, upstream)?, upstream))
}

/// The newest of `candidates`, where something can have been picked from them: `upstream` is not in their history.
fn diverged(repo: &Repo, candidates: &[Oid], upstream: Oid) -> Result<Vec<Oid>> {
    let mut diverged = Vec::new();
    for tip in tips(repo, candidates)? {
        if !contains(repo, tip, upstream)? {
            diverged.push(tip);
        }
    }
    Ok(diverged)
}

fn applied_from(repo: &Repo, candidates: &[Oid], (tips, upstream): (&[Oid], Oid)) -> Result<HashSet<Oid>> {
    let mut found = HashSet::new();
    for tip in tips.iter().copied() {
        if !may_have_some(repo, candidates, (tip, upstream))? {
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

/// As [`applied`], with the commit of upstream that has the change, where that can be told; and those that a commit of
/// upstream names as its origin, `(cherry picked from commit …)`, whatever became of the change on the way.
pub fn applied_by(repo: &Repo, candidates: &[Oid], upstream: Oid) -> Result<HashMap<Oid, Option<Oid>>> {
    let diverged = diverged(repo, candidates, upstream)?;
    let named = named(repo, candidates, (&diverged, upstream))?;
    let mut by: HashMap<Oid, Option<Oid>> = named.into_iter().map(|(from, to)| (from, Some(to))).collect();
    let equal: Vec<Oid> = applied_from(repo, candidates, (&diverged, upstream))?.into_iter().collect();
    let unknown: Vec<Oid> = equal.iter().copied().filter(|commit| !by.contains_key(commit)).collect();
    by.extend(unknown.iter().map(|commit| (*commit, None)));
    for tip in diverged.iter().filter(|_| !unknown.is_empty()) {
        let args = ["rev-list", "--cherry-mark", "--left-only", "--no-merges"];
        let said = repo.git(args).arg(format!("{upstream}...{tip}")).run()?;
        let equal = said.split(|byte| *byte == b'\n').filter_map(|line| line.strip_prefix(b"="));
        let theirs: Vec<Oid> = equal.filter_map(|name| Oid::from_hex(name).ok()).collect();
        let known: HashMap<Vec<u8>, Oid> = patch_ids(repo, &theirs)?.into_iter().collect();
        for (patch, commit) in patch_ids(repo, &unknown)? {
            if let Some(same) = known.get(&patch) {
                by.insert(commit, Some(*same));
            }
        }
    }
    Ok(by)
}

/// What git calls the change of each commit.
fn patch_ids(repo: &Repo, commits: &[Oid]) -> Result<Vec<(Vec<u8>, Oid)>> {
    let names: String = commits.iter().map(|commit| format!("{commit}\n")).collect();
    let patches = repo.git(["diff-tree", "--stdin", "--root", "-p"]).stdin(names).run()?;
    let said = repo.git(["patch-id", "--stable"]).stdin(patches).run()?;
    let parse = |line: &[u8]| {
        let (patch, commit) = line.split_at_checked(line.iter().position(|byte| *byte == b' ')?)?;
        Some((patch.to_vec(), Oid::from_hex(commit.trim_ascii()).ok()?))
    };
    Ok(said.split(|byte| *byte == b'\n').filter_map(parse).collect())
}

/// So many commits of upstream are read for what they name.
const READ: usize = 20_000;

/// The candidates that commits of upstream name as their origin, the newest first to be found.
fn named(repo: &Repo, candidates: &[Oid], (tips, upstream): (&[Oid], Oid)) -> Result<HashMap<Oid, Oid>> {
    let mut found = HashMap::new();
    if tips.is_empty() {
        return Ok(found);
    }
    let wanted: HashSet<&Oid> = candidates.iter().collect();
    let walk = repo.gix().rev_walk([upstream]).with_hidden(tips.iter().copied()).all();
    for info in walk.context("cannot walk the history")?.take(READ) {
        let id = info.context("cannot walk the history")?.id;
        let commit = repo.gix().find_commit(id).with_context(|| format!("cannot read commit {id}"))?;
        let Ok(message) = commit.message_raw() else { continue };
        for line in message.lines() {
            let origin = line.strip_prefix(b"(cherry picked from commit ").and_then(|rest| rest.strip_suffix(b")"));
            if let Some(origin) = origin.and_then(|origin| Oid::from_hex(origin).ok())
                && wanted.contains(&origin)
            {
                found.entry(origin).or_insert(id);
            }
        }
    }
    Ok(found)
}

/// Of so many paths it is looked up whether a commit changes them; with more, what it changes is found out.
const FEW_PATHS: usize = 8;

/// How many commits of upstream are looked at before git does it all.
const LOOKED_AT: usize = 2000;

/// Whether a commit that upstream has and `tip` has not changes the same paths as one of `candidates`: without that no
/// patch id can be the same, and git need not be asked.
fn may_have_some(repo: &Repo, candidates: &[Oid], (tip, upstream): (Oid, Oid)) -> Result<bool> {
    let mut theirs = HashSet::new();
    let walk = repo.gix().rev_walk([upstream]).with_hidden([tip]).all().context("cannot walk the history")?;
    for (number, info) in walk.enumerate() {
        if number >= LOOKED_AT {
            return Ok(true);
        }
        theirs.extend(paths(repo, info.context("cannot walk the history")?.id)?);
    }
    // Most candidates change none of these, and one tree tells it.
    let firsts: BTreeSet<BString> = theirs.iter().filter_map(|paths| Some(paths.first()?.clone())).collect();
    for candidate in candidates.iter().filter(|_| !theirs.is_empty()) {
        let may = firsts.len() > FEW_PATHS || may_change_any(repo, *candidate, &firsts)?;
        if may && paths(repo, *candidate)?.is_some_and(|paths| theirs.contains(&paths)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a commit may change any of these paths; a no is certain.
fn may_change_any(repo: &Repo, commit: Oid, of_interest: &BTreeSet<BString>) -> Result<bool> {
    let Some((from, to)) = trees(repo, commit)? else { return Ok(false) };
    for path in of_interest {
        if tree::may_differ_at(repo, (from, to), path.as_bstr())? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The paths that a commit changes; `None` for a merge, and where it changes none.
fn paths(repo: &Repo, commit: Oid) -> Result<Option<Vec<BString>>> {
    let Some((from, to)) = trees(repo, commit)? else { return Ok(None) };
    let paths: Vec<BString> = tree::diff(repo, from, to)?.into_iter().map(|change| change.path).collect();
    Ok(Some(paths).filter(|paths| !paths.is_empty()))
}

/// The trees between which a commit is; `None` for a merge.
fn trees(repo: &Repo, commit: Oid) -> Result<Option<(Oid, Oid)>> {
    let commit = repo.gix().find_commit(commit).with_context(|| format!("cannot read commit {commit}"))?;
    let mut parents = commit.parent_ids();
    let (parent, other) = (parents.next(), parents.next());
    if other.is_some() {
        return Ok(None);
    }
    let base =
        parent.map_or_else(|| Ok(Oid::empty_tree(repo.gix().object_hash())), |parent| repo.tree_of(parent.detach()))?;
    let tree = commit.tree_id().context("cannot decode a commit")?.detach();
    Ok(Some((base, tree)))
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
