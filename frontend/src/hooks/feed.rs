//! What arrived: the connection, the count of unviewed callbacks, and where arrivals go.

use super::announcer::{Announcer, use_announcer};
use super::clock::Clock;
use super::history::{HistoryContext, use_history};
use super::poll::{Runner, start_poller};
use super::toasts::{ToastContext, use_toasts};
use super::warnings::{Warnings, use_warnings};
use crate::state::poller::Connection;
use crate::state::toasts::announce;
use gloo_timers::callback::Interval;
use leptos::prelude::*;
use ringback_wire::CallbackSummary;

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
    clock: Clock,
    history: HistoryContext,
    toasts: ToastContext,
    warnings: Warnings,
    announcer: Announcer,
    countdown: StoredValue<Option<Interval>, LocalStorage>,
    runner: StoredValue<Option<Runner>, LocalStorage>,
}

/// Starts to listen for callbacks.
pub fn provide_feed(clock: Clock) -> Feed {
    let feed = Feed {
        connection: RwSignal::new(Connection::Connecting),
        unviewed: RwSignal::new(0),
        cursor: RwSignal::new(None),
        changed: RwSignal::new(Vec::new()),
        clock,
        history: use_history(),
        toasts: use_toasts(),
        warnings: use_warnings(),
        announcer: use_announcer(),
        countdown: StoredValue::new_local(None),
        runner: StoredValue::new_local(None),
    };
    provide_context(feed);
    feed.runner.set_value(Some(start_poller(feed)));
    feed
}

/// The feed.
pub fn use_feed() -> Feed {
    expect_context()
}

impl Feed {
    /// Asks for news now instead of at the next tick.
    pub fn nudge(self) {
        self.runner.with_value(|runner| {
            if let Some(runner) = runner {
                runner.nudge();
            }
        });
    }

    pub(super) fn deliver(self, rows: Vec<CallbackSummary>, more: bool) {
        self.history.arrive(&rows);
        self.changed.set(rows.iter().map(|row| row.id).collect());
        // What somebody has opened already is no news.
        let news: Vec<_> = rows.into_iter().filter(|row| row.viewed_at.is_none()).collect();
        if news.is_empty() {
            return;
        }
        self.announcer.say(announce(&news));
        self.toasts.push_batch(news, more);
        self.warnings.reload();
    }

    pub(super) fn count(self, unviewed: i64, server_time: &str) {
        self.clock.set_by_server(server_time);
        if self.unviewed.get_untracked() != unviewed {
            self.unviewed.set(unviewed);
        }
    }

    pub(super) fn resynced(self) {
        let text = "The server no longer knows where this browser had stopped. The list was read \
                    again; callbacks that came meanwhile are in it.";
        self.announcer.say(text.to_owned());
        self.toasts.push_notice(text.to_owned());
        self.history.reload();
    }

    pub(super) fn show(self, connection: Connection) {
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
