//! From a record to what is known of its operation. Reads, and changes nothing.

use chrono::{DateTime, SecondsFormat, Utc};
use gix::bstr::{BString, ByteSlice};

use super::{facts, numbers::side_by_side, surroundings::Surroundings};
use crate::{
    error::{Context, Result},
    git::tree::{self, TreeChange},
    model::{CheckResult, Detail, Oid, Record, RecordId, Scope, Severity, State, Validation, Verification, quote_path},
    ops::{Session, show},
};

use facts::{COMMITS, FILES, Facts};

/// All that is known of the operation of `record`.
pub fn gather(session: &Session, record: &Record) -> Result<Facts> {
    let around = Surroundings::of(session)?;
    of(session, record, &around)
}

/// The same for many operations, with what is read once for all of them.
pub(in crate::ops) fn of(session: &Session, record: &Record, around: &Surroundings) -> Result<Facts> {
    let mut facts = of_record(record);
    facts.repository = repository(session);
    facts.by = by(session, &record.id);
    facts.undone = around.undone.contains(&record.id);
    facts.elsewhere = around.foreign.contains(&record.id);
    facts.from.subject = record.state.head.commit().and_then(|commit| read_commit(session, commit).subject);
    facts.uncommitted = uncommitted(session, &record.state)?;
    if let Detail::Rollback { selector, to, paths, conduct, .. } = &record.detail {
        let checkpoint = around.checkpoint_of(*to, record);
        facts.to = Some(target(session, record, (selector, *to), checkpoint));
        if conduct.scope != Scope::Artifacts {
            let into = session.repo.tree_of(*to)?;
            facts.files = files(&tree::diff(&session.repo, record.state.worktree, into)?, paths);
        }
        if paths.is_empty() && conduct.scope != Scope::Artifacts {
            facts.commits = commits_lost(session, record.state.head.commit(), *to)?;
        }
        let checks = checkpoint.map(|checkpoint| checkpoint.checks.as_slice()).unwrap_or_default();
        let better = |label: &crate::ops::numbers::Label| {
            session.config.measure(&label.check, &label.name).map(|measure| measure.better)
        };
        facts.numbers = side_by_side(checks, &conduct.checks_before, &record.checks, &better);
    } else {
        facts.numbers = side_by_side(&[], &[], &record.checks, &|_| None);
    }
    if let Detail::Recover { picked, .. } = &record.detail {
        let newest = picked.iter().rev().take(COMMITS);
        facts.commits.listed = newest.map(|pick| read_commit(session, pick.to)).collect();
    }
    facts.regards = regards(record).map(|id| facts::Regards { id: id.to_string(), summary: around.summary(id) });
    facts.follow_ups = around.follow_ups(record);
    facts.logs = show::logs_of(session, record).into_iter().map(log).collect();
    facts.ways_back = super::ways::back(record, &facts);
    Ok(facts)
}

/// What the record alone says.
pub(in crate::ops) fn of_record(record: &Record) -> Facts {
    let mut facts = Facts {
        id: record.id.to_string(),
        kind: record.kind().as_str(),
        at: time(record.at),
        summary: record.subject.clone(),
        reason: record.message.clone().filter(|message| !message.trim().is_empty()),
        phase: record.phase.as_ref().map(|mark| mark.name.clone()),
        elapsed_seconds: record.phase.as_ref().and_then(|mark| mark.elapsed).map(|e| u64::from(e.minutes()) * 60),
        state: record.validation().map(Validation::as_str),
        seconds: (!record.steps.is_empty()).then(|| record.steps.iter().map(|step| step.took.as_secs_f64()).sum()),
        from: facts::Place {
            branch: record.state.head.branch().map(|_| record.state.head.short_name()),
            commit: record.state.head.commit().map(|commit| commit.to_string()),
            subject: None,
        },
        backup: record
            .backup()
            .map(|name| facts::Backup { branch: quote_path(name.as_ref()), commit: record.state.tip.to_string() }),
        checks: record.checks.iter().map(check).collect(),
        steps: record.steps.iter().map(step).collect(),
        artifacts: record.artifacts.iter().map(artifact).collect(),
        skipped: record
            .skipped
            .iter()
            .map(|one| facts::Left { path: quote_path(one.path.as_ref()), reason: one.reason.as_str() })
            .collect(),
        ..Facts::default()
    };
    match &record.detail {
        Detail::Rollback { paths, conduct, .. } => {
            facts.severity = conduct.severity.map(Severity::as_str);
            facts.emergency = conduct.emergency;
            facts.scope = Some(conduct.scope.as_str());
            facts.paths = paths.iter().map(|path| quote_path(path.as_ref())).collect();
            facts.verification = conduct.verification.map(Verification::as_str);
            facts.checks_before = conduct.checks_before.iter().map(check).collect();
        }
        Detail::Recover { picked, .. } => {
            facts.commits.count = picked.len();
            facts.verification = record.verification().map(Verification::as_str);
        }
        _ => {}
    }
    facts
}

fn check(check: &CheckResult) -> facts::Check {
    facts::Check {
        name: check.name.clone(),
        verdict: check.verdict.as_str(),
        severity: check.severity.as_str(),
        seconds: check.took.as_secs_f64(),
        cached: check.cached,
        why: check.why.clone(),
    }
}

fn step(step: &crate::model::Step) -> facts::Step {
    facts::Step {
        name: step.name.clone(),
        outcome: step.outcome.as_str(),
        seconds: step.took.as_secs_f64(),
        detail: step.detail.clone(),
    }
}

