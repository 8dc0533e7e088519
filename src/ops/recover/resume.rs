//! The part of a recover that `git cherry-pick` does: from the first conflict on.
//!
//! git keeps its own state for it (`CHERRY_PICK_HEAD`, the sequencer), so a user may as well end it with plain
//! `git cherry-pick --continue` or `--abort`. Our journal stays until the next call sees that it has ended.

use std::collections::{HashMap, VecDeque};

use gix::bstr::BString;

use super::{Reason, Recovered, Request, onto, picks, source, worktree};
use crate::{
    config::TagKind,
    error::{Context, Error, Result},
    git::{child::Output, hooks, notes, pick::Picker, refs},
    model::{Detail, Head, Oid, PickedCommit, Record, State, quote_path},
    ops::{
        Session,
        intent::{Intent, Stage, Then},
        resume::{Move, move_on},
        rollback::Proof,
        transition,
    },
    store::{Attached, Journal},
};

/// What the journal has to remember for `git cherry-pick`.
pub(super) fn hand_over(session: &Session, commits: &[Oid], request: &Request) -> Result<Then> {
    let mut options = Vec::new();
    if request.keep_redundant {
        options.push("--keep-redundant-commits".to_owned());
    }
    options.extend(request.edit.then(|| EDIT.to_owned()));
    let names = |commits: &[Oid]| commits.iter().map(ToString::to_string).collect::<Vec<_>>();
    if !needs_stand_ins(session, commits, request)? {
        options.extend(request.mainline.map(|mainline| format!("--mainline={mainline}")));
        options.extend(request.manner.options());
        return Ok(Then::CherryPick { commits: names(commits), options, origins: Vec::new() });
    }
    options.extend(request.manner.strategy().iter().map(|option| format!("-X{option}")));
    let picker = picks::picker(session, request)?;
    let stand_ins: Vec<Oid> =
        commits.iter().map(|commit| picker.stand_in(*commit, request.mainline)).collect::<Result<_>>()?;
    Ok(Then::CherryPick { commits: names(&stand_ins), options, origins: names(commits) })
}

