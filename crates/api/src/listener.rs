//! Word between nodes on one PostgreSQL: what is stored on one wakes the streams of all.
//!
//! One thread with a connection of its own. It tells at most once in [`LOOK`], however much is
//! stored, so ingest pays nothing for it; and a notice that is lost costs a second or two, for every
//! reader looks by itself too.

use crate::error::chain;
use crate::feed::Feed;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use diesel::QueryResult;
use ringback_core::connection::{Connection, DatabaseUrl, Purpose};
use ringback_core::queries::is_alive;
use ringback_core::queries::notices::{Notice, listen, notify, take_notices};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How often it looks for notices: libpq can only be asked, it does not call.
const LOOK: Duration = Duration::from_millis(50);
/// How often it asks whether the database is still there.
const PROBE: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// The thread, to be stopped.
pub struct Listener {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Listener {
    /// Starts it. `stored` changes when this node has stored something.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        url: DatabaseUrl,
        feed: Arc<Feed>,
        stored: watch::Receiver<u64>,
    ) -> std::io::Result<Self> {
        let (stop, stopped) = bounded(0);
        let credentials = feed.credentials_here();
        let thread = std::thread::Builder::new()
            .name("ringback-listener".to_owned())
            .spawn(move || run(&url, &feed, Untold { stored, credentials }, &stopped))?;
        Ok(Self { stop, thread })
    }

    /// Ends the thread.
    pub fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the listener had ended before it was told to");
        }
    }
}

/// What happened on this node and the others do not know yet.
struct Untold {
    stored: watch::Receiver<u64>,
    credentials: watch::Receiver<u64>,
}

impl Untold {
    fn take(&mut self) -> Vec<Notice> {
        let mut notices = Vec::new();
        for (receiver, notice) in
            [(&mut self.stored, Notice::Stored), (&mut self.credentials, Notice::Credentials)]
        {
            if receiver.has_changed().unwrap_or(false) {
                receiver.mark_unchanged();
                notices.push(notice);
            }
        }
        notices
    }
}

/// A connection that listens.
struct Link {
    conn: Connection,
    own: i32,
    probed_at: Instant,
}

fn run(url: &DatabaseUrl, feed: &Feed, mut untold: Untold, stopped: &Receiver<()>) {
    let mut link: Option<Link> = None;
    let mut pause = FIRST_PAUSE;
    let mut wait = Duration::ZERO;
    loop {
        match stopped.recv_timeout(wait) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
        }
        wait = LOOK;
        let Some(current) = &mut link else {
            match connect(url) {
                Ok(fresh) => {
                    link = Some(fresh);
                    pause = FIRST_PAUSE;
                    // Whatever was told meanwhile was not heard.
                    feed.note_elsewhere();
                }
                Err(cause) => {
                    tracing::warn!(cause, "other nodes cannot be heard");
                    wait = pause;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
            continue;
        };
        if let Err(error) = round(current, feed, &mut untold) {
            tracing::warn!(cause = %chain(&error), "lost the word of the other nodes");
            link = None;
            wait = Duration::ZERO;
        }
    }
}

fn connect(url: &DatabaseUrl) -> Result<Link, String> {
    let mut conn = url.open(Purpose::Read).map_err(|error| chain(&error))?;
    let own = listen(&mut conn).map_err(|error| chain(&error))?;
    Ok(Link { conn, own, probed_at: Instant::now() })
}

fn round(link: &mut Link, feed: &Feed, untold: &mut Untold) -> QueryResult<()> {
    for notice in untold.take() {
        notify(&mut link.conn, notice)?;
    }
    if link.probed_at.elapsed() >= PROBE {
        link.probed_at = Instant::now();
        if !is_alive(&mut link.conn) {
            return Err(diesel::result::Error::BrokenTransactionManager);
        }
    }
    for notice in take_notices(&mut link.conn, link.own)? {
        match notice {
            Notice::Stored => feed.note_elsewhere(),
            Notice::Credentials => feed.note_credentials_elsewhere(),
        }
    }
    Ok(())
}
