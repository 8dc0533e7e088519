//! A program that a user names on the command line, with its arguments: nothing of it is read by a shell.
//!
//! It is looked after as a check's command is. Its environment is the user's own, as if it had been called without this
//! program, but that no hook takes a checkpoint meanwhile.

use std::{
    ffi::OsString,
    io::{self, IsTerminal},
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use super::{Ended, Group, Leftovers, Mark, Output, ended, wait};
use crate::error::{Error, Result};

/// Longer than any program runs that nobody has set a limit for.
const FOR_EVER: Duration = Duration::from_secs(10 * 365 * 86_400);

/// What a program reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// What this program was given to read. Not what is typed: the program has a process group of its own, and the system
    /// would stop it where it reads from the terminal.
    Ours,
    /// Nothing.
    Nothing,
}

/// A program to be run.
#[derive(Debug)]
#[must_use]
pub struct Program {
    /// The program and its arguments.
    pub words: Vec<OsString>,
    /// Where it runs.
    pub dir: PathBuf,
    /// What is set for it, beside what is inherited.
    pub vars: Vec<(&'static str, OsString)>,
    /// What it reads.
    pub input: Input,
    /// Where its output goes, as that of `Shell`.
    pub log: PathBuf,
    /// How long it may take.
    pub limit: Option<Duration>,
}

impl Program {
    /// Runs it to its end, or until its time is up or this program is asked to stop. `watch` is given what it prints. An
    /// error only if it could not be started.
    pub fn run(self, watch: &mut dyn FnMut(&[u8])) -> Result<Ended> {
        let name = self.words.first().map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
        self.run_to_its_end(watch).map_err(|error| Error::usage(format!("cannot run `{name}`")).because(error))
    }

    fn run_to_its_end(&self, watch: &mut dyn FnMut(&[u8])) -> io::Result<Ended> {
        let (output, streams) = Output::to(self.log.clone())?;
        let mut output = output.watched_by(watch);
        let group = Group::start(self.command(streams)?, Mark::new())?;
        let stopped = wait(&group, &mut output, Instant::now() + self.limit.unwrap_or(FOR_EVER))?;
        let status = group.end_as(Leftovers::End)?;
        output.finish();
        Ok(stopped.unwrap_or_else(|| ended(status)))
    }

    #[allow(clippy::disallowed_methods, reason = "this is the module that runs commands")]
    fn command(&self, [out, err]: [Stdio; 2]) -> io::Result<Command> {
        let (program, arguments) = self.words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.dir).stdout(out).stderr(err);
        let is_ours = self.input == Input::Ours && !io::stdin().is_terminal();
        command.stdin(if is_ours { Stdio::inherit() } else { Stdio::null() });
        command.env("GIT_CHECKPOINT", "0").env_remove("GIT_CHECKPOINT_TRUST");
        for (name, value) in &self.vars {
            command.env(name, value);
        }
        Ok(command)
    }
}
