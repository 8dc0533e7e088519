//! The ambient world, read once: directory, variables, streams and the clock.
//!
//! Nothing else in the crate asks the process for them (clippy's `disallowed-methods`), so a test can make any
//! world it needs and no rule depends on the machine it runs on.

use std::{
    collections::HashMap,
    ffi::{OsStr, OsString},
    io::{IsTerminal, Read},
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::{DateTime, Local, NaiveDateTime, TimeZone, Utc, offset::LocalResult};

use super::Rehearsal;
use crate::model::When;

/// The variables that `git rev-parse --local-env-vars` names, and those that would change a command's meaning or
/// output. `GIT_CONFIG_PARAMETERS` and `GIT_CONFIG_COUNT` are not among them: `git -c key=value checkpoint` must reach
/// the git that this program calls.
pub const OF_A_GIT_CALL: [&str; 23] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CONFIG",
    "GIT_OBJECT_DIRECTORY",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_REPLACE_REF_BASE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_COMMON_DIR",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_REF_FORMAT",
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_QUARANTINE_PATH",
    "GIT_EXTERNAL_DIFF",
    "GIT_REFLOG_ACTION",
    "GIT_NAMESPACE",
];

/// The world a command runs in.
#[derive(Debug, Clone)]
pub struct Env {
    cwd: PathBuf,
    vars: HashMap<OsString, OsString>,
    now: Option<DateTime<Utc>>,
    terminal: bool,
    rehearsal: Option<Rehearsal>,
}

/// Tells the present moment as [`Env::now`] does.
#[derive(Debug, Clone, Copy)]
pub struct Clock(Option<DateTime<Utc>>);

impl Clock {
    /// The present moment.
    #[allow(clippy::disallowed_methods)]
    pub fn now(self) -> DateTime<Utc> {
        self.0.unwrap_or_else(Utc::now)
    }
}

impl Env {
    /// The world of this process.
    #[allow(clippy::disallowed_methods)]
    pub fn from_process() -> Self {
        let vars: HashMap<_, _> = std::env::vars_os().collect();
        let now = vars
            .get(OsStr::new("GIT_CHECKPOINT_NOW"))
            .and_then(|text| text.to_str())
            .and_then(|text| DateTime::parse_from_rfc3339(text).ok())
            .map(|time| time.to_utc());
        Env {
            cwd: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            vars,
            now,
            terminal: std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
            rehearsal: None,
        }
    }

    /// The same world seen from another directory (`-C`), taken as relative to the present one.
    #[must_use]
    pub fn in_dir(mut self, dir: &Path) -> Self {
        self.cwd = self.cwd.join(dir);
        self
    }

    /// The same world without `GIT_DIR` and `GIT_WORK_TREE`, so that the directory alone says which repository it is.
    #[must_use]
    pub fn without_repository(mut self) -> Self {
        self.vars.remove(OsStr::new("GIT_DIR"));
        self.vars.remove(OsStr::new("GIT_WORK_TREE"));
        self
    }

    /// The same world, in which something is only rehearsed.
    #[must_use]
    pub fn in_rehearsal(mut self, rehearsal: Rehearsal) -> Self {
        self.rehearsal = Some(rehearsal);
        self
    }

    /// What is rehearsed in it, if it is for that.
    pub fn rehearsal(&self) -> Option<&Rehearsal> {
        self.rehearsal.as_ref()
    }

    /// The file of this program.
    #[allow(clippy::disallowed_methods)]
    pub fn exe(&self) -> std::io::Result<PathBuf> {
        std::env::current_exe()
    }

    /// The file by which something that lasts calls this program: the one on PATH where that leads here, as it stays
    /// when a package manager puts a new version behind it; else [`Env::exe`].
    pub fn stable_exe(&self) -> std::io::Result<PathBuf> {
        let exe = self.exe()?;
        let real = exe.canonicalize()?;
        let Some(name) = exe.file_name() else { return Ok(exe) };
        let dirs = std::env::split_paths(self.var("PATH").unwrap_or_default());
        let leads_here = |file: &PathBuf| file.canonicalize().is_ok_and(|file| file == real);
        let found = dirs.filter(|dir| dir.is_absolute()).map(|dir| dir.join(name)).find(leads_here);
        Ok(found.unwrap_or(exe))
    }

    /// The directory the command was called in.
    pub fn cwd(&self) -> &Path {
        &self.cwd
    }

    /// A variable's value, if it is set and not empty.
    pub fn var(&self, name: &str) -> Option<&OsStr> {
        self.vars.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// Whether this program is switched off (`GIT_CHECKPOINT=0`), as it is inside its own checks.
    pub fn is_off(&self) -> bool {
        self.var("GIT_CHECKPOINT").is_some_and(|value| value == "0")
    }

    /// Everything that standard input gives; nothing where it is a terminal, at which nobody would know what to type.
    pub fn input(&self) -> std::io::Result<Vec<u8>> {
        let (mut input, mut bytes) = (std::io::stdin(), Vec::new());
        if !input.is_terminal() {
            input.read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    }

    /// The present moment; fixed by `GIT_CHECKPOINT_NOW` (RFC 3339), which tests use.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock().now()
    }

    /// What tells the present moment, for those who need nothing else of the world.
    pub fn clock(&self) -> Clock {
        Clock(self.now)
    }

    /// The same world so much later, where the clock is fixed, so that nobody has to wait for it; `None` where time passes.
    pub fn later(&self, by: Duration) -> Option<Self> {
        let now = self.now.and_then(|now| now.checked_add_signed(chrono::Duration::from_std(by).ok()?))?;
        Some(Env { now: Some(now), ..self.clone() })
    }

    /// A moment in local time, for names and for people.
    pub fn local(&self, time: DateTime<Utc>) -> NaiveDateTime {
        time.with_timezone(&Local).naive_local()
    }

    /// The moment that was meant; where the wall clock shows a time never or twice, the error says so.
    pub fn moment(&self, when: When) -> Result<DateTime<Utc>, String> {
        let local = match when {
            When::At(time) => return Ok(time),
            When::Local(local) => local,
        };
        match Local.from_local_datetime(&local) {
            LocalResult::Single(time) => Ok(time.to_utc()),
            LocalResult::Ambiguous(..) => {
                Err(format!("the local time {local} comes twice: the clock is set back then"))
            }
            LocalResult::None => Err(format!("there is no local time {local}: the clock is set forward over it")),
        }
    }

    /// This user's folder of a sort: `variable` (`XDG_STATE_HOME`) if it is absolute, else `default` below the home.
    pub fn user_dir(&self, variable: &str, default: &str) -> Option<PathBuf> {
        let named = self.var(variable).map(PathBuf::from).filter(|dir| dir.is_absolute());
        named.or_else(|| Some(Path::new(self.var("HOME")?).join(default)))
    }

    /// Whether the screen shows more than ASCII: the locale says so, and it is not the simplest of terminals.
    pub fn is_utf8(&self) -> bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| self.var(name));
        let locale = locale.unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let is_dumb = self.var("TERM").is_some_and(|term| term == "dumb");
        !is_dumb && (locale.contains("utf-8") || locale.contains("utf8"))
    }

    /// Whether a person can be asked: standard input and standard error are both a terminal.
    pub fn is_interactive(&self) -> bool {
        self.terminal
    }

    /// Whether the terminal obeys more than the ends of lines. Where it is not said which one it is, it is the simplest, as
    /// for git; Windows does not say it.
    pub fn has_screen(&self) -> bool {
        self.var("TERM").map_or(cfg!(windows), |term| term != "dumb")
    }
}
