//! A hermetic repository to try things in.
//!
//! Nothing of the machine gets in: the environment is cleared, home and configuration are the test's own, identity is
//! fixed, and the clock ticks one second per command. Nothing gets out: everything happens in one temporary folder,
//! no process-wide state is changed, and tests run side by side.
//!
//! - [`TestRepo`] makes repositories and runs `git` and the program in them;
//! - [`Run`] is what the program said, ready for a snapshot;
//! - [`Picture`] and [`Fingerprint`] tell whether anything changed.

#![allow(dead_code, reason = "not every test binary uses every helper")]
#![allow(clippy::disallowed_methods, reason = "a test makes processes and reads what it is given")]

mod inside;
mod picture;
mod repo;
mod run;
mod world;

#[allow(unused_imports, reason = "not every test binary uses every helper")]
pub(crate) use self::{
    inside::answer,
    picture::{Fingerprint, Picture},
    repo::{TestRepo, with_input},
    run::{Run, filtered},
};

mod tests;
