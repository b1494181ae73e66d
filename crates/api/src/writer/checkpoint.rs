//! SQLite's checkpoints, beside the writer.
//!
//! Left to itself SQLite copies its log into the file within a commit, and everybody waits for that.
//! A thread of its own does most of it while the writer goes on. Only the writer can begin the log
//! anew, because the thread never catches up with one that writes: it does so at the commit that finds
//! the log long, and finds little left to copy.

use crate::error::chain;
use crossbeam_channel::{Receiver, Sender, bounded};
use ringback_core::connection::{Connection, DatabaseUrl, OpenError, Purpose};
use ringback_core::queries;
use std::thread::JoinHandle;
use std::time::Duration;

/// Between two checkpoints: the pages that many commits change are copied once.
const PAUSE: Duration = Duration::from_millis(50);

/// Starts the thread, which ends when the sender is dropped. Something sent means that something was
/// stored.
///
/// # Errors
/// When the system gives no thread.
pub(super) fn start(url: DatabaseUrl) -> std::io::Result<(Sender<()>, JoinHandle<()>)> {
    let (stored, wake) = bounded(1);
    let thread = std::thread::Builder::new()
        .name("ringback-checkpoint".to_owned())
        .spawn(move || run(&url, &wake))?;
    Ok((stored, thread))
}

fn run(url: &DatabaseUrl, wake: &Receiver<()>) {
    let mut conn: Option<Connection> = None;
    while wake.recv().is_ok() {
        std::thread::sleep(PAUSE);
        if let Err(error) = take(url, &mut conn) {
            // Nothing is lost by it: the log stays, and the writer copies it.
            tracing::warn!(cause = %error, "a checkpoint failed");
            conn = None;
        }
    }
}

fn take(url: &DatabaseUrl, conn: &mut Option<Connection>) -> Result<(), String> {
    let conn = match conn {
        Some(conn) => conn,
        None => conn.insert(url.open(Purpose::Write).map_err(|error: OpenError| chain(&error))?),
    };
    queries::checkpoint(conn).map_err(|error| chain(&error))
}
