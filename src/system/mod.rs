//! What belongs to the operating system and not to git: this program started again in the background, and the programs
//! that start it on time.

pub mod background;
pub mod notice;
mod program;
pub mod repositories;
pub mod scheduler;
