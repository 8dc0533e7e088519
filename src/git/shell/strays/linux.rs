//! Strays as the kernel of Linux and its /proc show them.

use std::{
    fs,
    io::{self, Read},
    sync::PoisonError,
    time::{Duration, Instant},
};

use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, child_subreaper, getpgrp, getpid, pidfd_open, pidfd_send_signal,
    set_child_subreaper, waitid,
};

use super::{Mark, Registry, STARTING, registry};

/// Processes that start others faster than they are ended are given up after so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a process without variables, or a list that changes, is looked at.
const LOOKS: u32 = 20;

/// The kernel's flag of a process that is ending; its variables are gone before its children get another parent.
const PF_EXITING: u64 = 0x4;

/// Lets the kernel give orphans to this process, or not any more.
pub(super) fn adopt(registry: &mut Registry, is_wanted: bool) {
    if registry.is_adopting == is_wanted {
        return;
    }
    if is_wanted {
        registry.was_adopting = child_subreaper().is_ok_and(|pid| pid.is_some());
    }
    if !registry.was_adopting {
        // A kernel without it leaves strays to the system, as other systems do.
        let _old = set_child_subreaper(is_wanted.then(getpid));
    }
    registry.is_adopting = is_wanted;
}

/// Ends all that carries the mark and whose parent is gone, and their children, until nothing is left.
pub(in super::super) fn end(mark: &Mark) {
    let until = Instant::now() + PATIENCE;
    let (mut last, mut unclear) = (children(), 0);
    while Instant::now() < until {
        let now = children();
        // The kernel's list may lack one while others on it end; then it has one more the next time, or one less.
        let is_whole = now == last;
        match round(&now, mark).max(if is_whole { Found::Nothing } else { Found::Unclear }) {
            Found::Nothing => return,
            Found::Unclear if unclear >= LOOKS => return,
            Found::Unclear => {
                unclear += 1;
                std::thread::sleep(Duration::from_millis(1));
            }
            Found::Changing => std::thread::sleep(Duration::from_micros(200)),
            Found::Reaped => {}
        }
        last = now;
    }
}

/// Lets go of the entries of strays that have ended by themselves.
pub(in super::super) fn reap() {
    for pid in children() {
        unless_waited_for(pid, || look(pid, None));
    }
}

/// Does it if nobody waits for this child, and while none is being started: so its number cannot become that of a command.
fn unless_waited_for(pid: Pid, act: impl FnOnce() -> Found) -> Found {
    let is_waited_for = || registry().waited_for().contains(&number(pid));
    if is_waited_for() {
        return Found::Nothing;
    }
    let _nobody_starts = STARTING.write().unwrap_or_else(PoisonError::into_inner);
    if is_waited_for() { Found::Nothing } else { act() }
}

/// What a look at the children gave, the least that can be relied on first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    Nothing,
    /// A process of which nobody can tell.
    Unclear,
    /// One had ended, and what it started is here now.
    Reaped,
    /// One was killed, is about to end, or is just starting another program.
    Changing,
}

fn round(children: &[Pid], mark: &Mark) -> Found {
    let mut found = Found::Nothing;
    for pid in children {
        // What another thread is just starting is here too, and need not be waited for.
        if !is_of_others(*pid, mark) {
            found = found.max(unless_waited_for(*pid, || look(*pid, Some(mark))));
        }
    }
    found
}

/// Whether it is alive and has variables without the mark; then it is no stray of the command that had it.
fn is_of_others(pid: Pid, mark: &Mark) -> bool {
    let variables = variables(pid).unwrap_or_default();
    !variables.is_empty() && !mark.is_in(&variables)
}

