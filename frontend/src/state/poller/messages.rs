//! What the poller is told, and what it says.

use ringback_wire::{CallbackSummary, CheckResponse};

/// Names one wait or one request, so that a late one is recognised.
pub type Ticket = u64;

/// What happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// The app opened; `cursor` is what an earlier visit stored.
    Started {
        /// Where the last visit stopped.
        cursor: Option<String>,
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
    /// The server does not know the cursor (410).
    CursorUnknown(Ticket),
    /// No answer, or one that says to come back later.
    Failed(Ticket, Option<u64>),
    /// The session is over (401).
    SignedOut(Ticket),
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
    /// Hand these to the list and the toasts. `more` says that the burst goes on.
    Deliver {
        /// New or changed callbacks, oldest first, each once.
        rows: Vec<CallbackSummary>,
        /// Further pages of the same burst follow.
        more: bool,
    },
    /// Store the cursor; comes after the rows it covers.
    SaveCursor(String),
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
}
