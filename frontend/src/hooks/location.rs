//! The URL as state: what the callbacks page shows and which windows are open.

use crate::state::query::PageQuery;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};

/// Reads and changes the query of the URL.
#[derive(Clone, Copy)]
pub struct PageLocation {
    /// What the URL says now.
    pub query: Memo<PageQuery>,
    navigate: StoredValue<Box<dyn Fn(&str, NavigateOptions)>, LocalStorage>,
}

/// Makes the URL available to everything below.
pub fn provide_page_location() -> PageLocation {
    let search = use_location().search;
    let navigate = use_navigate();
    let location = PageLocation {
        query: Memo::new(move |_| PageQuery::parse(&search.get())),
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