/// Looks at a child that nobody is known to wait for; kills it if it carries the mark.
fn look(pid: Pid, mark: Option<&Mark>) -> Found {
    // Of this very process, whatever becomes of its number.
    let handle = pidfd_open(pid, PidfdFlags::empty());
    let Some(stat) = Stat::of(pid).filter(|stat| stat.parent == getpid().as_raw_pid()) else { return Found::Nothing };
    // git, which this program waits for elsewhere, is in its own group.
    let is_stray = stat.group != getpgrp().as_raw_pid();
    if matches!(stat.state, b'Z' | b'X') {
        if !is_stray {
            return Found::Nothing;
        }
        let _gone = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
        return Found::Reaped;
    }
    let Some(mark) = mark else { return Found::Nothing };
    if stat.flags & PF_EXITING != 0 {
        return if is_stray { Found::Changing } else { Found::Nothing };
    }
    let Ok(variables) = variables(pid) else { return Found::Nothing };
    if variables.is_empty() {
        // Between two programs it has neither variables nor arguments, for as long as the machine takes.
        let starts = || fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.is_empty());
        return match is_stray {
            false => Found::Nothing,
            true if starts() => Found::Changing,
            true => Found::Unclear,
        };
    }
    if !mark.is_in(&variables) {
        return Found::Nothing;
    }
    let _gone = match handle {
        Ok(handle) => pidfd_send_signal(handle, Signal::KILL),
        // A kernel before 5.3.
        Err(_none) => rustix::process::kill_process(pid, Signal::KILL),
    };
    Found::Changing
}

/// The variables of a process, by one read: where it starts another program between two, a part of them looks like all.
fn variables(pid: Pid) -> io::Result<Vec<u8>> {
    let mut size = 64 << 10;
    loop {
        let mut variables = vec![0; size];
        let read = fs::File::open(format!("/proc/{pid}/environ"))?.read(&mut variables)?;
        if read < size {
            variables.truncate(read);
            return Ok(variables);
        }
        size *= 8;
    }
}

/// The children of all threads of this process.
fn children() -> Vec<Pid> {
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let mut lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok()).peekable();
    if lists.peek().is_none() {
        return children_by_search();
    }
    lists.flat_map(|list| list.split_ascii_whitespace().filter_map(pid).collect::<Vec<_>>()).collect()
}

/// For kernels that are built without the list.
fn children_by_search() -> Vec<Pid> {
    let own = getpid().as_raw_pid();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let all = entries.filter_map(|entry| pid(entry.file_name().to_str()?));
    all.filter(|pid| Stat::of(*pid).is_some_and(|stat| stat.parent == own)).collect()
}

fn pid(text: &str) -> Option<Pid> {
    Pid::from_raw(text.parse().ok()?)
}

fn number(pid: Pid) -> u32 {
    pid.as_raw_pid().unsigned_abs()
}

/// What `/proc/<pid>/stat` says.
struct Stat {
    state: u8,
    parent: i32,
    group: i32,
    flags: u64,
}

impl Stat {
    fn of(pid: Pid) -> Option<Self> {
        let text = fs::read(format!("/proc/{pid}/stat")).ok()?;
        // The name before it may have anything in it, parentheses too.
        let end = text.iter().rposition(|byte| *byte == b')')?;
        let text = std::str::from_utf8(&text[end + 1..]).ok()?;
        let fields: Vec<&str> = text.split_ascii_whitespace().take(7).collect();
        Some(Stat {
            state: *fields.first()?.as_bytes().first()?,
            parent: fields.get(1)?.parse().ok()?,
            group: fields.get(2)?.parse().ok()?,
            flags: fields.get(6)?.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::disallowed_methods, reason = "it is about processes")]
    fn both_ways_to_find_children_agree() {
        let mut child = std::process::Command::new("sleep").arg("600").spawn().expect("there is a sleep");
        let own = Pid::from_raw(child.id().cast_signed()).expect("it has a number");
        assert!(children().contains(&own));
        assert!(children_by_search().contains(&own));
        child.kill().expect("it runs");
        child.wait().expect("it is ours");
        assert!(!children().contains(&own));
    }
}
