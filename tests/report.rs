//! What people read: documents, the log, reports, and the page.

mod browser;
mod documents;
mod fixture;
mod log;
