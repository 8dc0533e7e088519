//! Every integration test, in one binary: it links gix once.

mod capture;
mod doctor;
mod exact;
mod hooks;
mod kill;
mod layering;
mod licences;
mod operations;
mod pick;
mod race;
mod readme;
mod reference;
mod refusals;
mod restore;
mod roundtrip;
mod schema;
mod special;
mod store;
mod support;
mod terminal;
