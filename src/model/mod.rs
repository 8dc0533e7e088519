//! Values and their invariants, without any input or output.
//!
//! Everything that the other layers pass to each other is defined here, so that the rules (`ops::*::plan`) are
//! functions of values and can be tested with tables.

mod artifact;
mod attempt;
mod decision;
mod difference;
mod elapsed;
mod harmless;
mod head;
mod hook_event;
mod id;
mod job;
mod limit;
mod measure;
mod phase;
mod quote;
mod record;
mod retention;
mod schedule;
pub mod search;
mod secret;
mod selector;
mod size;
mod skipped;
mod step;
mod template;
mod verdict;
pub mod watch;
mod when;

pub use artifact::{ArtifactForm, SavedArtifact};
pub use attempt::{Attempt, Exit, Fate, Tried, Turn};
pub use decision::{
    Action, Advice, Approval, Circumstance, Decision, Fact, Origin, PolicyRow, Rule, built_in_policy, decide,
};
pub use difference::{DiffLine, difference};
pub use elapsed::Elapsed;
pub use harmless::{clean, exact, is_plain};
pub use head::{Head, State};
pub use hook_event::HookEvent;
pub use id::{Kind, RecordId};
pub use job::{AttemptEnd, JobState, Next, after_attempt, until};
pub use limit::{TimeLimit, span};
pub use measure::{
    Better, Breach, Judged, Measure, NO_BASELINE, Number, Pattern, Percent, amount, verdict as verdict_of,
};
pub use phase::{Course, Due, DueFacts, PhaseEvent, PhaseMark, day, due};
pub use quote::{quote_path, unquote_path};
pub use record::{Conduct, Detail, FORMAT, PickedCommit, Record, RefChange, Scope};
pub use retention::{Item, Policy, Reason, retain};
pub use schedule::Schedule;
pub use secret::looks_secret;
pub use selector::Selector;
pub use size::ByteSize;
pub use skipped::{SkipReason, Skipped};
pub use step::{Step, StepOutcome, Verification};
pub use template::{Template, TemplateValues, valid_ref_name};
pub use verdict::{CheckResult, Level, Measurement, Severity, Validation, Verdict};
pub use when::When;

/// An object's name.
pub type Oid = gix::ObjectId;
