//! Loads the list that the URL asks for, and brings arrivals into it.

use super::browser::{is_at_top, scroll_to_top};
use super::clock::Clock;
use super::context::context;
use super::location::PageLocation;
use super::session::{SessionContext, use_session};
use crate::api;
use crate::state::history::History;
use crate::state::query::{ListQuery, Page};
use leptos::prelude::*;
use leptos::task::spawn_local;
use ringback_wire::{CallbackSummary, MarkViewedRequest, MarkViewedResponse};
use std::collections::HashSet;

/// The list on screen.
#[derive(Clone, Copy)]
pub struct HistoryContext {
    /// The list; follows changes.
    pub list: RwSignal<History>,
    location: PageLocation,
    clock: Clock,
    session: SessionContext,
}

/// Makes the list available and loads what the URL asks for.
pub fn provide_history(location: PageLocation, clock: Clock) -> HistoryContext {
    let list = RwSignal::new(History::default());
    let context = HistoryContext { list, location, clock, session: use_session() };
    provide_context(context);
    let wanted = Memo::new(move |_| location.query.with(|query| query.list.clone()));
    Effect::new(move |before: Option<ListQuery>| {
        let query = wanted.get();
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
    context()
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
        let at_top = is_at_top();
        self.list.update(|list| list.arrive(rows, at_top));
    }

    /// Marks these as viewed, here and on the server; `None` when the server did not.
    pub async fn mark_viewed(self, ids: HashSet<i64>) -> Option<MarkViewedResponse> {
        let request = MarkViewedRequest { ids: Some(ids.iter().copied().collect()), through: None };
        let answer = api::mark_viewed(&request).await.ok()?;
        self.note_viewed(&ids);
        Some(answer)
    }

    /// Notes on screen that these were viewed just now.
    pub fn note_viewed(self, ids: &HashSet<i64>) {
        let at = super::clock::rfc3339(self.clock.now_ms_untracked());
        let by = untrack(|| self.session.name());
        self.list.try_update(|list| list.mark_viewed(ids, &by, &at));
    }

    fn load(self, query: ListQuery) {
        self.list.update(|list| list.begin(query.clone()));
        spawn_local(async move {
            let answer = api::list_history(&query).await.map_err(|error| error.message());
            // The desk may be gone when somebody signed out meanwhile.
            self.list.try_update(|list| list.finish(&query, answer));
        });
    }
}
