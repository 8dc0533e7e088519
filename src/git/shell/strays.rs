//! Processes that left the group of the command that started them: by `setsid`, or as a daemon does.
//!
//! On Linux this process makes itself the one to which the kernel gives the children of processes that end, for as long as
//! commands run. So all that a command has started and whose parent is gone is a child of this process, and each carries
//! the command's mark, a variable of a random name. What carries the mark is ended, and nothing else: a process that
//! emptied its environment after it left the group gets away. Elsewhere the group is all that can be found.
//!
//! Several commands may run at once, and other parts of this process start git. So nothing here waits for "any child".

use std::{collections::HashSet, io, sync::Mutex};

use super::Mark;

#[cfg(target_os = "linux")]
mod linux;

#[cfg(target_os = "linux")]
use linux as system;

#[cfg(not(target_os = "linux"))]
mod system {
    use super::{Mark, Registry};

    pub(super) fn adopt(_registry: &mut Registry, _is_wanted: bool) {}

    pub(in super::super) fn end(_mark: &Mark) {}

    pub(in super::super) fn reap() {}
}

pub(super) use system::{end, reap};

/// The processes that somebody waits for. What is started is started while this is held, so that it is listed before
/// another thread can see it.
static REGISTRY: Mutex<Registry> = Mutex::new(Registry { waited_for: None, is_adopting: false, was_adopting: false });

struct Registry {
    waited_for: Option<HashSet<u32>>,
    is_adopting: bool,
    /// Whether this process was started so, by somebody who knows why.
    was_adopting: bool,
}

impl Registry {
    fn waited_for(&mut self) -> &mut HashSet<u32> {
        self.waited_for.get_or_insert_default()
    }
}

fn registry() -> std::sync::MutexGuard<'static, Registry> {
    REGISTRY.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Processes that are waited for until this is dropped.
#[derive(Debug)]
pub(super) struct Registered(Vec<u32>);

/// Starts processes, whose numbers come first, and lets nobody else wait for them.
pub(super) fn register<T>(start: impl FnOnce() -> io::Result<([u32; 2], T)>) -> io::Result<(Registered, T)> {
    let mut registry = registry();
    system::adopt(&mut registry, true);
    let started = start();
    if let Ok((pids, _)) = &started {
        registry.waited_for().extend(pids);
    }
    if registry.waited_for().is_empty() {
        system::adopt(&mut registry, false);
    }
    started.map(|(pids, value)| (Registered(pids.into()), value))
}

impl Drop for Registered {
    fn drop(&mut self) {
        let mut registry = registry();
        registry.waited_for().retain(|pid| !self.0.contains(pid));
        if registry.waited_for().is_empty() {
            system::adopt(&mut registry, false);
        }
    }
}
