//! Parse, call, answer: a file for each resource.

pub mod callbacks;
pub mod health;
pub mod operations;
pub mod receive;
pub mod session;
pub mod stream;
