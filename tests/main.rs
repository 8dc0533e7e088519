//! Every integration test, in one binary: it links gix once.

mod capture;
mod doctor;
mod exact;
mod hooks;
mod init;
mod kill;
mod layering;
mod licences;
mod operations;
mod phase;
mod pick;
mod pre_push;
mod race;
mod readme;
mod reference;
mod refusals;
mod restore;
mod roundtrip;
mod schedule;
mod schema;
mod special;
mod store;
mod support;
mod terminal;
mod timed;
mod trust;
