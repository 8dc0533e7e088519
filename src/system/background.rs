//! This program, started again and not waited for.

use std::{
    ffi::OsString,
    io,
    process::{Command, Stdio},
};

use crate::config::{Env, OF_A_GIT_CALL};

/// Starts this program with `args` in the repository that `env` is in. It has none of this process's streams, so
/// `git commit | cat` does not wait for it, and a process group of its own; [`leave_session`] is for where that cannot be.
#[allow(clippy::disallowed_methods)]
pub fn start(env: &Env, args: &[&str]) -> io::Result<()> {
    let mut command = Command::new(env.exe()?);
    command.args(args).current_dir(env.cwd());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // A hook has some of them for the command that called it, and what goes on in the background is not part of that.
    for name in OF_A_GIT_CALL.into_iter().chain(["GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT"]) {
        command.env_remove(name);
    }
    for name in ["GIT_DIR", "GIT_WORK_TREE"] {
        if let Some(path) = env.var(name) {
            command.env(name, OsString::from(env.cwd().join(path)));
        }
    }
    // A terminal that closes right now, or a Ctrl-C, is not for it, also before it has come to leave its session.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn().map(drop)
}

/// From now on neither the end of the terminal nor a Ctrl-C in it ends this process.
pub fn leave_session() {
    // The leader of a group cannot, and is in nobody's way.
    #[cfg(unix)]
    let _as_it_is = rustix::process::setsid();
}

/// From now on this process, and all that it starts, gives way to others.
pub fn give_way() {
    // Where it cannot, it is in their way as much as any other.
    #[cfg(unix)]
    let _as_it_is = rustix::process::nice(10);
}
