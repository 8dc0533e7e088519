//! Records, tags and verdicts ⇄ refs and objects: the codec and nothing else.

mod codec;
mod next_id;
mod publish;
mod records;
mod sign;

pub use records::{Published, Store};
