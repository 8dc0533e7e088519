//! Every integration test, in one binary: it links gix once.

mod capture;
mod kill;
mod layering;
mod licences;
mod operations;
mod pick;
mod race;
mod readme;
mod roundtrip;
mod store;
mod restore;
mod store;
mod support;
