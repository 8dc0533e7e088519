//! The tools that run a suite, and how each is told to.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::harness::place::{Place, discard};

/// Commands, and how many of them run at once; none for what each tool does by itself.
pub(crate) struct Suite {
    pub(crate) commands: Vec<String>,
    pub(crate) at_once: Option<usize>,
}

/// Somebody who runs checks.
#[derive(Clone, Copy)]
pub(crate) enum Tool {
    Prek,
    PreCommit,
    Lefthook,
}

impl Tool {
    pub(crate) const ALL: [Tool; 3] = [Tool::Prek, Tool::PreCommit, Tool::Lefthook];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Tool::Prek => "prek",
            Tool::PreCommit => "pre-commit",
            Tool::Lefthook => "lefthook",
        }
    }

    /// Where it is, if it is anywhere.
    pub(crate) fn find(self) -> Option<PathBuf> {
        let managers = std::env::var_os("TEST_MANAGERS").filter(|dir| !dir.is_empty());
        let managers = managers.map(|dir| PathBuf::from(dir).join("bin"));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let dirs = managers.into_iter().chain(std::env::split_paths(&path));
        let found = dirs.map(|dir| dir.join(self.name())).find(|file| file.is_file())?;
        match self {
            Tool::Lefthook => Some(without_wrapper(&found).unwrap_or(found)),
            // What a virtual environment has is found by where it is called, so links are not followed.
            Tool::Prek | Tool::PreCommit => Some(found),
        }
    }

    /// Tells it what the checks are, in a clone that is its own.
    pub(crate) fn set_up(self, place: &mut Place<'_>, suite: &Suite) -> Result<(), String> {
        let (file, text) = match self {
            Tool::Lefthook => {
                let command = |(n, command): (usize, &String)| format!("    c{n}:\n      run: {command}\n");
                let commands: String = suite.commands.iter().enumerate().map(command).collect();
                ("lefthook.yml", format!("check:\n  parallel: true\n  commands:\n{commands}"))
            }
            Tool::Prek | Tool::PreCommit => {
                let priority = if matches!(self, Tool::Prek) { "        priority: 0\n" } else { "" };
                let hook = |(n, command): (usize, &String)| {
                    format!(
                        "      - id: c{n}\n        name: c{n}\n        language: system\n        entry: sh -c '{command}'\n\
                         \x20       pass_filenames: false\n        always_run: true\n{priority}"
                    )
                };
                let hooks: String = suite.commands.iter().enumerate().map(hook).collect();
                (".pre-commit-config.yaml", format!("repos:\n  - repo: local\n    hooks:\n{hooks}"))
            }
        };
        place.write(file, text.as_bytes())?;
        place.commit_all()
    }

    /// Runs the suite.
    pub(crate) fn run(self, program: &Path, place: &Place<'_>, suite: &Suite) -> Result<(), String> {
        let mut command = place.other_command(program);
        match self {
            Tool::Lefthook => command.args(["run", "check", "--force", "--no-auto-install"]),
            Tool::Prek | Tool::PreCommit => command.args(["run", "--all-files"]),
        };
        if let (Tool::Prek, Some(at_once)) = (self, suite.at_once) {
            command.env("PREK_CONCURRENT_HOOKS", at_once.to_string());
        }
        discard(&mut command)
    }
}

/// The binary that npm's wrapper starts.
fn without_wrapper(found: &Path) -> Option<PathBuf> {
    let real = found.canonicalize().ok()?;
    let modules = real.ancestors().find(|dir| dir.ends_with("node_modules"))?;
    let packages = fs::read_dir(modules).ok()?.flatten().map(|entry| entry.path());
    packages.map(|package| package.join("bin/lefthook")).find(|binary| binary.is_file() && *binary != real)
}

/// This program with a trusted configuration.
pub(crate) struct Ours<'w> {
    place: Place<'w>,
    trust: OsString,
}

impl<'w> Ours<'w> {
    /// Commits a configuration with a check for each command, and trusts it.
    pub(crate) fn set_up(mut place: Place<'w>, commands: &[String]) -> Result<Self, String> {
        let check = |(n, command): (usize, &String)| {
            format!("[[check]]\nname = \"c{n}\"\nrun = \"{command}\"\non = [\"checkpoint\", \"push\"]\n")
        };
        let text: String = commands.iter().enumerate().map(check).collect();
        place.write(".checkpoint.toml", text.as_bytes())?;
        place.commit_all()?;
        let output = place.our_command().args(["trust", "--show", "--json"]).output();
        let shown = String::from_utf8_lossy(&output.map_err(|error| error.to_string())?.stdout).into_owned();
        let hash = shown.split_once("\"hash\":").and_then(|(_, rest)| rest.split('"').nth(1));
        Ok(Ours { place, trust: hash.ok_or("`trust --show` shows no hash")?.into() })
    }

    pub(crate) fn place(&self) -> &Place<'w> {
        &self.place
    }

    /// The program, to be run there.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.place.our_command();
        command.args(args).env("GIT_CHECKPOINT_TRUST", &self.trust);
        command
    }

    /// Runs it.
    pub(crate) fn run(&self, args: &[&str]) -> Result<(), String> {
        discard(&mut self.command(args))
    }

    /// Runs the checks, and keeps their verdicts whatever is put back later.
    pub(crate) fn know(&mut self) -> Result<(), String> {
        self.run(&["check"])?;
        self.place.keep()?;
        let output = self.command(&["check", "--json"]).output().map_err(|error| error.to_string())?;
        let said = String::from_utf8_lossy(&output.stdout).replace(' ', "");
        let is_known = said.contains("\"cached\":true") && !said.contains("\"cached\":false");
        is_known.then_some(()).ok_or_else(|| "a verdict was not kept".into())
    }

    /// Puts everything back, verdicts included, and makes a tree that nobody has seen.
    pub(crate) fn change(&self) -> Result<(), String> {
        self.place.reset()?;
        self.place.change(1)
    }
}
