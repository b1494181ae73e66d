//! Black box over real HTTP, on SQLite and on PostgreSQL: a file for each file of handlers, and
//! `process.rs` for what only a process can show.

mod alerts;
mod backup;
mod callbacks;
mod channels;
mod cli;
mod deploy;
mod diagnosis;
mod floods;
mod handshake;
mod invariants;
mod jwks;
mod metrics;
mod outbound;
mod process;
mod receive;
mod retention;
mod routes;
mod send;
mod session;
mod smtp;
mod sources;
mod stream;
mod support;
mod traces;
mod writer;
