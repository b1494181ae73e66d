//! The macros in which the app's pages are written.
//!
//! They look like Leptos' own, and expand to something much smaller: not to a type for each
//! element, but to a short text that says what to build and a list of what the page fills in. One
//! function, `ui::build`, reads all of them. docs/DECISIONS.md has what that saves.

mod component;
mod program;
mod view;

use proc_macro::TokenStream;

/// HTML with Rust in it, as Leptos' `view!` takes it; gives an `AnyView`.
#[proc_macro]
pub fn view(input: TokenStream) -> TokenStream {
    view::expand(input.into()).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// Makes a function something that `view!` can show: its arguments become attributes.
#[proc_macro_attribute]
pub fn component(_: TokenStream, item: TokenStream) -> TokenStream {
    component::expand(item.into()).unwrap_or_else(|error| error.to_compile_error()).into()
}
