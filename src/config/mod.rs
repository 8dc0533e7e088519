//! The ambient world and the configuration, each read once and passed on as values.

mod env;
mod schema;

pub use env::Env;
pub use schema::{Capture, CaptureMode, Config, FILE_NAME, Names, TagKind};
