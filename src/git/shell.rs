//! Commands of the configuration, started by `sh -c` and never left running.
//!
//! A command gets a process group of its own, so that all it starts can be ended with it, and a log file instead of
//! pipes, so that nothing which it leaves behind can keep this program waiting. A second small process holds the
//! other end of a pipe of ours: when this program ends in any way, `kill -9` included, it ends the group.
//!
//! No text of a repository gets into the command line; values are passed as variables.

use std::{
    ffi::OsString,
    fs::File,
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::{
    config::OF_A_GIT_CALL,
    error::{Error, Result},
};

/// A log that grows over this was not written for anybody; in bytes.
const MAX_LOG: u64 = 64 << 20;

/// How long a command may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(2);

/// How often is looked whether it has ended, at most.
const PAUSE: Duration = Duration::from_millis(20);

/// A command to be run.
#[derive(Debug)]
#[must_use]
pub struct Shell<'a> {
    /// What `sh -c` gets.
    pub command: &'a str,
    /// Where it runs.
    pub dir: &'a Path,
    /// What is set for it, beside what is inherited.
    pub vars: Vec<(&'static str, OsString)>,
    /// Where its output goes, both streams; a new file.
    pub log: PathBuf,
    /// When it has to have ended.
    pub deadline: Instant,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Ended {
    /// By itself, with this code.
    Code(i32),
    /// By a signal of somebody else.
    Signal(i32),
    /// It was ended at the deadline.
    TimedOut,
    /// It was ended because it wrote more than anybody reads.
    TooMuchOutput,
    /// It was ended because this program was asked to stop.
    Stopped,
}

/// Variables that are this program's own business and none of a command's.
const PRIVATE: [&str; 4] = ["GIT_CHECKPOINT_TRUST", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT", "CHECKPOINT_FILE"];

impl Shell<'_> {
    /// Runs it to its end, or to the deadline; an error only if it could not be started.
    pub fn run(self) -> Result<Ended> {
        let failed = |error: io::Error| {
            Error::environment(format!("cannot run `{}`", self.command))
                .because(error)
                .hint("see that there is a `sh` on PATH, and space for the log")
        };
        let log = File::create_new(&self.log).map_err(failed)?;
        let mut command = duct::cmd("sh", ["-c", self.command]).dir(self.dir);
        for (name, value) in &self.vars {
            command = command.env(name, value);
        }
        command = command.env("GIT_CHECKPOINT", "0");
        command = OF_A_GIT_CALL.iter().chain(&PRIVATE).fold(command, |command, name| command.env_remove(name));
        let command = command.stdin_null().stderr_to_stdout().stdout_file(log).unchecked().before_spawn(own_group);
        let running = command.start().map_err(failed)?;
        let guard = Guard::of(&running).map_err(failed)?;
        let stopped = self.wait(&running).map_err(failed)?;
        drop(guard);
        let status = running.wait().map_err(failed)?.status;
        Ok(stopped.unwrap_or_else(|| ended(status)))
    }

    /// Waits until it has ended, and ends what is left of its group; why it had to be ended, if it had.
    fn wait(&self, running: &duct::Handle) -> io::Result<Option<Ended>> {
        let mut pause = Duration::from_millis(1);
        let stopped = loop {
            if has_ended(running)? {
                break None;
            }
            if super::is_asked_to_stop() {
                break Some(Ended::Stopped);
            }
            let now = Instant::now();
            if now >= self.deadline {
                break Some(Ended::TimedOut);
            }
            if std::fs::metadata(&self.log).is_ok_and(|log| log.len() > MAX_LOG) {
                break Some(Ended::TooMuchOutput);
            }
            std::thread::sleep(pause.min(self.deadline - now));
            pause = (pause * 2).min(PAUSE);
        };
        if stopped.is_some() {
            signal(running, End::Ask);
            let patience = Instant::now() + GRACE;
            while !has_ended(running)? && Instant::now() < patience {
                std::thread::sleep(PAUSE);
            }
        }
        // Its leader is still there, if only as an entry, so the group cannot be that of somebody else by now.
        signal(running, End::Force);
        Ok(stopped)
    }
}

#[derive(Clone, Copy)]
enum End {
    Ask,
    Force,
}

/// The process that ends the group when this one is gone.
struct Guard {
    process: duct::Handle,
    // Closed when this process ends, in whatever way.
    _alive: io::PipeWriter,
}

impl Guard {
    fn of(running: &duct::Handle) -> io::Result<Self> {
        let (end, alive) = io::pipe()?;
        let group = running.pids().first().copied().unwrap_or_default().to_string();
        let script = r#"read -r _ || kill -s KILL -- "-$1""#;
        let watch = duct::cmd("sh", ["-c", script, "sh", &group]).stdin_file(end).stdout_null().stderr_null();
        let process = watch.unchecked().before_spawn(own_group).start()?;
        Ok(Guard { process, _alive: alive })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Before the pipe is closed, and before the number of the group is free.
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}

fn own_group(command: &mut std::process::Command) -> io::Result<()> {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
    Ok(())
}

/// Whether it has ended; its entry in the process table stays.
#[cfg(unix)]
fn has_ended(running: &duct::Handle) -> io::Result<bool> {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    let Some(pid) = leader(running) else { return Ok(true) };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    match waitid(WaitId::Pid(pid), options) {
        Ok(status) => Ok(status.is_some()),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(unix))]
fn has_ended(running: &duct::Handle) -> io::Result<bool> {
    Ok(running.try_wait()?.is_some())
}

#[cfg(unix)]
fn signal(running: &duct::Handle, end: End) {
    use rustix::process::{Signal, kill_process_group};
    let signal = match end {
        End::Ask => Signal::TERM,
        End::Force => Signal::KILL,
    };
    if let Some(pid) = leader(running) {
        // A group that is gone already is what was wanted.
        let _gone = kill_process_group(pid, signal);
    }
}

#[cfg(not(unix))]
fn signal(running: &duct::Handle, _end: End) {
    let _gone = running.kill();
}

#[cfg(unix)]
fn leader(running: &duct::Handle) -> Option<rustix::process::Pid> {
    let pid = running.pids().first().copied()?;
    rustix::process::Pid::from_raw(i32::try_from(pid).ok()?)
}

fn ended(status: std::process::ExitStatus) -> Ended {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return Ended::Signal(signal);
    }
    Ended::Code(status.code().unwrap_or(1))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn run(dir: &Path, command: &str, limit: Duration) -> Ended {
        let log = dir.join("log");
        let _old = std::fs::remove_file(&log);
        let vars = vec![("CHECKPOINT_STAGE", "push; exit 9".into())];
        let shell = Shell { command, dir, vars, log, deadline: Instant::now() + limit };
        shell.run().expect("there is a shell")
    }

    #[test]
    fn codes_signals_and_output_are_told() {
        let dir = tempfile::tempdir().expect("a folder");
        let minute = Duration::from_secs(60);
        for (command, expected) in [
            ("true", Ended::Code(0)),
            ("exit 7", Ended::Code(7)),
            ("no-such-command-anywhere", Ended::Code(127)),
            ("kill -9 $$", Ended::Signal(9)),
            ("read -r line && exit 1; exit 5", Ended::Code(5)),
            ("test -z \"$GIT_DIR$GIT_INDEX_FILE\" && test \"$GIT_CHECKPOINT\" = 0", Ended::Code(0)),
            ("test \"$CHECKPOINT_STAGE\" = 'push; exit 9'", Ended::Code(0)),
            ("echo out; echo err >&2", Ended::Code(0)),
        ] {
            assert_eq!(run(dir.path(), command, minute), expected, "{command}");
        }
        assert_eq!(std::fs::read_to_string(dir.path().join("log")).expect("a log"), "out\nerr\n");
    }

    #[test]
    fn a_command_and_all_it_started_end_at_the_deadline() {
        let dir = tempfile::tempdir().expect("a folder");
        let started = Instant::now();
        let command = "trap '' TERM; sh -c 'trap \"\" TERM; echo $$ > inner; sleep 600' & echo $$ > outer; sleep 600";
        assert_eq!(run(dir.path(), command, Duration::from_millis(400)), Ended::TimedOut);
        assert!(started.elapsed() < Duration::from_secs(30), "it was waited for");
        for name in ["inner", "outer"] {
            assert_gone(&dir.path().join(name));
        }
    }

    #[test]
    fn what_a_command_leaves_running_ends_with_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let started = Instant::now();
        let command = "sh -c 'echo $$ > left; exec sleep 600' & while ! test -s left; do sleep 0.01; done";
        assert_eq!(run(dir.path(), command, Duration::from_secs(60)), Ended::Code(0));
        assert!(started.elapsed() < Duration::from_secs(30), "it was waited for");
        assert_gone(&dir.path().join("left"));
    }

    #[test]
    fn endless_output_is_ended() {
        let dir = tempfile::tempdir().expect("a folder");
        assert_eq!(run(dir.path(), "yes", Duration::from_secs(60)), Ended::TooMuchOutput);
    }

    /// The process whose number is in the file has ended, or is an entry that nobody has reaped.
    fn assert_gone(file: &Path) {
        let pid = std::fs::read_to_string(file).expect("it has said its number");
        let stat = || std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        let runs = || stat().rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(" Z"));
        let deadline = Instant::now() + Duration::from_secs(10);
        while runs() {
            assert!(Instant::now() < deadline, "process {pid} is still there: {}", stat());
            std::thread::sleep(PAUSE);
        }
    }
}
