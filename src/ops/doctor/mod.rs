//! What is wrong, and how to mend it.
//!
//! Each check is a function of what `Ground` has; a new one is a line in `CHECKS`. A check that cannot be made is a
//! finding itself, so one damaged thing does not hide the others. Nothing is changed.

mod artifacts;
mod automation;
mod clutter;
mod coverage;
mod drills;
mod hooks;
mod jobs;
mod local;
mod records;

use std::path::Path;

use crate::{
    config::{Config, Env},
    error::{Error, Result},
    git::{self, Repo, capture::Identity},
};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Note,
    /// Something does not work, or will not when it is needed.
    Problem,
}

impl Level {
    /// As JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Ok => "ok",
            Level::Note => "note",
            Level::Problem => "problem",
        }
    }
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, in a word.
    pub check: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What was found.
    pub what: String,
    /// What to do.
    pub fix: Option<String>,
}

impl Finding {
    pub(super) fn new(check: &'static str, level: Level, what: impl Into<String>) -> Self {
        Finding { check, level, what: what.into(), fix: None }
    }

    pub(super) fn ok(check: &'static str, what: impl Into<String>) -> Self {
        Self::new(check, Level::Ok, what)
    }

    pub(super) fn note(check: &'static str, what: impl Into<String>) -> Self {
        Self::new(check, Level::Note, what)
    }

    pub(super) fn problem(check: &'static str, what: impl Into<String>) -> Self {
        Self::new(check, Level::Problem, what)
    }

    pub(super) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    /// A check that could not be made.
    fn failed(check: &'static str, error: &Error) -> Self {
        let finding = Self::problem(check, error.chain().join(": "));
        if error.hints().is_empty() { finding } else { finding.fix(error.hints().join("; ")) }
    }
}

/// What the checks look at.
pub(super) struct Ground<'a> {
    env: &'a Env,
    repo: &'a Repo,
    /// The configuration, or its defaults where it cannot be read.
    config: Config,
}

type Check = fn(&Ground<'_>) -> Result<Vec<Finding>>;

/// Every check of a repository, by the word that its findings have.
const CHECKS: [(&str, Check); 16] = [
    ("identity", identity),
    ("hooks", hooks::check),
    ("trust", automation::trust),
    ("schedule", automation::schedule),
    ("timed", automation::timed),
    ("jobs", jobs::jobs),
    ("operation", local::operation),
    ("locks", local::locks),
    ("leftovers", local::leftovers),
    ("records", records::check),
    ("tags", tags),
    ("artifacts", artifacts::check),
    ("drills", drills::check),
    ("coverage", coverage::check),
    ("lfs", coverage::lfs),
    ("disk", local::disk),
];

/// Looks at everything; the findings in the order of the checks.
pub fn doctor(env: &Env) -> Vec<Finding> {
    let mut found = vec![git_version().unwrap_or_else(|error| Finding::failed("git", &error))];
    let repo = match Repo::open(env) {
        Ok(repo) => repo,
        Err(error) => {
            found.push(Finding::failed("repository", &error));
            return found;
        }
    };
    let config = match Config::load(repo.workdir()) {
        Ok(config) => {
            found.push(configuration(&repo));
            config
        }
        Err(error) => {
            found.push(Finding::failed("configuration", &error));
            Config::default()
        }
    };
    let ground = Ground { env, repo: &repo, config };
    for (name, check) in CHECKS {
        match check(&ground) {
            Ok(findings) => found.extend(findings),
            Err(error) => found.push(Finding::failed(name, &error)),
        }
    }
    found
}

/// The oldest git that this program is tested with.
const OLDEST_GIT: (u32, u32) = (2, 39);

fn git_version() -> Result<Finding> {
    let (version, text) = git::hooks::git_version()?;
    Ok(if version < OLDEST_GIT {
        Finding::problem("git", format!("git {text} is older than what this program is made for"))
            .fix("install git 2.39 or newer and put it first on PATH")
    } else {
        Finding::ok("git", format!("git {text}"))
    })
}

fn configuration(repo: &Repo) -> Finding {
    let name = crate::config::FILE_NAME;
    let is_there = repo.workdir().join(name).exists();
    Finding::ok("configuration", if is_there { format!("{name} is valid") } else { format!("no {name}: defaults") })
}

fn identity(ground: &Ground<'_>) -> Result<Vec<Finding>> {
    let identity = Identity::of(ground.repo, ground.env.now())?;
    let who = format!("{} <{}>", identity.signature.name, identity.signature.email);
    Ok(vec![if identity.is_fallback {
        Finding::note("identity", format!("git has no user.name and user.email here; checkpoints are by {who}"))
            .fix("`git config --global user.name <name>` and `git config --global user.email <address>`")
    } else {
        Finding::ok("identity", who)
    }])
}

fn tags(ground: &Ground<'_>) -> Result<Vec<Finding>> {
    let files: Vec<(&str, String)> =
        clutter::FILES.into_iter().filter_map(|name| Some((name, read(&ground.repo.workdir().join(name))?))).collect();
    let found = clutter::judge(&files, ground.config.tag);
    if found.is_empty() {
        return Ok(vec![Finding::ok("tags", "no tool here takes a checkpoint's tag for a version")]);
    }
    Ok(found)
}

/// The beginning of a plain file's text.
fn read(path: &Path) -> Option<String> {
    const ENOUGH: u64 = 1 << 18;
    if !path.metadata().is_ok_and(|data| data.is_file()) {
        return None;
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).ok()?;
    std::io::Read::read_to_end(&mut std::io::Read::take(file, ENOUGH), &mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
