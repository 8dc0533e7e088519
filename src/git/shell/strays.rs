//! Processes that left the group of the command that started them: by `setsid`, or as a daemon does.
//!
//! On Linux this process makes itself the one to which the kernel gives the children of processes that end, for as long as
//! commands run. So all that a command has started and whose parent is gone is a child of this process, and each carries
//! the command's mark, a variable of a random name. What carries the mark is ended, and nothing else: a process that
//! emptied its environment after it left the group gets away. Elsewhere the group is all that can be found.
//!
//! Several commands may run at once, and other parts of this process start git. So nothing here waits for "any child".

use std::{
    collections::HashSet,
    io,
    sync::{Mutex, MutexGuard, PoisonError, RwLock},
};

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

/// What is known of the processes that somebody waits for.
static REGISTRY: Mutex<Registry> =
    Mutex::new(Registry { waited_for: None, starting: 0, is_adopting: false, was_adopting: false });

/// Held by whoever starts a process until it is listed, together with others who do; and alone by whoever has to know that
/// none is being started.
static STARTING: RwLock<()> = RwLock::new(());

struct Registry {
    waited_for: Option<HashSet<u32>>,
    /// So many are being started.
    starting: usize,
    is_adopting: bool,
    /// Whether this process was started so, by somebody who knows why.
    was_adopting: bool,
}

impl Registry {
    fn waited_for(&mut self) -> &mut HashSet<u32> {
        self.waited_for.get_or_insert_default()
    }

    /// Orphans are taken in only as long as there may be any.
    fn stop_when_idle(&mut self) {
        if self.starting == 0 && self.waited_for().is_empty() {
            system::adopt(self, false);
        }
    }
}

fn registry() -> MutexGuard<'static, Registry> {
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// For as long as it lives, what commands leave behind becomes a child of this process.
#[derive(Debug)]
pub(super) struct Adopting;

impl Adopting {
    pub(super) fn begin() -> Self {
        let mut registry = registry();
        registry.starting += 1;
        system::adopt(&mut registry, true);
        Adopting
    }
}

impl Drop for Adopting {
    fn drop(&mut self) {
        let mut registry = registry();
        registry.starting -= 1;
        registry.stop_when_idle();
    }
}

/// A process that is waited for until this is dropped.
#[derive(Debug)]
pub(super) struct Registered(u32);

/// Starts a process, whose number comes first, and lets nobody else wait for it.
pub(super) fn register<T>(start: impl FnOnce() -> io::Result<(u32, T)>) -> io::Result<(Registered, T)> {
    let _listed_before_others_look = STARTING.read().unwrap_or_else(PoisonError::into_inner);
    {
        let mut registry = registry();
        registry.starting += 1;
        system::adopt(&mut registry, true);
    }
    let started = start();
    let mut registry = registry();
    registry.starting -= 1;
    if let Ok((pid, _)) = &started {
        registry.waited_for().insert(*pid);
    }
    registry.stop_when_idle();
    started.map(|(pid, value)| (Registered(pid), value))
}

impl Drop for Registered {
    fn drop(&mut self) {
        let mut registry = registry();
        registry.waited_for().remove(&self.0);
        registry.stop_when_idle();
    }
}
