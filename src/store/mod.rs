//! Records, tags and verdicts ⇄ refs and objects: the codec and nothing else.

mod codec;
mod foreign;
mod journal;
pub mod names;
mod next_id;
pub mod notes;
mod publish;
mod records;
mod sign;
pub mod verdicts;
mod withdraw;

pub use journal::Journal;
pub use records::{Published, Store};
