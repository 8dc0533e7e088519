//! Every integration test, in one binary: it links gix once.

mod layering;
mod licences;
mod store;
mod support;
