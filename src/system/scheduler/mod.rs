//! The system's own timers, as `git maintenance` uses them: one at a time, and each takes the entries of the others
//! away.

mod cron;
mod launchd;
mod schtasks;
mod systemd;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    config::Env,
    error::{Context, Error, Result},
};

/// How often the timer looks whether something is due, in minutes.
pub const MINUTES: u32 = 5;

/// A sort of timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheduler {
    /// A systemd timer of the user.
    Systemd,
    /// The user's crontab.
    Cron,
    /// An agent of launchd, on macOS.
    Launchd,
    /// The Task Scheduler of Windows.
    Schtasks,
}

/// What the timer does.
#[derive(Debug, Clone)]
pub struct Job {
    /// This program.
    pub exe: PathBuf,
    /// The list of repositories; named in the entry, because a timer does not have the user's variables.
    pub list: PathBuf,
}

/// Where timers keep their files.
#[derive(Debug, Clone)]
pub struct Homes {
    home: PathBuf,
    config: PathBuf,
}

impl Homes {
    /// Those of this user.
    pub fn of_user(env: &Env) -> Result<Self> {
        let home = env.var("HOME").map(PathBuf::from).ok_or_else(|| Error::environment("HOME is not set"))?;
        let config = env.user_dir("XDG_CONFIG_HOME", ".config").unwrap_or_else(|| home.join(".config"));
        Ok(Homes { home, config })
    }
}

impl Scheduler {
    /// Every sort.
    pub const ALL: [Scheduler; 4] = [Scheduler::Systemd, Scheduler::Cron, Scheduler::Launchd, Scheduler::Schtasks];

    /// As on the command line and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Scheduler::Systemd => "systemd",
            Scheduler::Cron => "cron",
            Scheduler::Launchd => "launchd",
            Scheduler::Schtasks => "schtasks",
        }
    }

    /// The one that this system has.
    pub fn detect() -> Result<Self> {
        if cfg!(target_os = "macos") {
            return Ok(Scheduler::Launchd);
        }
        if cfg!(windows) {
            return Ok(Scheduler::Schtasks);
        }
        if systemd::is_there() {
            return Ok(Scheduler::Systemd);
        }
        if cron::is_there() {
            return Ok(Scheduler::Cron);
        }
        Err(Error::environment("there is no timer here: neither systemd for users nor cron answers")
            .hint("`git checkpoint watch` does the same in the foreground, in a container for example"))
    }

    /// Whether our entry is there.
    pub fn is_installed(self, homes: &Homes) -> Result<bool> {
        match self {
            Scheduler::Systemd => Ok(systemd::is_installed(homes)),
            Scheduler::Cron => cron::is_installed(),
            Scheduler::Launchd => Ok(launchd::is_installed(homes)),
            Scheduler::Schtasks => Ok(schtasks::is_installed()),
        }
    }

    /// Puts our entry in, in place of one that is there, and takes those of the others away.
    pub fn install(self, job: &Job, homes: &Homes) -> Result<()> {
        match self {
            Scheduler::Systemd => systemd::install(job, homes),
            Scheduler::Cron => cron::install(job),
            Scheduler::Launchd => launchd::install(job, homes),
            Scheduler::Schtasks => schtasks::install(job),
        }?;
        for other in Scheduler::ALL.into_iter().filter(|other| *other != self) {
            other.remove(homes)?;
        }
        Ok(())
    }

    /// Takes our entry away; `false` if there was none.
    pub fn remove(self, homes: &Homes) -> Result<bool> {
        if !self.is_installed(homes)? {
            return Ok(false);
        }
        match self {
            Scheduler::Systemd => systemd::remove(homes),
            Scheduler::Cron => cron::remove(),
            Scheduler::Launchd => launchd::remove(homes),
            Scheduler::Schtasks => schtasks::remove(),
        }?;
        Ok(true)
    }
}

/// A file of a timer, with those above it.
fn write(path: &Path, text: &str) -> Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let written = fs::create_dir_all(dir).and_then(|()| fs::write(path, text));
    written.with_context(|| format!("cannot write `{}`", path.display()))
}

/// Removes files; that they are gone already is fine.
fn remove_files(paths: &[PathBuf]) -> Result<()> {
    for path in paths {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove `{}`", path.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A path for a file that is text.
fn text(path: &Path) -> Result<&str> {
    let text = path.to_str().filter(|text| !text.chars().any(char::is_control));
    text.ok_or_else(|| Error::environment(format!("`{}` cannot stand in a timer's file", path.display())))
}

/// For XML.
fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
