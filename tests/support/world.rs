//! One temporary folder with its own home, configuration and clock, shared by the repositories in it.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use chrono::{DateTime, Utc};
use tempfile::TempDir;

/// The moment before the first command: 2026-11-21T14:00:00Z, in seconds since 1970.
const START: i64 = 1_795_269_600;

/// Git configuration of the "user" of every test: nothing runs in the background, clones of folders are allowed.
const CONFIG: &str = "\
[init]\n\tdefaultBranch = main\n\
[gc]\n\tauto = 0\n\tautoDetach = false\n\
[maintenance]\n\tauto = false\n\
[protocol \"file\"]\n\tallow = always\n\
[advice]\n\tdetachedHead = false\n";

/// A folder, its environment and its clock.
pub(super) struct World {
    root: PathBuf,
    clock: AtomicI64,
    vars: Mutex<BTreeMap<OsString, Option<OsString>>>,
    // Held so that the folder lives as long as the world.
    _folder: TempDir,
}

impl World {
    pub(super) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("git-checkpoint-test-").tempdir().expect("a temporary folder");
        let root = folder.path().canonicalize().expect("the folder exists");
        std::fs::create_dir(root.join("home")).expect("the folder is new");
        std::fs::create_dir(root.join("tmp")).expect("the folder is new");
        std::fs::write(root.join("home/.gitconfig"), CONFIG).expect("the folder is writable");
        World { root, clock: AtomicI64::new(START), vars: Mutex::default(), _folder: folder }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.clock.load(Ordering::SeqCst), 0).expect("within the calendar")
    }

    pub(super) fn advance(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Sets a variable for every later command, or removes it (`None`).
    pub(super) fn set_var(&self, name: &OsStr, value: Option<&OsStr>) {
        let mut vars = self.vars.lock().unwrap_or_else(PoisonError::into_inner);
        vars.insert(name.to_owned(), value.map(OsStr::to_owned));
    }

    /// `program`, to be run in `dir` in this world at the present moment.
    pub(super) fn command(&self, program: &OsStr, dir: &Path) -> Command {
        let now = self.now();
        let mut command = Command::new(program);
        command.env_clear().current_dir(dir).stdin(std::process::Stdio::null());
        command.env("PATH", search_path()).env("HOME", self.root.join("home")).env("TMPDIR", self.root.join("tmp"));
        command.envs([
            ("LC_ALL", "C"),
            ("TZ", "UTC"),
            ("TERM", "dumb"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_TEMPLATE_DIR", ""),
            ("GIT_AUTHOR_NAME", "Ada Author"),
            ("GIT_AUTHOR_EMAIL", "ada@example.com"),
            ("GIT_COMMITTER_NAME", "Carl Committer"),
            ("GIT_COMMITTER_EMAIL", "carl@example.com"),
        ]);
        command.env("GIT_CONFIG_GLOBAL", self.root.join("home/.gitconfig"));
        command.env("GIT_CEILING_DIRECTORIES", &self.root);
        for name in ["GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"] {
            command.env(name, format!("{} +0000", now.timestamp()));
        }
        command.env("GIT_CHECKPOINT_NOW", now.to_rfc3339());
        for (name, value) in self.vars.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }
}

/// The git under test (`TEST_GIT`, a folder) first, then the program's own folder, so that `git checkpoint` finds it.
fn search_path() -> OsString {
    let binary = Path::new(env!("CARGO_BIN_EXE_git-checkpoint"));
    let own = binary.parent().expect("a binary is in a folder").to_owned();
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    let chosen = std::env::var_os("TEST_GIT").filter(|dir| !dir.is_empty()).map(PathBuf::from);
    let dirs = chosen.into_iter().chain([own]).chain(std::env::split_paths(&inherited));
    std::env::join_paths(dirs).expect("no folder on PATH has a separator in its name")
}
