//! Black box over real HTTP, on SQLite and on PostgreSQL: a file for each file of handlers, and
//! `process.rs` for what only a process can show.

mod alerts;
mod callbacks;
mod channels;
mod cli;
mod invariants;
mod outbound;
mod process;
mod receive;
mod routes;
mod send;
mod session;
mod smtp;
mod stream;
mod support;
mod writer;
