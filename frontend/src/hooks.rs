//! Where the app meets the browser: clocks, listeners, focus, clipboard, navigation. Each hook
//! cleans up after itself when its owner goes away.

pub mod alerts;
pub mod announcer;
pub mod browser;
pub mod choices;
pub mod clipboard;
pub mod clock;
pub mod commands;
pub mod complaints;
pub mod detail;
pub mod feed;
pub mod history;
pub mod keys;
pub mod list;
pub mod location;
pub mod notices;
pub mod payload;
pub mod pointed;
pub mod poll;
pub mod preferences;
pub mod push;
pub mod router;
pub mod session;
pub mod sources;
pub mod tabs;
pub mod theme;
pub mod toasts;
pub mod windows;
