//! Commands of the configuration, started by `sh -c` and never left running.
//!
//! A command gets a process group of its own, and what leaves the group is found by a mark that all it starts inherits (`strays`
//! says how). Its output comes through a pipe that is never waited for, so nothing which it leaves behind can keep this
//! program waiting, and however much it prints, its exit code alone decides. A second small process ends all of it when this
//! program ends in any way, `kill -9` included.
//!
//! No text of a repository gets into the command line; values are passed as variables.

mod group;
mod guard;
mod output;
mod program;
mod strays;

use std::{
    ffi::OsString,
    fs::File,
    hash::BuildHasher,
    io::{self, Seek, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

pub use self::program::{Input, Program};
use self::{
    group::{End, Group},
    guard::Guard,
    output::Output,
};
use crate::{
    config::OF_A_GIT_CALL,
    error::{Error, Result},
};

/// How long a command may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(2);

/// How often is looked whether this program was asked to stop, at most.
const SLICE: Duration = Duration::from_millis(50);

/// How often is looked whether the command has ended, at most, where the system does not tell.
const PAUSE: Duration = Duration::from_millis(20);

/// How often entries of processes that a running command has left behind, and that have ended, are let go of.
const CLEANING: Duration = Duration::from_secs(1);

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
    /// What it reads from its standard input; nothing where it is `None`.
    pub input: Option<&'a [u8]>,
    /// Where its output goes, both streams: to the end of this file, which is made if anything is printed. Of more than 9 MiB
    /// the middle is left out.
    pub log: PathBuf,
    /// When it has to have ended.
    pub deadline: Instant,
    /// What becomes of what it has started and that goes on.
    pub leftovers: Leftovers,
}

/// What becomes of the processes that a command has started and that go on when it has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leftovers {
    /// They end with it.
    End,
    /// They stay if it ended by itself: it was to start a service.
    Stay,
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
    /// It was ended because this program was asked to stop.
    Stopped,
}

/// What looks after commands, kept between those that run one after another: each of them would start it anew.
#[derive(Debug)]
pub struct Series {
    _guard: Option<Arc<Guard>>,
}

impl Series {
    /// Begins one. What cannot be started now is a command's error later.
    pub fn begin() -> Self {
        Series { _guard: Guard::present().ok() }
    }
}

/// Ends, when it is dropped, what commands that were to leave something running have left, as far as it has a variable of
/// this name. Elsewhere than on Linux, where nothing finds such processes, they stay.
#[derive(Debug)]
pub struct Sweeper {
    mark: Mark,
    _adopts: strays::Adopting,
}

impl Sweeper {
    /// For all that is started from now on.
    pub fn of(variable: &str) -> Self {
        Sweeper { mark: Mark(variable.to_owned()), _adopts: strays::Adopting::begin() }
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        strays::end(&self.mark);
    }
}

/// Variables that are this program's own business and none of a command's.
const PRIVATE: [&str; 4] = ["GIT_CHECKPOINT_TRUST", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT", "CHECKPOINT_FILE"];

impl Shell<'_> {
    /// Runs it to its end, or to the deadline; an error only if it could not be started. Many may run at once, in many
    /// threads.
    pub fn run(self) -> Result<Ended> {
        self.run_to_its_end().map_err(|error| {
            Error::environment(format!("cannot run `{}`", self.command))
                .because(error)
                .hint("see that there is a `sh` on PATH")
        })
    }

    fn run_to_its_end(&self) -> io::Result<Ended> {
        let (mut output, streams) = Output::to(self.log.clone())?;
        // In a file, so that nobody has to wait for a command which does not read it.
        let input = self.input.map_or_else(|| Ok(Stdio::null()), |bytes| file_of(bytes).map(Stdio::from))?;
        let group = Group::start(self.command(input, streams), Mark::new())?;
        let stopped = wait(&group, &mut output, self.deadline)?;
        let status = if stopped.is_none() { group.end_as(self.leftovers)? } else { group.end_as(Leftovers::End)? };
        output.finish();
        Ok(stopped.unwrap_or_else(|| ended(status)))
    }

    #[allow(clippy::disallowed_methods, reason = "this is the module that runs commands")]
    fn command(&self, input: Stdio, [out, err]: [Stdio; 2]) -> Command {
        let mut command = Command::new("sh");
        command.arg("-c").arg(self.command).current_dir(self.dir);
        command.stdin(input).stdout(out).stderr(err);
        for name in OF_A_GIT_CALL.iter().chain(&PRIVATE) {
            command.env_remove(name);
        }
        command.env("GIT_CHECKPOINT", "0");
        for (name, value) in &self.vars {
            command.env(name, value);
        }
        command
    }
}

