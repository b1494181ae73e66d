//! What arrived: the connection, the count of unviewed callbacks, and where arrivals go.

use super::alerts::{Alerts, use_alerts};
use super::announcer::{Announcer, use_announcer};
use super::browser::is_visible;
use super::choices::{Chosen, use_choices};
use super::clock::Clock;
use super::history::{HistoryContext, use_history};
use super::notices::{NoticesContext, use_notices};
use super::poll::{Runner, shown, start_poller};
use super::toasts::{ToastContext, use_toasts};
use crate::state::poller::Connection;
use crate::state::tabs::{TabMessage, ToastClaims};
use crate::ui::prelude::*;
use gloo_timers::callback::Interval;
use ringback_wire::{CallbackSummary, Signature};

/// The feed, for the whole desk.
#[derive(Clone, Copy)]
pub struct Feed {
    /// How the app hears of new callbacks.
    pub connection: RwSignal<Connection>,
    /// Callbacks nobody has opened, counted up to 1,000.
    pub unviewed: RwSignal<i64>,
    /// Up to where everything was handed on.
    pub cursor: RwSignal<Option<String>>,
    /// The callbacks of the last batch: open windows read theirs again.
    pub changed: RwSignal<Vec<i64>>,
    /// How often the person has asked for news.
    pub asked: RwSignal<i64>,
    clock: Clock,
    history: HistoryContext,
    toasts: ToastContext,
    notices: NoticesContext,
    alerts: Alerts,
    chosen: Chosen,
    announcer: Announcer,
    claims: StoredValue<ToastClaims>,
    live: StoredValue<bool>,
    countdown: StoredValue<Option<Interval>>,
    runner: StoredValue<Option<Runner>>,
}

/// Starts to listen for callbacks.
pub fn provide_feed(clock: Clock) -> Feed {
    let feed = Feed {
        connection: RwSignal::new(Connection::Connecting),
        unviewed: RwSignal::new(0),
        cursor: RwSignal::new(None),
        changed: RwSignal::new(Vec::new()),
        asked: RwSignal::new(0),
        clock,
        history: use_history(),
        toasts: use_toasts(),
        notices: use_notices(),
        alerts: use_alerts(),
        chosen: use_choices(),
        announcer: use_announcer(),
        claims: StoredValue::new(ToastClaims::default()),
        live: StoredValue::new(false),
        countdown: StoredValue::new(None),
        runner: StoredValue::new(None),
    };
    provide_context(feed);
    feed.runner.set_value(Some(start_poller(feed)));
    feed.settle_toasts();
    feed
}

/// The feed.
pub fn use_feed() -> Feed {
    expect_context()
}

impl Feed {
    /// Asks for news now instead of at the next tick.
    pub fn nudge(self) {
        self.alerts.reload();
        self.asked.update(|times| *times += 1);
        self.runner.with_value(|runner| {
            if let Some(runner) = runner {
                runner.nudge();
            }
        });
    }

    pub(super) fn deliver(self, rows: Vec<CallbackSummary>) {
        self.history.arrive(&rows);
        self.changed.set(rows.iter().map(|row| row.id).collect());
        // What somebody has opened already is no news.
        let news: Vec<_> = rows.into_iter().filter(|row| row.viewed_at.is_none()).collect();
        if news.is_empty() {
            return;
        }
        // What is as it should be raises nothing; it may end what is raised.
        let may_matter = news.iter().any(|row| row.signature != Signature::Valid)
            || self.alerts.now.with_untracked(|now| !now.open.is_empty());
        // A tab that leads in the back makes room for one in front, so there is none.
        if self.runner.with_value(|runner| runner.as_ref().is_some_and(Runner::leads)) {
            self.chosen.notify(&news);
        }
        self.notices.list.update(|list| list.push_callbacks(&news));
        self.claims.update_value(|claims| claims.arrive(news));
        self.settle_toasts();
        if may_matter {
            self.alerts.reload();
        }
    }

    /// Toasts what waits for a tab that leads and that somebody looks at, if this is it.
    pub(super) fn settle_toasts(self) {
        // While the poller starts there is no runner yet.
        let Some(runner) = self.runner.get_value() else { return };
        if !(is_visible() && runner.leads()) {
            return;
        }
        let Some(rows) = self.claims.try_update_value(ToastClaims::take) else { return };
        if rows.is_empty() {
            return;
        }
        let keys = rows.iter().map(|row| (row.id, row.deliveries)).collect();
        runner.say(&TabMessage::Toasted(keys));
        self.chosen.beep(&rows);
        let rows = self.chosen.to_toast(rows);
        if rows.is_empty() {
            return;
        }
        self.announcer.arrive(&rows);
        self.toasts.push_batch(rows);
    }

    /// Another tab toasted these.
    pub(super) fn forget_toasts(self, keys: &[(i64, i64)]) {
        self.claims.update_value(|claims| claims.forget(keys));
    }

    /// True while callbacks come by the stream.
    pub(super) fn is_live(self) -> bool {
        self.live.get_value()
    }

    /// Callbacks come by the stream from now on, or no longer.
    pub(super) fn set_live(self, live: bool) {
        self.live.set_value(live);
        match self.connection.get_untracked() {
            Connection::Live | Connection::Polling | Connection::Connecting => {
                self.show(Connection::Polling);
            }
            _ => {}
        }
    }

    /// Somebody looked at the notices in another tab.
    pub(super) fn read_notices(self) {
        self.notices.read_all();
    }

    /// Somebody looks at the notices in this tab.
    pub fn read_and_tell(self) {
        if self.notices.read_all()
            && let Some(runner) = self.runner.get_value()
        {
            runner.say(&TabMessage::Read);
        }
    }

    pub(super) fn count(self, unviewed: i64, server_time: &str) {
        self.clock.set_by_server(server_time);
        if self.unviewed.get_untracked() != unviewed {
            self.unviewed.set(unviewed);
        }
    }

    pub(super) fn resynced(self) {
        // What was toasted went by the numbers of a feed that is gone.
        self.claims.set_value(ToastClaims::default());
        self.history.reload();
        self.tell(
            "The server no longer knows where this browser had stopped. The list was read again; \
             callbacks that came meanwhile are in it.",
        );
    }

    fn tell(self, text: &str) {
        self.announcer.say(text.to_owned());
        self.toasts.push_notice(text.to_owned());
        self.notices.list.update(|list| list.push_text(text.to_owned()));
    }

    pub(super) fn show(self, connection: Connection) {
        if connection == Connection::Refused {
            self.tell("You may not see callbacks. Ask an admin, then press “Check now”.");
        }
        let connection = shown(connection, self.live.get_value());
        if self.connection.get_untracked() != connection {
            self.connection.set(connection);
        }
        let Connection::Retrying { .. } = connection else {
            self.countdown.set_value(None);
            return;
        };
        let interval = Interval::new(1_000, move || {
            self.connection.update(|connection| {
                if let Connection::Retrying { after_ms } = connection {
                    *after_ms = after_ms.saturating_sub(1_000).max(1_000);
                }
            });
        });
        self.countdown.set_value(Some(interval));
    }
}
