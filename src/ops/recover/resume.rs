//! The part of a recover that `git cherry-pick` does: from the first conflict on.
//!
//! git keeps its own state for it (`CHERRY_PICK_HEAD`, the sequencer), so a user may as well end it with plain
//! `git cherry-pick --continue` or `--abort`. Our journal stays until the next call sees that it has ended.

use std::collections::VecDeque;

use gix::bstr::BString;

use super::{Conflict, Reason, Recovered, Request, worktree};
use crate::{
    config::TagKind,
    error::{Context, Error, Result},
    git::{child::Output, refs},
    model::{Detail, Head, Oid, PickedCommit, Record, State, quote_path},
    ops::{
        Session,
        resume::{Move, move_on},
        rollback::Proof,
        transition::{Intent, Stage, Then},
    },
    store::{Attached, Journal},
};

/// What the journal has to remember for `git cherry-pick`.
pub(super) fn hand_over(conflict: &Conflict, request: &Request) -> Then {
    let mut options = Vec::new();
    if request.keep_redundant {
        options.push("--keep-redundant-commits".to_owned());
    }
    if let Some(mainline) = request.mainline {
        options.push(format!("--mainline={mainline}"));
    }
    Then::CherryPick { commits: conflict.commits.iter().map(ToString::to_string).collect(), options }
}

/// Starts `git cherry-pick` where the in-memory picks ended.
pub(super) fn begin(session: &Session, record: Record, target: &State) -> Result<Recovered> {
    let journal = session.interrupted()?.ok_or_else(|| Error::bug("a recover that goes on has no journal"))?;
    let (commits, _) = rest(&journal)?;
    pick(session, &journal, record, (target.head.commit(), commits))
}

fn pick(
    session: &Session,
    journal: &Journal,
    record: Record,
    (begun_at, commits): (Option<Oid>, Vec<String>),
) -> Result<Recovered> {
    let (_, options) = rest(journal)?;
    let call = session.repo.git(["cherry-pick"].into_iter().map(str::to_owned).chain(options).chain(commits));
    let output = run(session, call)?;
    conclude(session, journal, record, begun_at, output)
}

/// After git was interrupted between two commits, or before a conflict was complete: its own `--continue` would leave
/// out the commit that it was at. So its sequence begins anew, after the last commit that it made.
fn again(session: &Session, journal: &Journal, record: Record) -> Result<Recovered> {
    let intent = Intent::of(journal)?;
    let target = intent.target()?;
    let (commits, _) = rest(journal)?;
    let made = progress(session, journal, &record, target.head.commit())?;
    let picked: Vec<String> = made.picked.iter().map(|picked| picked.from.to_string()).collect();
    let done = commits.iter().rposition(|commit| picked.contains(commit));
    let left = commits[done.map_or(0, |last| last + 1)..].to_vec();
    let begun_at = target.head.commit();
    let head = made.head.commit().ok_or_else(|| Error::refused("HEAD has no commit to pick onto"))?;
    let target = worktree::at_commit(session, &target, head)?;
    let detail = Detail::Resume { resumes: record.id.clone() };
    let subject = format!("saved half-way: {}", record.subject);
    let to = Move { target: &target, edits: Vec::new(), then: Then::Done, artifacts: Vec::new() };
    let _saved = move_on(session, to, detail, &subject)?;
    // A git that was killed as it began leaves its sequencer without a list, and no other can begin then.
    session.repo.git(["cherry-pick", "--quit"]).run()?;
    if left.is_empty() {
        finish(session, journal, record, begun_at)
    } else {
        pick(session, journal, record, (begun_at, left))
    }
}

/// Whether git has stopped where its own `--continue` goes on: at a commit that it has not made yet.
fn has_stopped(session: &Session, journal: &Journal, record: &Record, begun_at: Option<Oid>) -> Result<bool> {
    let Some(at) = refs::find(&session.repo, "CHERRY_PICK_HEAD".into())? else { return Ok(false) };
    Ok(progress(session, journal, record, begun_at)?.picked.iter().all(|picked| picked.from != at))
}

/// Goes on after a conflict was settled, or leaves the commit out.
pub fn resume(session: &Session, journal: &Journal, record: Record, skip: bool) -> Result<Recovered> {
    let begun_at = Intent::of(journal)?.target()?.head.commit();
    let in_progress = session.repo.git_operation().is_some();
    if Stage::of(journal)? != Stage::Picking && !has_stopped(session, journal, &record, begun_at)? {
        return again(session, journal, record);
    }
    if !in_progress {
        // The user has ended it with plain git.
        return finish(session, journal, record, begun_at);
    }
    let unmerged = unmerged(session)?;
    if !skip && !unmerged.is_empty() {
        let error = Error::conflict(format!("{} still in conflict", count(unmerged.len())));
        let error = unmerged.iter().take(10).fold(error, |error, path| error.hint(format!("`{path}`")));
        return Err(error.hint("settle it, `git add` the files, then `git checkpoint recover --continue`"));
    }
    Stage::HandingOver.reach(session, journal)?;
    let call = session.repo.git(["cherry-pick", if skip { "--skip" } else { "--continue" }]);
    let output = run(session, call)?;
    conclude(session, journal, record, begun_at, output)
}

fn count(paths: usize) -> String {
    if paths == 1 { "a file is".into() } else { format!("{paths} files are") }
}

fn run(session: &Session, call: crate::git::Git) -> Result<Output> {
    let call = call.env("GIT_EDITOR", ":");
    let call = if session.identity.is_fallback { call.fallback_identity(&session.identity) } else { call };
    call.output()
}

