//! Objects, refs and records: durable, all or nothing, and plain git's to read.

mod here;
mod local;
mod messages;
mod objects;
mod records;
mod refs;

pub(crate) use here::files_below;
