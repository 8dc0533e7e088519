//! Every integration test, in one binary: it links gix once.

mod capture;
mod exact;
mod init;
mod kill;
mod layering;
mod licences;
mod operations;
mod pick;
mod pre_push;
mod race;
mod readme;
mod reference;
mod refusals;
mod restore;
mod roundtrip;
mod schema;
mod share;
mod special;
mod store;
mod support;
mod terminal;
mod trust;
