//! Loads the list that the URL asks for, and brings arrivals into it.

use super::announcer::use_announcer;
use super::browser::{is_at_top, is_visible, scroll_to_top};
use super::clock::Clock;
use super::location::{PageLocation, as_of_now};
use super::preferences::use_preferences;
use super::session::{SessionContext, use_session};
use crate::api;
use crate::state::history::History;
use crate::state::query::{ListQuery, Page};
use crate::ui::prelude::*;
use ringback_wire::{CallbackSummary, MarkViewedRequest, MarkViewedResponse, Seen};
use std::collections::HashSet;

/// The list on screen.
#[derive(Clone, Copy)]
pub struct HistoryContext {
    /// The list; follows changes.
    pub list: RwSignal<History>,
    location: PageLocation,
    clock: Clock,
    session: SessionContext,
    pointed: StoredValue<bool>,
    /// The person wants arrivals to wait.
    paused: StoredValue<bool>,
}

/// Makes the list available and loads what the URL asks for.
pub fn provide_history(location: PageLocation) -> HistoryContext {
    let list = RwSignal::new(History::default());
    let context = HistoryContext {
        list,
        location,
        clock: expect_context(),
        session: use_session(),
        pointed: StoredValue::new(false),
        paused: StoredValue::new(false),
    };
    provide_context(context);
    let preferences = use_preferences();
    Effect::new(move |_| context.paused.set_value(!preferences.get().at_once));
    let wanted = Memo::new(move |_| location.query.with(|query| query.list.clone()));
    Effect::new(move |before: Option<ListQuery>| {
        let query = wanted.get();
        if query.filters.hours().is_some() {
            context.clock.follow_server();
        }
        if before.is_some_and(|before| before != query) {
            scroll_to_top();
        }
        context.load(query.clone());
        query
    });
    context
}

/// The list.
pub fn use_history() -> HistoryContext {
    expect_context()
}

/// Lets what arrives wait behind the button, or no longer: what waits is shown then.
pub fn use_pause() -> Callback<()> {
    let history = use_history();
    let preferences = use_preferences();
    let announcer = use_announcer();
    Callback::new(move |()| {
        let pauses = preferences.current().at_once;
        preferences.change(|all| all.at_once = !pauses);
        announcer.say(if pauses { "Paused" } else { "Resumed" }.to_owned());
        if !pauses && history.list.with_untracked(History::arrivals) != 0 {
            history.show_arrivals();
        }
    })
}

impl HistoryContext {
    /// Reads the list again.
    pub fn reload(self) {
        self.load(self.location.current().list);
    }

    /// Shows what arrived: the newest page with the same filters.
    pub fn show_arrivals(self) {
        let query = self.location.current();
        scroll_to_top();
        if query.list.page == Page::First {
            self.reload();
        } else {
            self.location.push(&query.with_page(Page::First));
        }
    }

    /// Takes new or changed callbacks.
    pub fn arrive(self, rows: &[CallbackSummary]) {
        // Nothing moves under a pointer that may be about to click, nor while some are being selected.
        let is_held = self.paused.get_value()
            || self.pointed.get_value() && is_visible()
            || self.list.with_untracked(|list| !list.selected().is_empty());
        let at_top = is_at_top() && !is_held;
        self.list.update(|list| list.arrive(rows, at_top));
        if at_top && self.list.with_untracked(History::is_too_long) {
            self.reload();
        }
    }

    /// Marks these as viewed as they were seen; what was replaced since stays unviewed.
    pub async fn mark_seen(self, seen: Vec<Seen>) -> Option<MarkViewedResponse> {
        let ids = seen.iter().map(|seen| seen.id).collect();
        let request = MarkViewedRequest { seen: Some(seen), ..MarkViewedRequest::default() };
        let answer = api::mark_viewed(&request).await.ok()?;
        self.note_viewed(&ids, &answer.viewed_at);
        Some(answer)
    }

    /// Notes on screen that these were viewed.
    pub fn note_viewed(self, ids: &HashSet<i64>, at: &str) {
        let by = untrack(|| self.session.name());
        self.list.try_update(|list| list.mark_viewed(ids, &by, at));
    }

    /// Notes on screen how often this one was delivered by now.
    pub fn note_deliveries(self, id: i64, deliveries: i64) {
        let changed = self.list.try_update_untracked(|list| list.note_deliveries(id, deliveries));
        if changed == Some(true) {
            self.list.notify();
        }
    }

    /// Asks for the next older callbacks, unless that is on its way; after a failure only when the
    /// person wants it.
    pub fn read_on(self, wanted: bool) {
        // Looked at first: an update that changes nothing would be told to whoever asks here again.
        if !self.list.with_untracked(|list| list.may_read_on(wanted)) {
            return;
        }
        let Some(query) = self.list.try_update(History::begin_more).flatten() else { return };
        spawn_local(async move {
            let answer = api::list_history(&query).await.map_err(|error| error.message());
            self.list.try_update(|list| list.finish_more(&query, answer));
        });
    }

    /// Keeps the rows where they are as long as somebody points at one: a pointer that has moved
    /// over them and not left, not one that they came to lie under.
    pub fn hold(self, pointed: bool) {
        self.pointed.set_value(pointed);
    }

    fn load(self, query: ListQuery) {
        // From here on the list is one of fixed times, so that the pages of it fit together.
        let query = as_of_now(query, self.clock);
        self.list.update(|list| list.begin(query.clone()));
        spawn_local(async move {
            let answer = api::list_history(&query).await.map_err(|error| error.message());
            // The desk may be gone when somebody signed out meanwhile.
            self.list.try_update(|list| list.finish(&query, answer));
        });
    }
}
