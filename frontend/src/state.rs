//! What the app knows and how it changes: plain structs, no Leptos, no browser, tested on the host.

pub mod announcements;
pub mod commands;
pub mod differences;
pub mod find;
pub mod geometry;
pub mod history;
pub mod json;
pub mod list_layout;
pub mod notices;
pub mod payload;
pub mod poller;
pub mod preferences;
pub mod query;
pub mod resend;
pub mod route;
#[cfg(test)]
pub(crate) mod sample;
pub mod seen;
pub mod show_rules;
pub mod sources;
pub mod stream;
pub mod tabs;
pub mod theme;
pub mod toasts;
pub mod url;
pub mod virtual_rows;
pub mod windows;
