//! `git checkpoint`: the safety net under risky work in git.
//!
//! The modules are layers; each uses only those above it in this list, which `tests/layering.rs` checks.
//! `docs/architecture.md` tells how an operation passes through them.

use std::{ffi::OsString, process::ExitCode};

pub mod error;
pub mod model;

pub mod config;

pub mod system;

pub mod git;
pub mod store;

pub mod check;

pub mod ops;
pub mod ui;

mod cli;

/// Runs the command line `args`, the program's name first, in the world `env`.
pub fn run(args: impl IntoIterator<Item = OsString>, env: config::Env) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    if cli::is_hook(&args) {
        // What the panic hook has said is for us; git's command goes on.
        return std::panic::catch_unwind(|| cli::run_hook(&args, &env)).unwrap_or(ExitCode::SUCCESS);
    }
    // The panic hook has said what happened; the exit code says that it is a bug of this program.
    std::panic::catch_unwind(|| cli::run(args, env)).unwrap_or_else(|_| ExitCode::from(error::Kind::Bug.exit_code()))
}
