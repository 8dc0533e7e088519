//! The program and git side by side, as whole processes, interleaved.
//!
//!     cargo bench --bench compare --locked -- [--quick] [--only WORDS] [REPOSITORY …]
//!
//! Without a repository, generated ones of 1,000, 10,000 and 50,000 files are used; a given one is cloned first and
//! never written to. `--quick` takes the smallest and few rounds; `--only` takes the cases whose name has WORDS. Ends
//! with 1 where a case could not be run; a target that is missed is shown and does not change the exit code.

#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::print_stderr, reason = "a benchmark is a program")]

mod cases;
#[allow(dead_code, reason = "other benchmarks use more of it")]
#[path = "../harness/mod.rs"]
mod harness;

use std::process::ExitCode;

/// Sizes of the generated repositories, in files.
const SIZES: [usize; 3] = [1_000, 10_000, 50_000];

fn main() -> ExitCode {
    harness::main(&cases::ALL, &SIZES)
}
