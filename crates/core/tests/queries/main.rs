//! Every query of the crate on SQLite and on PostgreSQL, a module for each story.
//!
//! The whole suite runs on both: what is written once for two databases is tested on two.

mod alerts;
mod analytics;
mod audit;
mod bodies;
mod feed;
mod history;
mod leases;
mod meetings;
mod migrations;
mod model;
mod plans;
mod races;
mod refusals;
mod retention;
mod reverify;
mod rule;
mod sessions;
mod settings;
mod sources;
mod support;
mod tokens;
mod upsert;
mod users;
mod viewed;
