//! Proves that the hooks are called: fires each in a throw-away repository, and sees whether this program answers.
//!
//! The throw-away repository has links to the shims themselves, or the same configuration, so what is tried is what git
//! runs here: whether it finds them, may run them, and whether they find the program. The user's own hooks are not
//! called: who knows what they do.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    Mechanism,
    config::Configured,
    facts::Facts,
    status::{EventState, Status},
};
use crate::{
    error::{Context, Result},
    git::Git,
    model::HookEvent,
};

/// A call that arrived: a line of the file that `GIT_CHECKPOINT_PROBE` names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shot {
    /// The event.
    pub event: String,
    /// The version of the program that was called.
    pub version: String,
    /// git's arguments.
    pub args: Vec<String>,
    /// What stood on standard input.
    pub input: String,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fired {
    /// The program was called; its version.
    Arrived(String),
    /// It was called without what git has to say.
    WithoutInput,
    /// It was not; what git said instead.
    Nothing(String),
    /// It was not tried, for the hook there is the user's own.
    NotTried,
}

/// Fires every event that `status` says is called.
pub fn fire(facts: &Facts, status: &Status) -> Result<Vec<(HookEvent, Fired)>> {
    let place = tempfile::Builder::new().prefix("git-checkpoint-doctor-").tempdir();
    let place = place.context("cannot make a throw-away repository")?;
    let range = Range::new(place.path().to_owned(), facts, status)?;
    let shots = range.walk();
    let tried = |state: EventState| state != EventState::ByHand;
    let called = status.events.iter().filter(|one| one.state.is_called());
    let result = |event: HookEvent| {
        let name = event.as_str();
        match shots.calls.iter().find(|shot| shot.event == name) {
            Some(shot) if reads(event) && shot.input.is_empty() => Fired::WithoutInput,
            Some(shot) => Fired::Arrived(shot.version.clone()),
            None => Fired::Nothing(shots.said.clone()),
        }
    };
    Ok(called.map(|one| (one.event, if tried(one.state) { result(one.event) } else { Fired::NotTried })).collect())
}

fn reads(event: HookEvent) -> bool {
    matches!(event, HookEvent::PrePush | HookEvent::PostRewrite)
}

/// A throw-away repository, with a remote beside it.
struct Range {
    place: PathBuf,
    hooks: PathBuf,
}

struct Shots {
    calls: Vec<Shot>,
    /// What git said where something failed.
    said: String,
}

impl Range {
    fn new(place: PathBuf, facts: &Facts, status: &Status) -> Result<Self> {
        let range = Range { hooks: place.join("hooks"), place };
        for folder in ["hooks", "repo"] {
            fs::create_dir(range.place.join(folder)).context("cannot make a throw-away repository")?;
        }
        range.git("repo", &["init", "-q", "-b", "main", "--template=", "."]).run()?;
        range.git("repo", &["init", "-q", "--bare", "--template=", "../remote"]).run()?;
        match status.mechanism {
            Some(Mechanism::Config) => range.configure(facts)?,
            _ => range.link(facts, status).context("cannot make a throw-away repository")?,
        }
        for name in &facts.foreign {
            let mut key = std::ffi::OsString::from("hook.");
            key.push(name);
            key.push(".enabled");
            range.git("repo", &["config"]).arg(key).arg("false").run()?;
        }
        Ok(range)
    }

    fn configure(&self, facts: &Facts) -> Result<()> {
        // Where the repository was moved, the shims are found beside it.
        let state = self.place.join("repo/.git/checkpoint");
        let linked = fs::create_dir(&state).and_then(|()| symlink(&facts.shims, state.join("hooks")));
        linked.context("cannot make a throw-away repository")?;
        for one in facts.configured.iter().filter(|one| one.is_called()) {
            let key = |part: &str| format!("hook.{}.{part}", Configured::name(one.event));
            for (part, values) in [("command", &one.commands), ("event", &one.events)] {
                for value in values {
                    self.git("repo", &["config", "--add", &key(part)]).arg(value).run()?;
                }
            }
        }
        Ok(())
    }

    fn link(&self, facts: &Facts, status: &Status) -> std::io::Result<()> {
        let Ok(folder) = &facts.folder else { return Ok(()) };
        for one in &status.events {
            let name = one.event.as_str();
            match one.state {
                EventState::Installed | EventState::Chained | EventState::Outdated => {
                    symlink(folder.slot(one.event), self.hooks.join(name))?;
                }
                EventState::ThroughPreCommit => {
                    let legacy = format!("{name}.legacy");
                    symlink(folder.slot(one.event), self.hooks.join(name))?;
                    symlink(folder.path.join(&legacy), self.hooks.join(&legacy))?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Does what fires each event, and reads what arrived.
    fn walk(&self) -> Shots {
        let mut said = Vec::new();
        let mut git = |args: &[&str]| match self.git("repo", args).output() {
            Ok(output) if output.code == 0 => {}
            Ok(output) => said.push(format!("git {}: {}", args.join(" "), output.stderr)),
            Err(error) => said.push(error.to_string()),
        };
        git(&["commit", "-q", "--allow-empty", "--no-verify", "-m", "First"]);
        git(&["commit", "-q", "--allow-empty", "--no-verify", "--amend", "-m", "First, again"]);
        git(&["switch", "-q", "-c", "side"]);
        let _written = fs::write(self.place.join("repo/file"), "a line\n");
        git(&["add", "file"]);
        git(&["commit", "-q", "--no-verify", "-m", "Side"]);
        git(&["format-patch", "-q", "-1", "-o", "../patches"]);
        // What is merged below has to have more than what is applied here, for both may give the same commit.
        git(&["commit", "-q", "--allow-empty", "--no-verify", "-m", "More"]);
        git(&["switch", "-q", "main"]);
        git(&["am", "-q", "../patches/0001-Side.patch"]);
        git(&["merge", "-q", "--no-ff", "--no-verify", "-m", "Merge", "side"]);
        git(&["push", "-q", "../remote", "main"]);
        let text = fs::read_to_string(self.probe()).unwrap_or_default();
        Shots {
            calls: text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect(),
            said: said.join("\n"),
        }
    }

    /// A call that nothing of the user's configuration can stop, or lead to a question.
    fn git(&self, folder: &str, args: &[&str]) -> Git {
        let mut hooks = std::ffi::OsString::from("core.hooksPath=");
        hooks.push(&self.hooks);
        let mut call = Git::in_dir(&self.place.join(folder), ["-c"]).arg(hooks);
        for setting in [
            "commit.gpgSign=false",
            "tag.gpgSign=false",
            "push.gpgSign=false",
            "gc.auto=0",
            "maintenance.auto=false",
            "core.fsmonitor=false",
            "core.editor=:",
            "user.name=doctor",
            "user.email=doctor@localhost",
            "user.useConfigOnly=false",
        ] {
            call = call.arg("-c").arg(setting);
        }
        for arg in args {
            call = call.arg(arg);
        }
        call.env("GIT_CHECKPOINT", "1").env("GIT_CHECKPOINT_PROBE", self.probe()).env("PRE_COMMIT_ALLOW_NO_CONFIG", "1")
    }

    fn probe(&self) -> PathBuf {
        Path::new(&self.place).join("arrived")
    }
}
