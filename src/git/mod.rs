//! The only place that opens a repository or starts processes.
//!
//! What gix does exactly and fast is done with gix; what only git can promise (writing a user's files, merging
//! with renames, signing) is done by the `git` program, through [`child`].

pub mod artifact;
pub mod capture;
pub mod child;
pub mod durable;
pub mod glance;
pub mod hooks;
pub mod lock;
pub mod lookup;
pub mod notes;
pub mod objects;
pub mod paper;
pub mod pick;
pub mod private;
pub mod refs;
pub mod remote;
pub mod repo;
pub mod restore;
pub mod shell;
mod threads;
pub mod tracked;
pub mod tree;
mod version;

/// From now on a signal that ends the process removes the lock files it holds.
pub fn remove_locks_on_signals() -> crate::error::Result<()> {
    use crate::error::Context;
    gix::interrupt::init_handler_default(0).map(drop).context("cannot handle signals")
}

/// As [`remove_locks_on_signals`], but a signal only asks at first: see [`is_asked_to_stop`]. One that is repeated ends; the
/// second of them does not count, as `git checkpoint` is run by git, which hands on to it what the terminal has sent to both.
pub fn ask_on_signals() -> crate::error::Result<()> {
    handle_signals(2)
}

/// Takes [`ask_on_signals`] back: from now on a signal ends the process.
pub fn end_on_signals() -> crate::error::Result<()> {
    handle_signals(0)
}

/// So many signals only ask.
fn handle_signals(grace: usize) -> crate::error::Result<()> {
    use crate::error::Context;
    let replace = || {
        gix::interrupt::Deregister::default().deregister()?;
        gix::interrupt::init_handler_default(grace)
    };
    replace().map(drop).context("cannot handle signals")
}

/// Whether a signal has asked to stop.
pub fn is_asked_to_stop() -> bool {
    gix::interrupt::is_triggered()
}

/// Asks as a signal would: what runs ends, and says that it was stopped.
pub fn ask_to_stop() {
    gix::interrupt::trigger();
}

/// Takes [`ask_to_stop`] back.
pub fn ask_no_more() {
    gix::interrupt::reset();
}

pub use child::Git;
pub use repo::{Repo, cache_packs};