fn rest(journal: &Journal) -> Result<(Vec<String>, Vec<String>)> {
    match Intent::of(journal)?.then {
        Then::CherryPick { commits, options } => Ok((commits, options)),
        Then::Done | Then::Conclude(_) => Err(Error::bug("a recover that goes on has no commits left")),
    }
}

/// After a call of `git cherry-pick`: it has stopped again, or everything is done.
fn conclude(
    session: &Session,
    journal: &Journal,
    record: Record,
    begun_at: Option<Oid>,
    mut output: Output,
) -> Result<Recovered> {
    // git also stops where everything that a commit changes is there already.
    let mut skipped = None;
    while let Some(at) = refs::find(&session.repo, "CHERRY_PICK_HEAD".into())? {
        let is_empty = output.code == 1 && unmerged(session)?.is_empty() && nothing_is_staged(session)?;
        if !is_empty || skipped == Some(at) {
            break;
        }
        output = run(session, session.repo.git(["cherry-pick", "--skip"]))?;
        skipped = Some(at);
    }
    if session.repo.git_operation().is_none() {
        if output.code != 0 {
            return Err(output
                .error("git cherry-pick")
                .hint("`git checkpoint recover --abort` goes back to the state before it"));
        }
        return finish(session, journal, record, begun_at);
    }
    let stopped_at = refs::find(&session.repo, "CHERRY_PICK_HEAD".into())?;
    // It says 1 at a conflict; anything above is no answer.
    if output.code > 1 || stopped_at.is_none() {
        return Err(output
            .error("git cherry-pick")
            .hint("`git checkpoint recover --continue` goes on from there")
            .hint("`git checkpoint recover --abort` goes back to the state before it"));
    }
    Stage::Picking.reach(session, journal)?;
    let paths = unmerged(session)?;
    let progress = progress(session, journal, &record, begun_at)?;
    Ok(Recovered { conflict: Some((stopped_at, paths)), ..progress })
}

fn finish(session: &Session, journal: &Journal, mut record: Record, begun_at: Option<Oid>) -> Result<Recovered> {
    let mut recovered = progress(session, journal, &record, begun_at)?;
    let (commits, _) = rest(journal)?;
    for commit in commits {
        let commit = Oid::from_hex(commit.as_bytes()).context("a commit in the journal is none")?;
        if recovered.picked.iter().all(|picked| picked.from != commit) {
            recovered.left_out.push((commit, Reason::Skipped));
        }
    }
    if let Detail::Recover { picked, uncommitted, .. } = &mut record.detail {
        picked.clone_from(&recovered.picked);
        // A conflict comes before the uncommitted work, which was not brought back then.
        *uncommitted = false;
    }
    let _replaced = session.store().replace(&record, &Attached::default(), TagKind::None, &session.identity)?;
    Journal::remove(&session.repo)?;
    Ok(recovered)
}

/// What is back so far: our own picks, and those that git has made since, told by author, date and order.
fn progress(session: &Session, journal: &Journal, record: &Record, begun_at: Option<Oid>) -> Result<Recovered> {
    let Detail::Recover { source, picked, .. } = &record.detail else {
        return Err(Error::bug("the record of a recover is of another kind"));
    };
    let mut picked = picked.clone();
    let head: Head = session.repo.head()?;
    let (commits, _) = rest(journal)?;
    let mut left: VecDeque<Oid> = commits.iter().filter_map(|commit| Oid::from_hex(commit.as_bytes()).ok()).collect();
    if let (Some(tip), Some(begun_at)) = (head.commit(), begun_at) {
        let made = session.repo.git(["rev-list", "--reverse", &format!("{begun_at}..{tip}")]).run()?;
        for line in String::from_utf8_lossy(&made).lines() {
            let made = Oid::from_hex(line.as_bytes()).context("git printed a commit that is none")?;
            if let Some(position) = position_of(session, &left, made)? {
                let from = left[position];
                left.drain(..=position);
                picked.push(PickedCommit { from, to: made });
            }
        }
    }
    Ok(Recovered {
        id: record.id.clone(),
        source: source.clone(),
        head,
        picked,
        left_out: Vec::new(),
        conflict: None,
        uncommitted: false,
        verification: None,
        proof: Proof::None,
    })
}

fn position_of(session: &Session, left: &VecDeque<Oid>, made: Oid) -> Result<Option<usize>> {
    let author = |id: Oid| -> Result<BString> {
        let commit = session.repo.gix().find_commit(id).with_context(|| format!("cannot read commit {id}"))?;
        let author = commit.author().context("cannot read a commit's author")?;
        Ok(format!("{} {} {}", author.name, author.email, author.time).into())
    };
    let wanted = author(made)?;
    for (position, commit) in left.iter().enumerate() {
        if author(*commit)? == wanted {
            return Ok(Some(position));
        }
    }
    Ok(None)
}

fn nothing_is_staged(session: &Session) -> Result<bool> {
    Ok(session.repo.git(["diff", "--cached", "--quiet"]).output()?.code == 0)
}

/// The paths that have conflict stages.
fn unmerged(session: &Session) -> Result<Vec<String>> {
    let out = session.repo.git(["diff", "--name-only", "--diff-filter=U", "-z"]).run()?;
    Ok(out.split(|b| *b == 0).filter(|path| !path.is_empty()).map(|path| quote_path(path.into())).collect())
}