fn artifact(artifact: &crate::model::SavedArtifact) -> facts::Artifact {
    facts::Artifact {
        name: artifact.name.clone(),
        path: artifact.path.as_ref().map(|path| quote_path(path.as_ref())),
        bytes: artifact.size,
        form: artifact.form.as_str(),
        sha256: artifact.sha256.clone(),
    }
}

fn log(log: show::Log) -> facts::Log {
    facts::Log { check: log.check, revision: log.revision, lines: log.end }
}

fn regards(record: &Record) -> Option<&RecordId> {
    match &record.detail {
        Detail::Undo { undoes } | Detail::Redo { undoes } => Some(undoes),
        Detail::Resume { resumes } => Some(resumes),
        _ => None,
    }
}

/// The name of the folder that the repository is in.
pub(in crate::ops) fn repository(session: &Session) -> String {
    let name = session.repo.workdir().file_name().unwrap_or_default();
    quote_path(gix::path::os_str_into_bstr(name).unwrap_or_default())
}

/// Who made the record's object.
fn by(session: &Session, id: &RecordId) -> Option<String> {
    let object = session.store().object(id).ok()??;
    let tag = session.repo.gix().find_object(object).ok()?.try_into_tag().ok()?;
    let name = tag.tagger().ok()??.name.to_str_lossy().into_owned();
    Some(name).filter(|name| !name.trim().is_empty())
}

fn target(
    session: &Session,
    record: &Record,
    (selector, to): (&str, Oid),
    checkpoint: Option<&Record>,
) -> facts::Target {
    let commit = read_commit(session, to);
    let tag = checkpoint.and_then(Record::tag).map(|tag| quote_path(tag.as_ref()));
    let at = checkpoint.map(|checkpoint| checkpoint.at).or_else(|| committed(session, to));
    facts::Target {
        asked: selector.to_owned(),
        name: tag.unwrap_or_else(|| record.subject.strip_prefix("rollback to ").unwrap_or(selector).to_owned()),
        commit: to.to_string(),
        subject: checkpoint.map(|checkpoint| checkpoint.subject.clone()).or(commit.subject),
        checkpoint: checkpoint.map(|checkpoint| checkpoint.id.to_string()),
        at: at.map(time),
        age_seconds: at.map(|at| (record.at - at).num_seconds()),
        state: checkpoint.and_then(Record::validation).map(Validation::as_str),
    }
}

fn committed(session: &Session, commit: Oid) -> Option<DateTime<Utc>> {
    let time = session.repo.gix().find_commit(commit).ok()?.time().ok()?;
    DateTime::from_timestamp(time.seconds, 0)
}

/// What there is to say of a commit; only its name where it cannot be read any more.
fn read_commit(session: &Session, id: Oid) -> facts::Commit {
    let found = session.repo.gix().find_commit(id).ok();
    let author = found.as_ref().and_then(|commit| Some(commit.author().ok()?.name.to_str_lossy().into_owned()));
    let subject = found.as_ref().and_then(|commit| Some(commit.message().ok()?.summary().to_str_lossy().into_owned()));
    facts::Commit { commit: id.to_string(), author, at: committed(session, id).map(time), subject }
}

/// The commits that `head` has and `to` has not, newest first.
fn commits_lost(session: &Session, head: Option<Oid>, to: Oid) -> Result<facts::Commits> {
    let Some(head) = head.filter(|head| *head != to) else { return Ok(facts::Commits::default()) };
    let mut commits = facts::Commits::default();
    let walk = session.repo.gix().rev_walk([head]).with_hidden([to]);
    for info in walk.all().context("cannot walk the history")? {
        let id = info.context("cannot walk the history")?.id;
        if commits.count < COMMITS {
            commits.listed.push(read_commit(session, id));
        }
        commits.count += 1;
    }
    Ok(commits)
}

fn files(changes: &[TreeChange], paths: &[BString]) -> facts::Files {
    let is_under = |path: &BString, prefix: &BString| {
        prefix.is_empty() || path.strip_prefix(prefix.as_bytes()).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
    };
    let is_wanted = |path: &BString| paths.is_empty() || paths.iter().any(|prefix| is_under(path, prefix));
    let mut files = facts::Files::default();
    for change in changes.iter().filter(|change| is_wanted(&change.path)) {
        files.count += 1;
        let status = change.status();
        match status {
            'A' => files.added += 1,
            'D' => files.deleted += 1,
            _ => files.modified += 1,
        }
        if files.count <= FILES {
            files.listed.push(facts::File { status, path: quote_path(change.path.as_ref()) });
        }
    }
    files
}

fn uncommitted(session: &Session, state: &State) -> Result<facts::Uncommitted> {
    let base = session.repo.head_tree(&state.head)?;
    let staged = tree::diff(&session.repo, base, state.index)?;
    let unstaged = tree::diff(&session.repo, state.index, state.worktree)?;
    let untracked = unstaged.iter().filter(|change| change.old.is_none()).count();
    let letter = |change: &TreeChange| if change.old.is_none() { '?' } else { change.status() };
    let named = |(status, change): (char, &TreeChange)| facts::File { status, path: quote_path(change.path.as_ref()) };
    let all = staged.iter().map(|change| (change.status(), change));
    let all = all.chain(unstaged.iter().map(|change| (letter(change), change)));
    Ok(facts::Uncommitted {
        staged: staged.len(),
        unstaged: unstaged.len() - untracked,
        untracked,
        listed: all.take(FILES).map(named).collect(),
    })
}

/// As it stands in JSON and in what templates get.
pub(in crate::ops) fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
