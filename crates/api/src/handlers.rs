//! Parse, call, answer: a file for each resource.

pub mod alerts;
pub mod callbacks;
pub mod channels;
pub mod diagnosis;
pub mod handshake;
pub mod health;
pub mod history;
pub mod metrics;
pub mod operations;
pub mod preferences;
pub mod receive;
pub mod session;
pub mod source_test;
pub mod sources;
pub mod stream;
pub mod viewed;
