//! The procedures that teams follow by hand, each as one run with a real application: a server, a database, a worker.
//!
//! `tests/scenarios/README.md` says which procedure is which test. Where there is no Python they are skipped, loudly.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test that is skipped says so, and ends what it has started"
)]

mod background;
mod components;
mod critical;
mod emergency;
mod events;
mod matrix;
mod migration;
mod paths;
mod performance;
mod phase;
mod practice;
mod production;
mod project;
mod removal;
mod report;
mod services;

use self::project::{CODE, LIVE, Project, check, expect_verdicts};