/// Whether git could not be told by options what to pick: it has none for paths, and takes `-m 2` for merges alone.
fn needs_stand_ins(session: &Session, commits: &[Oid], request: &Request) -> Result<bool> {
    if !request.paths.are_all() {
        return Ok(true);
    }
    for commit in commits.iter().filter(|_| request.mainline.is_some_and(|nth| nth > 1)) {
        if !source::is_merge(session, *commit)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The option that has git call an editor.
const EDIT: &str = "--edit";

/// What was handed to git.
struct Rest {
    commits: Vec<String>,
    options: Vec<String>,
    origins: Vec<String>,
}

impl Rest {
    fn of(journal: &Journal) -> Result<Self> {
        match Intent::of(journal)?.then {
            Then::CherryPick { commits, options, origins } => Ok(Rest { commits, options, origins }),
            Then::Done | Then::Conclude(_) => Err(Error::bug("a recover that goes on has no commits left")),
        }
    }

    /// Each commit, and what it stands for.
    fn pairs(&self) -> Result<Vec<(Oid, Oid)>> {
        let origins = if self.origins.is_empty() { &self.commits } else { &self.origins };
        let id = |hex: &String| Oid::from_hex(hex.as_bytes()).context("a commit in the journal is none");
        self.commits.iter().zip(origins).map(|(commit, origin)| Ok((id(commit)?, id(origin)?))).collect()
    }

    /// The commit that the user knows.
    fn origin(&self, commit: Oid) -> Result<Oid> {
        Ok(self.pairs()?.into_iter().find(|(one, _)| *one == commit).map_or(commit, |(_, origin)| origin))
    }
}

/// Starts `git cherry-pick` where the in-memory picks ended.
pub(super) fn begin(session: &Session, record: Record, target: &State) -> Result<Recovered> {
    let journal = session.interrupted()?.ok_or_else(|| Error::bug("a recover that goes on has no journal"))?;
    let commits = Rest::of(&journal)?.commits;
    pick(session, &journal, record, (target.head.commit(), commits))
}

fn pick(
    session: &Session,
    journal: &Journal,
    record: Record,
    (begun_at, commits): (Option<Oid>, Vec<String>),
) -> Result<Recovered> {
    let options = Rest::of(journal)?.options;
    let call = session.repo.git(["cherry-pick"].into_iter().map(str::to_owned).chain(options).chain(commits));
    let output = run(session, journal, call)?;
    conclude(session, journal, record, begun_at, output)
}

/// After git was interrupted between two commits, or before a conflict was complete: its own `--continue` would leave
/// out the commit that it was at. So its sequence begins anew, after the last commit that it made.
fn again(session: &Session, journal: &Journal, record: Record) -> Result<Recovered> {
    let intent = Intent::of(journal)?;
    let target = intent.target()?;
    let pairs = Rest::of(journal)?.pairs()?;
    let made = progress(session, journal, &record, target.head.commit())?;
    let done = pairs.iter().rposition(|(_, origin)| made.picked.iter().any(|picked| picked.from == *origin));
    let rest: Vec<Oid> = pairs[done.map_or(0, |last| last + 1)..].iter().map(|(commit, _)| *commit).collect();
    let left: Vec<String> = rest.iter().map(ToString::to_string).collect();
    let begun_at = target.head.commit();
    let head = made.head.commit().ok_or_else(|| Error::refused("HEAD has no commit to pick onto"))?;
    let target = worktree::at_commit(session, &target, head)?;
    let detail = Detail::Resume { resumes: record.id.clone() };
    let subject = format!("saved half-way: {}", record.subject);
    let to = Move { target: &target, edits: Vec::new(), then: Then::Done, artifacts: Vec::new() };
    let _saved = move_on(session, to, detail, &subject)?;
    // A git that was killed as it began leaves its sequencer without a list, and no other can begin then.
    session.repo.git(["cherry-pick", "--quit"]).run()?;
    // What git had begun to write is put away by now.
    refuse_in_the_way(session, journal, &rest)?;
    if left.is_empty() {
        finish(session, journal, record, begun_at)
    } else {
        pick(session, journal, record, (begun_at, left))
    }
}

/// Whether git has stopped where its own `--continue` goes on: at a commit that it has not made yet.
fn has_stopped(session: &Session, journal: &Journal, record: &Record, begun_at: Option<Oid>) -> Result<bool> {
    let Some(at) = refs::find(&session.repo, "CHERRY_PICK_HEAD".into())? else { return Ok(false) };
    let at = Rest::of(journal)?.origin(at)?;
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
    refuse_in_the_way(session, journal, &rest_after(session, journal, &record, begun_at)?)?;
    Stage::HandingOver.reach(session, journal)?;
    let call = session.repo.git(["cherry-pick", if skip { "--skip" } else { "--continue" }]);
    let output = run(session, journal, call)?;
    conclude(session, journal, record, begun_at, output)
}

/// The commits that git has not come to yet; the one that it stopped at is settled in the files.
fn rest_after(session: &Session, journal: &Journal, record: &Record, begun_at: Option<Oid>) -> Result<Vec<Oid>> {
    let pairs = Rest::of(journal)?.pairs()?;
    let at = refs::find(&session.repo, "CHERRY_PICK_HEAD".into())?;
    let made = progress(session, journal, record, begun_at)?.picked;
    let is_over =
        |(commit, origin): &(Oid, Oid)| Some(*commit) == at || made.iter().any(|picked| picked.from == *origin);
    let next = pairs.iter().rposition(is_over).map_or(0, |last| last + 1);
    Ok(pairs[next..].iter().map(|(commit, _)| *commit).collect())
}

/// Something may have come there since it was looked at.
fn refuse_in_the_way(session: &Session, journal: &Journal, commits: &[Oid]) -> Result<()> {
    let options = Rest::of(journal)?.options;
    let mainline = options.iter().find_map(|option| option.strip_prefix("--mainline=")?.parse().ok());
    let picker = Picker::new(&session.repo, &session.identity)?;
    onto::refuse_in_the_way(session, &picker, (commits, mainline))
}

fn count(paths: usize) -> String {
    if paths == 1 { "a file is".into() } else { format!("{paths} files are") }
}

fn run(session: &Session, journal: &Journal, call: crate::git::Git) -> Result<Output> {
    let call = if session.identity.is_fallback { call.fallback_identity(&session.identity) } else { call };
    if Rest::of(journal)?.options.iter().any(|option| option == EDIT) {
        return Ok(Output { code: call.on_terminal()?, stdout: Vec::new(), stderr: String::new() });
    }
    call.env("GIT_EDITOR", ":").output()
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
        output = run(session, journal, session.repo.git(["cherry-pick", "--skip"]))?;
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
    // It says 1 at a conflict; anything above is no answer, unless a hook has refused the commit.
    let is_refused = output.code == REFUSED && hooks::run_for_picks(&session.repo, session.env())?;
    if (output.code > 1 && !is_refused) || stopped_at.is_none() {
        return Err(output
            .error("git cherry-pick")
            .hint("`git checkpoint recover --continue` goes on from there")
            .hint("`git checkpoint recover --abort` goes back to the state before it"));
    }
    Stage::Picking.reach(session, journal)?;
    let paths = unmerged(session)?;
    let progress = progress(session, journal, &record, begun_at)?;
    let stopped_at = stopped_at.map(|commit| Rest::of(journal)?.origin(commit)).transpose()?;
    let said = Some(output.stderr).filter(|said| paths.is_empty() && !said.is_empty());
    Ok(Recovered { conflict: Some((stopped_at, paths)), said, ..progress })
}

/// The code of git where a hook did not let a commit be made.
const REFUSED: i32 = 128;

fn finish(session: &Session, journal: &Journal, mut record: Record, begun_at: Option<Oid>) -> Result<Recovered> {
    let mut recovered = progress(session, journal, &record, begun_at)?;
    for (_, origin) in Rest::of(journal)?.pairs()? {
        if recovered.picked.iter().all(|picked| picked.from != origin) {
            recovered.left_out.push((origin, Reason::Skipped));
        }
    }
    let made: Vec<PickedCommit> = match &record.detail {
        Detail::Recover { picked, .. } => recovered.picked[picked.len().min(recovered.picked.len())..].to_vec(),
        _ => Vec::new(),
    };
    // In the record first: until the journal is gone, nothing else takes it for done.
    let edits = notes::follow(&session.repo, &made, &session.identity)?;
    record.refs.extend(transition::remembered(&edits));
    if let Detail::Recover { picked, uncommitted, .. } = &mut record.detail {
        picked.clone_from(&recovered.picked);
        // A conflict comes before the uncommitted work, which was not brought back then.
        *uncommitted = false;
    }
    let _replaced = session.store().replace(&record, &Attached::default(), TagKind::None, &session.identity)?;
    if !edits.is_empty() {
        // Where somebody writes notes at this moment, theirs stay and these are left out.
        let _moved = refs::transaction(&session.repo, &edits, &format!("checkpoint: {}", record.subject))?;
    }
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
    let mut left: VecDeque<(Oid, Oid)> = Rest::of(journal)?.pairs()?.into();
    if let (Some(tip), Some(begun_at)) = (head.commit(), begun_at) {
        let made = session.repo.git(["rev-list", "--reverse", &format!("{begun_at}..{tip}")]).run()?;
        for line in String::from_utf8_lossy(&made).lines() {
            let made = Oid::from_hex(line.as_bytes()).context("git printed a commit that is none")?;
            if let Some(position) = position_of(session, &left, made)? {
                let (_, from) = left[position];
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
        files: Vec::new(),
        is_part: false,
        back_as: HashMap::new(),
        said: None,
    })
}

fn position_of(session: &Session, left: &VecDeque<(Oid, Oid)>, made: Oid) -> Result<Option<usize>> {
    let author = |id: Oid| -> Result<BString> {
        let commit = session.repo.gix().find_commit(id).with_context(|| format!("cannot read commit {id}"))?;
        let author = commit.author().context("cannot read a commit's author")?;
        Ok(format!("{} {} {}", author.name, author.email, author.time).into())
    };
    let wanted = author(made)?;
    for (position, (commit, _)) in left.iter().enumerate() {
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
