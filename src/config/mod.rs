//! The ambient world and the configuration, each read once and passed on as values.

mod artifacts;
mod checks;
mod env;
mod measures;
mod order;
mod plain;
mod policy;
mod rehearsal;
mod retention;
mod rollback;
mod schema;
pub mod trust;

pub use artifacts::Artifact;
pub use checks::{Check, Gate, Isolation, Moment, OnFail, OnTrouble, Push, PushCommits};
pub use env::{Clock, Env, OF_A_GIT_CALL};
pub use plain::{TEMPLATES, template};
pub use policy::MonitorRules;
pub use rehearsal::{Around, DRILL_VARIABLE, DrillCommands, Fails, Rehearsal};
pub use retention::Retention;
pub use rollback::{OnVerifyFailure, PushMode, RollbackRules, StepCommand, Steps};
pub use schema::{Capture, CaptureMode, Config, FILE_NAME, Names, Source, TagKind, Wanted};
pub use trust::{Consent, ContentHash, Place, Trust};
