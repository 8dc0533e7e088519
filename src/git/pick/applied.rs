//! Which commits are in another branch already, under another name.

use std::collections::{BTreeSet, HashMap, HashSet};

use gix::bstr::{BString, ByteSlice};

use crate::{
    error::{Context, Result},
    git::{Repo, objects, tree},
    model::Oid,
};

/// Those of `candidates` that `upstream` has under another name, each with the commit that has it where that can be told:
/// by patch id, as `git cherry` does, or because a commit of upstream names it as its origin, `(cherry picked from commit
/// …)`, whatever became of the change on the way.
pub fn applied_by(repo: &Repo, candidates: &[Oid], upstream: Oid) -> Result<HashMap<Oid, Option<Oid>>> {
    let wanted: HashSet<Oid> = candidates.iter().copied().collect();
    let mut by = HashMap::new();
    let mut sides = Vec::new();
    for tip in tips(repo, candidates)? {
        let theirs = beyond(repo, tip, upstream)?;
        for (from, to) in named(repo, &wanted, &theirs)? {
            by.entry(from).or_insert(Some(to));
        }
        sides.push((tip, theirs));
    }
    for (tip, theirs) in sides {
        if !may_have_some(repo, candidates, &theirs)? {
            continue;
        }
        let equal = equal(repo, (upstream, tip))?;
        let unknown: Vec<Oid> =
            equal.iter().copied().filter(|commit| wanted.contains(commit) && !by.contains_key(commit)).collect();
        if unknown.is_empty() {
            continue;
        }
        by.extend(unknown.iter().map(|commit| (*commit, None)));
        let theirs: Vec<Oid> = theirs.into_iter().filter(|commit| equal.contains(commit)).collect();
        let known: HashMap<Vec<u8>, Oid> = patch_ids(repo, &theirs)?.into_iter().collect();
        for (patch, commit) in patch_ids(repo, &unknown)? {
            if let Some(same) = known.get(&patch) {
                by.insert(commit, Some(*same));
            }
        }
    }
    Ok(by)
}

/// So many commits of upstream are looked at.
const READ: usize = 20_000;

/// The commits of `upstream` that are not in the history of `tip`; none where upstream itself is, so that nothing can have
/// been picked from one to the other.
fn beyond(repo: &Repo, tip: Oid, upstream: Oid) -> Result<Vec<Oid>> {
    let what = "cannot walk the history";
    let walk = repo.gix().rev_walk([upstream]).with_hidden([tip]).all().context(what)?;
    walk.take(READ).map(|info| info.map(|info| info.id).context(what)).collect()
}

/// The commits of both sides whose change is also on the other, by patch id.
fn equal(repo: &Repo, (upstream, tip): (Oid, Oid)) -> Result<HashSet<Oid>> {
    objects::flush(repo)?;
    let args = ["rev-list", "--cherry-mark", "--left-right", "--no-merges"];
    let said = repo.git(args).arg(format!("{upstream}...{tip}")).run()?;
    let equal = said.split(|byte| *byte == b'\n').filter_map(|line| line.strip_prefix(b"="));
    Ok(equal.filter_map(|name| Oid::from_hex(name).ok()).collect())
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

/// Those of `wanted` that one of `commits` names as its origin; the first that does counts.
fn named(repo: &Repo, wanted: &HashSet<Oid>, commits: &[Oid]) -> Result<HashMap<Oid, Oid>> {
    let mut found = HashMap::new();
    for id in commits {
        let commit = repo.gix().find_commit(*id).with_context(|| format!("cannot read commit {id}"))?;
        let Ok(message) = commit.message_raw() else { continue };
        for line in message.lines() {
            let origin = line.strip_prefix(b"(cherry picked from commit ").and_then(|rest| rest.strip_suffix(b")"));
            if let Some(origin) = origin.and_then(|origin| Oid::from_hex(origin).ok())
                && wanted.contains(&origin)
            {
                found.entry(origin).or_insert(*id);
            }
        }
    }
    Ok(found)
}

/// Of so many paths it is looked up whether a commit changes them; with more, what it changes is found out.
const FEW_PATHS: usize = 8;

/// The trees of so many commits are compared before git does it all.
const COMPARED: usize = 2000;

/// Whether one of `commits` changes the same paths as one of `candidates`: without that no patch id can be the same, and
/// git need not be asked.
fn may_have_some(repo: &Repo, candidates: &[Oid], commits: &[Oid]) -> Result<bool> {
    if commits.len() > COMPARED {
        return Ok(true);
    }
    let mut theirs = HashSet::new();
    for commit in commits {
        theirs.extend(paths(repo, *commit)?);
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
