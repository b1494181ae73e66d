//! How the app is shown: Leptos' signals and owners below, and above them views that cost little.
//!
//! Leptos' own views and generic signals are compiled anew for every type that is in them, which
//! made two thirds of what a browser had to download (docs/DECISIONS.md has the figures). Here a
//! view is one type, [`AnyView`], and a signal holds one type: what differs is behind a pointer.

pub mod ev;

mod build;
mod context;
mod dom;
mod keyed;
mod parts;
mod reactive;
mod timers;
mod view;

pub use build::build;
pub use context::{expect_context, provide_context};
pub use dom::mount;
pub use keyed::{keyed, recycled};
pub use parts::{Part, Parts};
pub use reactive::{Callback, Effect, Memo, RwSignal, Signal, StoredValue, effect};
pub use timers::{
    WindowListener, after_paint, later, painted, request_animation_frame, spawn_local,
    window_event_listener, window_event_listener_untyped,
};
pub use view::{
    AnyView, CollectView, Component, IntoView, NodeRef, child, event_target_checked,
    event_target_value, listener, show, show_or, typed_into,
};

/// What the pages and components are written with.
pub mod prelude {
    pub use super::{
        AnyView, Callback, CollectView, Effect, IntoView, Memo, NodeRef, Parts, RwSignal, Signal,
        StoredValue, after_paint, event_target_checked, event_target_value, expect_context, keyed,
        later, painted, provide_context, recycled, request_animation_frame, spawn_local,
        window_event_listener,
    };
    pub use reactive_graph::graph::untrack;
    pub use reactive_graph::owner::on_cleanup;
    pub use ringback_frontend_macros::{component, view};
}
