//! `git checkpoint`: the safety net under risky work in git.
//!
//! The modules are layers; each uses only those above it in this list, which `tests/layering.rs` checks.
//! `docs/architecture.md` tells how an operation passes through them.

use std::{ffi::OsString, process::ExitCode};

pub mod error;
pub mod model;

pub mod config;
pub mod git;
pub mod store;

pub mod ops;
pub mod ui;

mod cli;

/// Runs the command line `args`, the program's name first, in the world `env`.
pub fn run(args: impl IntoIterator<Item = OsString>, env: config::Env) -> ExitCode {
    cli::run(args, env)
}
