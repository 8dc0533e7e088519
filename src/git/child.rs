//! Calls of the `git` program.
//!
//! Every call gets exactly the repository it is meant for: the variables that `git rev-parse --local-env-vars`
//! names are removed, `GIT_DIR` and `GIT_WORK_TREE` set. A hook's environment once led a test's `git commit` onto
//! the user's branch; that cannot happen here. Output that is read is always in the C locale and never paged.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use super::capture::Identity;
use crate::{
    config::OF_A_GIT_CALL,
    error::{Error, Kind, Result},
};

/// A call of `git`, to be completed and then run.
#[derive(Debug)]
#[must_use]
pub struct Git {
    args: Vec<OsString>,
    dir: PathBuf,
    vars: Vec<(&'static str, OsString)>,
    stdin: Option<Vec<u8>>,
}

/// What a call of `git` gave.
#[derive(Debug)]
pub struct Output {
    /// The exit code; 128 + n where signal n ended it.
    pub code: i32,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error, without the final line end.
    pub stderr: String,
}

impl Git {
    /// A call in the repository at `git_dir` with its files at `workdir`.
    pub fn new<I, S>(git_dir: &Path, workdir: &Path, args: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<OsString>,
    {
        let vars = vec![("GIT_DIR", git_dir.into()), ("GIT_WORK_TREE", workdir.into())];
        Git { args: args.into_iter().map(Into::into).collect(), dir: workdir.to_owned(), vars, stdin: None }
    }

    /// A call that finds its repository from `dir` as it would for a user there.
    pub fn in_dir<I, S>(dir: &Path, args: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<OsString>,
    {
        Git { args: args.into_iter().map(Into::into).collect(), dir: dir.to_owned(), vars: Vec::new(), stdin: None }
    }

    /// Adds one argument.
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Sets a variable for the call.
    pub fn env(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.vars.push((name, value.into()));
        self
    }

    /// Who commits are by where git has no identity configured.
    pub fn fallback_identity(mut self, identity: &Identity) -> Self {
        let (name, email) = (identity.signature.name.to_string(), identity.signature.email.to_string());
        for (variable, value) in [("GIT_AUTHOR_NAME", &name), ("GIT_COMMITTER_NAME", &name)] {
            self = self.env(variable, value);
        }
        self.env("GIT_AUTHOR_EMAIL", &email).env("GIT_COMMITTER_EMAIL", &email)
    }

    /// Works on another index file.
    pub fn index_file(self, path: &Path) -> Self {
        self.env("GIT_INDEX_FILE", path)
    }

    /// Gives the call its standard input; it is empty otherwise.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// Runs it; a code other than 0 is an error that carries what git said.
    pub fn run(self) -> Result<Vec<u8>> {
        let line = self.line();
        let output = self.output()?;
        if output.code == 0 { Ok(output.stdout) } else { Err(output.error(&line)) }
    }

    /// Runs it and gives whatever came out; an error only if it could not be started.
    pub fn output(self) -> Result<Output> {
        let line = self.line();
        let mut command = self.command().env("LC_ALL", "C");
        command = match self.stdin {
            Some(bytes) => command.stdin_bytes(bytes),
            None => command.stdin_null(),
        };
        let output = command.stdout_capture().stderr_capture().unchecked().run().map_err(|source| {
            let error = Error::environment(format!("cannot run `{line}`")).because(source);
            error.hint("install git 2.39 or newer and put it on PATH")
        })?;
        Ok(Output {
            code: exit_code(output.status),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).trim_end().to_owned(),
        })
    }

    /// Runs it on the terminal of this process, for what has to ask the user, and gives its code. What it prints goes to
    /// standard error, in the user's language.
    pub fn on_terminal(self) -> Result<i32> {
        let line = self.line();
        let run = self.command().stdout_to_stderr().unchecked().run();
        let output = run.map_err(|source| Error::environment(format!("cannot run `{line}`")).because(source))?;
        Ok(exit_code(output.status))
    }

    /// Starts it and does not wait: it has no streams, so nobody waits for it, and a process group of its own, so
    /// that a Ctrl-C meant for this program does not reach it.
    pub fn start_detached(self) -> Result<()> {
        let command =
            self.command().env("LC_ALL", "C").stdin_null().stdout_null().stderr_null().before_spawn(|command| {
                #[cfg(unix)]
                std::os::unix::process::CommandExt::process_group(command, 0);
                Ok(())
            });
        let line = self.line();
        command.start().map(drop).map_err(|source| Error::environment(format!("cannot start `{line}`")).because(source))
    }

    /// The call with its surroundings, but for its streams.
    fn command(&self) -> duct::Expression {
        let mut command = duct::cmd("git", &self.args).dir(&self.dir);
        // duct applies the outermost first, so what is to win comes first here: what this call sets, the last of the
        // same name before the others, then what every call has, and what is removed at the very end.
        for (name, value) in self.vars.iter().rev() {
            command = command.env(name, value);
        }
        // Checkpoints are not taken for what this program itself makes git do.
        for (name, value) in
            [("GIT_TERMINAL_PROMPT", "0"), ("GIT_PAGER", "cat"), ("GIT_OPTIONAL_LOCKS", "0"), ("GIT_CHECKPOINT", "0")]
        {
            command = command.env(name, value);
        }
        OF_A_GIT_CALL.iter().fold(command, |command, name| command.env_remove(name))
    }

    /// The call as a person would type it, for messages.
    fn line(&self) -> String {
        let args = self.args.iter().map(|arg| OsStr::to_string_lossy(arg).into_owned());
        std::iter::once("git".to_owned()).chain(args).collect::<Vec<_>>().join(" ")
    }
}

impl Output {
    /// The failure this output tells of, for the call named `line`.
    pub fn error(&self, line: &str) -> Error {
        let why =
            if self.stderr.is_empty() { format!("it exited with code {}", self.code) } else { self.stderr.clone() };
        Error::new(Kind::Environment, format!("`{line}` failed")).because(why)
    }
}

fn exit_code(status: std::process::ExitStatus) -> i32 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return 128 + signal;
    }
    status.code().unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_the_variables_it_was_given() {
        let call = Git::new(Path::new("/its/git"), Path::new("/"), ["--exec-path"])
            .env("GIT_INDEX_FILE", "/first")
            .index_file(Path::new("/second"));
        let vars = r#"printf '%s|' "$GIT_DIR" "$GIT_WORK_TREE" "$GIT_INDEX_FILE" "$GIT_CHECKPOINT" "$GIT_PREFIX""#;
        let vars = [OsString::from("-c"), format!("alias.vars=!{vars}").into(), "vars".into()];
        let output = Git { args: vars.into(), ..call }.run().expect("git runs an alias anywhere");
        let said = String::from_utf8(output).expect("it is text");
        assert_eq!(said, "/its/git|/|/second|0||");
    }
}
