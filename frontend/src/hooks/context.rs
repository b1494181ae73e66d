//! What the desk provides to everything below it.

use leptos::prelude::use_context;

/// What was provided. Leptos' own function weighs a kilobyte for each kind of context, most of it
/// to say where it was missing.
pub fn context<T: Clone + 'static>() -> T {
    use_context().expect("provided above everything that asks for it")
}
