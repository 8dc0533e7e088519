//! Artifacts as bytes: files outside git, streamed into objects and back, in memory that does not grow with them.
//!
//! - `content` is how they are stored: a small file is a blob, a large one a tree of parts;
//! - `place` is where they are: a plain file of the worktree, reached without following any link;
//! - `take` saves what is there, and `put` replaces it;
//! - `scratch` is where commands write and read them.

mod content;
mod place;
mod put;
mod scratch;
mod space;
mod take;

pub use content::{Digest, Kept, missing_part, write_out};
pub use put::{Present, Put, Wanted, damaged, put, remove};
pub use scratch::Scratch;
pub use take::{is_there, keep_file, measure_file};
