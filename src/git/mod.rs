//! The only place that opens a repository or spawns `git`.
//!
//! What gix does exactly and fast is done with gix; what only git can promise (writing a user's files, merging
//! with renames, signing) is done by the `git` program, through [`child`].

pub mod capture;
pub mod child;
pub(crate) mod durable;
pub mod lock;
pub mod objects;
pub mod pick;
pub mod refs;
pub mod repo;
pub mod restore;
pub mod tree;

pub use child::Git;
pub use repo::Repo;
