//! The small process that ends a command when this program is gone, `kill -9` included.
//!
//! It is there before the command is, and holds the other end of a pipe of ours, which the kernel closes.

use std::{
    io::{self, Write},
    process::{Child, Command, Stdio},
};

use super::{Mark, group};

/// The number of the command's group is the one line that it reads. Then it waits for the pipe to be closed, and ends the
/// group, and where there is a /proc all that carries the mark, until twice nothing is found.
const SCRIPT: &str = r#"
read -r group
read -r _
[ -z "$group" ] || kill -s KILL -- "-$group"
quiet=0 round=0
while [ "$quiet" -lt 2 ] && [ "$round" -lt 100 ]; do
    quiet=$((quiet + 1)) round=$((round + 1))
    for file in $(grep -lsF -- "$1=" /proc/[0-9]*/environ); do
        pid=${file#/proc/}
        kill -s KILL -- "${pid%/environ}" && quiet=0
    done
    sleep 0.1 || sleep 1
done
"#;

/// The process that ends a command when this one is gone.
pub(super) struct Guard {
    process: Child,
    // Closed when this process ends, in whatever way.
    alive: io::PipeWriter,
}

impl Guard {
    /// Starts it for what will carry `mark`.
    #[allow(clippy::disallowed_methods, reason = "this is the module that runs commands")]
    pub(super) fn of(mark: &Mark) -> io::Result<Self> {
        let (end, alive) = io::pipe()?;
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "sh", mark.name()]).current_dir("/");
        command.stdin(end).stdout(Stdio::null()).stderr(Stdio::null());
        group::own(&mut command);
        Ok(Guard { process: command.spawn()?, alive })
    }

    /// Its process.
    pub(super) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// From now on the group `leader` ends with this process too.
    pub(super) fn watch(&mut self, leader: u32) -> io::Result<()> {
        writeln!(self.alive, "{leader}")
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Before the pipe is closed, and before the number of the group is free.
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}
