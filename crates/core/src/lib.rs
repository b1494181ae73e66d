//! Ringback's rules: what a callback is, how it is verified, and how it is stored.
//!
//! No HTTP server, no async, no clock and no environment live here: time and randomness are
//! arguments. Diesel's query language appears in this crate alone, in [`queries`]. The crate does
//! not know what crosses the network; the server converts.

pub mod alert;
pub mod connection;
pub mod cursor;
pub mod diagnosis;
pub mod intake;
pub mod keys;
pub mod migrations;
pub mod models;
pub mod provider;
pub mod queries;
pub mod reverify;
pub mod rule;
pub mod schema;
pub mod signature;
pub mod source;
