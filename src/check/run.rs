//! One check after the other, on one commit after the other.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};

use super::{Checked, Logs, Subject, Validated, Why};
use crate::{
    config::{Check, Moment},
    error::{Error, Result},
    git::{
        Repo,
        capture::Identity,
        durable, is_asked_to_stop,
        private::PrivateWorktree,
        shell::{Ended, Shell},
    },
    model::Verdict,
    store::verdicts::{self, Definition, Finding},
};

/// What all checks of a run have in common.
#[derive(Debug)]
pub struct Circumstances<'a> {
    /// When in the life of a state they run; `CHECKPOINT_STAGE`.
    pub moment: Moment,
    /// The phase of the branch; `CHECKPOINT_PHASE`.
    pub phase: Option<String>,
    /// When all of them have to have ended.
    pub deadline: Instant,
    /// The present moment.
    pub now: DateTime<Utc>,
    /// Who the verdicts are by.
    pub by: &'a Identity,
}

/// Checks that run on commits, with a private worktree that is made when it is first needed.
pub struct Run<'r> {
    repo: &'r Repo,
    checks: Vec<&'r Check>,
    logs: &'r Logs,
    circumstances: Circumstances<'r>,
    cache: PathBuf,
}

impl<'r> Run<'r> {
    /// Those of `checks` that run at this moment.
    pub fn new(repo: &'r Repo, checks: &'r [Check], logs: &'r Logs, circumstances: Circumstances<'r>) -> Self {
        let checks = checks.iter().filter(|check| check.on.contains(&circumstances.moment)).collect();
        Run { repo, checks, logs, circumstances, cache: repo.state_dir().join("cache") }
    }

    /// Validates one commit. A pass that is known is not found out again; new verdicts are kept, and why they could not
    /// be, if so, is the second value. `begun` is told of each check that is run.
    pub fn validate(&self, subject: Subject, begun: &mut dyn FnMut(&str, Subject)) -> (Validated, Option<Error>) {
        let mut worktree = None;
        let (mut done, mut findings) = (Vec::new(), Vec::new());
        for check in &self.checks {
            let definition = Definition::of(&check.run);
            // Notes that cannot be read say nothing.
            if let Ok(Some(Verdict::Pass)) = verdicts::find(self.repo, subject.tree, &definition) {
                done.push(known(check));
                continue;
            }
            if Instant::now() >= self.circumstances.deadline {
                done.push(inconclusive(check, Why::NotBegun, Duration::ZERO, None));
                continue;
            }
            if is_asked_to_stop() {
                done.push(inconclusive(check, Why::Stopped, Duration::ZERO, None));
                break;
            }
            begun(&check.name, subject);
            let checked = self.run(check, subject, &mut worktree).unwrap_or_else(|error| {
                inconclusive(check, Why::NotStarted(error.chain().join(": ")), Duration::ZERO, None)
            });
            let (name, verdict, at) = (&check.name, checked.verdict, self.circumstances.now);
            findings.push(Finding { definition, name, verdict, at });
            done.push(checked);
        }
        let unkept = verdicts::keep(self.repo, subject.tree, &findings, self.circumstances.by).err();
        (Validated { subject, checks: done }, unkept)
    }

    fn run(&self, check: &Check, subject: Subject, worktree: &mut Option<PrivateWorktree<'r>>) -> Result<Checked> {
        let worktree = match worktree {
            Some(worktree) => worktree,
            None => worktree.insert(PrivateWorktree::pristine(self.repo, subject.commit)?),
        };
        let own = Instant::now() + check.timeout.duration();
        let shell = Shell {
            command: &check.run,
            dir: worktree.path(),
            vars: self.vars(subject)?,
            log: self.logs.file(subject.commit, &check.name),
            deadline: own.min(self.circumstances.deadline),
        };
        let (log, started) = (shell.log.clone(), Instant::now());
        let ended = shell.run();
        let took = started.elapsed();
        let changed = worktree.changed()?;
        if !changed.is_empty() {
            worktree.reset(subject.commit)?;
        }
        let why = match ended {
            Err(error) => Why::NotStarted(error.chain().join(": ")),
            Ok(Ended::TimedOut) if own > self.circumstances.deadline => Why::OverBudget,
            Ok(Ended::TimedOut) => Why::TimedOut(check.timeout.duration()),
            Ok(Ended::Stopped) => Why::Stopped,
            Ok(Ended::Signal(number)) => Why::Signal(number),
            Ok(Ended::Code(0)) if changed.is_empty() => return Ok(passed(check, took, log)),
            Ok(Ended::Code(0)) => Why::ChangedFiles(changed),
            // As `git bisect run` and others have it: it cannot tell.
            Ok(Ended::Code(125)) => Why::Code(125),
            Ok(Ended::Code(code)) => return Ok(failed(check, code, took, log)),
        };
        Ok(inconclusive(check, why, took, Some(log)))
    }

    fn vars(&self, subject: Subject) -> Result<Vec<(&'static str, OsString)>> {
        let what = |error| durable::storage_error(&self.cache, error);
        durable::create_dirs(&self.cache, durable::shared_policy(self.repo)).map_err(what)?;
        Ok(vec![
            ("CHECKPOINT_STAGE", self.circumstances.moment.as_str().into()),
            ("CHECKPOINT_COMMIT", subject.commit.to_string().into()),
            ("CHECKPOINT_TREE", subject.tree.to_string().into()),
            ("CHECKPOINT_PHASE", self.circumstances.phase.clone().unwrap_or_default().into()),
            ("CHECKPOINT_ELAPSED", OsString::new()),
            ("CHECKPOINT_CACHE", Path::new(&self.cache).into()),
        ])
    }
}

fn known(check: &Check) -> Checked {
    Checked { cached: true, log: None, ..passed(check, Duration::ZERO, PathBuf::new()) }
}

fn passed(check: &Check, took: Duration, log: PathBuf) -> Checked {
    Checked {
        name: check.name.clone(),
        severity: check.severity,
        verdict: Verdict::Pass,
        why: None,
        took,
        cached: false,
        log: Some(log),
    }
}

fn failed(check: &Check, code: i32, took: Duration, log: PathBuf) -> Checked {
    Checked { verdict: Verdict::Fail, why: Some(Why::Code(code)), ..passed(check, took, log) }
}

fn inconclusive(check: &Check, why: Why, took: Duration, log: Option<PathBuf>) -> Checked {
    Checked { verdict: Verdict::Inconclusive, why: Some(why), log, ..passed(check, took, PathBuf::new()) }
}
