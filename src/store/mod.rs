//! Records, tags and verdicts ⇄ refs and objects: the codec and nothing else.

mod codec;
mod records;

pub use records::{Published, Store};
