//! The way between pages: the address is the state; links, Back and [`Router::push`] change it.
//!
//! A few pages and a query need no more than this. `docs/DECISIONS.md` has what the usual router
//! would weigh.

use super::browser;
use crate::state::query::taking_windows_along;
use crate::state::route::{Address, Route};
use crate::ui::ev;
use crate::ui::prelude::*;

/// Where the app is, and the way to other places.
#[derive(Clone, Copy)]
pub struct Router {
    address: RwSignal<Address>,
    route: Memo<Route>,
    /// Counts the steps of the browser's history, to know forward from back.
    step: StoredValue<f64>,
}

/// Reads the address and follows it from now on.
pub fn provide_router() -> Router {
    let address = RwSignal::new(browser::address());
    let route = Memo::new(move |_| address.with(Address::route));
    let router = Router { address, route, step: StoredValue::new(browser::history_step()) };
    provide_context(router);
    let back = window_event_listener(ev::popstate, move |_| router.travelled());
    let links = window_event_listener(ev::click, move |event| router.follow(&event));
    on_cleanup(move || {
        back.remove();
        links.remove();
    });
    router
}

/// The router.
pub fn use_router() -> Router {
    expect_context()
}

impl Router {
    /// The page; follows changes, and only those of the page.
    pub fn route(self) -> Route {
        self.route.get()
    }

    /// Path and query; follows changes.
    pub fn address(self) -> Address {
        self.address.get()
    }

    /// Path and query, without following them.
    pub fn current(self) -> Address {
        self.address.get_untracked()
    }

    /// Goes there, and the windows come along; Back returns.
    pub fn push(self, href: &str) {
        if let Some(address) = Address::parse(href) {
            self.go(&taking_windows_along(&self.current(), address).href(), false);
        }
    }

    /// Goes there without a step in the browser's history.
    pub fn replace(self, href: &str) {
        self.go(href, true);
    }

    /// Goes to just that address.
    pub(super) fn go(self, href: &str, replace: bool) {
        let Some(address) = Address::parse(href) else { return };
        if !replace {
            self.step.update_value(|step| *step += 1.0);
        }
        browser::set_address(&address.href(), self.step.get_value(), replace);
        self.enter(address);
    }

    /// Back or Forward. A window that was closed leaves two steps to the same address behind, and
    /// one that changes nothing is passed over.
    fn travelled(self) {
        let (address, step) = (browser::address(), browser::history_step());
        let before = self.step.get_value();
        self.step.set_value(step);
        match step < before {
            _ if address != self.current() => self.enter(address),
            true => browser::travel(-1),
            false if step > before => browser::travel(1),
            false => {}
        }
    }

    fn enter(self, address: Address) {
        let before = self.current();
        if before == address {
            return;
        }
        let is_other_page = before.path != address.path;
        self.address.set(address);
        if is_other_page {
            browser::scroll_to_top();
        }
    }

    /// Takes a click on a link of ours; all others are the browser's.
    fn follow(self, event: &ev::MouseEvent) {
        if event.default_prevented() || browser::wants_new_tab(event) {
            return;
        }
        let Some(link) = browser::around(event, "a[href]") else { return };
        if link.has_attribute("target") || link.has_attribute("download") {
            return;
        }
        let href = link.get_attribute("href").unwrap_or_default();
        if Address::parse(&href).is_some() {
            event.prevent_default();
            self.push(&href);
        }
    }
}
