//! The URL as state: what the callbacks page shows and which windows are open.

use crate::state::query::PageQuery;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};

type Navigate = Box<dyn Fn(&str, NavigateOptions)>;

/// Reads and changes the query of the URL.
#[derive(Clone, Copy)]
pub struct PageLocation {
    /// What the URL says now.
    pub query: Memo<PageQuery>,
    navigate: StoredValue<Navigate, LocalStorage>,
}

/// Makes the URL available to everything below.
pub fn provide_page_location() -> PageLocation {
    let url = use_location();
    let navigate = use_navigate();
    // On the way to sign-in the desk is still there for a moment: its query stays what it was.
    let query = Memo::new(move |before: Option<&PageQuery>| match url.pathname.get().as_str() {
        "/" => PageQuery::parse(&url.search.get()),
        _ => before.cloned().unwrap_or_default(),
    });
    let location = PageLocation {
        query,
        navigate: StoredValue::new_local(Box::new(move |href, options| navigate(href, options))),
    };
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
        self.go(query, false);
    }

    /// Goes there without a step in the history.
    pub fn replace(self, query: &PageQuery) {
        self.go(query, true);
    }

    /// The query without following it.
    pub fn current(self) -> PageQuery {
        self.query.get_untracked()
    }

    fn go(self, query: &PageQuery, replace: bool) {
        if *query == self.current() {
            return;
        }
        let options = NavigateOptions { replace, scroll: false, ..NavigateOptions::default() };
        self.navigate.with_value(|navigate| navigate(&query.to_href(), options));
    }
}
