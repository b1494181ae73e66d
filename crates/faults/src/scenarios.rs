//! Every scenario there is.

pub(crate) mod clock;
mod disk;
mod feed;
mod files;
mod nodes;
mod overload;
mod postgres;
mod standby;

use crate::Failure;
use crate::report::Ending;
use crate::stage::Stage;
use futures_util::future::{FutureExt, LocalBoxFuture};

/// Runs one.
pub(crate) type Run = for<'a> fn(Stage<'a>) -> LocalBoxFuture<'a, Result<Ending, Failure>>;

/// One scenario.
#[derive(Clone, Copy)]
pub(crate) struct Scenario {
    /// Its name.
    pub(crate) name: &'static str,
    /// What happens.
    pub(crate) what: &'static str,
    /// Whether it measures, and must have the machine for itself.
    pub(crate) measures: bool,
    /// Runs it.
    pub(crate) run: Run,
}

macro_rules! scenarios {
    ($($name:literal, $what:literal, $measures:literal => $function:path;)+) => {
        /// All of them.
        pub(crate) const SCENARIOS: &[Scenario] = &[
            $(Scenario {
                name: $name,
                what: $what,
                measures: $measures,
                run: |stage| $function(stage).boxed_local(),
            },)+
        ];
    };
}

scenarios! {
    "node-killed-sqlite", "kill -9 of the node at random instants", false => nodes::kill_on_sqlite;
    "node-killed-postgres", "kill -9 of one of three nodes at random instants", false => nodes::kill_on_postgres;
    "rolling-restart", "SIGTERM to three nodes behind a balancer, one after the other", false => nodes::restart_rolling;
    "postgres-killed", "kill -9 of PostgreSQL's postmaster", false => postgres::kill;
    "postgres-immediate", "pg_ctl stop -m immediate", false => postgres::stop_immediately;
    "postgres-outage", "PostgreSQL is away for a while", false => postgres::be_away;
    "connections-cut", "pg_terminate_backend of every connection", false => postgres::cut_connections;
    "stuck-transaction", "a transaction holds the head of the feed and blocks all readers", false => postgres::be_stuck;
    "aborted-transactions", "deadlocks and serialization failures", false => postgres::abort_transactions;
    "fail-over", "the primary dies, its synchronous standby takes over", false => standby::fail_over;
    "disk-full-sqlite", "a small file system is full, and has space again", false => disk::fill_sqlite;
    "disk-full-postgres", "a small file system is full, and has space again", false => disk::fill_postgres;
    "sqlite-files", "a file that is locked, read-only, corrupt or of a newer schema", false => files::refuse;
    "overload", "ten times what the database can take", true => overload::overload;
    "large-bodies", "1 MiB bodies, more of them than there is memory for", true => overload::send_large;
    "slow-connections", "5,000 idle and slow connections", true => overload::hold_connections;
    "clock-jumps", "the clock jumps an hour forward, then back", false => clock::jump;
    "clock-wrong", "one of two nodes is ten minutes off", false => clock::be_wrong;
    "feed-three-nodes", "many writers on three nodes, one feed", true => feed::follow;
}
