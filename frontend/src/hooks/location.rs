//! The URL as state: what the callbacks page shows and which windows are open.

use super::router::{Router, use_router};
use crate::state::query::PageQuery;
use crate::state::route::Route;
use crate::ui::prelude::*;

/// Reads and changes the query of the URL.
#[derive(Clone, Copy)]
pub struct PageLocation {
    /// What the URL says now.
    pub query: Memo<PageQuery>,
    router: Router,
}

/// Makes the URL available to everything below.
pub fn provide_page_location() -> PageLocation {
    let router = use_router();
    // On the way to sign-in the desk is still there for a moment: its query stays what it was.
    let query = Memo::new(move |before: Option<&PageQuery>| {
        let address = router.address();
        match address.route() {
            Route::Callbacks => PageQuery::parse(&address.search),
            _ => before.cloned().unwrap_or_default(),
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
    /// Goes there; Back returns.
    pub fn push(self, query: &PageQuery) {
        if *query != self.current() {
            self.router.push(&query.to_href());
        }
    }

    /// Goes there without a step in the history.
    pub fn replace(self, query: &PageQuery) {
        if *query != self.current() {
            self.router.replace(&query.to_href());
        }
    }

    /// The query without following it.
    pub fn current(self) -> PageQuery {
        self.query.get_untracked()
    }
}
