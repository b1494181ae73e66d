//! What the poller is told, and what it says.

use ringback_wire::{CallbackSummary, CheckResponse};

/// Names one wait or one request, so that a late one is recognised.
pub type Ticket = u64;

/// How far a tab has come in the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The server's word for it, handed back as it came.
    pub cursor: String,
    /// Tells older from newer: how often the feed was another one, and the newest change that was
    /// handed on on the way there.
    pub rank: i64,
}

/// Changes of one feed have smaller numbers.
const FEED_RANKS: i64 = 1 << 44;

impl Position {
    /// The rank of the first position in the next feed.
    pub fn next_feed(rank: i64) -> i64 {
        (rank / FEED_RANKS + 1) * FEED_RANKS
    }

    /// The rank after a change.
    pub fn after(rank: i64, seq: i64) -> i64 {
        rank.max(rank / FEED_RANKS * FEED_RANKS + seq)
    }

    /// As it is stored.
    pub fn to_text(&self) -> String {
        [&self.cursor, " ", &self.rank.to_string()].concat()
    }

    /// From what is stored.
    pub fn parse(text: &str) -> Self {
        let (cursor, rank) = text.split_once(' ').unwrap_or((text, ""));
        Self { cursor: cursor.to_owned(), rank: rank.parse().unwrap_or(0) }
    }

    /// True when this is not older than what is stored.
    pub fn may_replace(&self, stored: Option<&Self>) -> bool {
        stored.is_none_or(|stored| stored.rank <= self.rank)
    }
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// The app opened.
    Started {
        /// Where the last visit, or another tab, stopped.
        stored: Option<Position>,
        /// The tab is in front.
        visible: bool,
        /// The browser believes it has a network.
        online: bool,
    },
    /// A scheduled wait is over.
    TimerFired(Ticket),
    /// The server answered.
    Answered(Ticket, Box<CheckResponse>),
    /// A page that this tab did not ask for came by the stream or from the tab that leads.
    Heard {
        /// The position that the page goes on from.
        from: Option<String>,
        /// The page.
        page: Box<CheckResponse>,
    },
    /// This tab leads from now on, or no longer: see [`super::super::tabs`].
    Led(bool),
    /// The server does not know the cursor (410). With it what is stored: maybe another tab has
    /// started over already.
    CursorUnknown(Ticket, Option<Position>),
    /// No answer, or one that says to come back later.
    Failed(Ticket, Option<u64>),
    /// The session is over (401).
    SignedOut(Ticket),
    /// The person may not ask (403).
    Refused(Ticket),
    /// The tab came to the front.
    Shown,
    /// The tab went to the back.
    Hidden,
    /// The network came back.
    WentOnline,
    /// The network went away.
    WentOffline,
    /// Somebody asked for news now.
    Nudged,
    /// The stream opened: what came while it was closed is asked for.
    StreamOpened,
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Ask the server; tell the answer with this ticket.
    Fetch {
        /// Comes back with the answer.
        ticket: Ticket,
        /// Where to go on; `None` asks for the newest position.
        cursor: Option<String>,
    },
    /// Wait, then tell [`Event::TimerFired`]. Replaces an earlier wait.
    Schedule {
        /// Comes back when the wait is over.
        ticket: Ticket,
        /// How long.
        after_ms: u64,
    },
    /// Hand these to the list and the toasts: new or changed callbacks, oldest first, each once.
    Deliver(Vec<CallbackSummary>),
    /// Store the position, unless a newer one is stored; comes after the rows it covers.
    Save(Position),
    /// Show the count of callbacks nobody has opened, and set the clock by the server's.
    Count {
        /// Callbacks nobody has opened.
        unviewed: i64,
        /// The server's clock when it answered.
        server_time: String,
    },
    /// Tell the other tabs of this page; only the tab that leads does.
    Share {
        /// The position that the page goes on from.
        from: Option<String>,
    },
    /// Tell once that the position was lost and the list should be read again.
    Resynced,
    /// Show this in the header.
    Show(Connection),
}

/// How the app hears of new callbacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// Before the first answer.
    Connecting,
    /// Callbacks come the moment they are stored.
    Live,
    /// Asking at intervals, and the last answer was good.
    Polling,
    /// The last question failed; the next follows after the wait.
    Retrying {
        /// Length of the wait from now.
        after_ms: u64,
    },
    /// The browser has no network.
    Offline,
    /// The session is over.
    SignedOut,
    /// The server refuses to say anything to this person; nothing is asked by itself.
    Refused,
}