/// Waits until it has ended or had its time to, and takes what it prints; why it had to be ended, if it had.
fn wait(group: &Group, output: &mut Output<'_>, deadline: Instant) -> io::Result<Option<Ended>> {
    let (mut stopped, mut until) = (None, deadline);
    let (mut pause, mut cleaned) = (Duration::from_millis(1), Instant::now());
    while !group.has_ended()? {
        let now = Instant::now();
        if stopped.is_none() && (super::is_asked_to_stop() || now >= until) {
            stopped = Some(if super::is_asked_to_stop() { Ended::Stopped } else { Ended::TimedOut });
            group.signal(End::Ask);
            until = now + GRACE;
        } else if now >= until {
            break;
        }
        if now - cleaned >= CLEANING {
            strays::reap();
            cleaned = now;
        }
        if !wait_for_news(group, output, (pause, until - now))? {
            pause = (pause * 2).min(PAUSE);
        }
    }
    Ok(stopped)
}

/// A file without a name that has these bytes, to be read from its beginning.
fn file_of(bytes: &[u8]) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file)
}

/// Waits until the command has ended or printed something, and takes what it printed; whether that was anything. Waits for
/// `pause` where the system does not tell of a command's end, and for `left` at the most.
fn wait_for_news(group: &Group, output: &mut Output<'_>, (pause, left): (Duration, Duration)) -> io::Result<bool> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let mut events: Vec<_> = output.pipe().map(|pipe| PollFd::new(pipe, PollFlags::IN)).into_iter().collect();
    let end = group.end_event().map(|end| PollFd::new(end, PollFlags::IN));
    let pause = if end.is_some() { SLICE } else { pause };
    events.extend(end);
    let timeout = Timespec::try_from(pause.min(left)).map_err(io::Error::other)?;
    match poll(&mut events, Some(&timeout)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(output.read() > 0),
        Err(error) => Err(error.into()),
    }
}

/// What marks all that a command starts: a variable whose name nobody else has. It is a name and not a value, so that what a
/// command starts that itself runs commands carries the marks of both.
#[derive(Debug)]
struct Mark(String);

impl Mark {
    fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        static COMMON: OnceLock<String> = OnceLock::new();
        let common = COMMON.get_or_init(|| {
            // The standard library seeds its hash maps from the system's random numbers.
            let random = std::hash::RandomState::new();
            format!("CHECKPOINT_CHECK_{:016x}{:016x}_", random.hash_one(0), random.hash_one(1))
        });
        Mark(format!("{common}{}", COUNT.fetch_add(1, Ordering::Relaxed)))
    }

    fn name(&self) -> &str {
        &self.0
    }

    /// Whether it is among these variables, as /proc shows them.
    #[cfg(target_os = "linux")]
    fn is_in(&self, variables: &[u8]) -> bool {
        let has_it =
            |variable: &[u8]| variable.strip_prefix(self.0.as_bytes()).is_some_and(|rest| rest.starts_with(b"="));
        variables.split(|byte| *byte == 0).any(has_it)
    }
}

fn ended(status: std::process::ExitStatus) -> Ended {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return Ended::Signal(signal);
    }
    Ended::Code(status.code().unwrap_or(1))
}

#[cfg(test)]
mod tests;
