//! One operation a file, each `gather` → `plan` (pure) → `apply` → outcome.
//!
//! `gather` reads the repository, `plan` decides from values alone, `apply` does what was decided. Nothing here
//! has words for the screen; outcomes are values that `cli` shows.

pub mod artifacts;
pub mod assess;
pub mod attempt;
pub mod baseline;
pub mod check;
pub mod create;
pub mod culprit;
pub mod diff;
pub mod doctor;
pub mod drill;
mod elsewhere;
pub mod fetch;
pub mod finish;
mod history;
pub mod hook;
pub mod hooks;
pub mod incident;
pub mod init;
pub mod intent;
pub mod jobs;
pub mod list;
pub mod log;
pub mod monitor;
pub mod names;
pub mod numbers;
pub mod phase;
pub mod pin;
pub mod pre_push;
pub mod prune;
pub mod push;
mod quarantine;
pub mod recover;
pub mod report;
pub mod resume;
pub mod rollback;
pub mod schedule;
pub mod select;
pub mod session;
pub mod show;
pub mod start;
pub mod status;
pub mod timed;
pub mod transition;
pub mod trials;
pub mod trust;
pub mod undo;
pub mod validate;

pub use session::Session;
