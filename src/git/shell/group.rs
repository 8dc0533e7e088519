//! A command's process, and the process group of all that it starts and that does not leave it.

use std::{
    io,
    process::{Child, Command, ExitStatus},
    time::{Duration, Instant},
};

use rustix::{
    fd::OwnedFd,
    process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid},
};

use super::{
    Leftovers, Mark,
    guard::{Guard, Watched},
    strays,
};

/// How long a process that was killed may take to be gone. It is gone at once, unless the kernel is at work for it.
const DYING: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Ask,
    Force,
}

/// A command that was started, and all that it started. Nothing of it is left when this is dropped.
pub(super) struct Group {
    leader: Child,
    /// Ready for reading once the leader has ended, where the system has such a thing.
    has_ended: Option<OwnedFd>,
    watched: Option<Watched>,
    mark: Mark,
    status: Option<ExitStatus>,
    _registered: strays::Registered,
}

impl Group {
    /// Starts `command`, which has its streams and variables, and what looks after it.
    pub(super) fn start(mut command: Command, mark: Mark) -> io::Result<Self> {
        command.env(mark.name(), "1");
        own(&mut command);
        let mut watched = Guard::announce(&mark)?;
        let (registered, leader) = strays::register(|| command.spawn().map(|leader| (leader.id(), leader)))?;
        watched.has_begun(leader.id());
        Ok(Group {
            has_ended: process(&leader).and_then(end_event),
            leader,
            watched: Some(watched),
            mark,
            status: None,
            _registered: registered,
        })
    }

    /// What becomes ready for reading when the command has ended.
    pub(super) fn end_event(&self) -> Option<&OwnedFd> {
        self.has_ended.as_ref()
    }

    /// Whether the command has ended; its entry in the process table stays, so its number is nobody else's.
    pub(super) fn has_ended(&self) -> io::Result<bool> {
        let Some(pid) = process(&self.leader) else { return Ok(true) };
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        match waitid(WaitId::Pid(pid), options) {
            Ok(status) => Ok(status.is_some()),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// A signal for all of the group.
    pub(super) fn signal(&self, end: End) {
        let Some(pid) = process(&self.leader) else { return };
        let signals: &[Signal] = match end {
            // What was stopped could not hear it.
            End::Ask => &[Signal::TERM, Signal::CONT],
            End::Force => &[Signal::KILL],
        };
        for signal in signals {
            // What is gone already is what was wanted. The leader may have left its own group.
            let _gone = kill_process(pid, *signal);
            let _gone = kill_process_group(pid, *signal);
        }
    }

    /// How the command ended, once it has; what it has left behind is ended, or let go.
    pub(super) fn end_as(mut self, leftovers: Leftovers) -> io::Result<ExitStatus> {
        if leftovers == Leftovers::End || !self.has_ended()? {
            return self.end_all();
        }
        drop(self.watched.take());
        let status = self.leader.wait()?;
        self.status = Some(status);
        Ok(status)
    }

    fn end_all(&mut self) -> io::Result<ExitStatus> {
        if let Some(status) = self.status {
            return Ok(status);
        }
        // The leader is still there, if only as an entry, so the group cannot be that of somebody else by now.
        self.signal(End::Force);
        let until = Instant::now() + DYING;
        while !self.has_ended()? && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
        strays::end(&self.mark);
        drop(self.watched.take());
        let status = self.leader.wait()?;
        self.status = Some(status);
        Ok(status)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ended = self.end_all();
    }
}

/// The command gets a group of its own.
pub(super) fn own(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

fn process(child: &Child) -> Option<Pid> {
    Pid::from_raw(i32::try_from(child.id()).ok()?)
}

#[cfg(target_os = "linux")]
fn end_event(pid: Pid) -> Option<OwnedFd> {
    rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok()
}

#[cfg(not(target_os = "linux"))]
fn end_event(_pid: Pid) -> Option<OwnedFd> {
    None
}
