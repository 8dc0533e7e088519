//! This program, started again and not waited for.

use std::{
    ffi::OsString,
    io,
    process::{Command, Stdio},
};

use crate::config::Env;

/// The variables that `git rev-parse --local-env-vars` names: a hook has some of them for the command that called it,
/// and what goes on in the background is not part of that.
const OF_THE_CALL: [&str; 19] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT",
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
    "GIT_QUARANTINE_PATH",
    "GIT_REFLOG_ACTION",
    "GIT_LITERAL_PATHSPECS",
];

/// Starts this program with `args` in the repository that `env` is in. It has none of this process's streams, so
/// `git commit | cat` does not wait for it; it makes itself a session of its own by [`leave_session`].
#[allow(clippy::disallowed_methods)]
pub fn start(env: &Env, args: &[&str]) -> io::Result<()> {
    let mut command = Command::new(env.exe()?);
    command.args(args).current_dir(env.cwd());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    for name in OF_THE_CALL {
        command.env_remove(name);
    }
    for name in ["GIT_DIR", "GIT_WORK_TREE"] {
        if let Some(path) = env.var(name) {
            command.env(name, OsString::from(env.cwd().join(path)));
        }
    }
    command.spawn().map(drop)
}

/// From now on neither the end of the terminal nor a Ctrl-C in it ends this process.
pub fn leave_session() {
    // The leader of a group cannot, and is in nobody's way.
    #[cfg(unix)]
    let _as_it_is = rustix::process::setsid();
}
