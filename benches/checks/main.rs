//! Checks: the same suite by `git checkpoint check` and by those who run commands before a commit, interleaved; and what this
//! program adds to the checks themselves.
//!
//!     TEST_MANAGERS=$(.ci/managers FOLDER) cargo bench --bench checks --locked -- [--quick] [--only WORDS] [REPOSITORY …]
//!
//! prek, pre-commit and lefthook are looked for in the folder `TEST_MANAGERS`, where `.ci/managers` installs them, and then on
//! PATH; one that is not there is left out, and the table says so. Without a repository, a generated one of 1,000 files is used.
//!
//! What is comparable: each tool runs the same command lines by `sh -c`, at the top of a clone of its own with the same change
//! in it, with nothing to restrict them to changed files, and as many of them at once as it can: prek has the same `priority`
//! for all, lefthook `parallel: true`, which knows no limit, while prek starts as many as there are processors, and this program
//! one more, which is what each does by itself. pre-commit runs one hook after another. In `waiting`, where checks wait rather
//! than work, prek and this program are told to run all at once, as lefthook does. lefthook is the binary itself, not the
//! wrapper in JavaScript that npm installs.
//!
//! What is not: `cold` is a tree that nobody has seen before, and `cached` the same tree again. The others keep no verdicts of
//! such hooks, so they do the same work both times, and `cached` shows what it is worth that this program does. This program
//! also compares the worktree with the tree before and after the checks, keeps what they found in a note, ends all that they
//! have left running, and writes a log of what they print; pre-commit and prek compare `git diff` before and after a hook; lefthook does
//! nothing of the kind.
//!
//! `culprit` is compared with `git bisect run`: the same command, which waits for a second, on the same commits. `git bisect` works in
//! the user's checkout and on one commit at a time; `culprit` beside it, on as many as `--jobs` says, and keeps the verdicts,
//! which are forgotten between two rounds.

#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::print_stderr, reason = "a benchmark is a program")]

mod find;
#[allow(dead_code, reason = "other benchmarks use more of it")]
#[path = "../harness/mod.rs"]
mod harness;
mod overhead;
mod suite;
mod tools;

use std::process::ExitCode;

use self::harness::Case;

/// Every case.
const ALL: [Case; 7] = [
    Case { name: "quick", run: suite::quick },
    Case { name: "waiting", run: suite::waiting },
    Case { name: "overhead", run: overhead::over_the_longest },
    Case { name: "thousand", run: overhead::thousand },
    Case { name: "create", run: overhead::create },
    Case { name: "pre-push", run: overhead::pre_push },
    Case { name: "culprit", run: find::culprit },
];

fn main() -> ExitCode {
    harness::main(&ALL, &[1_000])
}
