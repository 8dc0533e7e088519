//! Records, tags and verdicts ⇄ refs and objects: the codec and nothing else.

mod codec;
pub mod drills;
mod foreign;
pub mod jobs;
mod journal;
mod many;
mod messages;
pub mod names;
mod next_id;
pub mod notes;
mod phases;
mod publish;
mod records;
mod sign;
pub mod timed;
pub mod verdicts;
mod withdraw;

pub use journal::{Journal, long_lock};
pub use many::Named;
pub use phases::{phase_ref, ref_of as phase_ref_of};
pub use records::{Attached, Published, Store};
