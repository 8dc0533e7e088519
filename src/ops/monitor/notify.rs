//! The command that is told of a decision.

use std::time::Instant;

use crate::{
    check::tail,
    config::Env,
    error::{Context, Error, Result},
    git::{
        Repo,
        shell::{Ended, Leftovers, Shell},
    },
    model::TimeLimit,
};

/// A command, and how long it may take.
#[derive(Debug, Clone)]
pub struct Listener {
    /// For `sh -c`.
    pub command: String,
    /// It is ended then.
    pub timeout: TimeLimit,
}

/// So many lines of its output say why it failed.
const SHOWN: usize = 5;

/// Runs the command at the top of the worktree with `input` as its standard input, to its end. Nothing of the decision gets
/// into its command line or its variables.
pub fn notify(env: &Env, listener: &Listener, input: &[u8]) -> Result<()> {
    let Listener { command, timeout } = listener;
    let repo = Repo::open(env)?;
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let log = folder.path().join("log");
    let deadline = Instant::now() + timeout.duration();
    let shell = Shell {
        command,
        dir: repo.workdir(),
        vars: Vec::new(),
        input: Some(input),
        log: log.clone(),
        deadline,
        leftovers: Leftovers::End,
    };
    let why = match shell.run()? {
        Ended::Code(0) => return Ok(()),
        Ended::Code(code) => format!("it exited with code {code}"),
        Ended::Signal(number) => format!("signal {number} ended it"),
        Ended::TimedOut => format!("it was ended after {timeout}"),
        Ended::Stopped => "it was stopped".to_owned(),
    };
    let printed: Vec<String> = tail(&log, SHOWN).into_iter().filter(|line| !line.trim().is_empty()).collect();
    let why = if printed.is_empty() { why } else { format!("{why}: {}", printed.join(" | ")) };
    Err(Error::environment(format!("the command that is told of decisions failed: `{command}`")).because(why))
}
