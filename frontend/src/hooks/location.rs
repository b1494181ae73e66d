//! The URL as state: what the list of callbacks shows, and which windows lie over the page.

use super::clock::{Clock, rfc3339};
use super::router::{Router, use_router};
use crate::state::query::{Field, ListQuery, PageQuery, with_windows};
use crate::state::route::{Address, Route};
use crate::ui::prelude::*;

const HOUR_MS: i64 = 3_600_000;

/// Reads and changes the query of the URL.
#[derive(Clone, Copy)]
pub struct PageLocation {
    /// What the URL says now; of the list what it said when the list was last shown.
    pub query: Memo<PageQuery>,
    router: Router,
}

/// Makes the URL available to everything below.
pub fn provide_page_location() -> PageLocation {
    let router = use_router();
    let query = Memo::new(move |before: Option<&PageQuery>| {
        let address = router.address();
        let query = PageQuery::parse(&address.search);
        let before = before.cloned().unwrap_or_default();
        match address.route() {
            Route::Callbacks => query,
            // Windows lie over every page of the desk.
            route if route.is_desk() => query.with_list(before.list),
            // On the way to sign-in the desk is still there for a moment.
            _ => before,
        }
    });
    let location = PageLocation { query, router };
    provide_context(location);
    location
}

/// The URL, inside the desk.
pub fn use_page_location() -> PageLocation {
    expect_context()
}

impl PageLocation {
    /// Goes to the list of callbacks as a query wants it; Back returns.
    pub fn push(self, query: &PageQuery) {
        if self.router.current().route() != Route::Callbacks || *query != self.current() {
            self.router.go(&query.to_href(), false);
        }
    }

    /// Shows the windows of a query over the page that is there; Back returns.
    pub fn push_windows(self, query: &PageQuery) {
        self.show_windows(query, false);
    }

    /// Shows the windows of a query over the page that is there, without a step in the history.
    pub fn replace_windows(self, query: &PageQuery) {
        self.show_windows(query, true);
    }

    fn show_windows(self, query: &PageQuery, replace: bool) {
        if query.callbacks != self.current().callbacks {
            let Address { path, search } = self.router.current();
            self.router.go(&(path + &with_windows(&search, &query.callbacks)), replace);
        }
    }

    /// The query without following it.
    pub fn current(self) -> PageQuery {
        self.query.get_untracked()
    }
}

/// A list whose span of time begins at a time: the server knows no other.
#[must_use]
pub fn as_of_now(list: ListQuery, clock: Clock) -> ListQuery {
    let Some(hours) = list.filters.hours() else { return list };
    let from = rfc3339(clock.now_ms_untracked() - hours * HOUR_MS);
    ListQuery { filters: list.filters.with(Field::From, &from), page: list.page }
}
