//! Ringback's single-page app: the desk where callbacks are seen and explained.
//!
//! What the app knows lives in [`state`], free of Leptos and of the browser and tested on the host.
//! [`hooks`] carry it out in the browser, [`components`] and [`pages`] show it, by means of [`ui`].
//! Only [`api`] fetches; `web_sys` is used in [`api`], [`storage`], [`hooks`] and [`ui`] alone.

pub mod api;
pub mod app;
pub mod components;
pub mod format;
pub mod hooks;
pub mod pages;
pub mod state;
pub mod storage;
pub mod ui;

/// Shows the app in the page's body.
pub fn mount() {
    ui::mount(|| ui::Component::view(app::App {}));
}
