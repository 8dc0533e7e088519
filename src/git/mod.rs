//! The only place that opens a repository or spawns `git`.
//!
//! What gix does exactly and fast is done with gix; what only git can promise (writing a user's files, merging
//! with renames, signing) is done by the `git` program, through [`child`].

pub mod capture;
pub mod child;
pub mod durable;
pub mod hooks;
pub mod lock;
pub mod objects;
pub mod pick;
pub mod refs;
pub mod repo;
pub mod restore;
pub mod tree;

/// From now on a signal that ends the process removes the lock files it holds.
pub fn remove_locks_on_signals() -> crate::error::Result<()> {
    use crate::error::Context;
    gix::interrupt::init_handler_default(0).map(drop).context("cannot handle signals")
}

pub use child::Git;
pub use repo::Repo;
