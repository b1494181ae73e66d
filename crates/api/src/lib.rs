//! Ringback's server: HTTP, sessions, the group-commit writer and the command line.
//!
//! `main` is [`cli::run`] and nothing else, so that tests reach all of it through this library.

pub mod admission;
pub mod alerting;
pub mod cli;
pub mod clock;
pub mod config;
pub mod database;
pub mod error;
pub mod extractors;
pub mod feed;
pub mod floods;
pub mod handlers;
pub mod keyring;
pub mod listener;
pub mod metrics;
pub mod middleware;
pub mod observations;
pub mod outbound;
pub mod passwords;
pub mod proxies;
pub mod refusals;
pub mod registry;
pub mod reverify;
pub mod routes;
pub mod sample;
pub mod sources;
pub mod spa;
pub mod startup;
pub mod state;
pub mod telemetry;
pub mod throttle;
pub mod tokens;
pub mod traces;
pub mod views;
pub mod worker;
pub mod writer;
