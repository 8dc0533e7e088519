//! What people read about an operation: what is known of it, the documents made of that, and where they are written.
//!
//! `gather` reads, [`Facts`] are values, documents are made of values alone, and [`write()`] puts them where the configuration
//! says. Without one, all of it is kept with the record and nothing is written into the worktree.

mod document;
pub(in crate::ops) mod engine;
mod entries;
pub mod facts;
pub(in crate::ops) mod gather;
mod mistake;
mod numbers;
pub(in crate::ops) mod surroundings;
#[cfg(test)]
pub(in crate::ops) mod tests;
mod ways;
pub(in crate::ops) mod words;
mod write;

pub use document::{Document, Filled, built_in, document};
pub use facts::Facts;
pub use gather::gather;
pub use write::{Written, write};
